"""Header fields as octets: folded, encoded where they must be, verbatim where they must not.

What people write (names, subjects) is made one line first: line breaks and control characters
become spaces and runs of blanks one blank. So nothing that stands in a name can begin a header.
Rules: RFC 5322 (form), RFC 2047 (encoded words), RFC 6532 (UTF-8 in addresses), RFC 5321, 4.5.3.1
(lengths).
"""

from __future__ import annotations

import base64
import re

from flows.compose.slots import one_line
from flows.errors import InputError

LINE = 78
"""Octets a line should have at most, without its line break."""
LONGEST_LINE = 998
"""Octets a line may have at most, without its line break."""

_ENCODED_LINE = 76
_PLAIN_PHRASE = re.compile(r"[A-Za-z0-9!#$%&'*+/^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/^_`{|}~-]+)*")
_VERBATIM = re.compile(r"[!-~](?:[ -~]*[!-~])?")
_FIELD_NAME = re.compile(r"[!-9;-~]{1,60}")
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u00a1-\ud7ff\ue000-\U0010ffff-]+"
_LOCAL = re.compile(
    rf'{_ATOM}(?:\.{_ATOM})*|"(?:[ !#-\[\]-~\u00a1-\ud7ff\ue000-\U0010ffff]|\\[ -~])*"'
)
_DOMAIN = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*", re.I)
_COMMON_ADDRESS = re.compile(
    r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
    r"(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)+"
)
_SHORT_NAME = 60
_LONGEST_LOCAL = 64
_LONGEST_DOMAIN = 255
_LONGEST_COMMON = 65
"""An address this short cannot have a part that is too long."""
_Q = {
    octet: chr(octet) if chr(octet).isascii() and chr(octet).isalnum() else f"={octet:02X}"
    for octet in range(256)
} | {ord(mark): mark for mark in "!*+-/"}
_Q[ord(" ")] = "_"


def text_field(name: str, text: str) -> bytes:
    """Return the field `name` with text that a person reads, such as a subject."""
    text = one_line(text)
    if text.isascii() and "=?" not in text:
        if len(name) + 2 + len(text) <= LINE:
            return f"{name}: {text}\r\n".encode("ascii")
        if (lines := _folded(f"{name}:", text.split(" "))) is not None:
            return lines
    return f"{name}: {_words(text, len(name) + 2)}\r\n".encode("ascii")


def mailbox_field(name: str, display: str, address: str) -> bytes:
    """Return the field `name` with one mailbox.

    Raises:
        InputError: `address` cannot be used as an e-mail address.
    """
    address = wire_address(address)
    if len(display) <= _SHORT_NAME and _PLAIN_PHRASE.fullmatch(display):
        field = f"{name}: {display} <{address}>\r\n"
        if len(field) <= LINE + 2 and "=?" not in display:
            return field.encode()
    display = one_line(display)
    if not display:
        return f"{name}: {address}\r\n".encode()
    return _with_angle(name, display, address)


def angle_field(name: str, display: str, value: str) -> bytes:
    """Return the field `name` as `display <value>`, as List-Id (RFC 2919) wants it.

    Raises:
        InputError: `value` holds anything but visible ASCII.
    """
    if not value.isascii() or not value.isprintable() or re.search(r"[\s<>]", value):
        raise _unusable(name, value)
    display = one_line(display)
    if not display:
        return verbatim_field(name, f"<{value}>")
    return _with_angle(name, display, value)


def verbatim_field(name: str, value: str) -> bytes:
    """Return the field `name` exactly as given; folded, if it is long, only between `>, <`.

    Identifiers and list headers must reach the other side as they are: an encoded word in
    List-Unsubscribe and the provider shows no button.

    Raises:
        InputError: the value is not printable ASCII, or a line of it is longer than may be.
    """
    if not _VERBATIM.fullmatch(value) or not _FIELD_NAME.fullmatch(name):
        raise _unusable(name, value)
    field = f"{name}: {value}"
    if len(field) > LINE:
        field = field.replace(">, <", ">,\r\n <")
    if max(map(len, field.split("\r\n"))) > LONGEST_LINE:
        raise InputError(
            f"{name} is {len(value)} characters long; no mail server takes such a line.",
            where=name,
            mend="Use a shorter address for the link.",
        )
    return f"{field}\r\n".encode("ascii")


def wire_address(address: str) -> str:
    """Return an e-mail address as it goes over the wire: its domain in ASCII (RFC 5891).

    A local part outside ASCII stays as it is and needs SMTPUTF8 (RFC 6531) of every server.

    Raises:
        InputError: it is not an address, or a part is longer than RFC 5321 allows.
    """
    if len(address) <= _LONGEST_COMMON and _COMMON_ADDRESS.fullmatch(address):
        return address
    local, at, domain = address.rpartition("@")
    domain = _ascii_domain(domain, address)
    if not at or not _LOCAL.fullmatch(local) or not _DOMAIN.fullmatch(domain):
        raise _no_address(address, "it does not have the form name@domain")
    if len(local.encode("utf-8", "replace")) > _LONGEST_LOCAL:
        raise _no_address(address, f"the part before @ is longer than {_LONGEST_LOCAL} octets")
    if len(domain) > _LONGEST_DOMAIN:
        raise _no_address(address, f"the domain is longer than {_LONGEST_DOMAIN} octets")
    return f"{local}@{domain}"


def _ascii_domain(domain: str, address: str) -> str:
    if domain.isascii():
        return domain
    import idna

    try:
        return idna.encode(domain, uts46=True).decode("ascii")
    except idna.IDNAError as error:
        raise _no_address(address, f"its domain cannot be written in ASCII: {error}") from None


def _with_angle(name: str, display: str, value: str) -> bytes:
    """Return `name: display <value>`, the value on a line of its own if it does not fit."""
    if _PLAIN_PHRASE.fullmatch(display):
        phrase = display
    else:
        phrase = '"' + display.replace("\\", "\\\\").replace('"', '\\"') + '"'
    start = f"{name}: {phrase}"
    if not display.isascii() or "=?" in display or len(start) > LINE:
        phrase = _words(display, len(name) + 2)
        start = f"{name}: {phrase}"
    last_line = len(start) - (start.rfind("\r\n") + 2 if "\r\n" in start else 0)
    gap = " " if last_line + len(value) + 3 <= LINE else "\r\n "
    return f"{start}{gap}<{value}>\r\n".encode()


def _folded(start: str, words: list[str]) -> bytes | None:
    """Return `start` and the words, folded at blanks; None if a word is too long for a line."""
    lines = [start]
    for word in words:
        if len(word) + 1 > LINE:
            return None
        if len(lines[-1]) + 1 + len(word) > LINE:
            lines.append("")
        lines[-1] += f" {word}"
    # A first line with nothing on it but the name would be taken for an empty field by some.
    return ("\r\n".join(lines) + "\r\n").encode("ascii") if lines[0] != start else None


def _words(text: str, column: int) -> str:
    """Return `text` as encoded words of RFC 2047, each on a line of its own.

    Args:
        text: One line of text.
        column: Octets that stand before it on the first line.
    """
    quoted = [
        (char, "".join(_Q[octet] for octet in char.encode("utf-8", "replace"))) for char in text
    ]
    # Readable where it can be; short where it cannot (Arabic, emoji).
    as_base64 = sum(len(code) for _, code in quoted) > 4 * len(text.encode("utf-8", "replace")) / 3
    words: list[str] = []
    chunk, used, room = "", 0, _ENCODED_LINE - column - 12
    for char, code in quoted:
        size = len(char.encode("utf-8", "replace")) if as_base64 else len(code)
        total = used + size
        if (4 * ((total + 2) // 3) if as_base64 else total) > room and chunk:
            words.append(_word(chunk, as_base64=as_base64))
            chunk, total, room = "", size, _ENCODED_LINE - 1 - 12
        chunk += char
        used = total
    words.append(_word(chunk, as_base64=as_base64))
    return "\r\n ".join(words)


def _word(text: str, *, as_base64: bool) -> str:
    raw = text.encode("utf-8", "replace")
    if as_base64:
        return f"=?utf-8?b?{base64.b64encode(raw).decode('ascii')}?="
    return f"=?utf-8?q?{''.join(_Q[octet] for octet in raw)}?="


def _unusable(name: str, value: str) -> InputError:
    return InputError(
        f"{name} cannot be {value[:80]!r}.",
        where=name,
        mend="Only visible ASCII characters may stand in it.",
    )


def _no_address(address: str, why: str) -> InputError:
    return InputError(
        f"{address[:80]!r} cannot be used as an e-mail address: {why}.",
        where="address",
        mend="Correct it where the address comes from.",
    )

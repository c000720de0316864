"""SMTP as octets: replies read, capabilities understood, envelopes written. No input or output.

RFC 5321 (SMTP), 1870 (SIZE), 2034 and 3463 (enhanced codes), 2920 (PIPELINING), 3461 (DSN),
6531 (SMTPUTF8).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from flows.compose.messages import Mail

END = b".\r\n"
DATA = b"DATA\r\n"
LONGEST_REPLY = 65_536
"""Octets of one reply before we take the other side for something else than a mail server."""
LONGEST_WORDS = 1000
"""Characters of a reply that are kept."""

_ENHANCED = re.compile(r"([245])\.(\d{1,3})\.(\d{1,3})(?!\S)")
_QUEUE_ID = re.compile(r"(?:queued as|\bid=)\s*<?([A-Za-z0-9][\w.:-]{2,60})", re.IGNORECASE)
_REPLY_LINE = re.compile(rb"([2-5][0-9][0-9])([ -]|$)")
_ADDRESS = re.compile(
    r'(?:[^\x00-\x20\x7f<>@"\\,;:()]+|"(?:[^\x00-\x1f\x7f"\\]|\\[ -~])+")@[^\x00-\x20\x7f<>@\\]+'
)
_COMMON_ADDRESS = re.compile(r"[A-Za-z0-9_+.-]+@[A-Za-z0-9.-]+")
_LINE_BREAK = re.compile(rb"\r\n|\r|\n")


class ProtocolError(Exception):
    """The other side does not speak SMTP."""


class Reply(NamedTuple):
    """One reply, all its lines."""

    code: int
    text: str
    """The lines without their codes."""

    @property
    def words(self) -> str:
        """Return the text on one line; an enhanced code that every line repeats stands once."""
        if "\n" not in self.text:
            return self.text[:LONGEST_WORDS]
        first, *others = self.text.split("\n")
        if others and (match := _ENHANCED.match(first)):
            others = [line.removeprefix(match.group()).strip() for line in others]
        return " ".join([first, *others])[:LONGEST_WORDS]

    @property
    def enhanced(self) -> str | None:
        """Return the enhanced status code it begins with, if any."""
        match = _ENHANCED.match(self.text)
        return match.group() if match else None

    @property
    def queue_id(self) -> str:
        """Return the name under which the server keeps the message, if it says so."""
        text = self.text
        if (at := text.find("queued as ")) >= 0 and text[at + 10 :].isalnum():
            # As Postfix says it, without the cost of looking for how others do.
            return text[at + 10 : at + 70]
        match = _QUEUE_ID.search(text)
        return match.group(1) if match else ""

    @property
    def blocks_us(self) -> bool:
        """Tell whether it refuses the sender as such rather than this message (5.7.X)."""
        return self.code >= 500 and (self.enhanced or "").startswith("5.7.")

    def __str__(self) -> str:
        return f"{self.code} {self.words}"


def one_reply(data: bytes) -> Reply | None:
    """Return the reply that is all of `data`, in one line; None if it is anything else."""
    if data[3:4] != b" " or data.find(b"\n") != len(data) - 1 or not data[:3].isdigit():
        return None
    return Reply(int(data[:3]), data[4:].decode("utf-8", "replace").strip())


class ReplyReader:
    """Cuts what arrives into replies, however it is cut into packets."""

    def __init__(self) -> None:
        self._rest = b""
        self._lines: list[str] = []
        self._size = 0

    @property
    def midway(self) -> bool:
        """Tell whether part of a reply has arrived and its end has not."""
        return bool(self._rest or self._lines)

    def feed(self, data: bytes) -> list[Reply]:
        """Return the replies that are complete with `data`.

        Raises:
            ProtocolError: this is not SMTP.
        """
        if self._rest:
            data = self._rest + data
        *lines, self._rest = data.split(b"\n")
        replies: list[Reply] = []
        for line in lines:
            match = _REPLY_LINE.match(line.rstrip(b"\r"))
            if match is None:
                raise ProtocolError(f"not a reply of a mail server: {line[:80]!r}")
            self._lines.append(line[4:].decode("utf-8", "replace").strip())
            self._size += len(line)
            if match.group(2) != b"-":
                replies.append(Reply(int(match.group(1)), "\n".join(self._lines)))
                self._lines, self._size = [], 0
        if self._size + len(self._rest) > LONGEST_REPLY:
            raise ProtocolError("a reply that does not end")
        return replies


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a server offers in its answer to EHLO."""

    keywords: Mapping[str, str] = field(default_factory=dict)
    pipelining: bool = False
    smtputf8: bool = False
    eight_bit: bool = False
    dsn: bool = False
    starttls: bool = False
    size: int | None = None
    """Octets a message may have; None if it does not say."""
    measured: bool = False
    """Whether it wants to be told the size."""
    auth: frozenset[str] = frozenset()


def capabilities(text: str) -> Capabilities:
    """Read the text of an answer to EHLO, whose first line is a greeting."""
    keywords: dict[str, str] = {}
    for line in text.split("\n")[1:]:
        # Some old servers write AUTH=LOGIN.
        word, _, rest = line.strip().replace("AUTH=", "AUTH ", 1).partition(" ")
        keywords[word.upper()] = f"{keywords.get(word.upper(), '')} {rest}".strip().upper()
    size = keywords.get("SIZE", "")
    return Capabilities(
        keywords=keywords,
        pipelining="PIPELINING" in keywords,
        smtputf8="SMTPUTF8" in keywords,
        eight_bit="8BITMIME" in keywords,
        dsn="DSN" in keywords,
        starttls="STARTTLS" in keywords,
        # Zero means that there is no fixed bound (RFC 1870, 4).
        size=int(size) or None if size.isdecimal() else None,
        measured="SIZE" in keywords,
        auth=frozenset(keywords.get("AUTH", "").split()),
    )


class Refused(Exception):
    """We refuse to put this message on the wire at all; the reply is our own."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.reply = Reply(code, text)


class Envelope(NamedTuple):
    """What announces one message."""

    commands: bytes
    """MAIL, RCPT and DATA, one line each."""

    @property
    def mail(self) -> bytes:
        """Return the first command."""
        return self.commands[: self.commands.index(b"\n") + 1]

    @property
    def rcpt(self) -> bytes:
        """Return the second command."""
        return self.commands[len(self.mail) : -len(DATA)]


def envelope(mail: Mail, delivery_id: int, offered: Capabilities) -> Envelope:
    """Return the commands that announce `mail`.

    Raises:
        Refused: an address cannot stand in a command, or the server does not offer what the
            message needs.
    """
    sender, recipient = mail.sender, mail.recipient
    parameters = notify = ""
    if not (_COMMON_ADDRESS.fullmatch(sender) and _COMMON_ADDRESS.fullmatch(recipient)):
        parameters = _unusual((sender, recipient), offered)
    if offered.measured:
        size = len(mail.content)
        if offered.size is not None and size > offered.size:
            raise Refused(552, f"5.3.4 {size} octets; the mail server takes {offered.size}.")
        parameters += f" SIZE={size}"
    if offered.dsn:
        parameters += f" RET=HDRS ENVID={delivery_id}"
        notify = " NOTIFY=FAILURE,DELAY"
    return Envelope(
        f"MAIL FROM:<{sender}>{parameters}\r\nRCPT TO:<{recipient}>{notify}\r\nDATA\r\n".encode()
    )


def _unusual(addresses: tuple[str, str], offered: Capabilities) -> str:
    """Return what unusual addresses add to MAIL."""
    for address in addresses:
        if not _ADDRESS.fullmatch(address):
            raise Refused(553, f"5.1.3 {address[:80]!r} cannot be used as an address.")
    if all(map(str.isascii, addresses)):
        return ""
    if not offered.smtputf8:
        raise Refused(553, "5.6.7 The mail server does not take addresses outside ASCII.")
    return " SMTPUTF8 BODY=8BITMIME" if offered.eight_bit else " SMTPUTF8"


def stuffed(content: bytes) -> bytes:
    """Return any message as it may follow DATA: CRLF only, dots doubled, ended by a line break.

    A bare CR or LF would let a message end where one server sees an end and another does not.
    """
    content = _LINE_BREAK.sub(b"\r\n", content)
    if content.startswith(b"."):
        content = b"." + content
    content = content.replace(b"\r\n.", b"\r\n..")
    return content if content.endswith(b"\r\n") else content + b"\r\n"

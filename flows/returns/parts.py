"""A message taken apart: fields, texts, reports and what was returned, whatever is sent to us.

The standard library's parser needs a millisecond and fails on ten thousand nested parts. This one
looks at the first megabyte, goes a few levels deep, and takes any octets for what they may be.
"""

from __future__ import annotations

import binascii
import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

MOST_OCTETS = 1_000_000
"""Reports stand before what they return; nothing is read beyond this."""
MOST_DEPTH = 8
MOST_PARTS = 60
MOST_TEXT = 60_000
"""Characters of one part that are looked at."""
_MOST_FIELDS = 500

_BLANK_LINE = re.compile(rb"\r?\n[ \t]*\r?\n|\r\r")
_FOLD = re.compile(r"\r?\n[ \t]+|\r(?!\n)[ \t]*")
_FIELD = re.compile(r"([!-9;-~]{1,80})[ \t]*:(.*)")
_PARAMETER = re.compile(r";\s*([\w*-]{1,40})\s*=\s*(?:\"([^\"]{0,300})\"|([^;\s\"]{1,300}))")
_BOUNDARY_LINE = re.compile(rb"(?m)^--([^\s-][!-~]{5,70}|-[!-~]{5,70})\r?$")
_HIDDEN = ("style", "script", "title")
_LINE_TAG = re.compile(
    r"<(?:br|/?p|/?div|/?tr|/?li|/?h\d|/?table|/td)\b[^<>]{0,2000}>", re.IGNORECASE
)
_TAG = re.compile(r"<[a-zA-Z/!?][^<>]{0,5000}>")
_ENCODED_WORD = re.compile(r"=\?([\w.:-]{1,40})(?:\*[\w-]{1,20})?\?([bBqQ])\?([^?\s]{0,2000})\?=")
_BETWEEN_WORDS = re.compile(r"(\?=)\s+(?==\?)")

# Reading these costs more than linear time, or they are not about letters.
_NO_CHARSETS = frozenset(
    {"punycode", "idna", "undefined", "unicode_escape", "unicode-escape", "raw_unicode_escape"}
)
_JAPANESE = ("iso-2022-jp", "euc-jp", "cp932")
_RETURNED = frozenset(
    {
        "message/rfc822",
        "message/global",
        "message/partial",
        "text/rfc822-headers",
        "text/rfc822",
        "message/rfc822-headers",
        "message/global-headers",
    }
)
_REPORTS = frozenset(
    {
        "message/delivery-status",
        "message/global-delivery-status",
        "message/feedback-report",
        "message/disposition-notification",
        "message/global-disposition-notification",
    }
)


class Fields:
    """The header fields of a message or part, by name, in any case."""

    def __init__(self, text: str) -> None:
        self._values: dict[str, list[str]] = {}
        for line in _FOLD.sub(" ", text).split("\n", _MOST_FIELDS):
            if match := _FIELD.match(line):
                self._values.setdefault(match[1].lower(), []).append(match[2].strip())

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def get(self, name: str) -> str:
        """Return the first value of a field, or an empty text."""
        return self._values.get(name, [""])[0]

    def all(self, *names: str) -> list[str]:
        """Return all values of some fields, in the order of their names."""
        return [value for name in names for value in self._values.get(name, ())]


@dataclass(slots=True)
class Part:
    """A leaf of a message, not yet decoded."""

    fields: Fields
    media_type: str
    charset: str
    body: bytes

    def text(self) -> str:
        """Return what stands in it, as well as it can be read."""
        return decoded(_transferred(self.body, self.fields), self.charset)


@dataclass(slots=True)
class Message:
    """A message, or one that was returned inside another."""

    fields: Fields
    media_type: str
    report_type: str = ""
    texts: list[Part] = field(default_factory=list)
    pages: list[Part] = field(default_factory=list)
    reports: list[Part] = field(default_factory=list)
    returned: list[Part] = field(default_factory=list)

    def words(self) -> str:
        """Return the text for people: plain where there is one, else that of the HTML."""
        plain = "\n".join(part.text() for part in self.texts)
        if plain.strip():
            return plain
        return "\n".join(without_tags(part.text()) for part in self.pages)


def read_message(raw: bytes) -> Message:
    """Take a message apart. Never fails; what cannot be read is left out."""
    raw = raw[:MOST_OCTETS]
    if raw.startswith((b"From ", b">From ")):
        raw = raw.partition(b"\n")[2]
    fields, body = _split(raw)
    media_type, parameters = _content_type(fields, "text/plain")
    message = Message(fields, media_type, parameters.get("report-type", "").lower())
    for part in _leaves(fields, body, media_type, parameters):
        if part.media_type in _REPORTS:
            message.reports.append(part)
        elif part.media_type in _RETURNED:
            message.returned.append(part)
        elif part.media_type == "text/html":
            message.pages.append(part)
        elif part.media_type.startswith("text/"):
            # Some gateways put the returned message in without saying so.
            headers_first = part.fields is not fields and "from" in part.fields
            (message.returned if headers_first else message.texts).append(part)
    return message


def returned_fields(part: Part) -> Fields:
    """Return the header fields of what was returned."""
    if part.media_type not in _RETURNED:
        return part.fields
    body = _transferred(part.body[:100_000], part.fields).lstrip(b"\r\n")
    return _split(body)[0]


def _leaves(
    fields: Fields, body: bytes, media_type: str, parameters: dict[str, str]
) -> Iterator[Part]:
    """Yield what is no multipart, from first to last."""
    stack = [(fields, body, media_type, parameters, 0)]
    seen = 0
    while stack and seen < MOST_PARTS:
        fields, body, media_type, parameters, depth = stack.pop()
        boundary = parameters.get("boundary", "")
        if media_type.startswith("multipart/") and not boundary:
            boundary = _guessed_boundary(body)
        if media_type.startswith("multipart/") and boundary and depth < MOST_DEPTH:
            children = []
            for piece in _pieces(body, boundary.encode("utf-8", "replace")):
                own, content = _split(piece)
                child_type, child_parameters = _content_type(own, "text/plain")
                children.append((own, content, child_type, child_parameters, depth + 1))
            if children:
                stack.extend(reversed(children))
                continue
            media_type = "text/plain"
        seen += 1
        if not media_type.startswith("multipart/"):
            yield Part(fields, media_type, parameters.get("charset", ""), body)


def _guessed_boundary(body: bytes) -> str:
    """Return what looks like the boundary of a multipart whose field was broken on the way."""
    match = _BOUNDARY_LINE.search(body[:20_000])
    return match[1].decode("latin-1") if match else ""


def _pieces(body: bytes, boundary: bytes) -> list[bytes]:
    """Return what stands between the boundaries of a multipart."""
    pieces = (b"\n" + body).split(b"\n--" + boundary, MOST_PARTS)[1:]
    found = []
    for piece in pieces[:MOST_PARTS]:
        if piece.startswith(b"--"):
            break
        found.append(piece.partition(b"\n")[2])
    return found


def _split(raw: bytes) -> tuple[Fields, bytes]:
    """Return the header fields and what comes after the first blank line."""
    if raw.startswith((b"\n", b"\r\n")):
        return Fields(""), raw.lstrip(b"\r\n")
    match = _BLANK_LINE.search(raw)
    head, body = (raw[: match.start()], raw[match.end() :]) if match else (raw, b"")
    return Fields(head[:200_000].decode("utf-8", "replace")), body


def _content_type(fields: Fields, default: str) -> tuple[str, dict[str, str]]:
    value = fields.get("content-type")[:3_000]
    media_type = value.partition(";")[0].strip().lower() or default
    # "Content-Type: text" is an old way to say text/plain.
    if "/" not in media_type:
        media_type = default
    # A missing semicolon, as some write it, must not lose the boundary.
    parameters = {
        match[1].lower(): (match[2] if match[2] is not None else match[3]).rstrip()
        for match in _PARAMETER.finditer(";" + value.partition(";")[2] if ";" in value else "")
    }
    return media_type.split()[0], parameters


def _transferred(body: bytes, fields: Fields) -> bytes:
    """Undo the transfer encoding."""
    encoding = fields.get("content-transfer-encoding").lower()
    body = body[: 4 * MOST_TEXT]
    if encoding.startswith("base64"):
        try:
            return binascii.a2b_base64(body)
        except binascii.Error:
            try:
                return binascii.a2b_base64(body.rstrip(b"\r\n= ") + b"===")
            except binascii.Error:
                return body
    if encoding.startswith("quoted-printable"):
        return binascii.a2b_qp(body)
    return body


def decoded(raw: bytes, charset: str) -> str:
    """Return octets as text: as declared if they can be, else as they may have been meant."""
    raw = raw[: 2 * MOST_TEXT]
    charset = charset.strip("\"' ").lower()
    if charset == "unicode-1-1-utf-7":
        charset = "utf-7"
    tried = [charset] if charset and charset not in _NO_CHARSETS else []
    tried.append("utf-8")
    if charset in _JAPANESE:
        tried.extend(_JAPANESE)
    for name in tried:
        try:
            return raw.decode(name)[:MOST_TEXT]
        except (LookupError, ValueError):
            continue
    return raw.decode("latin-1")[:MOST_TEXT]


def without_tags(page: str) -> str:
    """Return the text of an HTML page, a line for each block."""
    for name in _HIDDEN:
        page = _without_element(page, name)
    page = _LINE_TAG.sub("\n", page)
    return html.unescape(_TAG.sub("", page))


def _without_element(page: str, name: str) -> str:
    """Cut out every element of one name with what it holds."""
    # Searched with `find`: a pattern would look for each missing end again and again.
    lower = page.lower()
    kept = []
    at = 0
    while (start := lower.find(f"<{name}", at)) >= 0:
        kept.append(page[at:start])
        end = lower.find(f"</{name}", start)
        if end < 0:
            return "".join(kept)
        at = end
    return "".join([*kept, page[at:]])


def unencoded(value: str) -> str:
    """Return a header field with its encoded words (RFC 2047) read."""
    if "=?" not in value:
        return value
    return _ENCODED_WORD.sub(_word, _BETWEEN_WORDS.sub(r"\1", value[:5_000]))


def _word(match: re.Match[str]) -> str:
    charset, encoding, text = match.groups()
    raw = text.encode("utf-8", "replace")
    try:
        octets = (
            binascii.a2b_base64(raw + b"==")
            if encoding in "bB"
            else binascii.a2b_qp(raw, header=True)
        )
    except binascii.Error:
        return match[0]
    return decoded(octets, charset)

"""Text as quoted-printable in pieces that can be joined in any order (RFC 2045, 6.7).

Every piece begins at the start of a line and every slot is followed by a soft line break, so a
value may have any length without a neighbour needing to know. No line is longer than 76 octets and
none begins with a dot, so that nothing has to be doubled on its way over SMTP.
"""

from __future__ import annotations

import re

SOFT_BREAK = b"=\r\n"

_LINE = 76
_DROPPED = dict.fromkeys((*range(9), 11, 12, *range(14, 32), 127))
_SAFE = re.compile(r"(?!\.)[ -<>-~]{0,75}")
_UNSAFE = re.compile(rb"[^ -<>-~]")
_CODES = {bytes([octet]): b"=%02X" % octet for octet in range(256)}


def plain_lines(text: str) -> str:
    r"""Return `text` with `\n` as its only line break and no control character but the tab."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.translate(_DROPPED) if not text.isprintable() else text


def quoted(text: str) -> bytes:
    """Return `text` as quoted-printable that may begin a line and be followed by a soft break."""
    if _SAFE.fullmatch(text):
        return text.encode("ascii")
    lines = plain_lines(text).encode("utf-8", "replace").split(b"\n")
    # What follows the last line is a soft break or the end of a part, so its blanks are safe.
    return b"\r\n".join([_line(line, last=False) for line in lines[:-1]] + [_line(lines[-1])])


def _line(line: bytes, *, last: bool = True) -> bytes:
    """Return one line, folded; unless it is the last one, without a blank at its end."""
    coded = _UNSAFE.sub(lambda match: _CODES[match.group()], line)
    if not last and coded.endswith(b" "):
        coded = coded[:-1] + b"=20"
    folded: list[bytes] = []
    start = 0
    while True:
        dot = coded[start : start + 1] == b"."
        room = _LINE - 1 - 2 * dot
        end = start + room
        if end >= len(coded):
            end = len(coded)
        elif coded[end - 1 : end] == b"=":
            end -= 1
        elif coded[end - 2 : end - 1] == b"=":
            end -= 2
        piece = coded[start:end]
        folded.append(b"=2E" + piece[1:] if dot else piece)
        if end == len(coded):
            return SOFT_BREAK.join(folded)
        start = end

"""Bytes of a page become text, whatever they say of themselves."""

from __future__ import annotations

import codecs
import re

_DECLARED = re.compile(
    rb"<meta[^>]+charset\s*=\s*[\"']?\s*([\w-]+)|<\?xml[^>]+encoding=[\"']([\w-]+)", re.I
)
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LATIN = frozenset({"iso8859-1", "ascii", "cp1252"})


def decode_page(raw: bytes, *, encoding: str | None = None) -> tuple[str, str]:
    """Return the text of a page and the encoding that fitted.

    A byte order mark goes before what the server says, that before what the page says. What does
    not fit is Windows-1252, which is also what browsers take for Latin-1 and for no word at all.

    Args:
        raw: The page as it came.
        encoding: What the server declared, if it did.
    """
    for mark, name in _MARKS:
        if raw.startswith(mark):
            return raw.decode(name, "replace").removeprefix("\ufeff"), name
    declared = _DECLARED.search(raw[:4096])
    named = str(declared[1] or declared[2], "ascii") if declared else None
    for label in (encoding, named, "utf-8"):
        known = _codec(label)
        if known is None or known.startswith("utf-16"):
            continue
        try:
            return raw.decode(known), known
        except UnicodeDecodeError:
            if known == "utf-8" and (text := _mostly_utf8(raw)):
                return text, known
    return raw.decode("cp1252", "replace"), "cp1252"


def _mostly_utf8(raw: bytes) -> str:
    """Return the text of a page in UTF-8 into which some other bytes were pasted; else nothing.

    Letters of Windows-1252 are hardly ever UTF-8 by chance, so that a few that are tell enough.
    """
    text = raw.decode("utf-8", "replace")
    wrong = text.count("\ufffd")
    right = sum(character > "\x7f" for character in text) - wrong
    return text if right > 3 * wrong else ""


def _codec(name: str | None) -> str | None:
    try:
        known = codecs.lookup(name or "").name
    except LookupError:
        return None
    # Every byte is Latin-1, so it would never fail; UTF-8 that says so is told by trying.
    return "utf-8" if known in _LATIN else known

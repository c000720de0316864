"""Bytes of a page become text, whatever they say of themselves."""

from __future__ import annotations

import codecs
import re
from contextlib import suppress

_DECLARED = re.compile(
    rb"<meta[^>]+charset\s*=\s*[\"']?\s*([\w-]+)|<\?xml[^>]+encoding=[\"']([\w-]+)", re.I
)
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_AS_BROWSERS = {
    # Every byte is Latin-1, so it would never fail; UTF-8 that says so is told by trying.
    **dict.fromkeys(("iso8859-1", "ascii", "cp1252"), "utf-8"),
    **dict.fromkeys(("gb2312", "gbk"), "gb18030"),
    **dict.fromkeys(("shift_jis", "shift_jisx0213"), "cp932"),
    "euc_kr": "cp949",
    "big5": "big5hkscs",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
}
"""What is meant by the narrower names that pages use, as the WHATWG's standard has it."""
_BY_LANGUAGE = {
    **dict.fromkeys(("cs", "hu", "pl", "sk", "sl", "hr", "ro"), "cp1250"),
    **dict.fromkeys(("bg", "mk", "ru", "sr", "uk"), "cp1251"),
    "el": "cp1253",
    "tr": "cp1254",
    "he": "cp1255",
    "ar": "cp1256",
}
"""What old pages of a language mostly are that do not say it."""
_LANGUAGE = re.compile(rb"<html[^>]+\blang\s*=\s*[\"']?([a-z]{2})", re.I)
_OTHER_SCRIPT = 0.45
"""Share of the bytes beyond ASCII from which a text is hardly in Latin letters."""
_SAMPLE = 50_000


def decode_page(raw: bytes, *, encoding: str | None = None) -> tuple[str, str]:
    """Return the text of a page and the encoding that fitted.

    A byte order mark goes before what fits UTF-8, that before what the server says, and that
    before what the page says. What does not fit is as old pages of its language mostly are;
    without one, or in Latin letters, it is Windows-1252, which is also what browsers take for
    Latin-1.

    Args:
        raw: The page as it came.
        encoding: What the server declared, if it did.
    """
    for mark, name in _MARKS:
        if raw.startswith(mark):
            return raw.decode(name, "replace").removeprefix("\ufeff"), name
    declared = _DECLARED.search(raw[:4096])
    named = str(declared[1] or declared[2], "ascii") if declared else None
    labels = [_codec(label) for label in (encoding, named)]
    told = [each for each in labels if each and not each.startswith("utf-16")]
    # UTF-8 never fits by chance; only where every byte is ASCII could it be anything.
    for known in (*told, "utf-8") if raw.isascii() else ("utf-8", *told):
        with suppress(UnicodeDecodeError):
            return raw.decode(known), known
    # What fits nowhere may fit badly.
    for known in (*told, "utf-8"):
        if text := _mostly(raw, known):
            return text, known
    known = _likely(raw)
    return raw.decode(known, "replace"), known


def _mostly(raw: bytes, encoding: str) -> str:
    """Return the text of a page into which some bytes of another encoding were pasted; else "".

    Letters of Windows-1252 are hardly ever UTF-8 by chance, so that a few that are tell enough.
    """
    text = raw.decode(encoding, "replace")
    wrong = text.count("\ufffd")
    right = sum(character > "\x7f" for character in text) - wrong
    return text if right > 3 * wrong else ""


def _likely(raw: bytes) -> str:
    """Return the encoding of a page that does not say it, or not truly."""
    language = _LANGUAGE.search(raw[:4096])
    if language and (known := _BY_LANGUAGE.get(str(language[1], "ascii").lower())):
        return known
    beyond = re.sub(rb"<[^>]*>|[\s\d]+", b"", raw)[:_SAMPLE]
    if len(beyond.translate(None, bytes(range(128)))) > _OTHER_SCRIPT * len(beyond):
        from charset_normalizer import from_bytes

        best = from_bytes(beyond).best()
        return (_codec(best.encoding) if best else None) or "cp1252"
    return "cp1252"


def _codec(name: str | None) -> str | None:
    try:
        known = codecs.lookup(name or "").name
    except LookupError:
        return None
    return _AS_BROWSERS.get(known, known)

"""A page that a browser saved as a single file (MHTML, RFC 2557) becomes the page that it was."""

from __future__ import annotations

import re
from dataclasses import dataclass

SUFFIXES = (".mht", ".mhtml")
MAX_BYTES = 30_000_000
"""The pictures are in it as well."""
_START = re.compile(
    rb"(?:[\w-]+:[^\n]*\n(?:[ \t][^\n]*\n)*){0,12}?content-type:\s*multipart/related", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedPage:
    """The page within such a file."""

    content: bytes
    url: str
    """Where it was saved from; empty if the file does not say."""
    encoding: str | None


def saved_page(raw: bytes) -> SavedPage | None:
    """Return the page in a file that a browser saved; None if it is no such file.

    Args:
        raw: The whole file.
    """
    if not _START.match(raw[:4000]):
        return None
    from email.parser import BytesParser

    saved = BytesParser().parsebytes(raw)
    for part in saved.walk():
        if part.get_content_type() in ("text/html", "application/xhtml+xml"):
            url = part["Content-Location"] or saved["Snapshot-Content-Location"] or ""
            return SavedPage(
                content=bytes(part.get_payload(decode=True) or b""),
                url=str(url).strip(),
                encoding=part.get_content_charset(),
            )
    return None

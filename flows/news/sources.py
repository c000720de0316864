"""Where items come from: a text file, a saved page, or a URL."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from flows import files
from flows.errors import InputError
from flows.models import NewsItem
from flows.news import mhtml
from flows.news.reading import Reading
from flows.news.text import read_text_item

if TYPE_CHECKING:
    from flows.news.fetch import Fetched

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]+)://?", re.IGNORECASE)
_PAGE = re.compile(
    rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)", re.I | re.S
)
_FOREIGN = {
    b"%PDF-": "a PDF",
    b"PK\x03\x04": "a zip or office file",
    b"\xd0\xcf\x11\xe0": "an office file",
    b"\x89PNG": "an image",
    b"\xff\xd8\xff": "an image",
    b"GIF8": "an image",
    b"\x1f\x8b": "a compressed file",
    b"{\\rtf": "an RTF file",
}
"""How files begin that are neither text nor page."""


def read_source(source: str, *, allow_private: bool = False) -> NewsItem:
    """Return the news item at `source`.

    Args:
        source: Path of a text file or of a saved HTML page, or an http(s) URL.
        allow_private: Whether a URL may lead to an address that is not public.

    Raises:
        InputError: it cannot be read; says what, where and what to do.
    """
    return read(source, allow_private=allow_private).item


def read(source: str, *, allow_private: bool = False, content_dir: Path | None = None) -> Reading:
    """Return the news item at `source`, with where it was found and what to look at.

    Args:
        source: As `read_source`.
        allow_private: As `read_source`.
        content_dir: Where the profiles of sites lie; without it none is used.

    Raises:
        InputError: it cannot be read; says what, where and what to do.
    """
    return read_and_keep(source, allow_private=allow_private, content_dir=content_dir)[0]


def read_and_keep(
    source: str,
    *,
    allow_private: bool = False,
    content_dir: Path | None = None,
    contact: str = "",
) -> tuple[Reading, Fetched | None]:
    """Return the news item at `source`, and the page as it came if it was fetched.

    Args:
        source: As `read_source`.
        allow_private: As `read_source`.
        content_dir: As `read`.
        contact: As `read_url`.

    Raises:
        InputError: it cannot be read; says what, where and what to do.
    """
    if scheme := _SCHEME.match(source):
        if scheme[1].lower() not in ("http", "https"):
            raise InputError(
                f"{scheme[1]} addresses are not read.",
                where=source,
                mend="Give an address that begins with https:// or http://, or a file.",
            )
        return read_url(
            source, allow_private=allow_private, content_dir=content_dir, contact=contact
        )
    return read_file(Path(source), content_dir=content_dir), None


def read_url(
    url: str,
    *,
    allow_private: bool = False,
    content_dir: Path | None = None,
    contact: str = "",
) -> tuple[Reading, Fetched]:
    """Return the news item at a web address, and the page as it came, to be kept.

    Args:
        url: http or https.
        allow_private: As `read_source`.
        content_dir: Where the profiles of sites lie.
        contact: For the user agent: how the site can reach us.

    Raises:
        InputError: it cannot be read; says what, where and what to do.
    """
    from flows.news.fetch import fetch
    from flows.news.page import read_page

    page = fetch(url, allow_private=allow_private, contact=contact)
    assert page is not None  # noqa: S101  nothing was known, so nothing can be unchanged
    refuse_foreign(page.content, where=url)
    reading = read_page(page.content, url=page.url, encoding=page.encoding, content_dir=content_dir)
    return reading, page


def read_file(path: Path, *, content_dir: Path | None = None) -> Reading:
    """Return the news item in a text file or a saved page.

    Raises:
        InputError: it cannot be read; says what, where and what to do.
    """
    whole = path.suffix.lower() in mhtml.SUFFIXES
    raw = files.read_bytes(path, most=mhtml.MAX_BYTES if whole else files.MAX_TEXT_BYTES)
    refuse_foreign(raw, where=str(path))
    if saved := mhtml.saved_page(raw):
        from flows.news.page import read_page

        return read_page(
            saved.content,
            url=saved.url,
            source=path.name,
            encoding=saved.encoding,
            content_dir=content_dir,
        )
    if path.suffix.lower() in (".html", ".htm", ".xhtml") or _PAGE.match(raw[:4000]):
        from flows.news.page import read_page

        return read_page(raw, source=path.name, content_dir=content_dir)
    return read_text_item(files.read_text(path), source=path.name)


def refuse_foreign(raw: bytes, *, where: str) -> None:
    """Raise if the bytes are plainly neither text nor a page.

    Raises:
        InputError: with what it is instead.
    """
    kind = next((name for start, name in _FOREIGN.items() if raw.startswith(start)), None)
    if kind is None and b"\x00" in raw[:4000] and raw[:2] not in (b"\xff\xfe", b"\xfe\xff"):
        kind = "a binary file"
    if kind:
        raise InputError(
            f"This is {kind}, not a text or a web page.",
            where=where,
            mend="Give the page's address, or save its text as a .txt file in UTF-8.",
        )

"""The documents behind an item's links: how many pages, and how large."""

from __future__ import annotations

import re
from dataclasses import dataclass
from io import BytesIO

from flows.errors import InputError
from flows.models import Document, NewsItem
from flows.news.fetch import Bounds, fetch

_TYPES = re.compile(r"application/(?:pdf|x-pdf|octet-stream)|binary/octet-stream|$")
_MOST_BYTES = 30_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """An item whose documents were looked into."""

    item: NewsItem
    """With pages and size as found; what could not be opened stays as the item tells it."""
    notes: tuple[str, ...]
    """One sentence per document: what was found, or why not."""


def open_documents(item: NewsItem, *, allow_private: bool = False, contact: str = "") -> Opened:
    """Fetch the PDFs that an item offers and count their pages.

    Args:
        item: Its documents with a web address are fetched.
        allow_private: Whether they may be at an address that is not public.
        contact: For the user agent.
    """
    documents: list[Document] = []
    notes: list[str] = []
    for document in item.documents:
        url = document.url or ""
        if document.media_type == "application/pdf" and url.startswith("http"):
            try:
                pages, size = _look_into(url, allow_private=allow_private, contact=contact)
            except InputError as error:
                notes.append(f"{document.title}: {error.what}")
            else:
                notes.append(f"{document.title}: {pages} pages, {size / 1000:.0f} kB.")
                if document.pages not in (None, pages):
                    notes.append(f"{document.title}: the page says {document.pages} pages.")
                document = document.model_copy(update={"pages": pages, "size": size})
        documents.append(document)
    return Opened(
        item=item.model_copy(update={"documents": tuple(documents)}),
        notes=tuple(notes),
    )


def count_pages(content: bytes, *, where: str) -> int:
    """Return how many pages a PDF has.

    Raises:
        InputError: it is no PDF, or a broken one.
    """
    from pypdf import PdfReader

    try:
        return len(PdfReader(BytesIO(content)).pages)
    except Exception as error:
        raise InputError(
            "This is no PDF that can be opened.",
            where=where,
            mend="Open it with a viewer; replace it if that fails as well.",
        ) from error


def _look_into(url: str, *, allow_private: bool, contact: str) -> tuple[int, int]:
    page = fetch(
        url,
        allow_private=allow_private,
        contact=contact,
        types=_TYPES,
        bounds=Bounds(bytes=_MOST_BYTES),
    )
    content = page.content if page is not None else b""
    return count_pages(content, where=url), len(content)

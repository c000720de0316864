"""The page an item was read from, kept beside it, so that a change of the page is noticed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from flows import files
from flows.clock import aware
from flows.errors import InputError
from flows.models import NewsItem, Value
from flows.news.changes import Change
from flows.news.fetch import Fetched, fetch
from flows.news.itemfile import read_item
from flows.news.page import read_page
from flows.news.reading import Reading

PAGE_FILE = "source.html"
"""The page as it came."""
FACTS_FILE = "source.toml"
"""What is needed to read it again and to ask whether it changed."""
_READ = (
    "title",
    "published",
    "language",
    "lead",
    "body",
    "documents",
    "related",
    "organisations",
    "dates",
    "images",
    "author",
)
"""The fields that a page can change, in the order they are shown."""


class _Facts(Value):
    url: str
    media_type: str = ""
    encoding: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Refreshed:
    """What became of a page since it was imported."""

    changes: tuple[Change, ...]
    """Empty when the page still says the same."""
    item: NewsItem
    """item.md with what changed on the page, where nobody had changed it by hand."""
    reading: Reading | None
    """The page read again; None when the server said that it is the same."""
    page: Fetched | None
    """The page as it came, to be kept with `keep_page` once the changes are taken over."""


def keep_page(folder: Path, page: Fetched) -> None:
    """Keep a page in a campaign's folder.

    Raises:
        InputError: the folder cannot be written.
    """
    import tomlkit

    facts = _Facts(
        url=page.url,
        media_type=page.media_type,
        encoding=page.encoding,
        etag=page.etag,
        last_modified=page.last_modified,
        at=page.at,
    )
    files.write_bytes(folder / PAGE_FILE, page.content)
    files.write_text(folder / FACTS_FILE, tomlkit.dumps(facts.model_dump(exclude_none=True)))


def kept_page(folder: Path) -> Fetched | None:
    """Return the page that was kept in a campaign's folder, if there is one.

    Raises:
        InputError: it is there and cannot be read.
    """
    if not (folder / FACTS_FILE).exists() or not (folder / PAGE_FILE).exists():
        return None
    facts = files.read_toml(folder / FACTS_FILE, _Facts)
    return Fetched(
        url=facts.url,
        content=files.read_bytes(folder / PAGE_FILE),
        media_type=facts.media_type,
        encoding=facts.encoding,
        etag=facts.etag,
        last_modified=facts.last_modified,
        at=aware(facts.at),
    )


def refresh(
    folder: Path,
    *,
    content_dir: Path | None = None,
    allow_private: bool = False,
    contact: str = "",
) -> Refreshed:
    """Fetch the page that an item came from again, and tell what changed. Writes nothing.

    Args:
        folder: The campaign's.
        content_dir: Where the profiles of sites lie.
        allow_private: Whether the page may be at an address that is not public.
        contact: For the user agent.

    Raises:
        InputError: the item came from a file, or the page cannot be had or read.
    """
    mine = read_item(folder / "item.md")
    known = kept_page(folder)
    url = known.url if known is not None else mine.source
    if not url.startswith(("http://", "https://")):
        raise InputError(
            "The item was read from a file, so there is no page to look at again.",
            where=str(folder / "item.md"),
            mend="Import the changed file under the same name with --force.",
        )
    page = fetch(url, allow_private=allow_private, contact=contact, known=known)
    if page is None:
        return Refreshed(changes=(), item=mine, reading=None, page=None)
    reading = _read(page, content_dir)
    # Without the page of then, what the item says now is all there is to compare with.
    before = _read(known, content_dir).item if known is not None else mine
    changes = tuple(
        Change(field=name, before=was, after=now, edited=getattr(mine, name) != was)
        for name in _READ
        if (was := getattr(before, name)) != (now := getattr(reading.item, name))
    )
    taken = {change.field: change.after for change in changes if not change.edited}
    return Refreshed(
        changes=changes, item=mine.model_copy(update=taken), reading=reading, page=page
    )


def _read(page: Fetched, content_dir: Path | None) -> Reading:
    return read_page(page.content, url=page.url, encoding=page.encoding, content_dir=content_dir)

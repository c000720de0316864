"""RSS and Atom: what is new on a site becomes an item, and never more than that."""

from __future__ import annotations

import hashlib
import json
import re
from calendar import timegm
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from pydantic import ValidationError

from flows import files
from flows.errors import InputError
from flows.models import Value
from flows.news.fetch import Fetched, fetch
from flows.news.itemfile import write_item
from flows.news.kept import keep_page
from flows.news.links import clean_link
from flows.news.sources import read_url

MOST_PER_ROUND = 5
"""A site that moves offers all its past as new; nobody wants that as campaigns."""
_MOST_TRIES = 3
_HTML_TYPES = ("text/html", "application/xhtml+xml")
_FEED_TYPE = re.compile(r"rss|atom")
_SEEN_MOST = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One item that a feed announces."""

    key: str
    """What tells it from the others: its id, or else its address."""
    title: str
    url: str
    published: datetime | None = None
    """Aware, UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A feed as it is now."""

    url: str
    title: str
    entries: tuple[Entry, ...]
    """In the order of the feed, which is mostly the newest first."""
    page: Fetched


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What one look at a feed brought."""

    imported: tuple[Path, ...]
    """The folders of the new campaigns, each with an item.md and the page it came from."""
    notes: tuple[str, ...]
    """One sentence each: what was left for later, and what could not be read."""


class _Memory(Value):
    """What was seen of a feed; in `var/feeds/`."""

    url: str
    etag: str | None = None
    last_modified: str | None = None
    seen: tuple[str, ...] = ()
    failed: Mapping[str, int] = {}
    """Key to how often it could not be read."""


def read_feed(
    url: str,
    *,
    allow_private: bool = False,
    contact: str = "",
    known: Fetched | None = None,
) -> Feed | None:
    """Return what a feed announces; None if it is what was `known`.

    Args:
        url: Of the RSS or Atom feed.
        allow_private: Whether it may be at an address that is not public.
        contact: For the user agent.
        known: What was there last time.

    Raises:
        InputError: it cannot be had, or is no feed; names the feed of a page that has one.
    """
    page = fetch(url, allow_private=allow_private, contact=contact, known=known)
    return parse_feed(page) if page is not None else None


def parse_feed(page: Fetched) -> Feed:
    """Return what a fetched feed announces.

    Raises:
        InputError: it is no feed.
    """
    import feedparser

    parsed = feedparser.parse(page.content, response_headers={"content-location": page.url})
    if not parsed.get("version"):
        raise _no_feed(page)
    entries = []
    for each in parsed.entries:
        link = clean_link(str(each.get("link") or ""), base=page.url)
        if link.startswith("http"):
            entries.append(
                Entry(
                    key=str(each.get("id") or link),
                    title=_title(each),
                    url=link,
                    published=_moment(each.get("published_parsed") or each.get("updated_parsed")),
                )
            )
    return Feed(url=page.url, title=_title(parsed.feed), entries=tuple(entries), page=page)


def new_entries(feed: Feed, *, seen: Collection[str]) -> list[Entry]:
    """Return what was not there before, the oldest first."""
    return [entry for entry in reversed(feed.entries) if entry.key not in seen]


def watch_feed(
    url: str,
    *,
    content_dir: Path,
    var_dir: Path,
    newest: int = 0,
    allow_private: bool = False,
    contact: str = "",
) -> Watched:
    """Look at a feed once and import what is new: an item.md and its page in a folder of its own.

    The first look only remembers what is there, so that a site's past does not come in as new.
    Nothing is drafted, scheduled or sent here, and an item that is there is never touched.

    Args:
        url: Of the feed.
        content_dir: Where campaigns lie.
        var_dir: Where it is remembered what was seen.
        newest: How many of the entries there are to import at the first look.
        allow_private: Whether feed and pages may be at addresses that are not public.
        contact: For the user agent.

    Raises:
        InputError: the feed cannot be had or read. An item that cannot be read is a note.
    """
    path = _memory_path(var_dir, url)
    memory = _recall(path)
    feed = read_feed(url, allow_private=allow_private, contact=contact, known=_known(memory))
    if feed is None:
        return Watched(imported=(), notes=())
    if memory is None:
        memory = _Memory(url=url, seen=tuple(entry.key for entry in feed.entries[newest:]))
    fresh = new_entries(feed, seen=memory.seen)
    imported: list[Path] = []
    notes: list[str] = []
    seen, failed = list(memory.seen), dict(memory.failed)
    for entry in fresh[:MOST_PER_ROUND]:
        try:
            imported += _import(
                entry, content_dir=content_dir, allow_private=allow_private, contact=contact
            )
        except InputError as error:
            notes.append(f"{entry.title or entry.url}: {error}")
            failed[entry.key] = failed.get(entry.key, 0) + 1
            if failed[entry.key] < _MOST_TRIES:
                continue
        seen.append(entry.key)
        failed.pop(entry.key, None)
    if len(fresh) > MOST_PER_ROUND:
        notes.append(f"{len(fresh) - MOST_PER_ROUND} more are left for the next look.")
    # While something is left to do, the server must not answer that nothing changed.
    done = len(fresh) <= MOST_PER_ROUND and not failed
    memory = _Memory(
        url=url,
        etag=feed.page.etag if done else None,
        last_modified=feed.page.last_modified if done else None,
        seen=tuple(seen[-_SEEN_MOST:]),
        failed=failed,
    )
    files.write_text(path, json.dumps(memory.model_dump(mode="json"), indent=1) + "\n")
    return Watched(imported=tuple(imported), notes=tuple(notes))


def _import(entry: Entry, *, content_dir: Path, allow_private: bool, contact: str) -> list[Path]:
    reading, page = read_url(
        entry.url, allow_private=allow_private, content_dir=content_dir, contact=contact
    )
    item = reading.item
    if item.published is None and entry.published is not None:
        item = item.model_copy(update={"published": entry.published.date()})
    folder = content_dir / files.slugify(item.title, published=item.published)
    if (folder / "item.md").exists():
        return []
    keep_page(folder, page)
    write_item(folder / "item.md", item)
    return [folder]


def _no_feed(page: Fetched) -> InputError:
    import lxml.html
    from lxml.etree import LxmlError

    mend = "Give the address of its RSS or Atom feed; browsers show it in the page's source."
    try:
        links = lxml.html.fromstring(page.content).iterfind(".//link[@rel='alternate']")
        feeds = [each for each in links if _FEED_TYPE.search(each.get("type") or "")]
    except (ValueError, LxmlError):
        feeds = []
    if feeds:
        mend = f"Its feed is {urljoin(page.url, feeds[0].get('href') or '')}"
    return InputError("This is no RSS or Atom feed.", where=page.url, mend=mend)


def _title(named: Mapping[str, Any]) -> str:
    title = str(named.get("title") or "")
    if title and (named.get("title_detail") or {}).get("type") in _HTML_TYPES:
        import lxml.html

        title = lxml.html.fragment_fromstring(title, create_parent=True).text_content()
    return " ".join(title.split())


def _moment(parsed: object) -> datetime | None:
    if not isinstance(parsed, tuple):
        return None
    try:
        return datetime.fromtimestamp(timegm(parsed), UTC)
    except (ValueError, OverflowError):
        return None


def _memory_path(var_dir: Path, url: str) -> Path:
    host = urlsplit(url).hostname or "feed"
    return var_dir / "feeds" / f"{host}-{hashlib.sha256(url.encode()).hexdigest()[:12]}.json"


def _recall(path: Path) -> _Memory | None:
    if not path.exists():
        return None
    try:
        return _Memory.model_validate_json(files.read_text(path))
    except ValidationError:
        raise InputError(
            "What was seen of this feed cannot be read.",
            where=str(path),
            mend="Delete the file; what the feed announces now then counts as seen.",
        ) from None


def _known(memory: _Memory | None) -> Fetched | None:
    if memory is None or not (memory.etag or memory.last_modified):
        return None
    from flows import clock

    return Fetched(
        url=memory.url,
        content=b"",
        etag=memory.etag,
        last_modified=memory.last_modified,
        at=clock.now(),
    )

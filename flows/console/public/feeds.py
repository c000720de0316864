"""The archive as RSS 2.0 and as Atom (RFC 4287)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from email.utils import format_datetime
from typing import NamedTuple
from xml.sax.saxutils import escape, quoteattr

from flows.compose.slots import one_line

_UNKNOWN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
MOST = 50
"""Entries of a feed."""


class Entry(NamedTuple):
    """One issue."""

    title: str
    url: str
    at: datetime
    summary: str
    language: str


class Channel(NamedTuple):
    """What the feed is about."""

    title: str
    about: str
    url: str
    """Of the archive."""
    own_url: str
    """Of the feed itself."""
    language: str
    author: str


def rss(channel: Channel, entries: Sequence[Entry]) -> str:
    """Return the feed as RSS 2.0."""
    items = "".join(
        "<item>"
        f"<title>{_text(entry.title)}</title>"
        f"<link>{_text(entry.url)}</link>"
        f'<guid isPermaLink="true">{_text(entry.url)}</guid>'
        f"<pubDate>{format_datetime(entry.at)}</pubDate>"
        f"<description>{_text(entry.summary)}</description>"
        "</item>\n"
        for entry in entries[:MOST]
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel>\n'
        f"<title>{_text(channel.title)}</title>\n"
        f"<link>{_text(channel.url)}</link>\n"
        f"<description>{_text(channel.about)}</description>\n"
        f"<language>{_text(channel.language)}</language>\n"
        f'<atom:link rel="self" type="application/rss+xml" href={_quoted(channel.own_url)}/>\n'
        f"{_built(entries)}{items}</channel></rss>\n"
    )


def atom(channel: Channel, entries: Sequence[Entry], *, now: datetime) -> str:
    """Return the feed as Atom; `now` is when an empty one was last changed."""
    updated = entries[0].at if entries else now
    items = "".join(
        f"<entry xml:lang={_quoted(entry.language)}>"
        f"<title>{_text(entry.title)}</title>"
        f"<id>{_text(entry.url)}</id>"
        f"<link href={_quoted(entry.url)}/>"
        f"<updated>{entry.at.isoformat(timespec='seconds')}</updated>"
        f"<summary>{_text(entry.summary)}</summary>"
        "</entry>\n"
        for entry in entries[:MOST]
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang={_quoted(channel.language)}>\n'
        f"<title>{_text(channel.title)}</title>\n"
        f"<subtitle>{_text(channel.about)}</subtitle>\n"
        f"<id>{_text(channel.own_url)}</id>\n"
        f"<link href={_quoted(channel.url)}/>\n"
        f'<link rel="self" href={_quoted(channel.own_url)}/>\n'
        f"<author><name>{_text(channel.author)}</name></author>\n"
        f"<updated>{updated.isoformat(timespec='seconds')}</updated>\n"
        f"{items}</feed>\n"
    )


def _built(entries: Sequence[Entry]) -> str:
    if not entries:
        return ""
    return f"<lastBuildDate>{format_datetime(entries[0].at)}</lastBuildDate>\n"


def _text(text: str) -> str:
    return escape(_known(text))


def _quoted(text: str) -> str:
    return quoteattr(_known(text))


def _known(text: str) -> str:
    """Return text without what XML 1.0 does not know, not even escaped."""
    return _UNKNOWN.sub("\ufffd", one_line(text))

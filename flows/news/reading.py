"""What a reader of pages or texts hands back: the item, and how sure it is of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from flows.models import NewsItem


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A news item with where each field came from and what a person should look at."""

    item: NewsItem
    origins: Mapping[str, str] = field(default_factory=dict)
    """Field of the item to where it was read: `published` to `JSON-LD datePublished`."""
    notes: tuple[str, ...] = ()
    """One sentence each: what was not found, what could be read two ways, what was left out."""

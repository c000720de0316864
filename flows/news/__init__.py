"""From a published page, file or text to a `NewsItem`, and `item.md` read and written.

The readers of pages load heavy libraries, so they are imported where they are first needed.
"""

from __future__ import annotations

from flows.news.itemfile import item_json, read_item, write_item
from flows.news.reading import Reading
from flows.news.sources import read, read_source

__all__ = ["Reading", "item_json", "read", "read_item", "read_source", "write_item"]

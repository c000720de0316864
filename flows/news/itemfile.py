"""`item.md`: a news item as front matter and Markdown, for people to edit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flows import files
from flows.models import NewsItem
from flows.news.plain import plain_text


def read_item(path: Path) -> NewsItem:
    """Read `item.md`.

    Raises:
        InputError: it cannot be read, or its front matter does not fit; the fields are named.
    """
    values, body = files.split_front_matter(files.read_text(path), where=str(path))
    return files.validated({**values, "body": body}, NewsItem, where=str(path))


def write_item(path: Path, item: NewsItem) -> None:
    """Write `item.md` whole or not at all; `read_item` gives the same item back.

    Raises:
        InputError: the folder cannot be written.
    """
    values: dict[str, Any] = item.model_dump(exclude_none=True)
    body = values.pop("body")
    values.setdefault("published", None)
    names = ["title", "published", "language", "lead", "documents", "related", "organisations"]
    names += ["dates", "images", "source", "author"]
    front = {name: values[name] for name in names if name in values}
    lists = {name: list(value) for name, value in front.items() if isinstance(value, tuple)}
    files.write_text(path, files.join_front_matter(front | lists, body))


def item_json(item: NewsItem) -> dict[str, Any]:
    """Return the item as plain JSON values; dates are ISO text.

    Beside the item's own fields `text` holds lead and body as a reader sees them, without marks.
    """
    return {**item.model_dump(mode="json"), "text": plain_text(item)}

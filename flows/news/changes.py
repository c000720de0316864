"""What a page says otherwise than before, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import unified_diff
from itertools import islice
from typing import Any

from pydantic import BaseModel


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One field that the page now says otherwise."""

    field: str
    before: Any
    after: Any
    edited: bool
    """Whether a person has changed the field in item.md, so that it stays as it is there."""


def change_lines(change: Change) -> Iterator[str]:
    """Yield what was left out, with `-`, and what came, with `+`, in the order of the page.

    Lines of a text and entries of a list are told apart; those that stayed are left out.
    """
    compared = unified_diff(_pieces(change.before), _pieces(change.after), n=0, lineterm="")
    # Two lines that name the files come first.
    for line in islice(compared, 2, None):
        if not line.startswith("@@"):
            yield f"{line[0]} {line[1:]}"


def change_json(change: Change) -> dict[str, Any]:
    """Return a change as plain JSON values."""
    return {
        "field": change.field,
        "before": _plain(change.before),
        "after": _plain(change.after),
        "edited": change.edited,
    }


def _pieces(value: object) -> list[str]:
    if value is None or value == "":
        return []
    if isinstance(value, str):
        return [line for line in value.split("\n") if line]
    return [_in_words(each) for each in value] if isinstance(value, tuple) else [_in_words(value)]


def _in_words(value: object) -> str:
    if isinstance(value, BaseModel):
        return ", ".join(str(each) for each in value.model_dump(mode="json").values() if each)
    return str(value)


def _plain(value: object) -> object:
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    return value if value is None or isinstance(value, str) else str(value)

"""A part of a list: its readers of one language, or with certain values in their fields.

[[step]]
channel = "newsletter"
list = "nieuwsbrief"
language = "en"
where = { provincie = "Utrecht" }
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from flows.campaign.channel_kinds import ChannelKind, Whose
from flows.campaign.toml_table import Table

SEGMENT_KEYS = ("language", "where")
_LANGUAGE = re.compile(r"[a-z]{2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """Which of a list's subscribers are meant; all of them by default."""

    language: str = ""
    """Two letters; empty for every language."""
    where: Mapping[str, str] = field(default_factory=dict)
    """Values by field; a subscriber must have all of them, letter for letter."""

    def of(self, list_: str) -> str:
        """Return the list with the part of it in words: `nieuwsbrief (en, provincie: Utrecht)`."""
        parts = [self.language] if self.language else []
        parts += [f"{name}: {value}" for name, value in sorted(self.where.items())]
        return f"{list_} ({', '.join(parts)})" if parts else list_


def read_segment(table: Table, kind: ChannelKind | None) -> Segment:
    """Read a step's segment, and note what is wrong with it."""
    if kind is not None and kind.whose is not Whose.SUBSCRIBERS:
        for key in SEGMENT_KEYS:
            if key in table.values:
                what = f"A {kind.label} step has no {key}."
                table.blame("key-misplaced", what, "Remove it.", key=key)
        return Segment()
    language = table.text("language")
    if language and not _LANGUAGE.fullmatch(language):
        what = f"{language!r} is not a language."
        table.blame("language", what, 'Write two small letters, such as "nl".', key="language")
    where = table.values.get("where", {})
    if not isinstance(where, Mapping) or not all(
        isinstance(value, str) and value.strip() for value in where.values()
    ):
        mend = 'Write `where = { provincie = "Utrecht" }`: fields of subscribers and their values.'
        table.blame("where", "where is not a table of texts.", mend, key="where")
        return Segment(language=language)
    return Segment(language=language, where=dict(where))

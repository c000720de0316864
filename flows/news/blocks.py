"""What page and text become before facts are read from them: blocks made of lines."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import Enum, StrEnum, auto


class Kind(StrEnum):
    """What a block is."""

    PARAGRAPH = "paragraph"
    HEADING = "heading"
    ITEM = "item"
    """One item of a list."""
    QUOTE = "quote"
    TABLE = "table"
    IMAGE = "image"
    """Its one line holds the caption, and one link: alternative text and address."""
    VIDEO = "video"
    """Its one line holds one link: title and address."""
    CODE = "code"


class Place(Enum):
    """Where on the page a block stands."""

    BODY = auto()
    BESIDE = auto()
    """With the article but not part of its text, as a list of downloads below it."""
    ELSEWHERE = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A link within a line: its words, and where it leads."""

    text: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line as a reader sees it."""

    text: str
    """Plain text."""
    markdown: str
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A paragraph, heading, list item or the like."""

    kind: Kind
    markdown: str
    lines: tuple[Line, ...]
    place: Place = Place.BODY
    within: frozenset[int] = frozenset()
    """Keys of the elements around it; empty for a plain text."""

    @property
    def text(self) -> str:
        """Plain text, its lines joined by spaces."""
        if len(self.lines) == 1:
            return self.lines[0].text
        return " ".join(line.text for line in self.lines)

    def with_lines(self, lines: Iterable[Line]) -> Block:
        """Return this block with some of its lines left out."""
        kept = tuple(lines)
        if kept == self.lines:
            return self
        mark = "- " if self.kind is Kind.ITEM else ""
        markdown = mark + "\\\n".join(line.markdown for line in kept)
        return replace(self, lines=kept, markdown=markdown)

    def without(self, unwanted: Callable[[Line], bool]) -> Block:
        """Return this block without the lines that `unwanted` says yes to."""
        return self.with_lines([line for line in self.lines if not unwanted(line)])


def paragraph(*lines: Line) -> Block:
    """Return a paragraph; the break between two of its lines is kept."""
    return Block(
        kind=Kind.PARAGRAPH,
        markdown="\\\n".join(line.markdown for line in lines),
        lines=tuple(lines),
    )


def as_markdown(blocks: Iterable[Block]) -> str:
    """Return the blocks as one Markdown text, a blank line between all but the items of a list."""
    parts: list[str] = []
    before: Kind | None = None
    for block in blocks:
        if parts:
            parts.append("\n" if before == block.kind == Kind.ITEM else "\n\n")
        parts.append(block.markdown)
        before = block.kind
    return "".join(parts)


_ALWAYS = re.compile(r"[\\`*\[\]<]|(?<!\w)_|_(?!\w)|&(?=#?\w+;)")
_AT_START = re.compile(
    r"^(?:(?=#{1,6}(?:\s|$))|(?=[-+>](?:\s|$))|(?=[-=~]{3})|(\d{1,9})(?=[.)]\s))"
)


def escape(text: str, *, at_start: bool = True) -> str:
    """Return plain text as Markdown that shows exactly that text.

    Args:
        text: One line.
        at_start: Whether it begins a line, where `#`, `-` and `1.` have a meaning.
    """
    escaped = _ALWAYS.sub(r"\\\g<0>", text)
    return escape_start(escaped) if at_start else escaped


def target(url: str) -> str:
    """Return an address as the target of a Markdown link, where a bracket would end it."""
    return url.replace("(", "%28").replace(")", "%29").replace("<", "%3C").replace(">", "%3E")


def escape_start(markdown: str) -> str:
    """Escape what has a meaning at a line's start, in Markdown that is escaped otherwise."""
    return _AT_START.sub(r"\1\\", markdown)

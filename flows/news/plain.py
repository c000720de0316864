"""An item's text as a reader sees it, for programs that do not read Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING

from flows.models import NewsItem

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_BARE_VIDEO = "Video"
"""Words that stand for a video without a title."""


def plain_text(item: NewsItem) -> str:
    """Return lead and body without marks, addresses and pictures; an empty line between blocks.

    Args:
        item: Its title, documents and related items are not part of its text.
    """
    blocks = [item.lead, *_blocks(_parser().parse(item.body))]
    return "\n\n".join(block for block in blocks if block and block != _BARE_VIDEO)


def _blocks(tokens: Sequence[Token]) -> Iterator[str]:
    row: list[str] | None = None
    for token in tokens:
        if token.type == "tr_open":
            row = []
        elif token.type == "tr_close" and row is not None:
            # The cells of a row belong together.
            yield " ".join(filter(None, row))
            row = None
        elif token.type in ("fence", "code_block"):
            yield token.content.strip("\n")
        elif token.type == "inline":
            text = "".join(map(_words, token.children or ())).strip()
            if row is None:
                yield text
            else:
                row.append(text)


def _words(token: Token) -> str:
    if token.type in ("softbreak", "hardbreak"):
        return "\n"
    # The description of a picture is not part of the text.
    return "" if token.type == "image" else token.content


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": False, "maxNesting": 50}).enable("table")

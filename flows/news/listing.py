"""A page that lists articles, in place of being one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import zip_longest
from urllib.parse import unquote, urlsplit

from flows.news.blocks import Block, Kind, Link, Place
from flows.news.dates import find_dates
from flows.news.markup import Placed

_HEADINGS_LEAST = 4
"""Headings that are links, each with a piece of text, that make a page a list."""
_LINES_LEAST = 6
"""The same of lines that are links, which articles have as well."""
_TEASER_MOST = 700
"""Characters of text to each such line on an average: more is an article with links between."""
_TITLE_LEAST = 15
"""Characters: shorter links are `Home` and `Contact`."""
_LINKED_LEAST = 0.7
"""Share of a line, its date left out, that is link where it announces an article."""
_BEFORE_MOST = 0.2
"""Share of the text that may stand before the first; an article has related items below it."""
_PIECE_MOST = 0.4
"""Share of the text that may stand between two; more is an article after a list."""
_KINDS = frozenset({Kind.PARAGRAPH, Kind.ITEM, Kind.HEADING})
_MORE = re.compile(
    r"[\W_]*(?:lees|bekijk|read|weiter|mehr|lire|verder|meer|more|continue|ga naar)\b.{0,40}",
    re.IGNORECASE,
)


def listed(placed: Sequence[Placed], *, base: str) -> list[str]:
    """Return where the articles are that a page lists; empty if it is no list.

    Args:
        placed: The page's blocks in order, each with its place.
        base: The page's address, to tell other pages of its site.
    """
    blocks = [
        each.block
        for each in placed
        if each.block.place is not Place.ELSEWHERE and each.block.kind in _KINDS
    ]
    total, pieces = 0, [0]
    urls: dict[str, Kind] = {}
    for block, after in zip_longest(blocks, blocks[1:]):
        link = _announces(block, base=base)
        # The title of a teaser need not be of the text, but a list beside it is none.
        if block.place is Place.BESIDE and (after is None or after.place is not Place.BODY):
            continue
        total += len(block.text)
        if link is None:
            pieces[-1] += len(block.text)
        elif link.url not in urls:
            urls[link.url] = block.kind
            pieces.append(0)
    headings = [url for url, kind in urls.items() if kind is Kind.HEADING]
    lines = len(urls) >= _LINES_LEAST and total <= _TEASER_MOST * len(urls)
    if len(headings) < _HEADINGS_LEAST and not lines:
        return []
    if pieces[0] > _BEFORE_MOST * total or max(pieces) > _PIECE_MOST * total:
        return []
    return headings if len(headings) >= _HEADINGS_LEAST else list(urls)


def _announces(block: Block, *, base: str) -> Link | None:
    """Return the link of a block that is hardly more than the title of another page."""
    links = [link for line in block.lines for link in line.links]
    if len({link.url for link in links}) != 1 or not _leads_beside(links[0].url, base):
        return None
    if _MORE.fullmatch(block.text):
        return links[0]
    text = block.text
    for mention in find_dates(text):
        text = text.replace(mention.text, " ")
    words = max(links, key=lambda link: len(link.text))
    if len(words.text) < _TITLE_LEAST or len(words.text) < _LINKED_LEAST * len(text.strip()):
        return None
    return words


def _leads_beside(url: str, base: str) -> bool:
    """Say whether a link leads to another page of the same site."""
    there, here = urlsplit(url), urlsplit(base)
    same = unquote(there.path) == unquote(here.path) and there.query == here.query
    return there.netloc == here.netloc and not same

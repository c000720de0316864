"""Who wrote a page, from what it states down to what it shows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from lxml.html import HtmlElement

from flows.news.blocks import Place
from flows.news.inline import plain
from flows.news.markup import Placed
from flows.news.metadata import Metadata, Told

_NO_NAME = re.compile(r"https?://|@|^(?:admin\w*|root|webmaster|web ?redactie|super user)$", re.I)
"""Addresses, and the accounts that content systems start with."""
_NAMED = re.compile(r"(?:^|[-_ ])(?:author|auteur|byline|schrijver|writer)s?(?:$|[-_ ]name)", re.I)
_BY = re.compile(
    r"(?:(?:tekst|text|auteur|author|autorin|autor|auteurs|authors)\s*:?"
    r"|(?:geschreven |written |posted )?(?:door|by)|von|par)\s*:?\s+",
    re.IGNORECASE,
)
_MOST_WORDS = 8


def find_author(told: Metadata, root: HtmlElement, placed: Sequence[Placed]) -> Told | None:
    """Return the names of who wrote a page, with commas between; None if it does not say.

    Args:
        told: What the head of the page says.
        root: The page, sanitised.
        placed: Its blocks, each with its place.
    """
    stated = [each for each in told.authors if _is_name(each.value)]
    if stated:
        same = [each.value for each in stated if each.origin == stated[0].origin]
        return Told(value=", ".join(dict.fromkeys(same)), origin=stated[0].origin)
    for element in root.iterfind(".//*[@itemprop='author']"):
        if _is_name(name := _without_by(plain(element.text_content()))):
            return Told(value=name, origin="itemprop author")
    for element in root.iterfind(".//*[@class]"):
        if _NAMED.search(element.get("class") or ""):
            name = _without_by(plain(element.text_content()))
            if _is_name(name):
                return Told(value=name, origin=f"class {element.get('class')}")
    for line in _head_lines(placed):
        by = _BY.match(line)
        if by and _is_name(line[by.end() :]):
            return Told(value=line[by.end() :], origin=f"the line {line!r}")
    return None


def _head_lines(placed: Sequence[Placed]) -> Iterator[str]:
    """Yield the lines around where the text begins."""
    start = next((n for n, each in enumerate(placed) if each.block.place is Place.BODY), 0)
    for each in placed[max(0, start - 4) : start + 3]:
        for line in each.block.lines:
            yield line.text


def _without_by(words: str) -> str:
    by = _BY.match(words)
    return words[by.end() :] if by else words


def _is_name(words: str) -> bool:
    return (
        bool(words)
        and not _NO_NAME.search(words)
        and words[0].isupper()
        and len(words.split()) <= _MOST_WORDS
        and not re.search(r"[.!?:;|]$|\d{3}", words)
    )

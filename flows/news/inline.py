"""What stands within a block: words, emphasis, links and line breaks, as lines."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import lru_cache
from typing import TypeAlias

from lxml.html import HtmlElement

from flows.news.blocks import Line, Link, escape, escape_start, target
from flows.news.links import clean_link

Node: TypeAlias = "str | HtmlElement"

BLOCKS = frozenset(
    re.split(
        r"\s+",
        "address article aside audio blockquote body center dd details div dl dt fieldset"
        " figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr html iframe li"
        " lite-youtube main nav ol p pre section summary table tbody td tfoot th thead tr ul video",
    )
)
"""Elements that are more than part of a line."""
EMPTY = Line(text="", markdown="")
_SPACE = Line(text=" ", markdown=" ")
_OPENING, _CLOSING = Line(text="“", markdown="“"), Line(text="”", markdown="”")
"""Browsers put them around `<q>`."""
_EMPHASIS = {"strong": "**", "b": "**", "em": "*", "i": "*"}
_FURNITURE = frozenset({"nav", "footer"})
_FURNITURE_ROLES = frozenset({"navigation", "contentinfo", "search", "banner"})
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_UNSEEN = re.compile(
    r"(?:^|[-_ ])(?:visually-?hidden|sr-only|screen-reader-text|element-invisible|invisible|aural)"
    r"(?:$|[-_ ])",
    re.IGNORECASE,
)


def children(element: HtmlElement) -> Iterator[Node]:
    """Yield the texts and elements directly within an element, in order."""
    if element.text:
        yield element.text
    for child in element:
        yield child
        if child.tail:
            yield child.tail


def out_of_sight(element: HtmlElement) -> bool:
    """Say whether a reader does not see an element, or sees it on every page of the site."""
    if element.tag in _FURNITURE:
        return True
    attributes = element.attrib
    if not attributes:
        return False
    if "hidden" in attributes or attributes.get("role") in _FURNITURE_ROLES:
        return True
    return "style" in attributes and bool(_HIDDEN.search(attributes["style"]))


def is_unseen(element: HtmlElement) -> bool:
    """Say whether words in a line are for screen readers only: `(opent in een nieuw venster)`.

    A mark that only they are told, such as a colon, separates words, and stays.
    """
    name = element.get("class")
    if not name or not _names_unseen(name) or element.tag in BLOCKS:
        return False
    return any(map(str.isalnum, element.text_content()))


@lru_cache(maxsize=8192)
def _names_unseen(name: str) -> bool:
    return bool(_UNSEEN.search(name))


def plain(text: str) -> str:
    """Return text with single spaces between its words."""
    return " ".join(text.split())


def join(lines: Iterable[Line], *, between: str = "") -> Line:
    """Return lines as one."""
    parts = list(lines)
    if len(parts) == 1:
        return parts[0]
    return Line(
        text=between.join(line.text for line in parts),
        markdown=between.join(line.markdown for line in parts),
        links=tuple(link for line in parts for link in line.links),
    )


class Inline:
    """Reads what stands within a block.

    Args:
        base: The page's address, to make links absolute.
    """

    def __init__(self, *, base: str) -> None:
        self._base = base
        self.skipped: set[HtmlElement] = set()
        """Elements that are told elsewhere, such as the speaker of a quotation."""

    def one_line(self, element: HtmlElement) -> Line:
        """Return all of an element's words as one line."""
        lines = self.lines(children(element))
        return join([line for line in lines if line.text], between=" ")

    def lines(self, nodes: Iterable[Node]) -> list[Line]:
        """Return content as lines, cut at line breaks; some may be empty."""
        return [
            Line(
                text=plain(line.text),
                markdown=escape_start(plain(line.markdown)),
                links=line.links,
            )
            if line.text
            else EMPTY
            for line in self._raw_lines(nodes)
        ]

    def linked(self, line: Line, href: str) -> Line:
        """Return a line as the words of a link, unless it has one or this one leads nowhere."""
        if not line.text.strip() or line.links or href.startswith("#"):
            return line
        url = clean_link(href, base=self._base)
        if not url:
            return line
        link = Link(text=plain(line.text), url=url)
        return replace(_wrapped(line, "[", f"]({target(url)})"), links=(link,))

    def _raw_lines(self, nodes: Iterable[Node]) -> list[Line]:
        lines: list[Line] = []
        last: list[Line] = []
        for node in nodes:
            first, *more = self._pieces(node)
            last.append(first)
            for each in more:
                lines.append(join(last))
                last = [each]
        return [*lines, join(last)]

    def _pieces(self, node: Node) -> list[Line]:
        """Return a node as pieces of lines: more than one where it holds breaks."""
        if isinstance(node, str):
            return [Line(text=node, markdown=escape(node, at_start=False))]
        if node in self.skipped or node.tag == "img" or out_of_sight(node) or is_unseen(node):
            return [EMPTY]
        if node.tag == "br":
            return [EMPTY, EMPTY]
        inner = self._raw_lines(children(node))
        if node.tag == "time":
            # Often set apart from what is beside it by style alone.
            return [join([_SPACE, *inner, _SPACE])]
        if node.tag in BLOCKS:
            # A block within a line, as in a list item of paragraphs: lines of its own.
            return [EMPTY, *inner, EMPTY]
        if node.tag == "q":
            return [join([_OPENING, *inner, _CLOSING])]
        if mark := _EMPHASIS.get(node.tag):
            return [_wrapped(line, mark, mark) for line in inner]
        if node.tag == "a":
            return [self.linked(line, node.get("href") or "") for line in inner]
        return inner


def _wrapped(line: Line, before: str, after: str) -> Line:
    """Put marks around a line's words, not around the spaces at its ends."""
    words = line.markdown.strip()
    if not words or (words.startswith(before) and words.endswith(after)):
        return line
    start = len(line.markdown) - len(line.markdown.lstrip())
    head, tail = line.markdown[:start], line.markdown[start + len(words) :]
    return replace(line, markdown=f"{head}{before}{words}{after}{tail}")

"""Which text of a page is the article, as a well-kept extractor (trafilatura) sees it.

It is asked about the page as it came, so that nothing it goes by is lost, in its quick way first.
Only when that leaves most of the paragraphs out is it asked for all that it can do, which takes
twice as long, and at last about the sanitised page, where markup that misleads it may be gone.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence

from lxml.html import HtmlElement

from flows.news.blocks import Block
from flows.news.furniture import Tree
from flows.news.markup import Placed
from flows.news.words import Wanted

_PARAGRAPH = 70
"""Characters: what is shorter may be text, but does not tell where the article is."""
_LINKED_MOST = 0.4
"""Share of a paragraph that links may be; more is a list of other pages."""
_ENOUGH = 0.4
"""Share of a page's paragraphs from which an article is taken to be found; the others may be
readers' comments, or pieces of other articles."""
_LEAST = 200
"""Characters in paragraphs: a page with less keeps its text elsewhere."""


def find_text(
    placed: Sequence[Placed], *, tree: Tree, body: HtmlElement, raw: HtmlElement
) -> Wanted:
    """Return what an extractor takes for the article.

    Args:
        placed: All blocks of the page.
        tree: What stands around them.
        body: The page, sanitised.
        raw: The page as it came.
    """
    paragraphs = list(_paragraphs(placed, tree))
    total = sum(len(block.text) for block in paragraphs)
    best, most = Wanted(""), (0, 0)
    for root, fast in ((raw, True), (raw, False), (body, False)):
        found = Wanted(_extract(root, fast=fast))
        size = len(found.text)
        # Paragraphs that say the same are all held by a text that says it once.
        held = min(size, sum(len(block.text) for block in paragraphs if found.holds(block.text)))
        value = (held, size) if total >= _LEAST else (size, 0)
        if value > most:
            best, most = found, value
        if total >= _LEAST and held >= _ENOUGH * total:
            break
    return best


def _paragraphs(placed: Sequence[Placed], tree: Tree) -> Iterator[Block]:
    """Yield what reads like running text and stands where an article could."""
    for each in placed:
        block = each.block
        linked = sum(len(link.text) for line in block.lines for link in line.links)
        if (
            len(block.text) >= _PARAGRAPH
            and linked <= _LINKED_MOST * len(block.text)
            and not tree.amid_furniture(each.element)
        ):
            yield block


def _extract(tree: HtmlElement, *, fast: bool) -> str:
    import trafilatura

    # What it could not read is told in our own words.
    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    return trafilatura.extract(tree, include_comments=False, fast=fast) or ""

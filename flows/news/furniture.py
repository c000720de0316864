"""What surrounds an article on every page of a site: menus, footers, notices, and their names."""

from __future__ import annotations

import re
from functools import lru_cache

from lxml.html import HtmlElement

from flows.news.blocks import Block
from flows.news.inline import is_unseen
from flows.news.words import words_of

_NAMES = re.compile(
    r"(?:^|[-_ ])(?:footer|nav(?:bar|igation|igatie)?|menu|breadcrumbs?|kruimelpad|cookies?"
    r"|share|sharing|social|delen|newsletter|nieuwsbrief|subscribe|comments?|reacties|respond"
    r"|skip-?link|sr-only|visually-hidden|screen-reader-text|search|pager|pagination|banner)"
    r"(?:$|[-_ ])",
    re.I,
)
"""Classes and ids of furniture."""
_SURE_NAMES = re.compile(
    r"(?:^|[-_ ])(?:footer|voet|breadcrumbs?|kruimelpad|cookies?|newsletter|nieuwsbrief"
    r"|comments?|reacties|respond|skip-?link|screen-reader-text)(?:$|[-_ ])",
    re.I,
)
"""Those of which no part is ever an article."""


_NOTICE = re.compile(
    r"(?:^|[-_ ])(?:cookies?|consent|gdpr)|cookie-?(?:bar|box|banner|consent|law|notice|info|bot)"
    r"|onetrust|didomi|usercentrics",
    re.I,
)
"""Names of what asks readers to agree to something before they may read."""
_NO_NOTICE = re.compile(r"(?:tags?|category|categorie|topic|term|has|is|no|js|with)[-_]", re.I)
"""Names that tell what a page is about, or how it is shown."""
_ARTICLES = ("h1", "article", "main", "iframe", "video")
_NOSCRIPT_MOST = 300
"""Characters; a few sites keep whole articles there."""


def drop_notices(root: HtmlElement) -> None:
    """Take out of a page what never is its text, whatever an extractor makes of it.

    That is what is said on cookies, to readers without scripts, and to screen readers only.
    """
    for element in list(root.iter("noscript")):
        if len(element.text_content()) <= _NOSCRIPT_MOST:
            element.drop_tree()
    for element in list(root.iter()):
        if element.attrib and (is_unseen(element) or _is_notice(element)):
            element.drop_tree()


def _is_notice(element: HtmlElement) -> bool:
    if not _names_notice(f"{element.get('id') or ''} {element.get('class') or ''}"):
        return False
    if element.tag in ("html", "body", *_ARTICLES):
        return False
    # A page may be on consent of another kind.
    if "cookie" not in element.text_content().lower():
        return False
    return next(element.iterdescendants(*_ARTICLES), None) is None


@lru_cache(maxsize=8192)
def _names_notice(names: str) -> bool:
    return bool(_NOTICE.search(names)) and any(
        _NOTICE.search(name) and not _NO_NOTICE.match(name) for name in names.split()
    )


class Tree:
    """What stands around elements; asked for every block, so remembered.

    Elements are told apart by identity, so those around them are held as well.
    """

    def __init__(self) -> None:
        self._parents: dict[HtmlElement, list[HtmlElement]] = {}
        self._within: dict[HtmlElement, frozenset[int]] = {}
        self._named: dict[HtmlElement, bool] = {}
        self._sure: dict[HtmlElement, bool] = {}

    def parents(self, element: HtmlElement) -> list[HtmlElement]:
        """Return an element and those around it within the body, outermost first."""
        known = self._parents.get(element)
        if known is None:
            parent = element.getparent()
            around = [] if parent is None or parent.tag == "html" else self.parents(parent)
            known = self._parents[element] = [*around, element]
        return known

    def within(self, element: HtmlElement) -> frozenset[int]:
        """Return the keys of an element and those around it."""
        known = self._within.get(element)
        if known is None:
            known = self._within[element] = frozenset(map(id, self.parents(element)))
        return known

    def is_sure_furniture(self, element: HtmlElement) -> bool:
        """Say whether an element is named as what is never part of an article."""
        return _is_named(element, _SURE_NAMES, self._sure)

    def amid_furniture(self, element: HtmlElement) -> bool:
        """Say whether an element is furniture, or part of some."""
        return any(_is_named(each, _NAMES, self._named) for each in self.parents(element))


def is_furniture(block: Block) -> bool:
    """Tell a row of short links, and a line of copyright, from a paragraph."""
    links = [link.text for line in block.lines for link in line.links]
    if len(links) >= 3 and len(words_of(block.text)) <= len(words_of(" ".join(links))) + 5:
        return len(words_of(" ".join(links)).split()) <= 3 * len(links)
    return block.text.startswith("©") and len(block.text) < 200


def _is_named(element: HtmlElement, names: re.Pattern[str], known: dict[HtmlElement, bool]) -> bool:
    answer = known.get(element)
    if answer is None:
        own = f"{element.get('class') or ''} {element.get('id') or ''}".strip()
        answer = known[element] = bool(own) and bool(names.search(own))
    return answer

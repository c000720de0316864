"""Which blocks of a page are the article, told by laying an extractor's text beside them."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from lxml.html import HtmlElement

from flows.news.blocks import Block, Kind, Line, Place, escape, paragraph
from flows.news.markup import Placed

_WORD = re.compile(r"\w+")
_RUN = 4
"""Words in a row that two texts must share to be taken for the same there."""
_SAME = 0.6
"""Share of such runs from which a block is taken to be in the text."""
_SHORT = 40
"""Characters. Some scripts put no spaces between words, so that few words can be a long text."""
_REGION = 0.8
"""Share of the body's text that its region must hold."""
_MAIN_ID = re.compile(
    r"(?:main|content|article|inhoud|primary|page)[-_]?(?:content|main|body)?", re.I
)
_CHROME = re.compile(
    r"(?:^|[-_ ])(?:footer|nav(?:bar|igation|igatie)?|menu|breadcrumbs?|kruimelpad|cookies?|consent"
    r"|share|sharing|social|delen|newsletter|nieuwsbrief|subscribe|comments?|reacties|respond"
    r"|skip-?link|sr-only|visually-hidden|screen-reader-text|search|pager|pagination|banner)"
    r"(?:$|[-_ ])",
    re.I,
)
"""Classes and ids of what surrounds an article on every page of a site."""
_SURE_CHROME = re.compile(
    r"(?:^|[-_ ])(?:footer|voet|breadcrumbs?|kruimelpad|cookies?|consent|newsletter|nieuwsbrief"
    r"|comments?|reacties|respond|skip-?link|screen-reader-text)(?:$|[-_ ])",
    re.I,
)
"""Those of which no part is ever an article."""
_CHROME_MOST = 0.25
"""Share of the text from which a name must have been misleading."""
_LEFT_LEAST = 0.5
"""Share of the text that must be left, or the names were misleading all together."""


def mark_body(placed: Sequence[Placed], text: str) -> list[Placed]:
    """Return the blocks with their place, and without the page's furniture.

    Args:
        placed: All blocks of the page in order.
        text: What an extractor takes for the article, a paragraph a line. Paragraphs of it that
            are no block of the page, such as those from a script, become blocks.
    """
    wanted, tree = _Text(text), _Tree()
    found = {number for number, each in enumerate(placed) if wanted.holds(each.block)}
    chosen = _without_chrome(_without_twins(found, placed, wanted), placed, tree)
    region = _region_of([placed[number] for number in sorted(chosen)], tree)
    if region is None:
        return [_made_up(line) for line in text.split("\n") if line.strip()]
    scope = _scope_of(region)
    first, last = min(chosen), max(chosen)
    while last + 1 < len(placed) and placed[last + 1].block.kind in (Kind.IMAGE, Kind.VIDEO):
        last += 1
    marked = []
    for number, each in enumerate(placed):
        within = tree.within(each.element)
        inside = id(region) in within
        amid = inside and first <= number <= last
        if number in chosen or (amid and wanted.may_hold(each.block)):
            place = Place.BODY
        elif tree.surrounded_by_chrome(each.element):
            continue
        else:
            place = Place.BESIDE if id(scope) in within else Place.ELSEWHERE
        marked.append(replace(each, block=replace(each.block, place=place, within=within)))
    return _with_missing(marked, wanted, all_blocks=placed)


def _region_of(placed: Sequence[Placed], tree: _Tree) -> HtmlElement | None:
    """Return the smallest element that holds most of the text of these blocks."""
    weights: Counter[int] = Counter()
    elements: dict[int, HtmlElement] = {}
    depths: dict[int, int] = {}
    for each in placed:
        parents = tree.parents(each.element)
        # A paragraph is no region, however long: its container is.
        for depth, parent in enumerate(parents[:-1] if len(parents) > 1 else parents):
            weights[id(parent)] += len(each.block.text)
            elements[id(parent)], depths[id(parent)] = parent, depth
    if not weights:
        return None
    most = max(weights.values())
    enough = [key for key, weight in weights.items() if weight >= _REGION * most]
    return elements[max(enough, key=lambda key: depths[key])]


@lru_cache(maxsize=8192)
def words_of(text: str) -> str:
    """Return the words of a text in lower case, a space between them."""
    return " ".join(_WORD.findall(text.casefold()))


class _Text:
    """The extractor's text, ready to be asked what stands in it."""

    def __init__(self, text: str) -> None:
        self.lines = [line.strip() for line in text.split("\n") if line.strip()]
        self._whole_lines = Counter(words_of(line) for line in self.lines)
        self._cells = frozenset(
            words_of(cell) for line in self.lines if line[0] == "|" for cell in line.split("|")
        )
        self._all = f" {' '.join(words_of(line) for line in self.lines)} "
        self._runs = _runs(self._all.split())
        self._words = frozenset(self._all.split())

    def count(self, words: str) -> int:
        """Return how often the words stand in the text; at least once."""
        return max(1, self._all.count(f" {words}"))

    def may_hold(self, block: Block) -> bool:
        """Say whether a block amid the text is of it: a table's cell, or what extractors omit."""
        if block.kind in (Kind.IMAGE, Kind.VIDEO):
            return True
        if block.kind is Kind.QUOTE:
            # One that the text does hold was left out for a reason.
            return not self.holds(block)
        return bool(words := words_of(block.text)) and words in self._cells

    def holds(self, block: Block) -> bool:
        words = words_of(block.text)
        if words in self._whole_lines and words:
            return True
        listed = words.split()
        if len(listed) <= _RUN and len(words) < _SHORT:
            # Short lines match anywhere; they count only as a line of their own.
            return False
        if f" {words} " in self._all:
            return True
        if sum(word in self._words for word in listed) < _SAME * len(listed):
            # Most of the page is not the article, and need not be looked at any closer.
            return False
        runs = _runs(listed)
        return bool(runs) and len(runs & self._runs) >= _SAME * len(runs)


def _without_chrome(chosen: set[int], placed: Sequence[Placed], tree: _Tree) -> set[int]:
    """An extractor may take a footer for text; what holds little and is named so is none."""
    total = sum(len(placed[number].block.text) for number in chosen)
    weights: Counter[int] = Counter()
    for number in chosen:
        for parent in tree.parents(placed[number].element):
            weights[id(parent)] += len(placed[number].block.text)
    text = {number for number in chosen if not _is_furniture(placed[number].block)}
    well_named = {
        number
        for number in text
        if not any(
            weights[id(parent)] < _CHROME_MOST * total and tree.is_chrome(parent, _SURE_CHROME)
            for parent in tree.parents(placed[number].element)
        )
    }
    left = sum(len(placed[number].block.text) for number in well_named)
    return well_named if left >= _LEFT_LEAST * total else text


def _is_furniture(block: Block) -> bool:
    """Tell a row of short links, and a line of copyright, from a paragraph."""
    links = [link.text for line in block.lines for link in line.links]
    if len(links) >= 3 and len(words_of(block.text)) <= len(words_of(" ".join(links))) + 5:
        return len(words_of(" ".join(links)).split()) <= 3 * len(links)
    return block.text.startswith("©") and len(block.text) < 200


def _runs(words: Sequence[str]) -> set[tuple[str, ...]]:
    return {tuple(words[start : start + _RUN]) for start in range(len(words) - _RUN + 1)}


def _without_twins(chosen: set[int], placed: Sequence[Placed], wanted: _Text) -> set[int]:
    """A text that stands twice in the page, as for small screens, counts where the others are."""
    groups: dict[str, list[int]] = defaultdict(list)
    for number in sorted(chosen):
        groups[words_of(placed[number].block.text)].append(number)
    alone = sorted(group[0] for group in groups.values() if len(group) == 1)
    middle = alone[len(alone) // 2] if alone else 0
    kept: set[int] = set()
    for words, group in groups.items():
        nearest = sorted(group, key=lambda number: abs(number - middle))
        kept.update(nearest[: wanted.count(words)])
    return kept


def _scope_of(region: HtmlElement) -> HtmlElement:
    """Return the element that holds the article and what belongs to it, such as its downloads."""
    for element in [region, *region.iterancestors()]:
        if element.tag in ("body", "html"):
            break
        names = [element.get("id") or "", *(element.get("class") or "").split()]
        if element.tag in ("article", "main") or element.get("role") == "main":
            return element
        if any(_MAIN_ID.fullmatch(name) for name in names) and element is not region:
            return element
    parent = region.getparent()
    return region if parent is None or parent.tag in ("body", "html") else parent


class _Tree:
    """What stands around elements; asked for every block, so remembered.

    Elements are told apart by identity, so those around them are held as well.
    """

    def __init__(self) -> None:
        self._parents: dict[HtmlElement, list[HtmlElement]] = {}
        self._within: dict[HtmlElement, frozenset[int]] = {}
        self._names: dict[HtmlElement, str] = {}

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

    def is_chrome(self, element: HtmlElement, names: re.Pattern[str]) -> bool:
        """Say whether an element is named as a part of the page's furniture."""
        known = self._names.get(element)
        if known is None:
            known = f"{element.get('class') or ''} {element.get('id') or ''}".strip()
            self._names[element] = known
        return bool(known) and bool(names.search(known))

    def surrounded_by_chrome(self, element: HtmlElement) -> bool:
        """Say whether an element is furniture, or part of some."""
        return any(self.is_chrome(parent, _CHROME) for parent in self.parents(element))


def _with_missing(
    marked: list[Placed], wanted: _Text, *, all_blocks: Sequence[Placed]
) -> list[Placed]:
    """Put in what the extractor has and the page has not, each after the line before it."""
    known = " ".join(words_of(each.block.text) for each in all_blocks)
    have = _Text("")
    numbers = [n for n, each in enumerate(marked) if each.block.place is Place.BODY]
    lines = {words_of(marked[n].block.text): n for n in numbers}
    after = numbers[0] - 1 if numbers else -1
    missing: dict[int, list[Placed]] = defaultdict(list)
    for line in wanted.lines:
        words = words_of(line)
        if words in lines:
            after = lines[words]
        elif len(words.split()) > _RUN and words not in known:
            # Made only when needed, since it takes its time.
            have = have if have.lines else _Text("\n".join(e.block.text for e in all_blocks))
            if not have.holds(_made_up(line).block):
                missing[after].append(_made_up(line))
    result = list(missing[-1])
    for number, each in enumerate(marked):
        result += [each, *missing.get(number, [])]
    return result


def _made_up(line: str) -> Placed:
    words = line.removeprefix("- ")
    block = paragraph(Line(text=words, markdown=escape(words)))
    return Placed(block=block, element=HtmlElement())

"""Which blocks of a page are the article, told by laying an extractor's text beside them."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace

from lxml.html import HtmlElement

from flows.news.blocks import Block, Kind, Line, Place, escape, paragraph
from flows.news.furniture import Tree, is_furniture
from flows.news.markup import Placed
from flows.news.words import Wanted, is_long, words_of

_REGION = 0.8
"""Share of the body's text that its region must hold."""
_MAIN_ID = re.compile(
    r"(?:main|content|article|inhoud|primary|page)[-_]?(?:content|main|body)?", re.I
)
_MISNAMED_MOST = 0.25
"""Share of the text from which a name must have been misleading."""
_LINKED_MOST = 0.3
"""Share of an item that links may be; more is a menu."""
_QUOTED_MOST = 100
"""Characters: longer texts are hardly repeated word for word within a paragraph."""
_LEFT_LEAST = 0.5
"""Share of the text that must be left, or the names were misleading all together."""


def mark_body(placed: Sequence[Placed], wanted: Wanted, *, tree: Tree) -> list[Placed]:
    """Return the blocks with their place, and without the page's furniture.

    Args:
        placed: All blocks of the page in order.
        wanted: What an extractor takes for the article. Paragraphs of it that are no block of the
            page, such as those from a script, become blocks.
        tree: What stands around the blocks.
    """
    found = {number for number, each in enumerate(placed) if _is_text(each.block, wanted)}
    chosen = _without_furniture(_without_twins(found, placed, wanted), placed, tree)
    region = _region_of([placed[number] for number in sorted(chosen)], tree)
    if region is None:
        return [_made_up(line) for line in wanted.lines]
    chosen = {
        number
        for number in chosen
        if id(region) in tree.within(placed[number].element)
        or not _is_quoted(placed[number].block, wanted)
    }
    chosen |= _lists_amid(chosen, placed, region, tree)
    scope = _scope_of(region)
    first, last = min(chosen), max(chosen)
    while last + 1 < len(placed) and placed[last + 1].block.kind in (Kind.IMAGE, Kind.VIDEO):
        last += 1
    marked = []
    for number, each in enumerate(placed):
        within = tree.within(each.element)
        amid = first <= number <= last and id(region) in within
        if number in chosen or (amid and _may_be_text(each, wanted)):
            place = Place.BODY
        elif tree.amid_furniture(each.element) and each.element.tag != "h1":
            # Many sites show their titles in a `banner`.
            continue
        else:
            place = Place.BESIDE if id(scope) in within else Place.ELSEWHERE
        marked.append(replace(each, block=replace(each.block, place=place, within=within)))
    return _with_missing(marked, wanted, all_blocks=placed)


def _is_text(block: Block, wanted: Wanted) -> bool:
    held = wanted.holds(block.text) or all(wanted.holds(line.text) for line in block.lines)
    return held and not is_furniture(block)


def _lists_amid(
    chosen: set[int], placed: Sequence[Placed], region: HtmlElement, tree: Tree
) -> set[int]:
    """Return the items of lists that stand right between two blocks of the text.

    Extractors take lists for menus too easily.
    """
    amid: set[int] = set()
    run: list[int] = []
    for number, each in enumerate(placed):
        if each.block.kind in (Kind.IMAGE, Kind.VIDEO):
            continue
        if each.block.kind is Kind.ITEM and number not in chosen:
            run.append(number)
            continue
        if run and number in chosen and run[0] - 1 in chosen:
            amid.update(run)
        run = []
    return {
        number
        for number in amid
        if id(region) in tree.within(placed[number].element)
        and not tree.amid_furniture(placed[number].element)
        and _is_telling(placed[number].block)
    }


def _is_telling(block: Block) -> bool:
    linked = sum(len(link.text) for line in block.lines for link in line.links)
    return linked <= _LINKED_MOST * len(block.text)


def _is_quoted(block: Block, wanted: Wanted) -> bool:
    """Say whether a block is only some words of a paragraph, as the name of the site may be."""
    short = len(block.text) < _QUOTED_MOST
    return short and not any(wanted.has_line(line.text) for line in block.lines)


def _may_be_text(placed: Placed, wanted: Wanted) -> bool:
    """Say whether a block amid the text is of it: a table's cell, or what extractors omit."""
    block = placed.block
    if placed.element.tag == "figcaption":
        # Only what is too long for a caption is a block of its own.
        return True
    if block.kind in (Kind.IMAGE, Kind.VIDEO):
        return True
    if block.kind is Kind.QUOTE:
        # One that the text does hold was left out for a reason.
        return not wanted.holds(block.text)
    return wanted.holds_cell(block.text)


def _region_of(placed: Sequence[Placed], tree: Tree) -> HtmlElement | None:
    """Return the smallest element that holds most of the text of these blocks."""
    weights: Counter[HtmlElement] = Counter()
    for each in placed:
        parents, size = tree.parents(each.element), len(each.block.text)
        # A paragraph is no region, however long: its container is.
        for parent in parents[:-1] if len(parents) > 1 else parents:
            weights[parent] += size
    if not weights:
        return None
    most = max(weights.values())
    enough = [element for element, weight in weights.items() if weight >= _REGION * most]
    return max(enough, key=lambda element: len(tree.parents(element)))


def _without_furniture(chosen: set[int], placed: Sequence[Placed], tree: Tree) -> set[int]:
    """An extractor may take a footer for text; what holds little and is named so is none."""
    weights: Counter[HtmlElement] = Counter()
    for number in chosen:
        size = len(placed[number].block.text)
        for parent in tree.parents(placed[number].element):
            weights[parent] += size
    total = sum(len(placed[number].block.text) for number in chosen)
    well_named = {
        number
        for number in chosen
        if not any(
            tree.is_sure_furniture(parent) and weights[parent] < _MISNAMED_MOST * total
            for parent in tree.parents(placed[number].element)
        )
    }
    left = sum(len(placed[number].block.text) for number in well_named)
    return well_named if left >= _LEFT_LEAST * total else chosen


def _without_twins(chosen: set[int], placed: Sequence[Placed], wanted: Wanted) -> set[int]:
    """A text that stands twice in the page, as for small screens, counts where the others are."""
    groups: dict[str, list[int]] = defaultdict(list)
    for number in sorted(chosen):
        groups[words_of(placed[number].block.text)].append(number)
    alone = sorted(group[0] for group in groups.values() if len(group) == 1)
    middle = alone[len(alone) // 2] if alone else 0
    kept = set(alone)
    for words, group in groups.items():
        if len(group) > 1:
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


def _with_missing(
    marked: list[Placed], wanted: Wanted, *, all_blocks: Sequence[Placed]
) -> list[Placed]:
    """Put in what the extractor has and the page has not, each after the line before it."""
    texts = {words_of(each.block.text) for each in all_blocks}
    numbers = [n for n, each in enumerate(marked) if each.block.place is Place.BODY]
    lines = {words_of(marked[n].block.text): n for n in numbers}
    after = numbers[0] - 1 if numbers else -1
    page: Wanted | None = None
    missing: dict[int, list[Placed]] = defaultdict(list)
    for line in wanted.lines:
        words = words_of(line)
        if words in lines:
            after = lines[words]
        elif words not in texts and is_long(words):
            # Made only when needed, since it takes its time.
            page = page or Wanted("\n".join(each.block.text for each in all_blocks))
            made = _made_up(line)
            if not page.holds(made.block.text):
                missing[after].append(made)
    result = list(missing[-1])
    for number, each in enumerate(marked):
        result += [each, *missing.get(number, [])]
    return result


def _made_up(line: str) -> Placed:
    words = line.removeprefix("- ")
    block = paragraph(Line(text=words, markdown=escape(words)))
    return Placed(block=block, element=HtmlElement())

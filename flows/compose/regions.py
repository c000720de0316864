"""The body of a mail's draft, divided as it is laid out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from flows.compose.layout import passage_ends, passage_opens
from flows.compose.markup import Block, Box, Span
from flows.compose.plaintext import WIDTH, blocks_as_text
from flows.compose.slots import slot
from flows.compose.theme import Design

_PASSAGES: Mapping[str, bool] = {"signatories": True, "others": False}
_LETTERS = "abcdefghijklmnopqrstuvwxy"
"""Slot names have no z."""
_CUT = "-" * 24
"""Above and below a text to copy."""

_FACTS = re.compile(r"(.*?)[ ]*\(([^()]+)\)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """A part of the body with a layout of its own."""

    kind: str
    """Also the name of its template: `flow`, `documents`, `related`, `copy` or `moment`."""
    blocks: tuple[Block, ...]
    passage: str = ""
    """The slot it stands in, if only some recipients get it."""
    signatories: bool = False
    """Whether those get it who signed, or the others."""
    lead: int | None = None
    """Which of its blocks is the opening paragraph, set larger."""

    @property
    def opens(self) -> Design:
        """The mark at which a passage begins."""
        return passage_opens(self.passage)

    @property
    def ends(self) -> Design:
        """The mark at which a passage ends."""
        return passage_ends(self.passage)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An item of a list of documents: what it is, and the facts in brackets behind it."""

    blocks: tuple[Block, ...]
    facts: str = ""


def row_of(item: tuple[Block, ...]) -> Row:
    """Return an item of a list as a row; its facts are what stands last, in brackets."""
    if len(item) == 1 and item[0].kind == "paragraph" and item[0].spans:
        *before, last = item[0].spans
        if last.kind == "text" and (found := _FACTS.fullmatch(last.text)):
            kept = (*before, replace(last, text=found[1])) if found[1] else tuple(before)
            if kept:
                return Row(blocks=(replace(item[0], spans=kept),), facts=found[2])
    return Row(blocks=item)


def divided(boxes: Sequence[Box], *, title: str) -> tuple[tuple[Span, ...], tuple[Region, ...]]:
    """Return the title of a mail and the regions of its body.

    The first heading of the first level is the title; without one it is `title`. All others become
    headings below it that skip no level, as a screen reader needs them.
    """
    heading: tuple[Span, ...] = ()
    regions: list[Region] = []
    level = 1
    for number, box in enumerate(boxes):
        blocks: list[Block] = []
        for block in box.blocks:
            if block.kind != "heading":
                blocks.append(block)
            elif not heading and block.level == 1:
                heading = block.spans
            else:
                level = max(2, min(block.level, level + 1))
                blocks.append(replace(block, level=level))
        if blocks:
            regions.append(_region(box.kind, tuple(blocks), number))
    return heading or (Span(kind="text", text=title),), tuple(regions)


def with_lead(regions: Sequence[Region]) -> tuple[Region, ...]:
    """Return the regions with the opening paragraph marked: the first one that greets nobody."""
    if not regions or regions[0].kind != "flow":
        return tuple(regions)
    first, *rest = regions
    for number, block in enumerate(first.blocks):
        greets = any(span.kind == "field" for span in block.spans)
        if block.kind == "paragraph" and not greets:
            return (replace(first, lead=number), *rest)
        if not greets:
            break
    return tuple(regions)


def _region(kind: str, blocks: tuple[Block, ...], number: int) -> Region:
    if kind not in _PASSAGES:
        return Region(kind=kind, blocks=blocks)
    high, low = divmod(number, len(_LETTERS))
    name = f"passage_{_LETTERS[high % len(_LETTERS)]}{_LETTERS[low]}"
    return Region(kind="flow", blocks=blocks, passage=name, signatories=_PASSAGES[kind])


def regions_as_text(regions: Iterable[Region], *, link: str) -> tuple[str, dict[str, str]]:
    """Return the body as plain text, and the text of its passages by slot.

    A passage brings its own empty line, so that none is left where a recipient does not get it.
    """
    passages: dict[str, str] = {}
    parts: list[str] = []
    for region in regions:
        text = "\n\n".join(_parts(region, link)) + "\n\n"
        if region.passage:
            passages[region.passage] = text
            text = slot(region.passage)
        parts.append(text)
    return "".join(parts).rstrip("\n"), passages


def _parts(region: Region, link: str) -> Iterator[str]:
    bar = "| " if region.kind == "moment" else ""
    text = blocks_as_text(region.blocks, link=link, width=WIDTH - len(bar))
    if region.kind == "copy":
        yield from (_CUT, text, _CUT)
    elif bar:
        yield "\n".join(f"{bar}{line}".rstrip() for line in text.split("\n"))
    elif text:
        yield text

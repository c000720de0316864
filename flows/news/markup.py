"""Sanitised HTML becomes blocks: paragraphs, headings, lists, quotes, tables, images, videos."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from lxml.html import HtmlElement

from flows.news.blocks import Block, Kind, Line, Link, escape, paragraph, target
from flows.news.inline import BLOCKS, EMPTY, Inline, Node, children, join, out_of_sight, plain
from flows.news.links import clean_link
from flows.news.media import (
    image_source,
    is_ornament,
    is_video,
    video_source,
    video_title,
    watch_address,
)

_CAPTION_MOST = 400
"""Characters: what is longer below a picture is text."""
_CELL_MOST = 300
"""Characters: what stands in longer cells is text that was put in place with a table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A block with the element it was made from."""

    block: Block
    element: HtmlElement


def read_markup(root: HtmlElement, *, base: str) -> list[Placed]:
    """Return the blocks under `root` in order; navigation, footers and hidden parts left out.

    Args:
        root: Sanitised.
        base: The page's address, to make links absolute.
    """
    return list(_Walker(root, base=base).walk(root))


class _Walker:
    def __init__(self, root: HtmlElement, *, base: str) -> None:
        self._base = base
        self._inline = Inline(base=base)
        # Elements are told apart by identity, which holds for as long as they are held.
        self._elements = list(root.iter())
        self._holders = _holders_of(BLOCKS, self._elements)
        self._framed = _holders_of(frozenset({"img"}), self._elements)

    def walk(self, element: HtmlElement) -> Iterator[Placed]:
        if out_of_sight(element) or element in self._inline.skipped:
            return
        match element.tag:
            case "h1" | "h2" | "h3" | "h4" | "h5" | "h6":
                yield from self._heading(element)
            case "ul" | "ol":
                yield from self._list(element, depth=0)
            case "blockquote":
                yield from self._quote(element)
            case "table":
                yield from self._table(element)
            case "a":
                yield from self._card(element)
            case "figure":
                yield from self._figure(element)
            case "pre":
                yield from self._code(element)
            case "iframe" | "video" | "audio" | "lite-youtube":
                yield from self._video(element)
            case _:
                yield from self._container(element)

    def _container(self, element: HtmlElement) -> Iterator[Placed]:
        """What stands between two blocks is a paragraph, whether it says so or not."""
        run: list[Node] = []
        for child in children(element):
            if isinstance(child, str) or child not in self._holders:
                run.append(child)
            else:
                yield from self._paragraphs(run, element)
                run = []
                yield from self.walk(child)
        yield from self._paragraphs(run, element)

    def _paragraphs(self, run: Sequence[Node], element: HtmlElement) -> Iterator[Placed]:
        if all(isinstance(node, str) and not node.strip() for node in run):
            # Mostly the white space between two elements.
            return
        lines: list[Line] = []
        for line in [*self._inline.lines(run), EMPTY]:
            if line.text:
                lines.append(line)
            elif lines:
                # Two breaks in a row are how editors of old made a new paragraph.
                yield Placed(block=paragraph(*lines), element=element)
                lines = []
        for node in run:
            yield from self._images(node)

    def _card(self, element: HtmlElement) -> Iterator[Placed]:
        """A link around whole blocks, as around the title and date of a teaser."""
        href = element.get("href") or ""
        for placed in self._container(element):
            lines = tuple(self._inline.linked(line, href) for line in placed.block.lines)
            yield replace(placed, block=replace(placed.block, lines=lines))

    def _heading(self, element: HtmlElement) -> Iterator[Placed]:
        line = self._inline.one_line(element)
        if line.text:
            level = max(2, int(element.tag[1]))
            # A heading is bold by itself.
            words = re.sub(r"^\*\*(.*)\*\*$", r"\1", line.markdown)
            block = Block(kind=Kind.HEADING, markdown=f"{'#' * level} {words}", lines=(line,))
            yield Placed(block=block, element=element)
        yield from self._images(element)

    def _list(self, element: HtmlElement, *, depth: int) -> Iterator[Placed]:
        start = element.get("start") or "1"
        number = int(start) if start.isdecimal() else 1
        for item in element.iterchildren("li"):
            if out_of_sight(item):
                continue
            mark = f"{number}. " if element.tag == "ol" else "- "
            number += 1
            yield from self._item(item, indent="   " * depth, mark=mark)
            for inner in item.iterchildren("ul", "ol"):
                yield from self._list(inner, depth=depth + 1)

    def _item(self, item: HtmlElement, *, indent: str, mark: str) -> Iterator[Placed]:
        nodes = [
            node for node in children(item) if isinstance(node, str) or node.tag not in ("ul", "ol")
        ]
        lines = [line for line in self._inline.lines(nodes) if line.text]
        if lines:
            hang = "\\\n" + indent + " " * len(mark)
            markdown = indent + mark + hang.join(line.markdown for line in lines)
            block = Block(kind=Kind.ITEM, markdown=markdown, lines=tuple(lines))
            yield Placed(block=block, element=item)
        for node in nodes:
            yield from self._images(node)

    def _quote(self, element: HtmlElement, speaker: Line = EMPTY) -> Iterator[Placed]:
        cite = next(element.iter("footer", "cite"), None)
        if cite is not None and not speaker.text:
            speaker = join(self._inline.lines(children(cite)), between=" ")
            self._inline.skipped.add(cite)
        blocks = [placed.block for placed in self._container(element)]
        lines = [line for block in blocks for line in block.lines]
        if not lines:
            return
        quoted = "\n>\n".join(
            "\n".join(f"> {line}" for line in block.markdown.split("\n")) for block in blocks
        )
        if speaker.text:
            said_by = speaker.text.lstrip("—–- ")
            quoted += f"\n>\n> — {escape(said_by)}"
            lines.append(Line(text=said_by, markdown=escape(said_by)))
        block = Block(kind=Kind.QUOTE, markdown=quoted, lines=tuple(lines))
        yield Placed(block=block, element=element)

    def _table(self, element: HtmlElement) -> Iterator[Placed]:
        rows = [row for row in element.iter("tr") if next(row.iterancestors("table")) is element]
        cells = [list(row.iterchildren("td", "th")) for row in rows]
        if not _is_data(element, cells):
            yield from self._container(element)
            return
        caption = element.find("caption")
        if caption is not None and (title := self._inline.one_line(caption)).text:
            yield Placed(block=paragraph(title), element=caption)
        width = max(len(row) for row in cells)
        shown = [[self._inline.one_line(cell) for cell in row] for row in cells]
        marked = [
            "| " + " | ".join(cell.markdown.replace("|", "\\|") for cell in row) + " |"
            for row in [[*row, *[EMPTY] * (width - len(row))] for row in shown]
        ]
        marked.insert(1, "| " + " | ".join(["---"] * width) + " |")
        lines = tuple(join(row, between=" ") for row in shown)
        block = Block(kind=Kind.TABLE, markdown="\n".join(marked), lines=lines)
        yield Placed(block=block, element=element)

    def _figure(self, element: HtmlElement) -> Iterator[Placed]:
        caption = next(element.iter("figcaption"), None)
        words = self._inline.one_line(caption) if caption is not None else EMPTY
        if len(words.text) > _CAPTION_MOST:
            # Galleries tell their story there.
            caption, words = None, EMPTY
        if caption is not None:
            self._inline.skipped.add(caption)
        quote = next(element.iter("blockquote"), None)
        if quote is not None:
            yield from self._quote(quote, words)
            return
        for placed in self._container(element):
            if placed.block.kind is Kind.IMAGE and words.text:
                link = placed.block.lines[0].links[0]
                yield _image(placed.element, link, caption=words.text)
            else:
                yield placed

    def _images(self, node: Node) -> Iterator[Placed]:
        if isinstance(node, str) or node not in self._framed:
            return
        for image in node.iter("img"):
            url = clean_link(image_source(image), base=self._base)
            if url and not is_ornament(image, url):
                link = Link(text=plain(image.get("alt") or ""), url=url)
                yield _image(image, link, caption="")

    def _video(self, element: HtmlElement) -> Iterator[Placed]:
        url = clean_link(video_source(element), base=self._base)
        if not url or not is_video(element, url):
            return
        words = plain(video_title(element)) or "Video"
        link = Link(text=words, url=watch_address(url))
        line = Line(text="", markdown=f"[{escape(words)}]({target(link.url)})", links=(link,))
        block = Block(kind=Kind.VIDEO, markdown=line.markdown, lines=(line,))
        yield Placed(block=block, element=element)

    def _code(self, element: HtmlElement) -> Iterator[Placed]:
        text = element.text_content().strip("\n")
        if text.strip():
            fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
            line = Line(text=plain(text), markdown=text)
            block = Block(kind=Kind.CODE, markdown=f"{fence}\n{text}\n{fence}", lines=(line,))
            yield Placed(block=block, element=element)


def _image(element: HtmlElement, link: Link, *, caption: str) -> Placed:
    words = escape(caption, at_start=False).replace('"', "'")
    title = f' "{words}"' if caption else ""
    markdown = f"![{escape(link.text, at_start=False)}]({target(link.url)}{title})"
    line = Line(text=caption, markdown=markdown, links=(link,))
    return Placed(block=Block(kind=Kind.IMAGE, markdown=markdown, lines=(line,)), element=element)


def _holders_of(names: frozenset[str], elements: Sequence[HtmlElement]) -> set[HtmlElement]:
    """Return all elements that have, or hold one that has, one of these names."""
    holders: set[HtmlElement] = set()
    for element in elements:
        if element.tag not in names:
            continue
        around: HtmlElement | None = element
        while around is not None and around not in holders:
            holders.add(around)
            around = around.getparent()
    return holders


def _is_data(table: HtmlElement, cells: list[list[HtmlElement]]) -> bool:
    """Tell a table of facts from one that only puts things in place."""
    if not cells or max(map(len, cells)) < 2 or table.get("role"):
        return False
    inner = {element.tag for element in table.iterdescendants()}
    if inner & {"table", "h1", "h2", "h3", "ul", "ol", "img", "iframe"}:
        return False
    if inner & {"th", "caption"}:
        return True
    longest = max(len(cell.text_content()) for row in cells for cell in row)
    if longest >= _CELL_MOST:
        return False
    return len(cells) >= 2 if "p" not in inner else _is_grid(cells)


def _is_grid(cells: list[list[HtmlElement]]) -> bool:
    """Say whether all rows are alike and each cell is one paragraph, as word processors write."""
    alike = len(cells) >= 3 and len(cells[0]) >= 2 and len({len(row) for row in cells}) == 1
    return alike and all(
        cell.text_content().strip() and len(cell.findall(".//p")) <= 1
        for row in cells
        for cell in row
    )

"""Sanitised HTML becomes blocks: paragraphs, headings, lists, quotes, tables, images, videos."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from bs4 import Tag
from bs4.element import NavigableString

from flows.news.blocks import Block, Kind, Line, Link, escape, escape_start, paragraph, target
from flows.news.links import clean_link, watch_address

_BLOCKS = frozenset(
    re.split(
        r"\s+",
        "address article aside audio blockquote body center dd details div dl dt fieldset"
        " figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr html iframe li main nav ol p"
        " pre section summary table tbody td tfoot th thead tr ul video",
    )
)
_CHROME = frozenset({"nav", "footer"})
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_EMPHASIS = {"strong": "**", "b": "**", "em": "*", "i": "*"}
_EMPTY = Line(text="", markdown="")
_SPACE = Line(text=" ", markdown=" ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A block with the element it was made from."""

    block: Block
    element: Tag


def read_markup(root: Tag, *, base: str) -> list[Placed]:
    """Return the blocks under `root` in order; navigation, footers and hidden parts left out.

    Args:
        root: Sanitised.
        base: The page's address, to make links absolute.
    """
    return list(_Walker(root, base=base).walk(root))


class _Walker:
    def __init__(self, root: Tag, *, base: str) -> None:
        self._base = base
        self._holders = _holders_of(_BLOCKS, root)
        self._framed = _holders_of(frozenset({"img"}), root)

    def walk(self, element: Tag) -> Iterator[Placed]:
        if _out_of_sight(element):
            return
        match element.name:
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
            case "iframe" | "video" | "audio":
                yield from self._video(element)
            case _:
                yield from self._container(element)

    def _container(self, element: Tag) -> Iterator[Placed]:
        """What stands between two blocks is a paragraph, whether it says so or not."""
        run: list[Tag | NavigableString] = []
        for child in element.children:
            if isinstance(child, Tag) and id(child) in self._holders:
                yield from self._paragraphs(run, element)
                run = []
                yield from self.walk(child)
            elif isinstance(child, (Tag, NavigableString)):
                run.append(child)
        yield from self._paragraphs(run, element)

    def _card(self, element: Tag) -> Iterator[Placed]:
        """A link around whole blocks, as around the title and date of a teaser."""
        href = str(element.get("href") or "")
        for placed in self._container(element):
            lines = tuple(self._linked(line, href) for line in placed.block.lines)
            yield replace(placed, block=replace(placed.block, lines=lines))

    def _paragraphs(self, run: list[Tag | NavigableString], element: Tag) -> Iterator[Placed]:
        lines: list[Line] = []
        for line in [*self._lines(run), _EMPTY]:
            if line.text:
                lines.append(line)
            elif lines:
                # Two breaks in a row are how editors of old made a new paragraph.
                yield Placed(block=paragraph(*lines), element=element)
                lines = []
        for node in run:
            yield from self._images(node)

    def _heading(self, element: Tag) -> Iterator[Placed]:
        line = self._one_line(element)
        if line.text:
            level = max(2, int(element.name[1]))
            # A heading is bold by itself.
            words = re.sub(r"^\*\*(.*)\*\*$", r"\1", line.markdown)
            block = Block(kind=Kind.HEADING, markdown=f"{'#' * level} {words}", lines=(line,))
            yield Placed(block=block, element=element)
        yield from self._images(element)

    def _list(self, element: Tag, *, depth: int) -> Iterator[Placed]:
        number = int(start) if (start := str(element.get("start", "1"))).isdecimal() else 1
        for item in element.find_all("li", recursive=False):
            if _out_of_sight(item):
                continue
            lists = [each for each in item.children if isinstance(each, Tag) and _is_list(each)]
            inner: list[object] = [each for each in item.children if each not in lists]
            mark = f"{number}. " if element.name == "ol" else "- "
            number += 1
            yield from self._item(item, inner, indent="   " * depth, mark=mark)
            for each in lists:
                yield from self._list(each, depth=depth + 1)

    def _item(self, item: Tag, inner: list[object], *, indent: str, mark: str) -> Iterator[Placed]:
        nodes = [node for node in inner if isinstance(node, (Tag, NavigableString))]
        lines = [line for line in self._lines(nodes) if line.text]
        if lines:
            hang = "\\\n" + indent + " " * len(mark)
            markdown = indent + mark + hang.join(line.markdown for line in lines)
            block = Block(kind=Kind.ITEM, markdown=markdown, lines=tuple(lines))
            yield Placed(block=block, element=item)
        for node in nodes:
            yield from self._images(node)

    def _quote(self, element: Tag, speaker: Line = _EMPTY) -> Iterator[Placed]:
        cite = element.find(["footer", "cite"])
        if isinstance(cite, Tag) and not speaker.text:
            speaker = self._one_line(cite)
            cite.extract()
        blocks = [placed.block for placed in self._container(element)]
        quoted = "\n>\n".join(
            "\n".join(f"> {line}" for line in block.markdown.split("\n")) for block in blocks
        )
        lines = [line for block in blocks for line in block.lines]
        if not lines:
            return
        if speaker.text:
            said_by = speaker.text.lstrip("—–- ")
            quoted += f"\n>\n> — {escape(said_by)}"
            lines.append(Line(text=said_by, markdown=escape(said_by)))
        block = Block(kind=Kind.QUOTE, markdown=quoted, lines=tuple(lines))
        yield Placed(block=block, element=element)

    def _table(self, element: Tag) -> Iterator[Placed]:
        rows = [row for row in element.find_all("tr") if row.find_parent("table") is element]
        cells = [list(row.find_all(["td", "th"], recursive=False)) for row in rows]
        if not _is_data(element, cells):
            yield from self._container(element)
            return
        caption = element.find("caption")
        if isinstance(caption, Tag) and (title := self._one_line(caption)).text:
            yield Placed(block=paragraph(title), element=caption)
        width = max(len(row) for row in cells)
        shown = [[self._one_line(cell) for cell in row] for row in cells]
        lines = tuple(_join(row, between=" ") for row in shown)
        marked = [
            "| " + " | ".join(cell.markdown.replace("|", "\\|") for cell in row) + " |"
            for row in [[*row, *[_EMPTY] * (width - len(row))] for row in shown]
        ]
        marked.insert(1, "| " + " | ".join(["---"] * width) + " |")
        block = Block(kind=Kind.TABLE, markdown="\n".join(marked), lines=lines)
        yield Placed(block=block, element=element)

    def _figure(self, element: Tag) -> Iterator[Placed]:
        caption = element.find("figcaption")
        words = self._one_line(caption) if isinstance(caption, Tag) else _EMPTY
        if isinstance(caption, Tag):
            caption.extract()
        quote = element.find("blockquote")
        if isinstance(quote, Tag):
            yield from self._quote(quote, words)
            return
        for placed in self._container(element):
            if placed.block.kind is Kind.IMAGE and words.text:
                line = replace(placed.block.lines[0], text=words.text)
                yield self._image_block(placed.element, line.links[0], caption=words.text)
            else:
                yield placed

    def _images(self, node: Tag | NavigableString) -> Iterator[Placed]:
        if not isinstance(node, Tag) or id(node) not in self._framed:
            return
        for image in [node] if node.name == "img" else node.find_all("img"):
            url = clean_link(image_source(image), base=self._base)
            if url and not _is_ornament(image, url):
                alt = _plain(str(image.get("alt") or ""))
                yield self._image_block(image, Link(text=alt, url=url), caption="")

    def _image_block(self, element: Tag, link: Link, *, caption: str) -> Placed:
        title = f' "{escape(caption, at_start=False).replace(chr(34), chr(39))}"' if caption else ""
        markdown = f"![{escape(link.text, at_start=False)}]({target(link.url)}{title})"
        line = Line(text=caption, markdown=markdown, links=(link,))
        block = Block(kind=Kind.IMAGE, markdown=markdown, lines=(line,))
        return Placed(block=block, element=element)

    def _video(self, element: Tag) -> Iterator[Placed]:
        source = element.find("source", src=True)
        given = element.get("src") or element.get("data-src") or element.get("data-src-cmp")
        url = clean_link(str(given or (source and source["src"]) or ""), base=self._base)
        title = _plain(str(element.get("title") or element.get("aria-label") or ""))
        if not url or (element.name == "iframe" and not _VIDEO_HOST.search(url)):
            return
        words = title or "Video"
        link = Link(text=words, url=watch_address(url))
        line = Line(text="", markdown=f"[{escape(words)}]({target(link.url)})", links=(link,))
        block = Block(kind=Kind.VIDEO, markdown=line.markdown, lines=(line,))
        yield Placed(block=block, element=element)

    def _code(self, element: Tag) -> Iterator[Placed]:
        text = element.get_text().strip("\n")
        if text.strip():
            line = Line(text=_plain(text), markdown=text)
            block = Block(kind=Kind.CODE, markdown=f"```\n{text}\n```", lines=(line,))
            yield Placed(block=block, element=element)

    # --- within a line -------------------------------------------------------------------------

    def _one_line(self, element: Tag) -> Line:
        return _join([line for line in self._lines(element.children) if line.text], between=" ")

    def _lines(self, nodes: Iterable[object]) -> list[Line]:
        """Return inline content as lines, cut at line breaks, spaces and ends made even."""
        lines = []
        for line in self._inline(nodes):
            text = _plain(line.text)
            markdown = _plain(line.markdown)
            lines.append(Line(text=text, markdown=escape_start(markdown), links=line.links))
        return lines

    def _inline(self, nodes: Iterable[object]) -> list[Line]:
        lines: list[Line] = []
        last: list[Line] = []
        for node in nodes:
            first, *more = self._pieces(node)
            last.append(first)
            for each in more:
                lines.append(_join(last))
                last = [each]
        return [*lines, _join(last)]

    def _pieces(self, node: object) -> list[Line]:
        if isinstance(node, NavigableString):
            text = str(node).replace("\n", " ")
            return [Line(text=text, markdown=escape(text, at_start=False))]
        if not isinstance(node, Tag) or _out_of_sight(node) or node.name == "img":
            return [_EMPTY]
        if node.name == "br":
            return [_EMPTY, _EMPTY]
        inner = self._inline(node.children)
        if node.name == "time":
            # Often set apart from what is beside it by style alone.
            return [_SPACE, *inner, _SPACE] if len(inner) > 1 else [_join([_SPACE, *inner, _SPACE])]
        if node.name in _BLOCKS:
            # A block within a line, as in a list item of paragraphs: lines of its own.
            return [_EMPTY, *inner, _EMPTY]
        if mark := _EMPHASIS.get(node.name):
            return [_wrapped(line, mark, mark) for line in inner]
        if node.name == "a":
            return [self._linked(line, str(node.get("href") or "")) for line in inner]
        return inner

    def _linked(self, line: Line, href: str) -> Line:
        url = clean_link(href, base=self._base)
        if not url or not line.text.strip() or href.startswith("#"):
            return line
        if line.links:
            return line
        link = Link(text=_plain(line.text), url=url)
        return replace(_wrapped(line, "[", f"]({target(url)})"), links=(link,))


_VIDEO_HOST = re.compile(
    r"youtube|youtu\.be|vimeo|/video|\.mp4|peertube|dailymotion|kaltura|jwplayer"
)


def _join(lines: Iterable[Line], *, between: str = "") -> Line:
    parts = list(lines)
    if len(parts) == 1:
        return parts[0]
    return Line(
        text=between.join(line.text for line in parts),
        markdown=between.join(line.markdown for line in parts),
        links=tuple(link for line in parts for link in line.links),
    )


def _wrapped(line: Line, before: str, after: str) -> Line:
    """Put marks around a line's words, not around the spaces at its ends."""
    words = line.markdown.strip()
    if not words or (words.startswith(before) and words.endswith(after)):
        return line
    start = len(line.markdown) - len(line.markdown.lstrip())
    head, tail = line.markdown[:start], line.markdown[start + len(words) :]
    return replace(line, markdown=f"{head}{before}{words}{after}{tail}")


def _plain(text: str) -> str:
    return " ".join(text.split())


def _is_list(element: Tag) -> bool:
    return element.name in ("ul", "ol")


def _holders_of(names: frozenset[str], root: Tag) -> set[int]:
    """Return the keys of all elements that have, or hold one that has, one of these names."""
    holders: set[int] = set()
    for element in root.descendants:
        if not isinstance(element, Tag) or element.name not in names:
            continue
        around: Tag | None = element
        while around is not None and id(around) not in holders:
            holders.add(id(around))
            around = around.parent
    return holders


def _out_of_sight(element: Tag) -> bool:
    if element.name in _CHROME:
        return True
    if not element.attrs:
        return False
    if element.get("hidden") is not None:
        return True
    if element.get("role") in ("navigation", "contentinfo", "search", "banner"):
        return True
    style = element.get("style")
    return bool(style) and bool(_HIDDEN.search(str(style)))


def _is_data(table: Tag, cells: list[list[Tag]]) -> bool:
    """Tell a table of facts from one that only puts things in place."""
    if not cells or max(map(len, cells)) < 2 or table.find("table") or table.get("role"):
        return False
    if table.find(["h1", "h2", "h3", "ul", "ol", "img", "iframe"]):
        return False
    if table.find(["th", "caption"]):
        return True
    longest = max(len(cell.get_text()) for row in cells for cell in row)
    return len(cells) >= 2 and longest < 300 and table.find("p") is None


def image_source(image: Tag) -> str:
    """Return where a picture lies, also when it is loaded late."""
    for name in ("data-src", "data-lazy-src", "data-original", "src"):
        value = str(image.get(name) or "")
        if value and not value.startswith("data:"):
            return value
    srcset = str(image.get("srcset") or image.get("data-srcset") or "")
    return srcset.split(",")[0].strip().split(" ")[0]


_ORNAMENT = re.compile(
    r"logo|icon|avatar|gravatar|sprite|pixel|spacer|blank\.gif|badge|button|knop|arrow|share|smil",
    re.I,
)


def _is_ornament(image: Tag, url: str) -> bool:
    sizes = [str(image.get(name) or "") for name in ("width", "height")]
    if any(size.isdecimal() and int(size) < 80 for size in sizes):
        return True
    names = f"{url.rpartition('/')[2]} {' '.join(image.get('class') or [])}"
    return bool(_ORNAMENT.search(names)) or url.endswith(".svg")

"""A draft as plain text: made from the same tree as the HTML, not stripped from it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from flows.compose.markup import LINK, Block, Span, plain
from flows.compose.slots import literal, one_line, slot

WIDTH = 72
"""Characters per line; a link is never broken."""


def blocks_as_text(blocks: Sequence[Block], *, link: str, width: int = WIDTH) -> str:
    """Return blocks as lines, with an empty line between two blocks.

    Args:
        blocks: What is written out.
        link: What a link to `link` leads to; nothing if empty.
        width: Characters per line.
    """
    return "\n\n".join(filter(None, (_block(block, link, width) for block in blocks)))


def spans_as_text(spans: Sequence[Span], *, link: str) -> str:
    """Return running text on one line but for hard breaks: `words <https://…>` for a link."""
    return "".join(_span(span, link) for span in spans)


def _span(span: Span, link: str) -> str:
    if span.kind == "field":
        return slot(span.text)
    if span.kind == "break":
        return "\n"
    if span.kind != "link":
        return literal(span.text) + spans_as_text(span.spans, link=link)
    target = target_of(span, link)
    words = spans_as_text(words_of(span, link), link=link)
    shown = target.removeprefix("mailto:").removeprefix("tel:")
    return words if words == shown or not target else f"{words} <{literal(shown)}>"


def target_of(span: Span, link: str) -> str:
    """Return where a link leads, on one line; nothing if that is not known yet."""
    return one_line(link if span.target == LINK else span.target).replace(" ", "%20")


def words_of(span: Span, link: str) -> tuple[Span, ...]:
    """Return the words of a link: for `[link](link)`, which others are to copy, the address."""
    if span.target == LINK and link and plain(span.spans) == LINK:
        return (Span(kind="text", text=target_of(span, link)),)
    return span.spans


def wrapped(text: str, *, width: int = WIDTH, first: str = "", rest: str = "") -> str:
    """Return text in lines of at most `width`, which begin with `first` and then with `rest`."""
    lines: list[str] = []
    for line in text.split("\n"):
        lines += textwrap.wrap(
            # Only real blanks may be broken at; a non-breaking one holds `5 mei` together.
            line.strip(" "),
            width=width,
            initial_indent=first if not lines else rest,
            subsequent_indent=rest,
            break_long_words=False,
            break_on_hyphens=False,
        ) or [rest.rstrip()]
    return "\n".join(lines)


def _block(block: Block, link: str, width: int) -> str:
    if block.kind == "heading":
        text = wrapped(spans_as_text(block.spans, link=link), width=width)
        longest = max((len(line) for line in text.split("\n")), default=0)
        return f"{text}\n{('=' if block.level == 1 else '-') * longest}" if text.strip() else ""
    if block.kind == "list":
        return _list(block, link, width)
    if block.kind == "quote":
        inner = blocks_as_text(block.blocks, link=link, width=width - 2)
        return "\n".join(f"> {line}".rstrip() for line in inner.split("\n"))
    if block.kind == "code":
        return textwrap.indent(spans_as_text(block.spans, link=link), "    ")
    if block.kind == "rule":
        return "* * *"
    if block.kind == "button":
        (span,) = block.spans
        target = literal(target_of(span, link))
        words = spans_as_text(span.spans, link=link)
        return f"{words}:\n{target}" if target else words
    if block.kind == "image":
        return ""
    return wrapped(spans_as_text(block.spans, link=link), width=width)


def _list(block: Block, link: str, width: int) -> str:
    lines: list[str] = []
    for mark, item in zip(_marks(block), block.items, strict=True):
        inner = blocks_as_text(item, link=link, width=width - len(mark))
        indented = textwrap.indent(inner, " " * len(mark))
        lines.append(mark + indented[len(mark) :])
    # Items of several paragraphs stand apart, one-line items together.
    return ("\n\n" if any("\n\n" in line for line in lines) else "\n").join(lines)


def _marks(block: Block) -> Iterator[str]:
    for number, _ in enumerate(block.items, block.start or 1):
        yield "- " if block.start is None else f"{number}. "

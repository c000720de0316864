"""The Markdown of drafts, read into a small tree that every rendering walks.

Beside CommonMark (without HTML) a draft knows fields such as `{{ contact }}` and boxes: lines
between `::: documenten` and `:::`. A paragraph that holds nothing but a bold link is a button.
Whatever else looks like markup is text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from flows.errors import InputError

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

FIELDS = frozenset({"contact", "greeting", "name", "organisation"})
"""What a draft may ask of its recipient. Only these are fields; the rest is text."""

LINK = "link"
"""As the target of a link it stands for the `link` of the draft's front matter."""

BOXES: Mapping[str, str] = MappingProxyType(
    {
        "documenten": "documents",
        "documents": "documents",
        "lees-ook": "related",
        "related": "related",
        "overnemen": "copy",
        "copy": "copy",
        "moment": "moment",
        "ondertekenaars": "signatories",
        "signatories": "signatories",
        "anderen": "others",
        "others": "others",
    }
)
"""Kinds of box by the words that open one."""

_FIELD = re.compile(r"\{\{[ \t]*([a-z_]+)[ \t]*\}\}")
_LOOKS_LIKE_FIELD = re.compile(r"(?<!\\)\{\{[^{}\n]*\}\}|(?<!\\)\{%[^{}\n]*%\}")
_FENCE = re.compile(r"[ ]{0,3}:::+[ \t]*([^\s:]*)[ \t]*$")
_SCHEME = re.compile(r"(?:https?://|mailto:|tel:)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A stretch of running text."""

    kind: str
    """`text`, `field`, `code`, `break`, `strong`, `emphasis`, `link` or `image`."""
    text: str = ""
    """Of `text` and `code` the words, of `field` the name, of `image` the alternative text."""
    target: str = ""
    """Where a link leads, or where an image lies."""
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A paragraph or something of its rank."""

    kind: str
    """`heading`, `paragraph`, `list`, `quote`, `code`, `rule`, `button` or `image`."""
    level: int = 0
    """Of a heading."""
    spans: tuple[Span, ...] = ()
    items: tuple[tuple[Block, ...], ...] = ()
    """Of a list."""
    blocks: tuple[Block, ...] = ()
    """Of a quote."""
    start: int | None = None
    """Number of the first item of a numbered list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """Blocks that belong together: between `:::` lines, or, as `flow`, between such boxes."""

    kind: str
    blocks: tuple[Block, ...]


def unknown_fields(text: str) -> list[tuple[int, str]]:
    """Return what looks like a field in a draft and is none, with its line from 1."""
    return [
        (number, found[0])
        for number, line in enumerate(text.split("\n"), 1)
        for found in _LOOKS_LIKE_FIELD.finditer(line)
        if not ((field := _FIELD.fullmatch(found[0])) and field[1] in FIELDS)
    ]


def split_fields(text: str) -> Iterator[Span]:
    r"""Yield a line of front matter as text and fields; `\{`, `\[` and `\\` are literal."""
    end = 0
    for found in re.finditer(r"\\([\\{}\[\]])|" + _FIELD.pattern, text):
        if found[2] is not None and found[2] not in FIELDS:
            continue
        if found.start() > end:
            yield Span(kind="text", text=text[end : found.start()])
        yield (
            Span(kind="field", text=str(found[2]))
            if found[1] is None
            else Span(kind="text", text=str(found[1]))
        )
        end = found.end()
    if end < len(text):
        yield Span(kind="text", text=text[end:])


def parse_boxes(body: str, *, where: str = "", first_line: int = 1) -> tuple[Box, ...]:
    """Read the body of a draft.

    Args:
        body: Markdown with boxes.
        where: The draft's file, for errors.
        first_line: The number of the body's first line in that file.

    Raises:
        InputError: a box has a name that is none, is not closed, or holds another one.
    """
    boxes: list[Box] = []
    for kind, lines in _divided(body.split("\n"), where, first_line):
        blocks = parse("\n".join(lines))
        if blocks:
            boxes.append(Box(kind=kind, blocks=blocks))
    return tuple(boxes)


def _divided(lines: Sequence[str], where: str, first: int) -> Iterator[tuple[str, list[str]]]:
    """Yield the kind and the lines of each box, `flow` for what stands outside."""
    kind, opened, held = "flow", first, list[str]()
    for number, line in enumerate(lines, first):
        fence = _FENCE.fullmatch(line)
        if fence is None:
            held.append(line)
            continue
        yield kind, held
        held = []
        word = fence[1].casefold()
        if kind == "flow" and word in BOXES:
            kind, opened = BOXES[word], number
        elif kind != "flow" and not word:
            kind = "flow"
        else:
            raise _bad_fence(f"{where}:{number}", word, inside=kind != "flow")
    if kind != "flow":
        raise InputError(
            "A box is opened and not closed.",
            where=f"{where}:{opened}",
            mend="Write a line with only `:::` where it ends.",
        )
    yield kind, held


def _bad_fence(where: str, word: str, *, inside: bool) -> InputError:
    if inside:
        return InputError(
            "A box cannot hold another box.",
            where=where,
            mend="Close the first one with a line `:::` before this line.",
        )
    if not word:
        return InputError(
            "This `:::` closes a box that was not opened.", where=where, mend="Take the line out."
        )
    names = ", ".join(f"`::: {name}`" for name in BOXES)
    return InputError(
        f"There is no box called {word[:40]!r}.", where=where, mend=f"There are: {names}."
    )


def parse(text: str) -> tuple[Block, ...]:
    """Read Markdown into blocks."""
    return tuple(_blocks(iter(_parser().parse(text))))


@cache
def _parser() -> MarkdownIt:
    # Takes 50 ms to import, which commands that render nothing can do without.
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False, "maxNesting": 20})
    parser.disable(["html_block", "html_inline", "reference"])
    parser.inline.ruler.before("link", "field", _field_rule)
    # A relative target would lead nowhere from a mail.
    parser.validateLink = lambda url: bool(_SCHEME.match(url)) or url == LINK  # type: ignore[method-assign]
    # Targets stay as written; they are escaped where they are put to use.
    parser.normalizeLinkText = lambda link: link  # type: ignore[method-assign]
    return parser


def _field_rule(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 (the parser's form)
    found = _FIELD.match(state.src, state.pos)
    if found is None or found[1] not in FIELDS:
        return False
    if not silent:
        state.push("field", "", 0).content = found[1]
    state.pos = found.end()
    return True


_SIMPLE = {"hr": "rule", "fence": "code", "code_block": "code"}


def _blocks(tokens: Iterator[Token]) -> Iterator[Block]:
    """Yield the blocks up to the end of the one that is open."""
    for token in tokens:
        if token.nesting == -1:
            return
        if token.type in _SIMPLE:
            content = token.content.rstrip("\n")
            spans = (Span(kind="text", text=content),) if content else ()
            yield Block(kind=_SIMPLE[token.type], spans=spans)
        elif token.type == "heading_open":
            yield Block(kind="heading", level=int(token.tag[1]), spans=_inline(tokens))
        elif token.type == "paragraph_open":
            yield _paragraph(_inline(tokens))
        elif token.type == "blockquote_open":
            yield Block(kind="quote", blocks=tuple(_blocks(tokens)))
        elif token.type in {"bullet_list_open", "ordered_list_open"}:
            start = token.attrGet("start") or 1 if token.type[0] == "o" else None
            items = tuple(tuple(_blocks(tokens)) for _ in _items(tokens))
            yield Block(kind="list", items=items, start=None if start is None else int(start))


def _items(tokens: Iterator[Token]) -> Iterator[Token]:
    for token in tokens:
        if token.type != "list_item_open":
            return
        yield token


def _inline(tokens: Iterator[Token]) -> tuple[Span, ...]:
    """Return the running text of a block whose opening token was read, up to its end."""
    content, _ = next(tokens), next(tokens)
    return tuple(_spans(iter(content.children or ())))


def _paragraph(spans: tuple[Span, ...]) -> Block:
    if len(spans) == 1:
        (only,) = spans
        if only.kind == "strong" and len(only.spans) == 1 and only.spans[0].kind == "link":
            return Block(kind="button", spans=only.spans)
        if only.kind == "image":
            return Block(kind="image", spans=spans)
    return Block(kind="paragraph", spans=spans)


_NESTING = {"strong_open": "strong", "em_open": "emphasis", "link_open": "link"}


def _spans(tokens: Iterator[Token]) -> Iterator[Span]:
    """Yield the spans up to the end of the one that is open."""
    for token in tokens:
        if token.nesting == -1:
            return
        if token.type in _NESTING:
            target = str(token.attrGet("href") or "")
            yield Span(kind=_NESTING[token.type], target=target, spans=tuple(_spans(tokens)))
        elif token.type == "image":
            alt = plain(_spans(iter(token.children or ())))
            yield Span(kind="image", text=alt, target=str(token.attrGet("src") or ""))
        elif token.type == "code_inline":
            yield Span(kind="code", text=token.content)
        elif token.type == "field":
            yield Span(kind="field", text=token.content)
        elif token.type == "hardbreak":
            yield Span(kind="break")
        elif token.type == "softbreak":
            yield Span(kind="text", text=" ")
        elif token.content:
            yield Span(kind="text", text=token.content)


def plain(spans: Iterator[Span] | Sequence[Span]) -> str:
    """Return the words of running text, without targets and fields."""
    return "".join(span.text if span.kind != "field" else "" for span in walk(spans))


def walk(spans: Iterator[Span] | Sequence[Span]) -> Iterator[Span]:
    """Yield every span and what it holds, in order."""
    for span in spans:
        yield span
        yield from walk(span.spans)

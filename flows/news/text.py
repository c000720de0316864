"""A plain text, as saved from a web page or typed by hand, becomes a news item."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from pathlib import Path

from flows.errors import InputError
from flows.models import NewsItem
from flows.news.blocks import Block, Kind, Line, as_markdown, escape, paragraph
from flows.news.dates import Mention, find_dates, is_date_line, two_ways
from flows.news.language import detect_language
from flows.news.reading import Reading
from flows.news.sections import sort_out
from flows.news.sentences import sentences

_BLANK = re.compile(r"[^\S\n ][^\S\n]*| [^\S\n]+")
"""White space within a line, but for the single spaces that are right as they are."""
_INVISIBLE = re.compile(r"[\u00ad\u200b-\u200f\u2028\u2029\u2060\ufeff]|[\x00-\x08\x0b-\x1f\x7f]")
_BULLET = re.compile(r"(?:[-*+•·▪◦‣–]|(\d{1,2})[.)])\s+(?=\S)")
_TITLE_MOST = 200
_WRAPPED = range(50, 101)
"""Lengths of the longest line of a text that is wrapped by hand or by a mailer."""


def read_text_item(text: str, *, source: str) -> Reading:
    """Read a text: date line, title (perhaps twice), lead, body, documents, related items.

    Args:
        text: With Unix line ends.
        source: The file's name; a date at its start serves where the text has none.

    Raises:
        InputError: there is no text in it.
    """
    lines = _lines(text)
    if not lines:
        raise InputError(
            "There is no text in it.", where=source, mend="Save the item's text in it first."
        )
    language = detect_language(" ".join(lines))
    mention, lines = _take_date(lines, language=language)
    published = mention.day if mention is not None else None
    origins = {"language": "words of the text"}
    notes = []
    if mention is not None and (mention.swappable or published is None):
        notes.append(two_ways(mention.text, taken=published, field="published"))
    if published:
        origins["published"] = "date line"
    elif published := _date_of_name(source):
        origins["published"] = "file name"
    elif mention is None:
        notes.append("No date of publication was found.")
    title, lines = _take_title(lines)
    origins["title"] = "first line"
    blocks = [_block(line) for line in lines]
    lead = blocks[0] if blocks else None
    parts = sort_out(blocks[1:], lead=lead, language=language, published=published)
    if not parts.body:
        notes.append("There is no text below the lead.")
    notes.extend(parts.notes(language=language))
    item = NewsItem(
        title=title,
        published=published,
        language=language,
        lead=lead.text if lead is not None else "",
        body=as_markdown(parts.body),
        documents=tuple(parts.documents),
        related=tuple(parts.related),
        organisations=tuple(parts.organisations),
        dates=tuple(parts.dates),
        source=source,
    )
    return Reading(item=item, origins=origins, notes=tuple(notes))


def clean(text: str) -> str:
    """Return text with plain spaces, composed letters and nothing invisible; line ends stay."""
    return _BLANK.sub(" ", _INVISIBLE.sub("", unicodedata.normalize("NFC", text)))


def _lines(text: str) -> list[str]:
    """Return the paragraphs: the lines that are not empty, unwrapped where they are wrapped."""
    raw = [line.strip() for line in clean(text).split("\n")]
    width = max(map(len, raw), default=0)
    forced = [
        bool(line and after) and len(line) + 1 + len(after.split(" ", 1)[0]) > width
        for line, after in zip(raw, [*raw[1:], ""], strict=True)
    ]
    # A break is forced when the next word would not have fitted.
    if width not in _WRAPPED or sum(forced) < 3:
        return [line for line in raw if line]
    joined: list[str] = []
    goes_on = False
    for line, force in zip(raw, forced, strict=True):
        if goes_on and not _BULLET.match(line):
            joined[-1] += f" {line}"
        elif line:
            joined.append(line)
        goes_on = force
    return joined


def _take_date(lines: list[str], *, language: str) -> tuple[Mention | None, list[str]]:
    """Find the date line among the first three lines; return the date and the other lines."""
    for number, line in enumerate(lines[:3]):
        if is_date_line(line) and (mentions := find_dates(line, language=language)):
            return mentions[0], lines[:number] + lines[number + 1 :]
    return None, lines


def _date_of_name(source: str) -> date | None:
    mentions = find_dates(Path(source).stem[:10])
    return mentions[0].day if mentions else None


def _take_title(lines: list[str]) -> tuple[str, list[str]]:
    """Return the title and the lines after it, without the title's repetition."""
    title = re.sub(r"^#{1,6} ", "", lines[0])
    if len(title) > _TITLE_MOST:
        # There is no title; the first words have to do, and the paragraph stays.
        first = sentences(title)[0]
        return (first if len(first) <= _TITLE_MOST else f"{first[:80].rpartition(' ')[0]} …"), lines
    rest = lines[1:]
    while rest and rest[0].casefold() == title.casefold():
        rest = rest[1:]
    return title, rest


def _block(text: str) -> Block:
    bullet = _BULLET.match(text)
    if bullet:
        shown = text[bullet.end() :]
        line = Line(text=shown, markdown=escape(shown))
        mark = f"{bullet[1]}." if bullet[1] else "-"
        return Block(kind=Kind.ITEM, markdown=f"{mark} {line.markdown}", lines=(line,))
    return paragraph(Line(text=text, markdown=escape(text)))

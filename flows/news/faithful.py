"""Reading a page's markup must never cost the text that an extractor found on it."""

from __future__ import annotations

from dataclasses import replace

from flows.news.blocks import Line, as_markdown, escape, paragraph
from flows.news.reading import Reading
from flows.news.title import STAND_IN
from flows.news.words import Wanted, words_of

_LOST_MOST = 0.5
"""Share of the text's different words that may be missing, as those of navigation and of texts
of teasers are. Where less is lost, the markup is mostly right to leave it out."""


def with_text(reading: Reading, wanted: Wanted) -> Reading:
    """Return the reading, with the bare text for its body if most of that was lost.

    What else was read stays as it is, but for related items without an address: those were lines
    of the text.

    Args:
        reading: As the markup of the page gave it.
        wanted: What an extractor takes for the article.
    """
    lost = wanted.words - _words(reading)
    if not lost or len(lost) <= _LOST_MOST * len(wanted.words):
        return reading
    item = reading.item
    head = {"", words_of(item.lead)}
    if reading.origins.get("title") != STAND_IN:
        head.add(words_of(item.title))
    lines = [line.removeprefix("- ") for line in wanted.lines]
    body = as_markdown(
        paragraph(Line(text=line, markdown=escape(line)))
        for line in lines
        if words_of(line) not in head
    )
    note = "Most of the text fits no part of an item; all of it is in the body, without its form."
    linked = tuple(each for each in item.related if each.url)
    item = item.model_copy(update={"body": body, "related": linked})
    return replace(reading, item=item, notes=(*reading.notes, note))


def _words(reading: Reading) -> set[str]:
    """Return the words that the item holds; a title made of the text is none of its own."""
    item = reading.item
    titles = [each.title for each in item.documents]
    titles += [each.title for each in item.related if each.url]
    if reading.origins.get("title") != STAND_IN:
        titles.append(item.title)
    return set(words_of(" ".join([*titles, item.lead, item.body])).split())

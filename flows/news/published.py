"""The day on which a page was published, and where that was read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from lxml.html import HtmlElement

from flows.news.blocks import Place
from flows.news.dates import Mention, find_dates, is_date_line
from flows.news.markup import Placed
from flows.news.metadata import Metadata
from flows.news.title import title_at

_EUROPEAN = frozenset({"nl", "de", "fr", "it", "da", "sv", "no", "pl", "cs"})
"""Languages of which nearly all readers keep the time of Amsterdam."""
_NAMED = re.compile(
    r"(?:^|[-_ ])(?:date|datum|pubdate|pub-date|publish(?:ed)?|published?-?(?:at|on|date)|postdate"
    r"|post-date|entry-date|posted-on|timestamp)(?:$|[-_ ])",
    re.IGNORECASE,
)
"""Classes and ids of what shows a date."""
_BETWEEN = re.compile(r"\s*[|·•⋅∙]\s*|\s+[–—-]\s+")
"""What separates a date from the author, the section and the count of comments."""
_LINE_MOST = 120
_AFTER = 8
_BEFORE = 6
"""Blocks around the title among which the date is looked for first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dated:
    """The day of publication, or the reason why there is none."""

    day: date | None = None
    origin: str = ""
    doubt: str = ""
    """A date in figures whose day and month could be swapped, as it stands on the page. With a day
    the language's own order was taken, without one nothing tells."""


def find_date(
    placed: Sequence[Placed],
    told: Metadata,
    root: HtmlElement,
    *,
    title: str,
    language: str,
    url: str,
) -> Dated:
    """Return the day of publication, from what the page states down to what it shows.

    Args:
        placed: The page's blocks in order, each with its place.
        told: What the head of the page says.
        root: The page, sanitised.
        title: Around which dates are looked for first.
        language: BCP 47 tag; decides the order of figures.
        url: The page's address, or empty; many hold the date.
    """
    addressed = _day_in(url)
    doubt = ""
    for stated in told.dates:
        found = read_date(stated.value, language=language, origin=stated.origin)
        if found.day is not None:
            return _settled(found, addressed)
        doubt = doubt or found.doubt
    for element in root.iterfind(".//*[@itemprop='datePublished']"):
        found = _of_element(element, language=language, origin="itemprop datePublished")
        if found.day is not None:
            return _settled(found, addressed)
    if addressed is not None:
        return Dated(day=addressed, origin="address of the page")
    for element in _time_elements(root):
        found = _of_element(element, language=language, origin="<time>")
        if found.day is not None:
            return found
    found = _shown(placed, root, title=title, language=language)
    return found if found.day is not None else replace(found, doubt=doubt or found.doubt)


def read_date(text: str, *, language: str, origin: str) -> Dated:
    """Return the day that a value of a page's markup states.

    Args:
        text: An ISO date or time, or a date as people write it.
        language: BCP 47 tag. A time in UTC is told in Dutch time on pages of that part of Europe.
        origin: Where the value was read.
    """
    if (day := day_of(text, language=language)) is not None:
        return Dated(day=day, origin=origin)
    mentions = find_dates(text, language=language)
    return _as_dated(mentions[0], origin=origin) if mentions else Dated()


def _as_dated(mention: Mention, *, origin: str) -> Dated:
    return Dated(day=mention.day, origin=origin, doubt=mention.text if mention.swappable else "")


def day_of(text: str, *, language: str = "nl") -> date | None:
    """Return the day of an ISO date or time; a time in UTC is told in Dutch time.

    A page that states its times in UTC means the evening's article to be of the next day in
    Amsterdam; one that states an offset of its own means the day it names.
    """
    stated = text.strip().replace("Z", "+00:00")
    try:
        moment = datetime.fromisoformat(stated)
    except ValueError:
        match = re.match(r"(\d{4})-?(\d{2})-?(\d{2})(?!\d)", stated)
        try:
            return date(int(match[1]), int(match[2]), int(match[3])) if match else None
        except ValueError:
            return None
    in_utc = moment.tzinfo is not None and moment.utcoffset() == timedelta(0)
    if in_utc and language[:2] in _EUROPEAN:
        return moment.astimezone(ZoneInfo("Europe/Amsterdam")).date()
    return moment.date()


def _settled(dated: Dated, addressed: date | None) -> Dated:
    """Where address and page are a day apart, the address has the day of those who wrote it."""
    if addressed is not None and dated.day is not None:
        apart = abs((addressed - dated.day).days)
        if apart == 1:
            return replace(dated, day=addressed, origin="address of the page")
    return dated


def _day_in(url: str) -> date | None:
    match = re.search(r"/(\d{4})/(\d{1,2})/(\d{1,2})(?:/|$)", urlsplit(url).path)
    match = match or re.search(r"/(\d{4})-(\d{2})-(\d{2})(?:[-/]|$)", urlsplit(url).path)
    return day_of(f"{match[1]}-{int(match[2]):02}-{int(match[3]):02}") if match else None


def _of_element(element: HtmlElement, *, language: str, origin: str) -> Dated:
    stated = str(element.get("datetime") or element.get("content") or "")
    return read_date(stated or element.text_content(), language=language, origin=origin)


def _time_elements(root: HtmlElement) -> Iterator[HtmlElement]:
    everywhere = list(root.iter("time"))
    times = [each for each in everywhere if _inside(each, "article", "main")] or everywhere
    days = {(each.get("datetime") or "")[:10] for each in times}
    # Several on a page are those of a list, of which the first is as good as none.
    own = [
        each
        for each in times
        if _inside(each, "header")
        or {"published", "entry-date"} & set((each.get("class") or "").split())
    ]
    yield from own[:1] if own and len(days) > 1 else times[:1]


def _inside(element: HtmlElement, *names: str) -> bool:
    return next(element.iterancestors(*names), None) is not None


def _shown(placed: Sequence[Placed], root: HtmlElement, *, title: str, language: str) -> Dated:
    """Return the date that a reader sees as that of the page."""
    doubt = ""
    for text in _date_lines(placed, title=title):
        for mention in _mentions(text, language=language):
            if mention.day is not None:
                return _as_dated(mention, origin=f"the line {text!r}")
            doubt = doubt or mention.text
    named = [each.text_content() for each in root.iterfind(".//*[@class]") if _is_named(each)]
    beside = [
        line.text
        for each in placed
        if each.block.place is Place.BESIDE
        for line in each.block.lines
    ]
    for texts in (named, beside):
        lines = [" ".join(text.split()) for text in texts if is_date_line(text)]
        found = [mention for line in lines for mention in _mentions(line, language=language)]
        # Several are those of other pages.
        if len({mention.day for mention in found}) == 1 and found[0].day is not None:
            return _as_dated(found[0], origin=f"the line {lines[0]!r}")
    return Dated(doubt=doubt)


def _mentions(text: str, *, language: str) -> list[Mention]:
    """A date line may be in the language of the site's theme."""
    return find_dates(text, language=language) or find_dates(text, language="en")


def _is_named(element: HtmlElement) -> bool:
    return bool(_NAMED.search(element.get("class") or ""))


def _date_lines(placed: Sequence[Placed], *, title: str) -> Iterator[str]:
    """Yield short lines with a date around the title, then those at the end of the text."""
    shown = title_at(placed, title=title)
    body = [n for n, each in enumerate(placed) if each.block.place is Place.BODY]
    start = shown if shown is not None else (body[0] if body else 0)
    around = [*range(start, start + _AFTER), *range(max(0, start - _BEFORE), start)]
    after = [body[-1], body[-1] + 1, body[-1] + 2] if body else []
    for number in [*around, *after]:
        if number < len(placed):
            for line in placed[number].block.lines:
                if is_date_line(line.text):
                    yield line.text
                elif len(line.text) <= _LINE_MOST and number in around:
                    yield from filter(is_date_line, _BETWEEN.split(line.text))

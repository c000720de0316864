"""Title, date and lead of a page, each with where it was read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from flows.news.blocks import Kind, Place
from flows.news.dates import find_dates, is_date_line
from flows.news.markup import Placed
from flows.news.metadata import Metadata, Told, day_of
from flows.news.words import words_of

_SITE_JOINT = re.compile(r"\s+[|–—·•»«:/-]+\s+|\s*[|»]\s*")
_LEAD_NAME = re.compile(
    r"(?:^|[-_ ])(?:lead|lede|intro|introtext|introduction|introductie|inleiding|standfirst|chapeau"
    r"|samenvatting|summary|abstract|vorspann|teaser-?text|dek)(?:$|[-_ ])",
    re.IGNORECASE,
)
_BYLINE = re.compile(
    r"(?:door|by|von|par|auteur|author|tekst|text|redactie|foto|photo|geplaatst|gepubliceerd"
    r"|published|posted|leestijd|reading time|nieuws|persbericht|news)\b",
    re.IGNORECASE,
)
_LEAD_LEAST = 40
"""Characters: what is shorter is no lead."""
_LABEL_MOST = 25
"""Characters: what is shorter and no sentence, before the first paragraph, is a label."""
STAND_IN = "first words of the text"
"""Origin of a title that the page does not have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dated:
    """The day of publication, or the reason why there is none."""

    day: date | None = None
    origin: str = ""
    doubt: str = ""
    """A date in figures whose day and month could be swapped, as it stands on the page."""


def find_title(placed: Sequence[Placed], told: Metadata) -> Told:
    """Return the page's title: the heading that the head of the page confirms, or what it says.

    Without any, the value is empty.
    """
    headings = [
        each
        for each in placed
        if each.element.tag == "h1" and not _is_home(each, told) and each.block.text
    ]
    stated = [words_of(title.value) for title in told.titles]
    confirmed = [
        each.block.text
        for each in headings
        if any(f" {words_of(each.block.text)} " in f" {title} " for title in stated)
    ]
    if confirmed:
        return Told(value=max(confirmed, key=len), origin="<h1>")
    if shown := _bold_title(placed, stated):
        return Told(value=shown, origin="first line of the text, in bold")
    own = [words_of(_without_site(title, told, placed)) for title in told.titles]
    if shown := _only_heading(headings, placed, own):
        return Told(value=shown, origin="<h1>")
    for title in told.titles:
        if value := _without_site(title, told, placed):
            return Told(value=value, origin=title.origin)
    for name in ("h1", "h2"):
        for each in placed:
            if each.element.tag == name and each.block.text:
                return Told(value=each.block.text, origin=f"<{name}>")
    return Told(value="", origin="")


def find_date(
    placed: Sequence[Placed],
    told: Metadata,
    root: HtmlElement,
    *,
    title: str,
    language: str,
    url: str,
) -> Dated:
    """Return the day of publication, from what the page states down to what it shows."""
    for stated in told.dates:
        mentions = find_dates(stated.value, language=language)
        day = day_of(stated.value) or (mentions[0].day if mentions else None)
        if day is not None:
            return Dated(day=day, origin=stated.origin)
    for element in _time_elements(root):
        value = str(element.get("datetime") or element.get("content") or "")
        if day := day_of(value):
            return Dated(day=day, origin=f"<{element.tag}>")
    doubt = ""
    for text in _date_lines(placed, title=title):
        for mention in find_dates(text, language=language):
            if mention.day is not None:
                return Dated(day=mention.day, origin=f"the line {text!r}")
            doubt = doubt or mention.text
    match = re.search(r"/(\d{4})/(\d{1,2})/(\d{1,2})(?:/|$)", urlsplit(url).path)
    if match and (day := day_of(f"{match[1]}-{int(match[2]):02}-{int(match[3]):02}")):
        return Dated(day=day, origin="address of the page")
    return Dated(doubt=doubt)


def find_lead(placed: Sequence[Placed], *, title: str) -> tuple[int | None, str]:
    """Return which block is the lead, and where that was read; None if there is none."""
    start = next((n for n, each in enumerate(placed) if each.block.place is Place.BODY), None)
    if start is None:
        return None, ""
    shown = title_at(placed, title=title)
    # A lead that is marked as one stands between the title and the first paragraphs.
    paragraphs = 0
    for number in range(shown + 1 if shown is not None and shown <= start else start, len(placed)):
        each = placed[number]
        if each.block.place is Place.ELSEWHERE or len(each.block.text) < _LEAD_LEAST:
            continue
        if _is_named_lead(each.element) and each.block.kind in (Kind.PARAGRAPH, Kind.HEADING):
            return number, "what the page marks as its lead"
        paragraphs += each.block.place is Place.BODY
        if paragraphs > 2:
            break
    for number in range(start, len(placed)):
        block = placed[number].block
        if block.place is not Place.BODY or block.kind in (Kind.IMAGE, Kind.VIDEO):
            continue
        if is_prelude(placed[number], title=title):
            continue
        if block.kind is Kind.PARAGRAPH:
            return number, "first paragraph"
        return None, ""
    return None, ""


_CHANGED = re.compile(
    r"(?:laatst|last|zuletzt|dernière)\b.{0,20}\b(?:aangepast|gewijzigd|bijgewerkt|bewerkt|updated"
    r"|modified|edited|aktualisiert|geändert|mise à jour|modification)\b",
    re.IGNORECASE,
)


def is_note_of_change(placed: Placed) -> bool:
    """Say whether a block only tells when the page was last changed."""
    return len(placed.block.text) < 100 and bool(_CHANGED.match(placed.block.text))


def is_prelude(placed: Placed, *, title: str) -> bool:
    """Say whether a block before the text only repeats title, date, section or author."""
    text = placed.block.text
    if placed.element.tag == "h1" or words_of(text) in (words_of(title), ""):
        return True
    if placed.block.kind not in (Kind.PARAGRAPH, Kind.ITEM, Kind.HEADING) or len(text) > 100:
        return False
    if all(
        is_date_line(line.text) or words_of(line.text) == words_of(title)
        for line in placed.block.lines
    ):
        return True
    if _BYLINE.match(text) and not re.search(r"[.!?]$", text):
        return True
    short = len(text) < _LABEL_MOST and not re.search(r"[.!?:]$", text)
    return short and placed.block.kind is not Kind.HEADING


def _bold_title(placed: Sequence[Placed], stated: Sequence[str]) -> str:
    """Pages without headings set their title in bold, and call every page by the site's name."""
    if any(each.block.kind is Kind.HEADING and len(each.block.text) > 20 for each in placed):
        return ""
    texts = {words_of(line.text) for each in placed for line in each.block.lines}
    if any(title in texts for title in stated):
        return ""
    for each in placed:
        if each.block.place is Place.BODY and each.block.kind is Kind.PARAGRAPH:
            line = each.block.lines[0]
            bold = re.fullmatch(r"\*\*[^*]+\*\*", line.markdown)
            return line.text if bold and len(line.text) <= 150 else ""
    return ""


def _only_heading(
    headings: Sequence[Placed], placed: Sequence[Placed], stated: Sequence[str]
) -> str:
    """Return the one great heading above the text, where the head of the page says it otherwise.

    Titles for search engines and social media are often worded anew. `Blog` and `Actueel` are
    headings of a section; they share no word with what the page calls itself.
    """
    first = next((n for n, each in enumerate(placed) if each.block.place is Place.BODY), None)
    until = placed if first is None else placed[: first + 1]
    above = {each.block.text for each in until if each in headings}
    if len(above) != 1:
        return ""
    (shown,) = above
    words = set(words_of(shown).split())
    shared = {word for title in stated for word in title.split() if len(word) > 3} & words
    # `Nieuws van Stichting` shares the one word that all titles of the site have.
    return shown if not stated or len(shared) > 1 or (shared and len(words) > 3) else ""


def _is_home(placed: Placed, told: Metadata) -> bool:
    """A first heading may be the site's own name, linked to its home page."""
    text = words_of(placed.block.text)
    if told.site_name and text == words_of(told.site_name):
        return True
    links = [link for line in placed.block.lines for link in line.links]
    return (
        len(links) == 1
        and urlsplit(links[0].url).path in ("", "/")
        and bool(words_of(links[0].text) == text)
    )


def _without_site(title: Told, told: Metadata, placed: Sequence[Placed]) -> str:
    """Cut the site's name from a title: `Kop | Stichting`."""
    value = title.value
    parts = _SITE_JOINT.split(value)
    if len(parts) < 2:
        return value
    site = words_of(told.site_name)
    for cut, part in ((0, parts[0]), (-1, parts[-1])):
        if site and words_of(part) in (site, site.replace(" ", "")):
            start, end = value.find(parts[1]), value.rfind(parts[-2]) + len(parts[-2])
            return value[start:] if cut == 0 else value[:end]
    if title.origin != "<title>":
        return value
    shown = {words_of(each.block.text) for each in placed if each.block.kind is Kind.HEADING}
    known = [part for part in parts if words_of(part) in shown]
    # The last part of a window's title is mostly the site.
    return known[0] if known else value[: value.rfind(parts[-2]) + len(parts[-2])]


def _time_elements(root: HtmlElement) -> Iterator[HtmlElement]:
    yield from root.iterfind(".//*[@itemprop='datePublished']")
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


def _date_lines(placed: Sequence[Placed], *, title: str) -> Iterator[str]:
    """Yield short lines with a date around the title, then those at the end of the text."""
    shown = title_at(placed, title=title)
    body = [n for n, each in enumerate(placed) if each.block.place is Place.BODY]
    start = shown if shown is not None else (body[0] if body else 0)
    around = [*range(start, start + 6), *range(max(0, start - 4), start)]
    after = [body[-1], body[-1] + 1, body[-1] + 2] if body else []
    for number in [*around, *after]:
        if number < len(placed):
            for line in placed[number].block.lines:
                if is_date_line(line.text):
                    yield line.text


def title_at(placed: Sequence[Placed], *, title: str) -> int | None:
    """Return which block shows the title, headings first; None if none does."""
    same = [n for n, each in enumerate(placed) if words_of(each.block.text) == words_of(title)]
    headings = [n for n in same if placed[n].block.kind is Kind.HEADING]
    found = headings or same
    return found[0] if found else None


def _is_named_lead(element: HtmlElement) -> bool:
    around = [element, *islice(element.iterancestors(), 3)]
    return any(
        _LEAD_NAME.search(f"{each.get('class') or ''} {each.get('id') or ''}")
        or each.get("itemprop") == "description"
        for each in around
        if each.tag not in ("html", "body", "main", "article")
    )

"""The lead of a page, and what stands before its text only to repeat its head."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice

from lxml.html import HtmlElement

from flows.news.blocks import Kind, Place
from flows.news.dates import is_date_line
from flows.news.markup import Placed
from flows.news.title import shows_title, title_at
from flows.news.words import words_of

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
_NO_LEAD = re.compile(
    r"[(\[*]*(?:©|copyright\b|credits?:|(?:foto|photo|beeld|bild|image)(?:credit|graph|s)?\b.{0,20}[:/©]"
    r"|abb\.|home\b|startseite\b|(?:geschatte |estimated )?(?:leestijd|reading time)\b"
    r"|(?:geschreven|written|posted|escrito|publicado|veröffentlicht|aktualisiert|publié)\b"
    r"|(?:log ?in|sign up|anmelden|inloggen)\b)"
    r"|.*[>»＞›]\s*\S+.*[>»＞›]",
    re.IGNORECASE,
)
"""How credits, bylines and breadcrumbs begin, which are kept as text but say nothing."""
_NO_LEAD_MOST = 120
_LEAD_LEAST = 40
"""Characters: what is shorter is no lead."""
_LABEL_MOST = 25
"""Characters: what is shorter and no sentence, before the first paragraph, is a label."""


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
        if (
            each.block.kind in (Kind.PARAGRAPH, Kind.HEADING)
            and _is_named_lead(each.element)
            and _may_lead(each, title=title)
        ):
            return number, "what the page marks as its lead"
        paragraphs += each.block.place is Place.BODY
        if paragraphs > 2:
            break
    for number in range(start, len(placed)):
        each = placed[number]
        if each.block.place is not Place.BODY or each.block.kind in (Kind.IMAGE, Kind.VIDEO):
            continue
        if each.block.kind is Kind.PARAGRAPH and _may_lead(each, title=title):
            return number, "first paragraph"
        if not is_prelude(each, title=title) and _may_lead(each, title=title):
            return None, ""
    return None, ""


def _may_lead(placed: Placed, *, title: str) -> bool:
    """Say whether a block tells something: no date, byline, credit, crumb or caption does."""
    text = placed.block.text
    if is_prelude(placed, title=title):
        return False
    if len(text) <= _NO_LEAD_MOST and (_NO_LEAD.match(text) or is_date_line(text)):
        return False
    return next(placed.element.iterancestors("figure"), None) is None


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
    if placed.element.tag == "h1" or not words_of(text) or shows_title(placed.block, title=title):
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


def _is_named_lead(element: HtmlElement) -> bool:
    around = [element, *islice(element.iterancestors(), 3)]
    return any(
        _LEAD_NAME.search(f"{each.get('class') or ''} {each.get('id') or ''}")
        or each.get("itemprop") == "description"
        for each in around
        if each.tag not in ("html", "body", "main", "article")
    )

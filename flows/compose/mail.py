"""A mail's draft, read and rendered: once per message, with slots for what differs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypedDict
from urllib.parse import quote, urlsplit

from pydantic import BeforeValidator

from flows.compose.layout import compile_mail
from flows.compose.markup import Block, Box, Span, parse_boxes, split_fields
from flows.compose.plaintext import blocks_as_text, spans_as_text, wrapped
from flows.compose.regions import divided, regions_as_text, row_of, with_lead
from flows.compose.rendered import Passage, RenderedMail
from flows.compose.slots import SlotValue, literal, one_line, slot, value_of
from flows.compose.theme import Design, Theme, theme_of
from flows.compose.wording import Marking, Wording, is_right_to_left, short_date, wording
from flows.errors import InputError
from flows.files import split_front_matter, validated
from flows.models import MessageKind, NewsItem, Organisation, Value

if TYPE_CHECKING:
    from markupsafe import Markup

TEMPLATES = {MessageKind.ISSUE: "issue.mjml", MessageKind.MAILOUT: "mailout.mjml"}

PLACEHOLDER = re.compile(r"\[\[[^\]\n]*\]\]")
"""What a draft leaves for a person to fill in: `[[vul in: …]]`."""

_WEB_ADDRESS = re.compile(r"https?://[^\s<>\"\\]+", re.IGNORECASE)

Words = Annotated[str, BeforeValidator(lambda value: "" if value is None else value)]
"""Text that may be left empty, which YAML reads as null."""


class _FrontMatter(Value):
    subject: Words = ""
    preheader: Words = ""
    link: Words = ""
    language: Words = ""
    attachments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MailDraft:
    """What a person wrote: a mail, before it is rendered."""

    subject: str
    """As written, with fields."""
    preheader: str
    link: str
    """The item's own page; empty as long as it is not filled in."""
    language: str
    """Empty if it is the item's."""
    attachments: tuple[str, ...]
    boxes: tuple[Box, ...]
    where: str


def read_mail_draft(text: str, *, where: str) -> MailDraft:
    """Read `newsletter.md` or `mailout.md`.

    Args:
        text: The file's text.
        where: The file's name, for errors.

    Raises:
        InputError: the front matter or a box in the body cannot be read, or the link is none.
    """
    values, body = split_front_matter(text, where=where)
    front = validated(values, _FrontMatter, where=where)
    return MailDraft(
        subject=one_line(front.subject),
        preheader=one_line(front.preheader),
        link=checked_link(front.link, where=where),
        language=front.language,
        attachments=tuple(name for name in front.attachments if not PLACEHOLDER.search(name)),
        boxes=parse_boxes(body, where=where, first_line=1 + text.count("\n") - body.count("\n")),
        where=where,
    )


def checked_link(link: str, *, where: str) -> str:
    """Return a link of front matter, or nothing as long as it is to be filled in.

    Raises:
        InputError: it is no web address.
    """
    link = link.strip()
    if not link or PLACEHOLDER.search(link):
        return ""
    if not (_WEB_ADDRESS.fullmatch(link) and link.isprintable() and _host(link)):
        raise InputError(
            f"{link[:80]!r} is not a web address.",
            where=f"{where}: link",
            mend="Write the whole address, such as `link: https://www.voorbeeld.example/oproep`.",
        )
    return link


def render_mail(
    draft: MailDraft,
    *,
    kind: MessageKind,
    organisation: Organisation,
    item: NewsItem,
    templates: Path,
    marking: Marking = Marking.NONE,
) -> RenderedMail:
    """Render a mail once for all its recipients.

    Args:
        draft: What a person wrote.
        kind: An issue or a mail-out.
        organisation: Who sends.
        item: The news item, for its title, date and language.
        templates: The folder of the templates.
        marking: Whether it is a rehearsal or a test.

    Raises:
        InputError: a template cannot be used, or the mail would load something from elsewhere.
    """
    voice = _voice(draft, kind, organisation, item, marking)
    heading, regions = divided(draft.boxes, title=item.title)
    html, passage_html = compile_mail(
        TEMPLATES[kind],
        {
            **voice,
            "heading": heading,
            "row_of": row_of,
            "regions": with_lead(regions) if kind is MessageKind.ISSUE else regions,
        },
        templates=templates,
        hosts=_own_hosts(draft, organisation, item),
    )
    body, passage_text = regions_as_text(regions, link=draft.link)
    words = wording(voice["language"])
    return RenderedMail(
        kind=kind,
        subject=words.marks.get(marking, "") + _line(draft.subject),
        preheader=_line(draft.preheader),
        html=html,
        text="\n\n".join(filter(None, (*_head(voice, heading), body, *_foot(voice)))) + "\n",
        language=voice["language"],
        direction=voice["direction"],
        attachments=draft.attachments,
        passages={
            region.passage: Passage(
                html=passage_html[region.passage],
                text=passage_text[region.passage],
                for_signatories=region.signatories,
            )
            for region in regions
            if region.passage
        },
        neutral=_neutral(organisation, words),
    )


class _Voice(TypedDict):
    """What surrounds the body: said by the templates, and again by the plain text."""

    language: str
    direction: Design
    start: Design
    title: Markup
    preheader: Markup
    notice: str
    dateline: str
    link: str
    for_reader: bool
    why: tuple[Span, ...]
    organisation: Organisation
    words: Wording
    theme: Theme


def _voice(
    draft: MailDraft,
    kind: MessageKind,
    organisation: Organisation,
    item: NewsItem,
    marking: Marking,
) -> _Voice:
    language = draft.language or item.language or organisation.language
    words = wording(language)
    rtl = is_right_to_left(language)
    for_reader = kind is MessageKind.ISSUE
    return _Voice(
        language=language,
        direction=Design("rtl" if rtl else "ltr"),
        start=Design("right" if rtl else "left"),
        title=_markup(words.marks.get(marking, ""), draft.subject),
        preheader=_markup("", draft.preheader),
        notice=words.notices.get(marking, ""),
        dateline=short_date(item.published, language) if item.published else "",
        link=draft.link,
        for_reader=for_reader,
        why=tuple(split_fields(words.why_reader if for_reader else words.why_partner)),
        organisation=organisation,
        words=words,
        theme=theme_of(organisation.brand.color),
    )


def _line(written: str) -> str:
    """Return a line of front matter as plain text with slots."""
    return spans_as_text(tuple(split_fields(written)), link="")


def _markup(mark: str, written: str) -> Markup:
    """Return a line of front matter as HTML with slots, which may stand in an attribute."""
    from markupsafe import Markup, escape

    return Markup("").join((escape(mark), escape(_line(written))))


def _head(voice: _Voice, heading: tuple[Span, ...]) -> Iterator[str]:
    """Yield what stands above the body in plain text."""
    words = voice["words"]
    if voice["notice"]:
        yield f"*** {voice['notice']} ***"
    what = words.newsletter if voice["for_reader"] else words.for_partners
    parts = (literal(voice["organisation"].name), what, voice["dateline"])
    yield wrapped(" · ".join(filter(None, parts)))
    yield blocks_as_text((Block(kind="heading", level=1, spans=heading),), link=voice["link"])


def _foot(voice: _Voice) -> Iterator[str]:
    """Yield what stands below the body in plain text."""
    words, organisation = voice["words"], voice["organisation"]
    # Mail programs know these two dashes as the beginning of who sends (RFC 3676, 4.3).
    yield "-- \n" + literal("\n".join((organisation.legal_name, *organisation.address)))
    yield wrapped(spans_as_text(voice["why"], link=""))
    if voice["for_reader"]:
        yield f"{words.unsubscribe}:\n{slot('unsubscribe_url')}"
    else:
        yield wrapped(words.answer)
    if voice["link"]:
        yield f"{words.on_website}:\n{literal(voice['link'])}"


def _own_hosts(draft: MailDraft, organisation: Organisation, item: NewsItem) -> frozenset[str]:
    """Return the hosts that the mail may load images from: ours, and those of the item."""
    urls = (
        organisation.website,
        draft.link,
        item.source,
        *(image.url for image in item.images),
    )
    return frozenset(filter(None, (_host(url) for url in urls)))


def _host(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:  # brackets that hold no IPv6 address
        return None


def _neutral(organisation: Organisation, words: Wording) -> dict[str, SlotValue]:
    """Return what fills the slots for no reader in particular; one leaves the list by mail."""
    leave = f"mailto:{organisation.mail.reply_to}?subject={quote(words.unsubscribe_subject)}"
    return {
        "greeting": value_of(words.dear_reader),
        "name": value_of(words.reader),
        "contact": value_of(words.reader),
        "organisation": value_of(words.your_organisation),
        "unsubscribe_url": value_of(leave),
    }

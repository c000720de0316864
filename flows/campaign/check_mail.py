"""Checks on mails as they will be sent: the rendered HTML and plain text, filled in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flows.campaign.look import Look, error, warning
from flows.models import MessageKind, Problem

if TYPE_CHECKING:
    from lxml.html import HtmlElement

MAX_HTML = 102_000
"""Octets; Gmail cuts off what comes after, and with it the unsubscribe link."""
LONG_SUBJECT = 70
"""Characters; telephones show some 40, most programs some 70."""
MAX_SUBJECT = 200
_LOADS = re.compile(r"url\(\s*['\"]?([^'\")]+)|@import\s+['\"]([^'\"]+)", re.IGNORECASE)
_LOADING = ("src", "srcset", "background", "poster", "data")


def subject(look: Look) -> Iterator[Problem]:
    """`subject-missing`, `subject-long`, `all-caps`: the line by which a mail is opened or not."""
    for mail in look.mails:
        text = mail.subject.strip()
        where = look.where_field(mail, "subject")
        if not text:
            what = "The subject is empty."
            yield error("subject-missing", where, what, "Write `subject:` in the draft.")
        elif len(text) > MAX_SUBJECT:
            what = f"The subject has {len(text)} characters; at most {MAX_SUBJECT} are sent."
            yield error("subject-long", where, what, "Say it in one short sentence.")
        elif len(text) > LONG_SUBJECT:
            what = f"The subject has {len(text)} characters; most programs show {LONG_SUBJECT}."
            yield warning("subject-long", where, what, "Put what matters first, or shorten it.")
        if text.isupper() and len(text) > 8:
            what = "The subject is in capitals only."
            yield warning("all-caps", where, what, "Write it as a sentence.")


def preheader(look: Look) -> Iterator[Problem]:
    """`preheader-missing`: inboxes show it beside the subject, or else whatever comes first."""
    for mail in look.mails:
        if not mail.preheader.strip():
            what = "The preheader is empty."
            mend = "Write `preheader:` in the draft: one sentence that goes on from the subject."
            yield error("preheader-missing", look.where_field(mail, "preheader"), what, mend)


def unsubscribe(look: Look) -> Iterator[Problem]:
    """`unsubscribe-missing`: every issue has a visible way out, in both of its forms."""
    for mail in look.mails:
        if mail.step.kind.sends is not MessageKind.ISSUE:
            continue
        links = [link.get("href", "") for link in mail.tree.iter("a")]
        for form, there in (
            ("HTML", mail.unsubscribe_url in links),
            ("plain text", mail.unsubscribe_url in mail.text),
        ):
            if not mail.unsubscribe_url or not there:
                what = f"The {form} form of the issue has no link to unsubscribe."
                mend = "Put the link back into the template of the issue."
                yield error("unsubscribe-missing", mail.where, what, mend)


def legal_sender_shown(look: Look) -> Iterator[Problem]:
    """`sender-not-shown`: legal name and postal address stand in both forms of every mail."""
    if look.organisation is None:
        return
    wanted = (look.organisation.legal_name, *look.organisation.address)
    for mail in look.mails:
        for form, shown in (("HTML", mail.tree.text_content()), ("plain text", mail.text)):
            missing = [line for line in wanted if _plain(line) not in _plain(shown)]
            if missing:
                what = f"The {form} form lacks the sender's {', '.join(missing)}."
                mend = "Put the sender's block back into the template."
                yield error("sender-not-shown", mail.where, what, mend)


def _plain(text: str) -> str:
    return " ".join(text.split())


def alternative_texts(look: Look) -> Iterator[Problem]:
    """`alt-missing`: who does not see the image reads its alternative text."""
    for mail in look.mails:
        for image in mail.tree.iter("img"):
            if image.get("alt") is None or (_is_content(image) and not image.get("alt").strip()):
                what = f"An image has no alternative text: {image.get('src', '')[:80]}"
                mend = "Describe in the draft or the item what is to be seen."
                yield error("alt-missing", mail.where, what, mend)


def _is_content(image: HtmlElement) -> bool:
    """Whether an image says something: decoration is marked as such."""
    return not (image.get("role") == "presentation" or image.get("aria-hidden") == "true")


def language(look: Look) -> Iterator[Problem]:
    """`language-missing`: without it a screen reader reads Dutch as English."""
    for mail in look.mails:
        if not mail.tree.get("lang"):
            what = "The HTML does not say which language it is in."
            yield error("language-missing", mail.where, what, "Write `language:` in item.md.")


def foreign_hosts(look: Look) -> Iterator[Problem]:
    """`foreign-host`: what a mail loads from elsewhere tells that somebody reads it."""
    own = urlsplit(look.settings.public_url).hostname
    for mail in look.mails:
        for url in sorted(set(_loaded(mail.tree))):
            host = urlsplit(url).hostname
            if host and host != own:
                what = f"The mail would load something from {host}: {url[:80]}"
                mend = "Take the image or font out, or put it on the page of the organisation."
                yield error("foreign-host", mail.where, what, mend)


def _loaded(tree: HtmlElement) -> Iterator[str]:
    for element in tree.iter():
        if not isinstance(element.tag, str):
            yield from _urls_of_style(element.text or "")
            continue
        for attribute in _LOADING:
            if value := element.get(attribute):
                yield value.split()[0]
        if element.tag == "link" and element.get("href"):
            yield element.get("href")
        if element.tag == "style":
            yield from _urls_of_style(element.text or "")
        yield from _urls_of_style(element.get("style", ""))


def _urls_of_style(style: str) -> Iterator[str]:
    for groups in _LOADS.findall(style):
        yield from filter(None, groups)


def size(look: Look) -> Iterator[Problem]:
    """`html-too-large`: Gmail cuts off what comes after 102 KB."""
    for mail in look.mails:
        octets = len(mail.html.encode())
        if octets > MAX_HTML:
            what = f"The HTML has {octets / 1000:.0f} KB; Gmail cuts it off after 102 KB."
            mend = "Shorten the text, and link to the page for the rest."
            yield error("html-too-large", mail.where, what, mend)

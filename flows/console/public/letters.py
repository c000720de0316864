"""The mails that the public pages send: one thing to know, one button, one link."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from markupsafe import Markup, escape

from flows import clock
from flows.audience.people import Subscriber
from flows.compose.layout import compile_mail as lay_out
from flows.compose.messages import Mail
from flows.compose.mime import CompiledMail, MailSpec, compile_mail
from flows.compose.mime_headers import wire_address
from flows.compose.plaintext import wrapped
from flows.compose.slots import literal, slot, value_of
from flows.compose.theme import Design, theme_of
from flows.console.public.words import Letter, Words
from flows.models import Organisation

TEMPLATE = "letter.mjml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Who sends, and how it looks."""

    organisation: Organisation
    templates: Path

    def mail(
        self, letter: Letter, words: Words, *, person: Subscriber, url: str, lists: str = ""
    ) -> Mail:
        """Return a letter to one person, ready for the wire.

        Args:
            letter: One of the letters of `words`.
            words: The language.
            person: Whom it goes to.
            url: Where its button leads.
            lists: The names of the lists that it is about.

        Raises:
            InputError: the template or the address cannot be used.
        """
        organisation = self.organisation
        host = organisation.mail.from_address.rpartition("@")[2]
        content = _compiled(letter, words.code, words.letter_copy, _Key(self)).cut(
            # A stranger who fills in an address must not get to say anything to its owner.
            to_name=person.name if person.lists else "",
            to_address=person.address,
            message_id=f"<{secrets.token_hex(16)}@{host}>",
            date=clock.now().replace(microsecond=0),
            values={"url": value_of(url), "lists": value_of(lists)},
        )
        return Mail(
            # The mailbox of all returned mail; there is no delivery that it could name.
            sender=f"bounce@{organisation.mail.return_domain or host}",
            recipient=wire_address(person.address),
            content=content,
            ready=True,
        )


class _Key:
    """A sender as something to remember by: an organisation holds mappings and has no hash."""

    def __init__(self, sender: Sender) -> None:
        self.sender = sender

    def __hash__(self) -> int:
        return hash(self.sender.templates)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and self.sender == other.sender


@lru_cache(maxsize=16)
def _compiled(letter: Letter, language: str, copy_link: str, key: _Key) -> CompiledMail:
    organisation = key.sender.organisation

    def as_html(text: str) -> Markup:
        values = {"organisation": literal(organisation.name), "lists": slot("lists")}
        return Markup("{}").format(text.format(**values))

    html, _ = lay_out(
        TEMPLATE,
        {
            "language": language,
            "direction": Design("ltr"),
            "start": Design("left"),
            "title": escape(letter.subject),
            "preheader": escape(letter.preheader),
            "notice": "",
            "regions": (),
            "heading": letter.subject,
            "before": [as_html(text) for text in letter.before],
            "after": [as_html(text) for text in letter.after],
            "button": letter.button,
            "copy_link": copy_link,
            "why": letter.why,
            "organisation": organisation,
            "theme": theme_of(organisation.brand.color),
        },
        templates=key.sender.templates,
        hosts=frozenset(),
    )
    return compile_mail(
        MailSpec(
            subject=letter.subject,
            text=_text(letter, organisation),
            html=html,
            language=language,
            sender_name=organisation.mail.from_name,
            sender_address=organisation.mail.from_address,
            reply_to=organisation.mail.reply_to,
            # Nobody's absence notice need answer it (RFC 3834).
            auto_submitted="auto-generated",
        )
    )


def _text(letter: Letter, organisation: Organisation) -> str:
    values = {"organisation": literal(organisation.name), "lists": slot("lists")}
    parts = [
        literal(organisation.name),
        f"{letter.subject}\n{'=' * len(letter.subject)}",
        *(wrapped(text.format(**values)) for text in letter.before),
        f"{letter.button}:\n{slot('url')}",
        *(wrapped(text.format(**values)) for text in letter.after),
        # Mail programs know these two dashes as the beginning of who sends (RFC 3676, 4.3).
        "-- \n" + literal("\n".join((organisation.legal_name, *organisation.address))),
        wrapped(letter.why),
    ]
    return "\n\n".join(parts) + "\n"

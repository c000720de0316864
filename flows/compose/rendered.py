"""A rendered mail, and what fills its slots for one recipient."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from flows.compose.slots import SlotValue, fill, slots_in, value_of
from flows.compose.wording import Wording, wording
from flows.errors import InputError
from flows.models import MessageKind, Partner, Recipient

SIGNATORY = "signatory"
"""Among a recipient's values: `yes` for one that signed the call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A part of a mail that only some recipients get; it may hold slots of its own."""

    html: str
    text: str
    for_signatories: bool
    """Whether those get it who signed, or the others."""


@dataclass(frozen=True, kw_only=True)
class RenderedMail:
    """A mail rendered once for all its recipients, with slots for what differs."""

    kind: MessageKind
    subject: str
    """Plain text, with the mark of a rehearsal or test."""
    preheader: str
    html: str
    text: str
    language: str
    direction: str = "ltr"
    attachments: tuple[str, ...] = ()
    """Names of files in the campaign's `attachments/`."""
    passages: Mapping[str, Passage] = field(default_factory=dict)
    """By the name of the slot they stand in."""
    neutral: Mapping[str, SlotValue] = field(default_factory=dict)
    """What fills the slots for no reader in particular."""

    @cached_property
    def slots(self) -> frozenset[str]:
        """The names of the slots in subject, preheader, HTML and plain text."""
        return slots_in(self.subject, self.preheader, self.html, self.text)

    @cached_property
    def words(self) -> Wording:
        """The words of the mail's language."""
        return wording(self.language)

    @cached_property
    def needs(self) -> Mapping[bool, frozenset[str]]:
        """The fields that a recipient needs: by whether it signed."""
        own = self.slots - self.passages.keys()
        return {
            signed: own.union(
                *(
                    slots_in(passage.html, passage.text)
                    for passage in self.passages.values()
                    if passage.for_signatories == signed
                )
            )
            for signed in (False, True)
        }

    def page_html(self) -> str:
        """Return the mail as a web page, for no reader in particular."""
        values = _with_passages(self, self.neutral, signatory=False)
        return fill(self.html, {name: value.html for name, value in values.items()})

    def page_text(self) -> str:
        """Return the mail as a text to read or print, for no reader in particular."""
        values = _with_passages(self, self.neutral, signatory=False)
        return fill(self.text, {name: value.text for name, value in values.items()})


def partner_recipient(partner: Partner) -> Recipient:
    """Return a partner as a recipient, with the values that a mail-out may use."""
    return Recipient(
        address=partner.email,
        name=partner.contact,
        language=partner.language,
        values={
            "contact": partner.contact,
            "organisation": partner.organisation,
            SIGNATORY: "yes" if partner.signatory else "no",
        },
    )


def slot_values(
    mail: RenderedMail, recipient: Recipient, *, unsubscribe_url: str = ""
) -> dict[str, SlotValue]:
    """Return what fills the slots of a mail for one recipient: all of them and no others.

    Args:
        mail: The mail.
        recipient: Whose name and values are filled in.
        unsubscribe_url: The recipient's own; needed for an issue.

    Raises:
        InputError: something that the mail asks for is not known of this recipient.
    """
    signed = recipient.values.get(SIGNATORY) == "yes"
    fields = _fields(mail, recipient, unsubscribe_url, mail.needs[signed])
    if len(fields) < len(mail.needs[signed]):
        missing = ", ".join(sorted(mail.needs[signed] - fields.keys()))
        raise InputError(
            f"The mail asks for what is not known here: {missing}.",
            where=recipient.address,
            mend="Fill it in for this recipient, or take the field out of the draft.",
        )
    if not mail.passages:
        return fields
    values = _with_passages(mail, fields, signatory=signed)
    return {name: values[name] for name in mail.slots}


def missing_fields(mail: RenderedMail, recipient: Recipient) -> frozenset[str]:
    """Return the names of the fields that a mail asks for and this recipient lacks."""
    needed = mail.needs[recipient.values.get(SIGNATORY) == "yes"]
    return needed - _fields(mail, recipient, "https://afmelden.invalid/", needed).keys()


def _fields(
    mail: RenderedMail, recipient: Recipient, unsubscribe_url: str, needed: frozenset[str]
) -> dict[str, SlotValue]:
    """Return what is known of a recipient of what is needed; what is empty is not known."""
    values: dict[str, SlotValue] = {}
    for field_name in needed:
        if field_name == "unsubscribe_url":
            text = unsubscribe_url
        elif field_name == "name":
            text = recipient.name
        elif field_name == "greeting":
            name = recipient.name.strip()
            text = mail.words.dear.format(name) if name else mail.words.dear_reader
        else:
            text = recipient.values.get(field_name, "")
        value = value_of(text)
        if value.text:
            values[field_name] = value
    return values


def _with_passages(
    mail: RenderedMail, fields: Mapping[str, SlotValue], *, signatory: bool
) -> dict[str, SlotValue]:
    values = dict(fields)
    for name, passage in mail.passages.items():
        if passage.for_signatories != signatory:
            values[name] = SlotValue(text="", html="")
            continue
        values[name] = SlotValue(
            text=fill(passage.text, {field: value.text for field, value in fields.items()}),
            html=fill(passage.html, {field: value.html for field, value in fields.items()}),
        )
    return values

"""Checks on what differs per recipient, and on the files that go along."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from flows.campaign.channel_kinds import Whose
from flows.campaign.folder import ATTACHMENTS, PARTNERS_FILE, READERS_FILE
from flows.campaign.look import Lacking, Look, error, warning
from flows.campaign.rendering import recipients_of
from flows.compose.markup import unknown_fields
from flows.compose.rendered import RenderedMail, missing_fields
from flows.models import Problem, Recipient

ALWAYS_KNOWN = frozenset({"greeting", "unsubscribe_url"})
"""Fields that every subscriber has."""
SHOWN = 3
"""How many of those who lack something are named."""


def fields_unknown(look: Look) -> Iterator[Problem]:
    """`field-unknown`: braces that look like a field and are none would be sent as they are."""
    for draft, text in look.texts.items():
        for line, field in unknown_fields(text):
            what = f"{field} is not a field that can be filled in."
            mend = "Correct its name, or write \\{\\{ if braces are meant."
            yield error("field-unknown", look.where(draft, line), what, mend)


def fields_unfilled(look: Look) -> Iterator[Problem]:
    """`field-unfilled`: a recipient about whom something that the mail says is not known."""
    for step, content in look.composed:
        if not step.kind.is_mail or (step.kind.whose is Whose.PARTNERS and look.partners is None):
            continue
        file = PARTNERS_FILE if step.kind.whose is Whose.PARTNERS else READERS_FILE
        for recipient in recipients_of(look.campaign, step, look.readers or ()):
            if missing := missing_fields(content.mail, recipient):
                what = f"{recipient.address} has no {', '.join(sorted(missing))}."
                mend = f"Fill it in, or take the field out of {step.draft}."
                yield error("field-unfilled", file, what, mend)
    for step in look.steps:
        if (lacking := look.lacking.get(step.number)) is not None:
            fields, some = ", ".join(sorted(lacking.fields)), ", ".join(lacking.some)
            what = f"Of {lacking.people:,} on the list {step.list} {fields} is not known: {some}."
            mend = f"Fill it in by `oproep audience import`, or take it out of {step.draft}."
            yield error("field-unfilled", look.where_step(step), what, mend)


def lacking_fields(mail: RenderedMail, readers: Iterable[Recipient]) -> Lacking | None:
    """Return what subscribers lack that a mail asks for; None if nobody lacks anything."""
    if mail.needs[False] <= ALWAYS_KNOWN:
        return None
    fields: set[str] = set()
    people: list[str] = []
    count = 0
    for reader in readers:
        if missing := missing_fields(mail, reader):
            fields |= missing
            count += 1
            if count <= SHOWN:
                people.append(reader.address)
    return Lacking(fields=frozenset(fields), people=count, some=tuple(people)) if count else None


def attachments(look: Look) -> Iterator[Problem]:
    """`attachment-missing`, `attachment-unused`: the files that the drafts promise are there."""
    named: set[str] = set()
    for step, content in look.composed:
        if not step.kind.is_mail:
            continue
        named.update(content.mail.attachments)
        there = {attachment.file_name for attachment in content.attachments}
        for name in content.mail.attachments:
            if name not in there:
                what = f"The attachment {name!r} is not in the folder {ATTACHMENTS}/."
                mend = "Put the file there, or take it out of `attachments:` in the draft."
                yield error("attachment-missing", look.where(step.draft), what, mend)
    if named:
        folder = look.campaign.path / ATTACHMENTS
        unused = sorted({path.name for path in folder.glob("[!.]*")} - named)
        for name in unused:
            what = f"No draft attaches {name!r}."
            mend = "Name it under `attachments:` in the mail-out, if it is to go along."
            yield warning("attachment-unused", look.where(f"{ATTACHMENTS}/{name}"), what, mend)


def addresses_twice(look: Look) -> Iterator[Problem]:
    """`recipient-on-both`: a partner who also reads the newsletter gets one of the two."""
    mailed = {step.kind.whose for step in look.steps if step.kind.is_mail}
    if not {Whose.PARTNERS, Whose.SUBSCRIBERS} <= mailed:
        return
    partners = {partner.email.casefold() for partner in look.partners or ()}
    both = [each.address for each in look.readers or () if each.address.casefold() in partners]
    if both:
        shown = ", ".join(both[:3]) + (f" and {len(both) - 3} more" if len(both) > 3 else "")
        what = f"Readers who are partners as well: {shown}."
        first = look.campaign.plan.mails_by_preference[0].kind.label
        mend = f"Each gets the {first} and not the other mail; `[recipients] prefer` decides."
        yield warning("recipient-on-both", READERS_FILE, what, mend)

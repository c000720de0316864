"""Checks on who sends and who receives."""

from __future__ import annotations

import re
from collections.abc import Iterator

from flows.audience.addresses import checked_address
from flows.campaign.channel_kinds import Whose
from flows.campaign.folder import ORGANISATION_FILE, PARTNERS_FILE, READERS_FILE
from flows.campaign.look import Look, error, warning
from flows.models import Problem

_LONG_TAG = 12
"""Characters; a tag that is longer is nearly always more than one word."""


def legal_sender(look: Look) -> Iterator[Problem]:
    """`sender-legal`, `sender-postal`: the law wants both under every mail."""
    if look.organisation is None:
        return
    if not look.organisation.legal_name:
        what = "The legal name of the sender is empty."
        yield error("sender-legal", ORGANISATION_FILE, what, 'Write `legal_name = "Stichting …"`.')
    if len([line for line in look.organisation.address if line.strip()]) < 2:
        what = "The sender's postal address is missing or is only one line."
        mend = 'Write `address = ["Straat 1", "1234 AB Plaats"]`.'
        yield error("sender-postal", ORGANISATION_FILE, what, mend)


def sender_mail(look: Look) -> Iterator[Problem]:
    """`sender-address`, `sender-name`: who sends must have a name and working addresses."""
    if look.organisation is None:
        return
    mail = look.organisation.mail
    for field, address in (("from_address", mail.from_address), ("reply_to", mail.reply_to)):
        try:
            checked_address(address)
        except ValueError as fault:
            what = f"mail.{field} is not an e-mail address: {fault}"
            yield error("sender-address", ORGANISATION_FILE, what, "Correct it.")
    if not mail.from_name.strip() or not mail.from_name.isprintable():
        what = "mail.from_name is empty or holds a line break."
        yield error("sender-name", ORGANISATION_FILE, what, "Write the name that readers know.")


def hashtags(look: Look) -> Iterator[Problem]:
    """`hashtag-case`: a screen reader spells out a tag unless every word begins with a capital."""
    for tag in look.organisation.hashtags if look.organisation else ():
        yield from hashtag_faults(tag, where=ORGANISATION_FILE)


def hashtag_faults(tag: str, *, where: str) -> Iterator[Problem]:
    """Yield what is wrong with one tag, given without its `#`."""
    if not re.fullmatch(r"\w+", tag) or tag.isdigit():
        what = f"#{tag} would not work as a hashtag."
        yield error("hashtag", where, what, "Use letters and digits only, without # and spaces.")
    elif tag[0].islower() or (len(tag) > _LONG_TAG and tag[1:].islower()):
        mend = "Begin each word with a capital: #GeenKindInDeCel."
        yield warning("hashtag-case", where, f"#{tag} is not in CamelCase.", mend)


def recipients_missing(look: Look) -> Iterator[Problem]:
    """`no-recipients`: a step that would reach nobody."""
    files = {
        Whose.PARTNERS: (PARTNERS_FILE, look.partners),
        Whose.SUBSCRIBERS: (READERS_FILE, look.readers),
    }
    for step in look.steps:
        file, people = files.get(step.kind.whose, ("", None))
        if people is not None and not people:
            what = f"Step {step.number}, {step.kind.label}, has no recipients: {file} lists none."
            yield error("no-recipients", file, what, "Add a line for each, or remove the step.")

"""The few words that we add to a message ourselves, in Dutch and in English."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType


class Marking(StrEnum):
    """Whether a message is for real."""

    NONE = "none"
    """It is."""
    REHEARSAL = "rehearsal"
    """Nothing leaves this machine."""
    TEST = "test"
    """One copy for ourselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """What stands in every message of one language."""

    dear: str
    """Greeting of a named reader; `{}` is the name."""
    dear_reader: str
    reader: str
    your_organisation: str
    newsletter: str
    for_partners: str
    marks: Mapping[Marking, str]
    """Stand before the subject."""
    notices: Mapping[Marking, str]
    """Stand above the message."""
    why_reader: str
    why_page: str
    """Takes the place of `why_reader` where an issue is read as a page."""
    why_partner: str
    unsubscribe: str
    unsubscribe_subject: str
    answer: str
    on_website: str


_DUTCH = Wording(
    dear="Beste {},",
    dear_reader="Beste lezer,",
    reader="lezer",
    your_organisation="uw organisatie",
    newsletter="Nieuwsbrief",
    for_partners="Voor onze partners",
    marks=MappingProxyType({Marking.REHEARSAL: "[REPETITIE] ", Marking.TEST: "[TEST] "}),
    notices=MappingProxyType(
        {
            Marking.REHEARSAL: "Dit is een repetitie. Dit bericht is aan niemand verstuurd.",
            Marking.TEST: "Dit is een test. Alleen u krijgt dit bericht.",
        }
    ),
    why_reader="U ontvangt deze mail omdat u zich hebt aangemeld voor onze nieuwsbrief.",
    why_page="Dit is onze nieuwsbrief zoals wij hem per mail hebben verstuurd.",
    why_partner="U ontvangt deze mail omdat {{ organisation }} een partner van ons is.",
    unsubscribe="Afmelden voor deze nieuwsbrief",
    unsubscribe_subject="Afmelden voor de nieuwsbrief",
    answer="Wilt u zulke berichten niet meer ontvangen? Beantwoord dan deze mail.",
    on_website="Lees dit bericht op onze website",
)
_ENGLISH = Wording(
    dear="Dear {},",
    dear_reader="Dear reader,",
    reader="reader",
    your_organisation="your organisation",
    newsletter="Newsletter",
    for_partners="For our partners",
    marks=MappingProxyType({Marking.REHEARSAL: "[REHEARSAL] ", Marking.TEST: "[TEST] "}),
    notices=MappingProxyType(
        {
            Marking.REHEARSAL: "This is a rehearsal. This message was sent to nobody.",
            Marking.TEST: "This is a test. You are the only one who gets this message.",
        }
    ),
    why_reader="You receive this email because you subscribed to our newsletter.",
    why_page="This is our newsletter as we sent it by email.",
    why_partner="You receive this email because {{ organisation }} is a partner of ours.",
    unsubscribe="Unsubscribe from this newsletter",
    unsubscribe_subject="Unsubscribe from the newsletter",
    answer="Would you rather not receive such messages? Please reply to this email.",
    on_website="Read this on our website",
)

_RIGHT_TO_LEFT = frozenset({"ar", "ckb", "dv", "fa", "he", "ps", "ur", "yi"})


def wording(language: str) -> Wording:
    """Return the words for a BCP 47 tag: Dutch for Dutch, English for every other language."""
    return _DUTCH if is_dutch(language) else _ENGLISH


def is_dutch(language: str) -> bool:
    """Return whether a BCP 47 tag means Dutch, as in the Netherlands or in Belgium."""
    return language.casefold().partition("-")[0] == "nl"


def is_right_to_left(language: str) -> bool:
    """Return whether a language is written from right to left."""
    return language.casefold().partition("-")[0] in {
        "ar",
        "ckb",
        "dv",
        "fa",
        "he",
        "ps",
        "ur",
        "yi",
    }


def long_date(moment: date, language: str) -> str:
    """Return a date with its weekday, and its time if it has one, as one writes it out."""
    from babel.dates import format_date

    dutch = wording(language) is _DUTCH
    day = format_date(moment, "EEEE d MMMM y", locale="nl" if dutch else "en_GB")
    if not isinstance(moment, datetime):
        return day
    return f"{day} om {moment:%H.%M} uur" if dutch else f"{day} at {moment:%H:%M}"


def short_date(day: date, language: str) -> str:
    """Return a date without its weekday: `5 februari 2026`."""
    from babel.dates import format_date

    return format_date(day, "d MMMM y", locale="nl" if wording(language) is _DUTCH else "en_GB")

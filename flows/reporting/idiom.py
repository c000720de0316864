"""How a reader writes numbers, moments and spans of time: language, time zone, plain words."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from flows.reporting.model import EventReport, Report
from flows.reporting.words import Words
from flows.reporting.words_en import EN
from flows.reporting.words_nl import NL

LANGUAGES: Mapping[str, Words] = {"nl": NL, "en": EN}

NEUTER = ("gesprek", "debat", "overleg", "congres", "festival", "symposium", "protest", "feest")
COMMON = (
    "zitting",
    "hoorzitting",
    "stemming",
    "vergadering",
    "bijeenkomst",
    "conferentie",
    "behandeling",
    "bespreking",
    "briefing",
    "demonstratie",
    "manifestatie",
    "mars",
    "wake",
    "lezing",
)
"""Last parts of the one-word Dutch event names that take `het`, and of those that take `de`."""

_TURNS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that change the direction of what follows them."""


@dataclass(frozen=True)
class Idiom:
    """One reader's language and time zone.

    Args:
        language: BCP 47 tag; anything but Dutch gets English.
        time_zone: IANA name of the zone in which moments are shown.
    """

    language: str = "nl"
    time_zone: str = "Europe/Amsterdam"

    @classmethod
    def of(cls, report: Report, *, language: str | None = None) -> Idiom:
        """Return the campaign's own idiom, or that of `language` in its time zone."""
        return cls(language or report.language, report.time_zone)

    @property
    def code(self) -> str:
        """The language that is really used: `nl` or `en`."""
        base = self.language.split("-")[0].lower()
        return base if base in LANGUAGES else "en"

    @property
    def words(self) -> Words:
        """What a report says in this language."""
        return LANGUAGES[self.code]

    @cached_property
    def zone(self) -> ZoneInfo:
        """The time zone as the machine knows it."""
        return ZoneInfo(self.time_zone)

    def local(self, moment: datetime) -> datetime:
        """Return `moment` in the reader's time zone."""
        return moment.astimezone(self.zone)

    def day(self, moment: datetime) -> str:
        """Return the date in full: `woensdag 11 februari 2026`."""
        from babel.dates import format_date

        pattern = "EEEE d MMMM y"
        return format_date(self.local(moment), pattern, locale=self._locale)

    def time(self, moment: datetime) -> str:
        """Return hours and minutes: `17:00`."""
        return self.local(moment).strftime("%H:%M")

    def moment(self, moment: datetime) -> str:
        """Return date and time: `woensdag 11 februari 2026, 17:00`."""
        return f"{self.day(moment)}, {self.time(moment)}"

    def short(self, moment: datetime) -> str:
        """Return date and time for a table: `wo 11 feb 17:00`."""
        from babel.dates import format_date

        day = format_date(self.local(moment), "EEE d MMM", locale=self._locale)
        return f"{day.replace('.', '')} {self.time(moment)}"

    def event_moment(self, event: EventReport) -> str:
        """Return when the event is, without a time that nobody gave."""
        if event.all_day:
            return f"{self.day(event.at)} ({self.words.all_day})"
        return self.moment(event.at)

    def number(self, value: int) -> str:
        """Return a number with the language's separators: `1.000.000`."""
        from babel.numbers import format_decimal

        return format_decimal(value, locale=self._locale)

    def share(self, part: int, whole: int) -> str:
        """Return a percentage that is 0 % or 100 % only if it is exactly that."""
        from babel.numbers import format_percent

        if not whole:
            return "–"
        fraction = part / whole
        if 0 < part < whole:
            fraction = min(max(fraction, 0.001), 0.999)
        exact = fraction in (0, 1) or abs(fraction * 100 - round(fraction * 100)) < 1e-9
        return format_percent(fraction, "#,##0%" if exact else "#,##0.0%", locale=self._locale)

    def channel(self, key: str) -> str:
        """Return a channel's name; that of its account too where there are several."""
        base, _, account = key.partition(":")
        name = self.words.channels.get(base, base)
        return f"{name}, {account}" if account else name

    def duration(self, span: timedelta) -> str:
        """Return a span in days, hours and minutes, rounded to the minute."""
        words = self.words
        minutes = round(span / timedelta(minutes=1))
        if minutes == 0:
            return words.under_a_minute
        hours, minutes = divmod(minutes, 60)
        # Up to two days, hours alone are what people count in: "17 hours before the hearing".
        days, hours = divmod(hours, 24) if hours >= 48 else (0, hours)
        parts = [
            f"{number} {forms[0] if number == 1 else forms[1]}"
            for number, forms in (
                (days, words.days),
                (hours, words.hours),
                (minutes, words.minutes),
            )
            if number
        ]
        return f" {words.and_} ".join(parts[:2])

    def before(self, moment: datetime, event: EventReport) -> str:
        """Return how long `moment` lies before the event: `17 uur voor het rondetafelgesprek`."""
        span = event.at - moment
        pattern = self.words.before_event if span > timedelta(0) else self.words.after_event
        if span == timedelta(0):
            pattern = self.words.at_event
        return pattern.format(duration=self.duration(abs(span)), event=self.event(event))

    def event(self, event: EventReport) -> str:
        """Return the event within a sentence, with its article where its name tells which."""
        name = printable(event.name)
        said = self.words.the_event.format(name=name)
        if self.code == "nl" and " " not in name:
            lower = name[:1].lower() + name[1:]
            if lower.endswith(NEUTER):
                said = f"het {lower}"
            elif lower.endswith(COMMON):
                said = f"de {lower}"
        return self.words.the_day_of.format(event=said) if event.all_day else said

    @property
    def _locale(self) -> str:
        return "en_GB" if self.code == "en" else self.code


def printable(text: str) -> str:
    """Return foreign text on one line without what could steer a terminal or turn the line round.

    Control characters and directional overrides go; letters and emoji of every kind stay.
    """
    kept = (
        " " if character.isspace() else character
        for character in text
        if character.isspace()
        or (unicodedata.category(character) not in ("Cc", "Cs") and character not in _TURNS)
    )
    return " ".join("".join(kept).split())

"""Dates in running text, in Dutch, English, German and French and in figures.

Names of months and weekdays, and which of day and month comes first, come from the Unicode CLDR
as Babel carries it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import chain

from flows import clock

LOCALES = ("nl", "en", "en_GB", "de", "fr")
"""Whose names of months and days are known; British English for its `Sept`."""

_RANGE = r"en|t/m|tot\s+en\s+met|tot|and|to|und|bis|et|au|[-–/&]"
_DAY_FIRST = r"""(?<![\w-])
    (?: (?P<weekday>WEEKDAYS)\.?,?\s+ (?:(?:the|le|den)\s+)? )?
    (?: (?P<from>\d{1,2})\.?\s*(?:RANGE)\s*(?:(?:WEEKDAYS)\s+)? )?
    (?P<day>\d{1,2}) (?:e|de|ste|er|st|nd|rd|th|\.)? \s* (?:of\s+)? (?P<month>MONTHS)\b\.?
    (?: ,?\s*(?P<year>\d{4}|['’]\d{2})\b )?"""
_MONTH_FIRST = r"""(?<![\w-])
    (?: (?P<weekday>WEEKDAYS)\.?,?\s+ )?
    (?P<month>MONTHS)\.?\s+ (?P<day>\d{1,2}) (?:st|nd|rd|th)? (?!\d) (?P<from>(?!))?
    (?: ,?\s+(?P<year>\d{4})\b )?"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """A date as it stands in a text."""

    day: date | None
    """None when day and month could be swapped and nothing tells which is which."""
    text: str
    start: int
    end: int
    swappable: bool = False
    """Whether day and month could be swapped; `day` then follows the language's own order."""


@dataclass(frozen=True, slots=True)
class _Names:
    months: dict[str, int]
    weekdays: dict[str, int]
    day_first: re.Pattern[str]
    month_first: re.Pattern[str]


def find_dates(text: str, *, language: str = "nl", published: date | None = None) -> list[Mention]:
    """Return the dates in `text` in their order.

    Args:
        text: Plain text; any white space between the parts of a date will do.
        language: BCP 47 tag; decides whether `03-04-2026` is in March or April.
        published: Gives the year where the text leaves it out; without it those are no dates.
    """
    if not _DIGIT.search(text):
        return []
    found = [
        *_in_words(text, language=language, published=published),
        *_in_figures(text, language=language, published=published),
    ]
    return sorted(found, key=lambda mention: mention.start)


def two_ways(figures: str, *, taken: date | None, field: str) -> str:
    """Return the sentence that tells a person of a date whose day and month could be swapped.

    Args:
        figures: The date as it stands in the text.
        taken: What it was taken for; None if it was left out.
        field: Where in item.md it belongs.
    """
    if taken is None:
        return f"The date {figures} can be read two ways; fill in `{field}` in item.md."
    return f"The date {figures} can be read two ways; it was taken for {taken.isoformat()}."


_BESIDE_MOST = 30
"""Characters that a line may hold beside its date to be a date line."""
_NAMED_MOST = 60
"""The same where the line begins with what the date is of, and may go on with who wrote it."""
_PUBLISHED = re.compile(
    r"(?:datum|date|stand|nieuws|news|persbericht|pressemitteilung|press release|nr\.)\b"
    r"|(?:laatst|last|zuletzt|dernière|article|artikel|bericht|eerst)?\s*"
    r"(?:gepubliceerd|geplaatst|bijgewerkt|gewijzigd|aangepast|geschreven|published|posted|updated"
    r"|modified|written|veröffentlicht|aktualisiert|erstellt|geändert|publié|mis à jour|modifié"
    r"|publicado|actualizado)\b",
    re.IGNORECASE,
)
_TIME = re.compile(
    r"\b\d{1,2}:\d{2}(?::\d{2})?(?:\s*(?:uur|uhr|h|a\.?m\.?|p\.?m\.?|[A-Z]{2,4}T))*(?![\w:])"
    r"|\b\d{1,2}[.h]\d{2}\s*(?:uur|uhr|u|h)\b",
    re.IGNORECASE,
)


def is_date_line(text: str) -> bool:
    """Say whether a line tells a date and next to nothing else: `Gepubliceerd op 3 mei 2026`."""
    if len(text) > 150 or not _DIGIT.search(text):
        return False
    figures = _TIME.sub(" ", text)
    # In English the month may come first; whether the line is of that language does not matter.
    mentions = find_dates(figures, language="en")
    if not 1 <= len(mentions) <= 2:
        return False
    beside = figures
    for mention in mentions:
        beside = beside.replace(mention.text, " ")
    beside = " ".join(beside.split())
    if _PUBLISHED.match(beside):
        return len(beside) <= _NAMED_MOST
    return len(beside) <= _BESIDE_MOST and not re.search(r"[.!?]$", beside)


def month_first(language: str) -> bool | None:
    """Return whether a date in figures begins with the month; None where habits differ."""
    tag = language.replace("-", "_")
    if tag == "en":
        return None
    from babel import Locale, UnknownLocaleError

    try:
        pattern = Locale.parse(tag).date_formats["short"].pattern
    except (UnknownLocaleError, ValueError):
        return None
    return bool(pattern.index("M") < pattern.index("d"))


def _in_words(text: str, *, language: str, published: date | None) -> Iterator[Mention]:
    names = _names()
    if names.months.keys().isdisjoint(_LETTERS.findall(text.lower())):
        # Most texts with figures name no month, and looking for whole dates takes its time.
        return
    # In Dutch, `in april 12 organisaties` counts organisations.
    patterns = (names.day_first, names.month_first) if language[:2] == "en" else (names.day_first,)
    for match in chain.from_iterable(pattern.finditer(text) for pattern in patterns):
        month = names.months[match["month"].lower().rstrip(".")]
        number = int(match["from"] or match["day"])
        if match["year"]:
            day = _date(_full_year(match["year"], published=published), month, number)
        else:
            weekday = names.weekdays.get((match["weekday"] or "").lower())
            day = _nearest(month, number, to=published, weekday=weekday)
        if day is not None:
            yield Mention(day=day, text=match[0], start=match.start(), end=match.end())


_DIGIT = re.compile(r"\d")
_LETTERS = re.compile(r"[^\W\d_]+")
_ISO = re.compile(r"(?<![\w/-])(\d{4})-(\d{2})-(\d{2})(?![\d-])")
_FIGURES = re.compile(r"(?<![\w./-])(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2})(?![\w/-]|\.\d)")


def _in_figures(text: str, *, language: str, published: date | None) -> Iterator[Mention]:
    for match in _ISO.finditer(text):
        if day := _date(int(match[1]), int(match[2]), int(match[3])):
            yield Mention(day=day, text=match[0], start=match.start(), end=match.end())
    for match in _FIGURES.finditer(text):
        first, second = int(match[1]), int(match[3])
        year = _full_year(match[4], published=published)
        day_first, swapped = _date(year, second, first), _date(year, first, second)
        if day_first is None and swapped is None:
            continue
        swappable = None not in (day_first, swapped) and day_first != swapped
        day = day_first or swapped
        # With dots the day comes first, wherever that is written.
        swappable = swappable and match[2] != "."
        if swappable:
            order = month_first(language)
            day = None if order is None else swapped if order else day_first
        yield Mention(
            day=day, text=match[0], start=match.start(), end=match.end(), swappable=swappable
        )


def _full_year(year: str, *, published: date | None) -> int:
    """Two figures mean this century, unless that lies more than five years ahead."""
    if len(year) == 4:
        return int(year)
    reference = published.year if published else clock.now().year
    century = reference - reference % 100
    full = century + int(year[-2:])
    return full if full <= reference + 5 else full - 100


def _nearest(month: int, day: int, *, to: date | None, weekday: int | None) -> date | None:
    """The year is left out when the reader would not doubt it: take the nearest that fits."""
    if to is None:
        return None
    years = (_date(to.year + shift, month, day) for shift in (-1, 0, 1))
    candidates = [candidate for candidate in years if candidate is not None]
    fitting = [candidate for candidate in candidates if candidate.weekday() == weekday]
    return min(fitting or candidates, key=lambda day: abs((day - to).days), default=None)


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


@cache
def _names() -> _Names:
    from babel import Locale

    months: dict[str, int] = {}
    weekdays: dict[str, int] = {}
    for name in LOCALES:
        locale = Locale.parse(name)
        for context in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                for number, word in locale.months[context][width].items():
                    months[word.lower().rstrip(".")] = number
                for number, word in locale.days[context][width].items():
                    weekdays[word.lower().rstrip(".")] = number
    return _Names(
        months=months,
        weekdays=weekdays,
        day_first=_pattern(_DAY_FIRST, months, weekdays),
        month_first=_pattern(_MONTH_FIRST, months, weekdays),
    )


def _pattern(pattern: str, months: dict[str, int], weekdays: dict[str, int]) -> re.Pattern[str]:
    parts = {"MONTHS": _any_of(months), "WEEKDAYS": _any_of(weekdays), "RANGE": _RANGE}
    return re.compile(re.sub(r"[A-Z]{5,}", lambda word: parts[word[0]], pattern), re.I | re.X)


def _any_of(words: dict[str, int]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))

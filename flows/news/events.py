"""Which dates in an item may be the event it leads up to, best first."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from datetime import date

from flows.models import FoundDate
from flows.news.dates import find_dates, is_date_line
from flows.news.sentences import sentences

_EVENT = re.compile(
    r"rondetafel|hoorzitting|debat|zitting|vergader|bijeenkomst|demonstr|manifestatie|stemming"
    r"|\bstem(?:t|men)\b|behandel|symposium|conferentie|congres|webinar|overleg|themadag|herdenking"
    r"|\bbie(?:dt|den)\b.*\baan\b|aanbieding|overhandig|actiedag"
    r"|hearing|debate|meeting|\bvotes?\b|rally|conference|round ?table|\bsession\b"
    r"|anhörung|sitzung|abstimmung|kundgebung|tagung|konferenz|runde[rn]? tisch"
    r"|audition|débat|réunion|rassemblement|conférence|table ronde|séance",
    re.IGNORECASE,
)
_NOT_THE_EVENT = re.compile(
    r"uiterlijk|tot en met|tekenen kan|aanmelden|inschrijven|register|deadline|anmeld|spätestens"
    r"|inscri",
    re.IGNORECASE,
)


def propose_events(
    paragraphs: Iterable[str], *, language: str, published: date | None
) -> list[FoundDate]:
    """Return the dates that are not past at publication, each once, with its sentence.

    A date in a sentence that speaks of a meeting, debate or the like goes first, then the one
    named most often, then the earliest.
    """
    best: dict[date, tuple[int, str]] = {}
    counts: Counter[date] = Counter()
    for text in paragraphs:
        for sentence in sentences(text):
            mentions = find_dates(sentence, language=language, published=published)
            if not mentions or is_date_line(sentence):
                continue
            score = bool(_EVENT.search(sentence)) - bool(_NOT_THE_EVENT.search(sentence))
            for mention in mentions:
                day = mention.day
                if day is None or (published is not None and day < published):
                    continue
                counts[day] += 1
                if day not in best or score > best[day][0]:
                    best[day] = (score, sentence)
    order = sorted(best, key=lambda day: (-best[day][0], -counts[day], day))
    return [FoundDate(date=day, text=best[day][1]) for day in order]


def doubtful(proposed: FoundDate, *, language: str) -> str:
    """Return the figures of a proposed date whose day and month could be swapped; else nothing."""
    for mention in find_dates(proposed.text, language=language):
        if mention.swappable and mention.day == proposed.date:
            return mention.text
    return ""

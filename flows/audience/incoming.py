"""One row of an imported file: a person who can be put on a list, or the reason why not."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from flows.audience.addresses import checked_address
from flows.audience.mapping import Mapped

MAX_NAME = 200
MAX_FIELD = 500
"""Characters."""

_FORMULA = ("=", "+", "-", "@")
_BREAKS = {"Cc", "Zl", "Zp", "Cs"}
"""Unicode categories: control characters, line and paragraph separators, halves of characters."""


class Refused(ValueError):
    """A row cannot be imported; the text says why."""


def address_of(mapped: Mapped, cells: Sequence[str]) -> str:
    """Return a row's address as it is kept.

    Raises:
        Refused: there is none, or it is no address.
    """
    text = cells[mapped.email].strip()
    if not text:
        raise Refused("There is no address.")
    try:
        return checked_address(text)
    except ValueError as error:
        raise Refused(f"It is not an address: {error}") from None


def name_of(mapped: Mapped, cells: Sequence[str]) -> str:
    """Return a row's name.

    Raises:
        Refused: it holds what would not stay in one header, or begins like a formula.
    """
    name = " ".join(filter(None, (cells[place].strip() for place in mapped.names)))
    if name.startswith(_FORMULA):
        raise Refused("The name begins like a formula.")
    _require_clean("name", name, MAX_NAME)
    return name


def fields_of(mapped: Mapped, cells: Sequence[str]) -> Mapping[str, str]:
    """Return a row's own fields; what is empty is left out.

    Raises:
        Refused: one is too long or holds a line break.
    """
    found = {name: cells[place].strip() for name, place in mapped.fields.items()}
    for name, value in found.items():
        _require_clean(name, value, MAX_FIELD)
    return {name: value for name, value in found.items() if value}


def language_of(mapped: Mapped, cells: Sequence[str], default: str) -> str:
    """Return a row's language: two letters; of `nl-BE` the first two.

    Raises:
        Refused: it is none.
    """
    text = cells[mapped.language].strip() if mapped.language is not None else ""
    language = (text or default).replace("_", "-").partition("-")[0].lower()
    if not (len(language) == 2 and language.isascii() and language.isalpha()):
        raise Refused(f"{text[:20]!r} is not a language; two letters are, such as nl.")
    return language


def consented_of(
    mapped: Mapped, cells: Sequence[str], default: datetime | None, *, zone: ZoneInfo, now: datetime
) -> datetime | None:
    """Return when consent was given, as the row says; else the default.

    Raises:
        Refused: it is no moment, or one to come.
    """
    text = cells[mapped.consented].strip() if mapped.consented is not None else ""
    if not text:
        return default
    try:
        return read_moment(text, zone=zone, now=now)
    except ValueError as error:
        raise Refused(str(error)) from None


def read_moment(text: str, *, zone: ZoneInfo, now: datetime) -> datetime:
    """Return a past moment, aware, in UTC: `2026-02-01`, `2026-02-01T09:30` or `01-02-2026`.

    Raises:
        ValueError: it is none, in a sentence.
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        try:
            parsed = datetime.strptime(text.replace("/", "-"), "%d-%m-%Y")  # noqa: DTZ007
        except ValueError:
            message = f"{text[:30]!r} is not a moment; write 2026-02-01 or 01-02-2026."
            raise ValueError(message) from None
        found = datetime.combine(parsed.date(), time())
    if found.tzinfo is None:
        found = found.replace(tzinfo=zone)
    if found > now:
        raise ValueError(f"{text[:30]!r} is still to come, so nobody consented then.")
    if found.date() < date(1995, 1, 1):
        raise ValueError(f"{text[:30]!r} is too long ago for a consent to mail.")
    return found.astimezone(UTC)


def _require_clean(what: str, text: str, most: int) -> None:
    if len(text) > most:
        raise Refused(f"The {what} is longer than {most} characters.")
    # Nearly every text is as plain as this, and the look at each character takes longer.
    if text.isprintable():
        return
    if any(unicodedata.category(character) in _BREAKS for character in text):
        raise Refused(f"The {what} holds a line break or a hidden character.")

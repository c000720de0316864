"""What people write for a moment, and the moment that they mean.

event                        the event itself
event - 17h                  hours and minutes are elapsed time
event - 1h30m
event - 2 days               days count by the calendar: the same local time, two days before
event - 2 days at 09:00      that day, at that local time
at 2026-02-11 16:30          a local time of the organisation
at 2026-02-11 16:30+01:00    a local time that names its offset, for the night clocks go back
2026-02-11T16:30:00          a TOML date-time, local or with an offset
2026-02-11                   a TOML date: 00:00 that day
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flows.errors import InputError

_EXAMPLES = "Write `event - 17h`, `event - 2 days at 09:00` or `at 2026-02-11 16:30`."
_UNITS = {"w": "weeks", "d": "days", "h": "hours", "m": "minutes"}
_PART = r"\d{1,5}\s*(?:weeks?|w|days?|d|hours?|hrs?|h|minutes?|mins?|m)"
_RELATIVE = re.compile(
    rf"event(?:\s*(?P<sign>[-−–+])\s*(?P<parts>{_PART}(?:\s*{_PART})*))?"
    r"(?:\s+at\s+(?P<hour>\d{1,2}):(?P<minute>\d{2}))?",
    re.IGNORECASE,
)
_ABSOLUTE = re.compile(
    r"(?:at\s+)?(?P<date>\d{4}-\d{2}-\d{2})"
    r"(?:[T ]\s*(?P<time>\d{1,2}:\d{2}(?::\d{2})?)\s*(?P<offset>Z|[+-]\d{2}:\d{2})?)?",
    re.IGNORECASE,
)
_YEARS = range(2000, 2100)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A point in time and how it was written."""

    at: datetime
    """Aware, UTC."""
    has_time: bool
    """False when only a date was given, so that 00:00 was taken."""
    written: str


def read_moment(value: object, *, zone: ZoneInfo, event: datetime | None) -> Moment:
    """Return the moment that a value of `campaign.toml` means.

    Args:
        value: What tomllib made of it: a date-time, a date or text.
        zone: Where local times are local.
        event: The event, aware; None where a moment may not hang on it.

    Raises:
        InputError: it means no moment, or two. `where` is left to the caller, who knows the line.
    """
    written = value.isoformat(" ") if isinstance(value, datetime) else str(value)
    try:
        at, has_time = _resolved(value, zone=zone, event=event)
    except (OverflowError, ValueError) as error:
        raise InputError(f"{written!r} is not a moment: {error}.", mend=_EXAMPLES) from None
    if at.year not in _YEARS:
        raise InputError(
            f"{written!r} lies in the year {at.year}.", mend="Is the date right? " + _EXAMPLES
        )
    return Moment(at=at, has_time=has_time, written=written)


def _resolved(value: object, *, zone: ZoneInfo, event: datetime | None) -> tuple[datetime, bool]:
    if isinstance(value, datetime):
        return (to_utc(value, zone) if value.tzinfo is None else value.astimezone(UTC)), True
    if isinstance(value, date):
        return to_utc(datetime.combine(value, time()), zone), False
    if isinstance(value, str):
        text = value.strip()
        if match := _ABSOLUTE.fullmatch(text):
            return _absolute(match, zone)
        if match := _RELATIVE.fullmatch(text):
            if event is None:
                raise InputError("The event cannot hang on the event.", mend="Write its date.")
            return _relative(match, zone, event), True
    raise InputError(f"{str(value)!r} cannot be read as a moment.", mend=_EXAMPLES)


def _absolute(match: re.Match[str], zone: ZoneInfo) -> tuple[datetime, bool]:
    day = date.fromisoformat(match["date"])
    if match["time"] is None:
        return to_utc(datetime.combine(day, time()), zone), False
    clock = time.fromisoformat(match["time"].rjust(5, "0"))
    if match["offset"]:
        written = f"{day.isoformat()}T{clock.isoformat()}{match['offset'].upper()}"
        return datetime.fromisoformat(written).astimezone(UTC), True
    return to_utc(datetime.combine(day, clock), zone), True


def _relative(match: re.Match[str], zone: ZoneInfo, event: datetime) -> datetime:
    sign = 1 if match["sign"] == "+" else -1
    days, hours = timedelta(), timedelta()
    for amount, unit in re.findall(r"(\d+)\s*([a-z])", (match["parts"] or "").lower()):
        span = timedelta(**{_UNITS[unit]: int(amount)})
        if unit in "wd":
            days += span
        else:
            hours += span
    if match["hour"] is not None and hours:
        raise InputError(
            "`at` goes with days and weeks, not with hours and minutes.", mend=_EXAMPLES
        )
    if not days and match["hour"] is None:
        return event + sign * hours
    local = event.astimezone(zone).replace(tzinfo=None) + sign * days
    if match["hour"] is not None:
        local = datetime.combine(local, time(int(match["hour"]), int(match["minute"])))
    return to_utc(local, zone) + sign * hours


def to_utc(local: datetime, zone: ZoneInfo) -> datetime:
    """Return the moment of a local time.

    Raises:
        InputError: the clocks change then, so that it happens twice or never; both readings
            are named.
    """
    first = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    second = local.replace(tzinfo=zone, fold=1).astimezone(UTC)
    if first == second:
        return first
    readings = [moment.astimezone(zone) for moment in (first, second)]
    happens = "twice" if first < second else "never"
    one, other = (
        f"{moment:%Y-%m-%d %H:%M}{_offset(moment)} ({moment.astimezone(UTC):%H:%M} UTC)"
        for moment in sorted(readings)
    )
    raise InputError(
        f"{local:%Y-%m-%d %H:%M} happens {happens} in {zone.key}, because the clocks change: "
        f"it may mean {one} or {other}.",
        mend=f"Write the one you mean with its offset: `at {readings[0]:%Y-%m-%d %H:%M}"
        f"{_offset(readings[0])}`.",
    )


def _offset(moment: datetime) -> str:
    return moment.isoformat()[-6:]

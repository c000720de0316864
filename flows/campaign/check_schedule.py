"""Checks on the hours and days at which the organisation does not want anything to begin."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from flows.campaign.look import Look, found
from flows.campaign.timeline import needed
from flows.models import Problem

_SATURDAY = 5


def quiet_hours(look: Look) -> Iterator[Problem]:
    """`step-quiet-hours`: the step is at work in the hours that `[schedule]` keeps quiet."""
    if look.organisation is None or not (quiet := look.organisation.schedule.quiet):
        return
    first, last = (time.fromisoformat(hour) for hour in quiet.split("-"))
    for step in look.steps:
        begins = step.starts.astimezone(look.zone)
        span = needed(look.reached.get(step.number, 0), look.settings) or timedelta()
        ends = (min(step.starts + span, step.deadline)).astimezone(look.zone)
        if _within(begins.time(), first, last):
            what = f"begins at {begins:%H:%M}"
        elif _comes_within(first, begins, ends):
            what = f"is at work until {ends:%H:%M}"
        else:
            continue
        yield found(
            look.organisation.schedule.rule,
            "step-quiet-hours",
            look.where_step(step),
            f"Step {step.number}, {step.kind.label}, {what}; "
            f"it is to be quiet from {quiet.replace('-', ' to ')}.",
            "Give it another moment, or change `quiet` in organisation.toml.",
        )


def free_days(look: Look) -> Iterator[Problem]:
    """`step-free-day`: the step begins in a weekend or on a public holiday."""
    if look.organisation is None or not look.organisation.schedule.working_days:
        return
    for step in look.steps:
        day = step.starts.astimezone(look.zone).date()
        if why := _free(day, look.organisation.schedule.country):
            yield found(
                look.organisation.schedule.rule,
                "step-free-day",
                look.where_step(step),
                f"Step {step.number}, {step.kind.label}, begins on {day:%Y-%m-%d}: {why}.",
                "Give it another day, or change `working_days` in organisation.toml.",
            )


def _within(moment: time, first: time, last: time) -> bool:
    """Return whether a moment lies in hours that may run over midnight."""
    if first <= last:
        return first <= moment < last
    return moment >= first or moment < last


def _comes_within(hour: time, begins: datetime, ends: datetime) -> bool:
    """Return whether an hour of the day comes after a moment and before another, both local."""
    comes = datetime.combine(begins.date(), hour, tzinfo=begins.tzinfo)
    if comes <= begins:
        comes += timedelta(days=1)
    return comes < ends


def _free(day: date, country: str) -> str:
    """Return why nobody works on a day; empty if it is a working day."""
    if day.weekday() >= _SATURDAY:
        return "a weekend"
    # Imported only where an organisation asks for it: it takes a second.
    import holidays

    try:
        name = holidays.country_holidays(country, years=day.year).get(day)
    except NotImplementedError:
        return ""
    return str(name) if name else ""

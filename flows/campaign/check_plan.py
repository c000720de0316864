"""Checks on the plan: moments, deadlines, embargoes, steps that are there twice."""

from __future__ import annotations

from collections.abc import Iterator

from flows.campaign.look import Look, error, found, warning
from flows.campaign.plan import PLAN_FILE
from flows.campaign.timeline import Planned, minutes, needed
from flows.campaign.waiting import ISSUE, PAGE, Otherwise
from flows.models import Problem, Severity
from flows.settings import NO_PUBLIC_URL


def dates_without_time(look: Look) -> Iterator[Problem]:
    """`event-without-time`, `step-without-time`: 00:00 was taken, which is rarely what is meant."""
    if look.plan:
        yield from look.plan.warnings


def event_past(look: Look) -> Iterator[Problem]:
    """`event-past`: nothing would be sent, since every deadline is behind us."""
    if look.plan and look.plan.event.at <= look.now:
        at = look.plan.event.at.astimezone(look.zone)
        yield warning(
            "event-past",
            look.where(PLAN_FILE, look.plan.event.line),
            f"{look.plan.event.name} was on {at:%Y-%m-%d at %H:%M}; nothing goes out after it.",
            "It can be rehearsed. To launch it, correct the date of the event.",
        )


def step_past(look: Look) -> Iterator[Problem]:
    """`step-past`: the step's moment is behind us, so it goes out as soon as it is launched."""
    for step in look.steps:
        if step.at <= look.now < step.deadline:
            at = step.at.astimezone(look.zone)
            yield warning(
                "step-past",
                look.where_step(step),
                f"Step {step.number}, {step.kind.label}, was to begin on {at:%Y-%m-%d at %H:%M}.",
                "Launched now, it begins at once. Give it a later moment if that is not meant.",
            )


def step_after_deadline(look: Look) -> Iterator[Problem]:
    """`step-after-deadline`: it would never start."""
    for step in look.steps:
        if step.starts >= step.deadline:
            zone = look.zone
            begins, ends = step.starts.astimezone(zone), step.deadline.astimezone(zone)
            yield error(
                "step-after-deadline",
                look.where_step(step),
                f"Step {step.number}, {step.kind.label}, begins at {begins:%Y-%m-%d %H:%M}; "
                f"its deadline is {ends:%Y-%m-%d %H:%M}.",
                "Let it begin earlier, or give it a `deadline` of its own.",
            )


def step_too_long(look: Look) -> Iterator[Problem]:
    """`step-too-long`: at the rate that the settings allow it is not through by its deadline."""
    for step in look.steps:
        if step.number not in look.reached or step.starts >= step.deadline:
            continue
        count = look.reached[step.number]
        planned = Planned(step=step, messages=count, needed=needed(count, look.settings))
        if planned.needed is not None and not planned.fits(look.now):
            yield error(
                "step-too-long",
                look.where_step(step),
                f"Step {step.number}, {step.kind.label}, needs {minutes(planned.needed):,} minutes "
                f"for {count:,} mails, and its deadline is sooner.",
                f"Let it begin by {planned.latest_start.astimezone(look.zone):%Y-%m-%d %H:%M}, "
                "or allow more mails a second.",
            )


def step_before_embargo(look: Look) -> Iterator[Problem]:
    """`step-before-embargo`: it waits for the embargo, whatever `at` says."""
    for step in look.steps:
        if step.not_before and step.at < step.not_before < step.deadline:
            until = step.not_before.astimezone(look.zone)
            yield warning(
                "step-before-embargo",
                look.where_step(step),
                f"Step {step.number}, {step.kind.label}, is held until {until:%Y-%m-%d %H:%M}.",
                "Let it begin then, so that the plan says what will happen.",
            )


def wait_in_vain(look: Look) -> Iterator[Problem]:
    """`wait-in-vain`: the address of the page that the step waits for is not known."""
    for step in look.steps:
        if step.wait is None:
            continue
        if step.wait.for_ == PAGE and look.item and not look.item.source.startswith("http"):
            what = "the item's page, whose address is not known"
            mend = "Write that address as `source:` in item.md, or leave out `wait_for`."
        elif step.wait.for_ == ISSUE and look.settings.public_url == NO_PUBLIC_URL:
            what = "the issue's page, and there are no public pages"
            mend = "Set OPROEP_PUBLIC_URL, or leave out `wait_for`."
        else:
            continue
        never = step.wait.otherwise is Otherwise.SKIP
        yield found(
            Severity.ERROR if never else Severity.WARNING,
            "wait-in-vain",
            look.where_step(step),
            f"Step {step.number}, {step.kind.label}, waits for {what}.",
            mend,
        )


def step_twice(look: Look) -> Iterator[Problem]:
    """`step-twice`: two steps of one channel and account or list at one moment."""
    seen: dict[tuple[object, ...], int] = {}
    for step in look.steps:
        to = (step.channel, step.account, step.segment.of(step.list), step.at)
        first = seen.setdefault(to, step.number)
        if first != step.number:
            yield warning(
                "step-twice",
                look.where_step(step),
                f"Steps {first} and {step.number} send to {step.kind.label} at the same moment.",
                "Remove one of them, or give it another moment.",
            )

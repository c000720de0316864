"""The steps on a line before the event: when, to how many, how long, and how late they may be."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from flows.campaign.folder import Campaign
from flows.campaign.plan import Step
from flows.campaign.rendering import compose_step
from flows.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One step on the line."""

    step: Step
    messages: int
    """How many it hands over: one per recipient, or the posts of its thread."""
    needed: timedelta | None
    """How long that takes at the allowed rate; None if nothing bounds it."""

    @property
    def latest_start(self) -> datetime:
        """The latest moment at which it can begin and still be through by its deadline."""
        return self.step.deadline - (self.needed or timedelta())

    def fits(self, now: datetime) -> bool:
        """Return whether it is through by its deadline when it begins at its time.

        If that time is behind us it begins now; when its deadline is too, nothing is late any more.
        """
        begins = self.step.starts if now >= self.step.deadline else max(self.step.starts, now)
        return begins < self.step.deadline and begins <= self.latest_start


def timeline(
    campaign: Campaign, settings: Settings, *, recipients: Callable[[Step], int]
) -> tuple[Planned, ...]:
    """Return the steps in the order in which they begin.

    Args:
        campaign: The campaign.
        settings: Of this installation: they bound the rate.
        recipients: How many a step of mail reaches.

    Raises:
        InputError: the plan or a draft cannot be read.
    """
    planned = [
        Planned(
            step=step,
            messages=(count := _messages(campaign, step, settings, recipients)),
            needed=needed(count, settings) if step.kind.is_mail else None,
        )
        for step in campaign.plan.steps
    ]
    return tuple(sorted(planned, key=lambda each: (each.step.starts, each.step.number)))


def needed(messages: int, settings: Settings) -> timedelta | None:
    """Return how long so many mails take at the fastest that the settings allow.

    None if nothing bounds it. Bounds per recipient domain are not counted: they hold up some, and
    how many of a list are at one provider is not known beforehand.
    """
    seconds = max(
        (messages / most * window for window, most in settings.smtp_bounds.items()), default=0.0
    )
    return timedelta(seconds=math.ceil(seconds)) or None


def minutes(span: timedelta) -> int:
    """Return how many minutes a span takes, the last one whole."""
    return math.ceil(span.total_seconds() / 60)


def _messages(
    campaign: Campaign, step: Step, settings: Settings, recipients: Callable[[Step], int]
) -> int:
    if step.kind.is_mail:
        return recipients(step)
    return len(compose_step(campaign, step, settings).posts)


def before_event(moment: datetime, event: datetime) -> str:
    """Return how long before the event a moment is, such as `1 d 17 h 30 m`."""
    # In UTC: two local times of one zone are subtracted as if no clock ever changed.
    left = event.astimezone(UTC) - moment.astimezone(UTC)
    sign = "" if left >= timedelta() else "+"
    minutes = abs(int(left.total_seconds())) // 60
    days, minutes = divmod(minutes, 24 * 60)
    hours, minutes = divmod(minutes, 60)
    parts = [(days, "d"), (hours, "h"), (minutes, "m")]
    return sign + (" ".join(f"{number} {unit}" for number, unit in parts if number) or "0 m")


def rows(
    line: Sequence[Planned], *, event: datetime, zone: ZoneInfo, now: datetime
) -> list[dict[str, str | int | bool | None]]:
    """Return the line as plain values: moments as ISO 8601, spans in minutes."""
    return [
        {
            "step": each.step.number,
            "channel": each.step.channel,
            "account": each.step.account,
            "at": each.step.starts.astimezone(zone).isoformat(),
            "utc": each.step.starts.isoformat(),
            "before": before_event(each.step.starts, event),
            "messages": each.messages,
            "minutes_needed": minutes(each.needed) if each.needed else None,
            "deadline": each.step.deadline.astimezone(zone).isoformat(),
            "latest_start": each.latest_start.astimezone(zone).isoformat(),
            "waits_for": each.step.wait.sentence(zone) if each.step.wait else None,
            "fits": each.fits(now),
        }
        for each in line
    ]

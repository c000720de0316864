"""A campaign as it was frozen at its launch: its steps, and who gets which part of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flows.errors import NotLaunched
from flows.models import CampaignState, Recipient, SkipReason, StepState

ENDED = (StepState.DONE, StepState.SKIPPED)
"""States of a step that is over; only `retry` opens it again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FrozenStep:
    """One step as it will be carried out."""

    number: int
    channel: str
    """Key of the channel."""
    draft: str
    at: datetime
    deadline: datetime
    account: str = ""
    """The account that its posts appear on; empty for mail."""
    list: str = ""
    """The list that its recipients are on; empty where lists mean nothing."""
    planned: int = 0
    state: StepState = StepState.SCHEDULED
    reason: str | None = None
    """Why it is held back, stopped or skipped, in words for people."""
    started_at: datetime | None = None
    finished_at: datetime | None = None
    id: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FrozenCampaign:
    """A campaign as it was when its recipients were frozen."""

    slug: str
    title: str
    language: str
    time_zone: str
    event_name: str
    event_at: datetime
    fingerprint: str
    rehearsal: bool
    revision: int = 1
    """How many times its schedule was made."""
    frozen_at: datetime | None = None
    steps: tuple[FrozenStep, ...] = ()
    id: int = 0

    @property
    def state(self) -> CampaignState:
        """Where the campaign stands, by where its steps stand."""
        states = {step.state for step in self.steps}
        if states <= set(ENDED):
            return CampaignState.DONE
        if StepState.STOPPED in states:
            return CampaignState.STOPPED
        if StepState.PAUSED in states:
            return CampaignState.PAUSED
        if states == {StepState.SCHEDULED}:
            return CampaignState.SCHEDULED
        return CampaignState.IN_FLIGHT

    @property
    def by_time(self) -> tuple[FrozenStep, ...]:
        """The steps in the order in which they begin; an embargo may change that of the plan."""
        return tuple(sorted(self.steps, key=lambda step: (step.at, step.number)))

    def step(self, number: int) -> FrozenStep:
        """Return the step with this number.

        Raises:
            NotLaunched: there is none.
        """
        for step in self.steps:
            if step.number == number:
                return step
        raise NotLaunched(
            f"Campaign {self.slug} has no step {number}.",
            mend=f"`oproep status {self.slug}` lists its steps.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One delivery to be frozen: who gets which part, and why not if it is to be skipped."""

    recipient: Recipient
    part: int = 0
    """Place in a thread of posts, from 0; always 0 for mail."""
    skip: SkipReason | None = None


def not_launched(slug: str) -> NotLaunched:
    """Return what to say of a campaign that the ledger does not know."""
    return NotLaunched(
        f"Campaign {slug} has not been launched.",
        mend=f"`oproep rehearse {slug}` shows what would happen, `oproep launch {slug}` starts it.",
    )

"""The report as a value: what became of a campaign, per step, per channel and as a whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from flows.errors import Unbalanced
from flows.ledger.engagement import Count
from flows.models import DeliveryState, MessageKind, SkipReason, StepState

Key = TypeVar("Key")

Counts = Mapping[DeliveryState, int]
"""Deliveries per state; a state that is left out counts none."""

ACCEPTED = frozenset(
    {
        DeliveryState.SENT,
        DeliveryState.DELIVERED,
        DeliveryState.BOUNCED,
        DeliveryState.COMPLAINED,
    }
)
"""States in which the other side once took the message over."""

OPEN = frozenset({DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.DEFERRED})
"""States that are expected to change without anybody doing anything."""

WORST_FIRST = (
    DeliveryState.UNCONFIRMED,
    DeliveryState.COMPLAINED,
    DeliveryState.REJECTED,
    DeliveryState.BOUNCED,
    DeliveryState.FAILED,
    DeliveryState.DEFERRED,
)
"""States that ask for a person's attention, in the order in which a person should see them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventReport:
    """The moment the campaign led up to."""

    name: str
    at: datetime
    """Aware; the beginning of the day if `all_day`."""
    all_day: bool = False
    """Only the date was known, not the time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepReport:
    """What became of one step."""

    number: int
    """Place in the campaign, from 1."""
    channel: str
    """Key of the channel, such as `newsletter` or `mastodon:jeugd`."""
    kind: MessageKind
    draft: str
    """File of the draft, relative to the campaign's folder."""
    at: datetime
    deadline: datetime
    state: StepState
    started_at: datetime | None = None
    late: timedelta = timedelta()
    """How long after its time it began."""
    finished_at: datetime | None = None
    by_hand: bool = False
    """Whether a person posts it: then what is deferred waits for that person."""
    planned: int
    """Recipients as frozen at launch; stored then, never counted afterwards."""
    counts: Counts = field(default_factory=dict)
    skipped_reasons: Mapping[SkipReason, int] = field(default_factory=dict)
    reason: str = ""
    """Why it is held back, stopped or was closed, in words for people."""
    answered: int = 0
    """Recipients of whom a person answered the mail."""
    answered_by: tuple[str, ...] = ()
    """The partner organisations among them."""

    @property
    def balanced(self) -> bool:
        """Whether every frozen recipient is in exactly one state."""
        return self.planned == sum(self.counts.values())

    @property
    def accepted(self) -> int:
        """Deliveries that the other side once took over."""
        return sum(self.counts.get(state, 0) for state in ACCEPTED)

    @property
    def for_a_person(self) -> Counts:
        """Deliveries by state that only a person can make: of another step there are none."""
        return self.counts if self.by_hand else {}

    def to_json(self) -> dict[str, Any]:
        """Return the step as plain values; moments as ISO 8601 with their offset."""
        return {
            "channel": self.channel,
            "draft": self.draft,
            "at": self.at.isoformat(),
            "deadline": self.deadline.isoformat(),
            "state": self.state.value,
            "started_at": _iso(self.started_at),
            "finished_at": _iso(self.finished_at),
            "number": self.number,
            "planned": self.planned,
            "counts": _by_state(self.counts),
            "skipped_reasons": {
                reason.value: self.skipped_reasons[reason]
                for reason in SkipReason
                if self.skipped_reasons.get(reason)
            },
            "balanced": self.balanced,
            "seconds_late": round(self.late.total_seconds()),
            "reason": self.reason,
            "answered": self.answered,
            "answered_by": list(self.answered_by),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemDelivery:
    """One delivery that asks for attention, with the other side's own words."""

    step: int
    """Number of its step."""
    channel: str
    kind: MessageKind
    recipient: str
    """Address of the recipient, or `account@network` for a post."""
    state: DeliveryState
    code: int | None = None
    enhanced: str | None = None
    reply: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostReport:
    """One post, where it stands and what others did with it. There are no views to report."""

    step: int
    channel: str
    account: str
    state: DeliveryState
    number: int = 1
    """Place in the thread, from 1."""
    of: int = 1
    url: str = ""
    numbers: Mapping[str, int] = field(default_factory=dict)
    """What the network counts, by its own word: favourites, boosts, likes, reposts, replies."""
    over_time: tuple[Count, ...] = ()
    """The same whenever it had changed, oldest first."""
    passed_on_by: tuple[str, ...] = ()
    """Partner organisations that passed it on."""
    by_hand: bool = False
    looked_at: datetime | None = None
    """When the network was last asked for its numbers."""
    gone_at: datetime | None = None
    """When it was found to be deleted elsewhere."""
    corrected_at: datetime | None = None
    withdrawn_at: datetime | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the post as plain values."""
        return {
            "step": self.step,
            "channel": self.channel,
            "account": self.account,
            "state": self.state.value,
            "number": self.number,
            "of": self.of,
            "url": self.url,
            "numbers": dict(self.numbers),
            "over_time": [
                {"at": count.at.isoformat(), "what": count.what, "number": count.number}
                for count in self.over_time
            ],
            "passed_on_by": list(self.passed_on_by),
            "looked_at": _iso(self.looked_at),
            "gone_at": _iso(self.gone_at),
            "corrected_at": _iso(self.corrected_at),
            "withdrawn_at": _iso(self.withdrawn_at),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ActReport:
    """What a person, or the program on their behalf, did to the campaign."""

    at: datetime
    act: str
    """A key of `Words.acts`."""
    step: int | None = None
    who: str = ""
    words: str = ""
    """Why, in words for people."""

    def to_json(self) -> dict[str, Any]:
        """Return the act as plain values."""
        return {
            "at": self.at.isoformat(),
            "act": self.act,
            "step": self.step,
            "who": self.who,
            "words": self.words,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelReport:
    """All steps of one channel, added up."""

    key: str
    kind: MessageKind
    planned: int
    counts: Counts
    skipped_reasons: Mapping[SkipReason, int]
    answered: int = 0
    answered_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What became of a campaign, as the ledger knew it at `generated_at`."""

    campaign: str
    """Slug of the campaign."""
    title: str
    event: EventReport
    generated_at: datetime
    language: str = "nl"
    """BCP 47 tag of the campaign's language."""
    time_zone: str = "Europe/Amsterdam"
    """IANA name of the zone in which its moments are told."""
    rehearsal: bool = False
    """Nothing of it went to anybody."""
    steps: tuple[StepReport, ...] = ()
    problems: tuple[ProblemDelivery, ...] = ()
    """Worst first, bounded: at most as many as a person will read. `attention` has them all."""
    posts: tuple[PostReport, ...] = ()
    acts: tuple[ActReport, ...] = ()
    """Oldest first."""

    @property
    def planned(self) -> int:
        """Recipients frozen over all steps."""
        return sum(step.planned for step in self.steps)

    @property
    def counts(self) -> Counts:
        """Deliveries per state over all steps."""
        return _added(step.counts for step in self.steps)

    @property
    def accepted(self) -> int:
        """Deliveries that the other side once took over."""
        return sum(step.accepted for step in self.steps)

    @property
    def open(self) -> int:
        """Deliveries that are still waiting for their outcome."""
        return self.count(*OPEN)

    @property
    def attention(self) -> int:
        """Deliveries that ask for a person's attention."""
        return self.count(*WORST_FIRST)

    @property
    def partner_uptake(self) -> tuple[str, ...]:
        """Partner organisations that passed on at least one post, each once."""
        return tuple(sorted({name for post in self.posts for name in post.passed_on_by}))

    @property
    def balanced(self) -> bool:
        """Whether in every step the states add up to what was frozen."""
        return all(step.balanced for step in self.steps)

    @property
    def channels(self) -> tuple[ChannelReport, ...]:
        """The steps added up per channel, in the order in which the channels first appear."""
        by_key: dict[str, list[StepReport]] = {}
        for step in self.steps:
            by_key.setdefault(step.channel, []).append(step)
        return tuple(
            ChannelReport(
                key=key,
                kind=steps[0].kind,
                planned=sum(step.planned for step in steps),
                counts=_added(step.counts for step in steps),
                skipped_reasons=_added(step.skipped_reasons for step in steps),
                answered=sum(step.answered for step in steps),
                answered_by=tuple(dict.fromkeys(one for step in steps for one in step.answered_by)),
            )
            for key, steps in by_key.items()
        )

    def count(self, *states: DeliveryState) -> int:
        """Return how many deliveries are in one of `states`."""
        return sum(step.counts.get(state, 0) for step in self.steps for state in states)

    def require_balance(self) -> None:
        """Do nothing if the counts add up.

        Raises:
            Unbalanced: they do not; every such step is named with both numbers.
        """
        wrong = [
            f"step {step.number} ({step.channel}): planned {step.planned}, "
            f"counted {sum(step.counts.values())}"
            for step in self.steps
            if not step.balanced
        ]
        if wrong:
            raise Unbalanced(
                "The counts do not add up: " + "; ".join(wrong) + ".",
                where=self.campaign,
                mend="Send nothing more, keep the ledger as it is, and have it looked into.",
            )

    def to_json(self) -> dict[str, Any]:
        """Return the report as plain values, without anybody's address."""
        return {
            "campaign": self.campaign,
            "event": {
                "name": self.event.name,
                "at": self.event.at.isoformat(),
                "all_day": self.event.all_day,
            },
            "generated_at": self.generated_at.isoformat(),
            "steps": [step.to_json() for step in self.steps],
            "channels": {
                channel.key: {"planned": channel.planned} | _by_state(channel.counts)
                for channel in self.channels
            },
            "balanced": self.balanced,
            "title": self.title,
            "rehearsal": self.rehearsal,
            "acts": [act.to_json() for act in self.acts],
            "posts": [post.to_json() for post in self.posts],
            "partner_uptake": list(self.partner_uptake),
        }


def _by_state(counts: Counts) -> dict[str, int]:
    """Return the counts of all states, zeros included, in the order of the glossary."""
    return {state.value: counts.get(state, 0) for state in DeliveryState}


def _added(several: Iterable[Mapping[Key, int]]) -> Mapping[Key, int]:
    total: Counter[Key] = Counter()
    for counts in several:
        total.update(counts)
    return dict(total)


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None

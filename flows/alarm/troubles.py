"""What an alarm is about: a trouble with one step, or how all stands some time before the event."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flows import clock
from flows.alarm.words import AlarmWords, alarm_words
from flows.campaign.plan import ALARM_BEFORE, CampaignPlan
from flows.ledger.book import Ledger
from flows.ledger.frozen import FrozenCampaign, FrozenStep
from flows.ledger.journal import Entry, entries
from flows.ledger.underway import BROKE_OFF, CHANGED
from flows.models import DeliveryState, SkipReason, StepState
from flows.reporting.gather import gather
from flows.reporting.idiom import Idiom
from flows.reporting.model import Report, StepReport
from flows.reporting.verdict import LATE, attention, sentence

SETTLED = timedelta(minutes=10)
"""How long a change may stand without an approval before somebody is told: it may be on its way."""
AFTER_THE_LAST = timedelta(minutes=5)
"""How long after its last step a campaign is summed up that was launched too late for its alarm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """One thing to tell, once."""

    key: str
    """What tells it from every other alarm about the same step."""
    step: int | None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """Alarms that go into one mail."""

    subject: str
    alarms: Sequence[Alarm]
    head: str
    foot: str

    def body(self, alarms: Sequence[Alarm]) -> str:
        """Return the text with these of the alarms."""
        return "\n\n".join([self.head, *(alarm.text for alarm in alarms), self.foot]) + "\n"


def has_work(frozen: FrozenCampaign) -> bool:
    """Return whether anything of a campaign has yet to begin."""
    return any(True for _ in _to_begin(frozen))


def _to_begin(frozen: FrozenCampaign) -> Iterator[FrozenStep]:
    now = clock.now()
    return (
        step for step in frozen.by_time if step.state is StepState.SCHEDULED and step.deadline > now
    )


def letters(
    ledger: Ledger, frozen: FrozenCampaign, plan: CampaignPlan | None, *, changed: bool
) -> Iterator[Letter]:
    """Yield what there is to tell about a campaign now, told before or not.

    Args:
        ledger: Where it is frozen.
        frozen: The campaign.
        plan: As it lies on disk, if it can be read.
        changed: Whether it is another one now than was approved.
    """
    report = gather(ledger, frozen.slug)
    look = _Look(
        frozen=frozen,
        plan=plan,
        changed=changed,
        report=report,
        journal=entries(ledger.engine, frozen.slug),
        words=alarm_words(frozen.language),
        idiom=Idiom.of(report),
    )
    troubles = [*look.change(), *(t for step in frozen.steps for t in look.troubles(step))]
    if troubles:
        yield look.trouble_letter(troubles)
    due = look.summary_due()
    if clock.now() >= due:
        yield look.summary(due)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """One look at one campaign."""

    frozen: FrozenCampaign
    plan: CampaignPlan | None
    changed: bool
    report: Report
    journal: Sequence[Entry]
    words: AlarmWords
    idiom: Idiom

    # --- troubles

    def change(self) -> Iterator[Alarm]:
        """Yield that an approval does not hold any more, if that has stood for a while."""
        if not self.changed:
            return
        words = f"r{self.frozen.revision}"
        seen = [entry.at for entry in self.journal if (entry.act, entry.words) == (CHANGED, words)]
        steps = list(_to_begin(self.frozen))
        if not seen or not steps or clock.now() < min(seen[-1] + SETTLED, steps[0].at - SETTLED):
            return
        held = [f"{self._head(step)}, {self.idiom.moment(step.at)}" for step in steps]
        mend = self.words.changed_mend.format(slug=self.frozen.slug)
        text = f"{self._lines(self.words.changed, held)}\n{mend}"
        yield Alarm(key=f"changed {words}", step=None, text=text)

    def troubles(self, step: FrozenStep) -> Iterator[Alarm]:
        """Yield what is wrong with a step."""
        now, revision = clock.now(), f"r{self.frozen.revision}"
        shown = self._shown(step)
        if step.state is StepState.SCHEDULED and step.at + LATE <= now < step.deadline:
            yield self._alarm(f"late {revision}", step, *self._late(step))
        if step.state is StepState.PAUSED:
            words = self.words.paused.format(reason=step.reason or "").strip()
            since = self._last("paused", step)
            yield self._alarm(f"paused {since}", step, words, self.words.paused_mend)
        if missed := shown.skipped_reasons.get(SkipReason.DEADLINE, 0):
            words = self.words.missed.format(
                count=self.idiom.number(missed), deadline=self.idiom.moment(step.deadline)
            )
            yield self._alarm(f"deadline {revision}", step, words, self.words.missed_mend)
        if shown.skipped_reasons.get(SkipReason.CONDITION, 0):
            words = self.words.unmet.format(reason=step.reason or "").strip()
            yield self._alarm(f"condition {revision}", step, words, self.words.unmet_mend)
        if self._last(BROKE_OFF, step):
            words = self.words.broke_off
            yield self._alarm(f"broke off {revision}", step, words, self.words.broke_off_mend)

    def _late(self, step: FrozenStep) -> tuple[str, str]:
        moment = self.idiom.moment(step.at)
        planned = [each for each in (self.plan.steps if self.plan else ()) if each.wait]
        for each in planned:
            if each.number == step.number and each.wait:
                words = self.words.waits.format(moment=moment, what=each.wait.for_)
                return words, self.words.waits_mend
        return self.words.late.format(moment=moment), self.words.late_mend

    def _alarm(self, key: str, step: FrozenStep, what: str, mend: str) -> Alarm:
        text = f"{self._head(step)}\n{what}\n{self._filled(mend, step)}"
        return Alarm(key=key, step=step.number, text=text)

    def _head(self, step: FrozenStep) -> str:
        channel = self.idiom.channel(self._shown(step).channel)
        return self.words.step.format(step=step.number, channel=channel)

    def _filled(self, mend: str, step: FrozenStep) -> str:
        return mend.format(
            slug=self.frozen.slug,
            step=step.number,
            deadline=self.idiom.moment(step.deadline),
            channel=self.idiom.channel(self._shown(step).channel),
            moment=self.idiom.moment(step.at),
        )

    def _last(self, act: str, step: FrozenStep) -> str:
        """Return when something last happened to a step; empty if it never did."""
        moments = [
            entry.at.isoformat()
            for entry in self.journal
            if entry.act == act and entry.step == step.number
        ]
        return moments[-1] if moments else ""

    def trouble_letter(self, troubles: Sequence[Alarm]) -> Letter:
        """Return the letter that tells of troubles."""
        event = self.idiom.event(self.report.event)
        head = self.words.trouble_head.format(
            title=self.frozen.title,
            event=event[:1].upper() + event[1:],
            moment=self.idiom.event_moment(self.report.event),
        )
        return Letter(
            subject=self.words.trouble_subject.format(title=self.frozen.title),
            alarms=troubles,
            head=head,
            foot=self._foot(),
        )

    # --- before the event

    def summary_due(self) -> datetime:
        """Return when it is time to ask whether everything went out."""
        event = self.frozen.event_at
        alarm = self.plan.alarm.at if self.plan and self.plan.alarm.at else event - ALARM_BEFORE
        if self.frozen.frozen_at is None or self.frozen.frozen_at < alarm:
            return alarm
        return min(event, max(step.at for step in self.frozen.steps) + AFTER_THE_LAST)

    def summary(self, due: datetime) -> Letter:
        """Return the letter that says whether everything went out, and what can still be done."""
        well = all(step.state is StepState.DONE for step in self.frozen.steps) and not (
            self.report.attention or self._missed()
        )
        pattern = self.words.all_well_subject if well else self.words.missing_subject
        before = self.idiom.before(clock.now(), self.report.event)
        head = self.words.summary_head.format(
            before=before, title=self.frozen.title, sentence=sentence(self.report, self.idiom)
        )
        parts = [self._lines(self.words.how_it_stands, map(self._line, self.report.steps))]
        if found := attention(self.report, self.idiom):
            parts.append(self._lines(self.words.attention, found))
        parts.append(
            self.words.nothing_to_do if well else self._lines(self.words.to_do, self._to_do())
        )
        alarm = Alarm(
            key=f"before the event {due:%Y-%m-%dT%H:%M}", step=None, text="\n\n".join(parts)
        )
        return Letter(
            subject=pattern.format(title=self.frozen.title),
            alarms=[alarm],
            head=head,
            foot=self._foot(),
        )

    def _missed(self) -> bool:
        return any(step.skipped_reasons.get(SkipReason.DEADLINE) for step in self.report.steps)

    def _line(self, step: StepReport) -> str:
        states = self.idiom.words.states
        counts = ", ".join(
            f"{self.idiom.number(number)} {states[state]}"
            for state, number in step.counts.items()
            if number
        )
        moment, channel = self.idiom.short(step.at), self.idiom.channel(step.channel)
        return f"{moment}  {channel}: {self.idiom.words.step_states[step.state]}; {counts or 0}"

    def _to_do(self) -> Iterator[str]:
        now, words = clock.now(), self.words
        for step in self.frozen.steps:
            if step.deadline <= now:
                continue
            goes = step.state is StepState.SCHEDULED and not self.changed
            by_hand = self._shown(step).counts.get(DeliveryState.DEFERRED) and self._is_by_hand(
                step
            )
            for pattern, applies in (
                (words.by_hand, by_hand),
                (words.to_come, goes and step.at + LATE > now),
                (words.late_mend, goes and step.at + LATE <= now),
                (words.paused_mend, step.state is StepState.PAUSED),
                (words.stopped, step.state is StepState.STOPPED),
            ):
                if applies:
                    yield self._filled(pattern, step)
        several: tuple[tuple[str, Callable[[], int]], ...] = (
            (words.unconfirmed, lambda: self.report.count(DeliveryState.UNCONFIRMED)),
            (
                words.failed,
                lambda: self.report.count(DeliveryState.FAILED, DeliveryState.REJECTED),
            ),
            (words.missed_mend, lambda: int(self._missed())),
            (words.changed_mend, lambda: int(self.changed)),
        )
        for pattern, count in several:
            if count():
                yield pattern.format(slug=self.frozen.slug)

    def _is_by_hand(self, step: FrozenStep) -> bool:
        from flows.campaign.channel_kinds import CHANNEL_KINDS

        return CHANNEL_KINDS[step.channel].by_hand

    def _lines(self, head: str, lines: Iterator[str] | Sequence[str] | map[str]) -> str:
        return "\n".join([head, *(f"- {line}" for line in lines)])

    def _foot(self) -> str:
        return f"{self.words.status.format(slug=self.frozen.slug)}\n{self.words.sign_off}"

    def _shown(self, step: FrozenStep) -> StepReport:
        return next(each for each in self.report.steps if each.number == step.number)

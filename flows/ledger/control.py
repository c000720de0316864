"""What people do to a launched campaign: stop, resume, retry, move, adopt a change, take it back.

Each act is one transaction, written into the journal, and raises the campaign's revision where
its steps need to be scheduled anew. None of them touches a delivery that has gone out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, literal, or_, select, update

from flows import clock
from flows.errors import LedgerError
from flows.ledger import tables as t
from flows.ledger.book import Ledger, insert_step, plan_step
from flows.ledger.frozen import FrozenCampaign, FrozenStep, Planned, not_launched
from flows.ledger.journal import note
from flows.ledger.threads import BY_HAND, FOR_A_PERSON
from flows.ledger.transitions import move as move_deliveries
from flows.models import DeliveryState, SkipReason, StepState

ENDED = (StepState.DONE, StepState.SKIPPED)
HELD = (StepState.PAUSED, StepState.STOPPED)
FAILED = (DeliveryState.FAILED, DeliveryState.REJECTED)
REVIVABLE = (SkipReason.DEADLINE, SkipReason.CANCELLED)
"""Why a delivery was skipped that a retry may make after all; the others stay out for good."""


class Control:
    """The acts, on one ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def stop(
        self, slug: str, *, reason: str, step: int | None = None, who: str | None = None
    ) -> list[int]:
        """End new hand-overs, at the latest within a second; what is in flight finishes.

        Args:
            slug: The campaign.
            reason: Why, for the report.
            step: Only this one; every step that has not ended by default.
            who: The person who stops it.

        Returns:
            The numbers of the steps that were stopped.

        Raises:
            LedgerError: it is not launched, or has no such step.
        """
        with self._ledger.engine.begin() as connection:
            campaign = self._locked(connection, slug, step)
            stopped = _set_state(
                connection,
                campaign,
                StepState.STOPPED,
                of=[StepState.SCHEDULED, StepState.RUNNING, StepState.PAUSED],
                only=step,
                reason=reason,
            )
            for number in stopped:
                note(connection, slug, "stopped", step=number, who=who, words=reason)
        return stopped

    def resume(self, slug: str, *, step: int | None = None, who: str | None = None) -> list[int]:
        """Let held steps go on with what is left of them.

        A step whose deadline has passed meanwhile is closed instead.

        Returns:
            The numbers of the steps that go on.

        Raises:
            LedgerError: it is not launched, or has no such step.
        """
        self._ledger.close_overdue()
        with self._ledger.engine.begin() as connection:
            campaign = self._locked(connection, slug, step)
            resumed = _set_state(
                connection, campaign, StepState.SCHEDULED, of=HELD, only=step, reason=None
            )
            for number in resumed:
                note(connection, slug, "resumed", step=number, who=who)
            if resumed:
                _raise_revision(connection, campaign)
        return resumed

    def retry(self, slug: str, *, step: int | None = None, who: str | None = None) -> int:
        """Put back what failed or was refused, and what a deadline cut off that has moved since.

        Steps whose deadline has passed are left as they are.

        Returns:
            How many deliveries are tried again.

        Raises:
            LedgerError: it is not launched, or has no such step.
        """
        now = clock.now()
        total = 0
        with self._ledger.engine.begin() as connection:
            campaign = self._locked(connection, slug, step)
            for each in _open_to_retry(campaign, step, now):
                put_back = _put_back(connection, each, now)
                if put_back:
                    note(
                        connection, slug, "retried", step=each.number, who=who, words=f"{put_back}"
                    )
                total += put_back
            if total:
                _raise_revision(connection, campaign)
        return total

    def move(
        self,
        slug: str,
        *,
        event_at: datetime,
        times: Mapping[int, tuple[datetime, datetime]],
        who: str | None = None,
    ) -> list[int]:
        """Give the event another time, and every step that has not ended its new time and deadline.

        Args:
            slug: The campaign.
            event_at: When the event is now, aware.
            times: By step number: when it begins and its deadline, aware.
            who: The person who moves it.

        Returns:
            The numbers of the steps whose time or deadline changed.

        Raises:
            LedgerError: it is not launched.
        """
        moved: list[int] = []
        with self._ledger.engine.begin() as connection:
            campaign = self._locked(connection, slug)
            for each in campaign.steps:
                at, deadline = times.get(each.number, (each.at, each.deadline))
                if each.state in ENDED or (at, deadline) == (each.at, each.deadline):
                    continue
                connection.execute(
                    update(t.step).where(t.step.c.id == each.id).values(at=at, deadline=deadline)
                )
                moved.append(each.number)
            if moved or event_at != campaign.event_at:
                connection.execute(
                    update(t.campaign)
                    .where(t.campaign.c.id == campaign.id)
                    .values(event_at=event_at)
                )
                _raise_revision(connection, campaign)
                note(connection, slug, "moved", who=who, words=event_at.isoformat())
        return moved

    def adopt(
        self, campaign: FrozenCampaign, deliveries: Sequence[Iterable[Planned]]
    ) -> FrozenCampaign:
        """Take over what was changed and approved since the launch, for steps that have not begun.

        Steps that have begun keep their recipients; those that have not ended get their new time.
        A step that waits for an approval goes on; one that a person stopped stays stopped.

        Args:
            campaign: As it would be frozen now.
            deliveries: For each of its steps, what is to be delivered.

        Returns:
            The campaign as the ledger holds it.

        Raises:
            LedgerError: a step that has begun is another one now, or is gone.
        """
        now = clock.now()
        with self._ledger.engine.begin() as connection:
            there = self._locked(connection, campaign.slug)
            _require_same_begun(there, campaign)
            connection.execute(
                update(t.campaign)
                .where(t.campaign.c.id == there.id)
                .values(
                    title=campaign.title,
                    language=campaign.language,
                    time_zone=campaign.time_zone,
                    event_name=campaign.event_name,
                    event_at=campaign.event_at,
                    fingerprint=campaign.fingerprint,
                )
            )
            for gone in {step.number for step in there.steps} - {s.number for s in campaign.steps}:
                _delete_step(connection, there.step(gone))
            for step, planned in zip(campaign.steps, deliveries, strict=True):
                _adopt_step(connection, there, step, planned, now)
            _raise_revision(connection, there)
            note(connection, campaign.slug, "adopted", words=campaign.fingerprint[:12])
        return self._ledger.campaign(campaign.slug)

    def unlaunch(self, slug: str, *, who: str | None = None) -> None:
        """Take a launch back: the campaign is a draft again, as if it had never been frozen.

        Raises:
            LedgerError: it is not launched, or something of it was tried already.
        """
        with self._ledger.engine.begin() as connection:
            campaign = self._locked(connection, slug)
            tried = connection.execute(
                select(t.attempt.c.delivery_id)
                .join(t.delivery, t.delivery.c.id == t.attempt.c.delivery_id)
                .join(t.step, t.step.c.id == t.delivery.c.step_id)
                .where(t.step.c.campaign_id == campaign.id)
                .limit(1)
            ).first()
            if tried is not None or any(step.started_at for step in campaign.steps):
                raise LedgerError(
                    f"Something of {slug} has gone out, so its launch cannot be taken back.",
                    mend=f"`oproep stop {slug}` ends what has not gone; "
                    f"`oproep withdraw {slug}` deletes posts.",
                )
            for step in campaign.steps:
                _delete_step(connection, step)
            connection.execute(delete(t.campaign).where(t.campaign.c.id == campaign.id))
            note(connection, slug, "unlaunched", who=who)

    def _locked(self, connection: Connection, slug: str, step: int | None = None) -> FrozenCampaign:
        """Return the campaign, and keep its steps as they are until the transaction ends."""
        connection.execute(
            select(t.step.c.id)
            .join(t.campaign, t.campaign.c.id == t.step.c.campaign_id)
            .where(t.campaign.c.slug == slug)
            .order_by(t.step.c.id)
            .with_for_update(of=t.step)
        ).all()
        campaign = self._ledger.find_in(connection, slug)
        if campaign is None:
            raise not_launched(slug)
        if step is not None:
            campaign.step(step)
        return campaign


def _set_state(
    connection: Connection,
    campaign: FrozenCampaign,
    state: StepState,
    *,
    of: Sequence[StepState],
    only: int | None,
    reason: str | None,
) -> list[int]:
    """Bring the steps that are in one of the states `of` to another; return their numbers."""
    change = (
        update(t.step)
        .where(t.step.c.campaign_id == campaign.id, t.step.c.state.in_(of))
        .values(state=state, reason=reason)
        .returning(t.step.c.number)
    )
    if only is not None:
        change = change.where(t.step.c.number == only)
    return sorted(connection.scalars(change))


def _raise_revision(connection: Connection, campaign: FrozenCampaign) -> None:
    connection.execute(
        update(t.campaign)
        .where(t.campaign.c.id == campaign.id)
        .values(revision=t.campaign.c.revision + 1)
    )


def _open_to_retry(
    campaign: FrozenCampaign, only: int | None, now: datetime
) -> Iterable[FrozenStep]:
    return (
        step
        for step in campaign.steps
        if step.deadline > now and (only is None or step.number == only)
    )


def _put_back(connection: Connection, step: FrozenStep, now: datetime) -> int:
    """Put a step's failed deliveries back into the queue; return how many."""
    rows = connection.execute(
        select(t.delivery.c.id, t.delivery.c.state, t.delivery.c.reason).where(
            t.delivery.c.step_id == step.id,
            t.delivery.c.state.in_([*FAILED, DeliveryState.SKIPPED]),
        )
    ).all()
    ids = [row.id for row in rows if row.state in FAILED or row.reason in REVIVABLE]
    move_deliveries(connection, ids, DeliveryState.QUEUED, now=now)
    hurried = connection.execute(
        update(t.delivery)
        .where(t.delivery.c.step_id == step.id, t.delivery.c.state == DeliveryState.DEFERRED)
        .where(t.delivery.c.reason.is_distinct_from(BY_HAND))
        .values(due_at=now)
    ).rowcount
    if ids:
        connection.execute(
            update(t.step)
            .where(t.step.c.id == step.id)
            .where(or_(t.step.c.state.in_(ENDED), t.step.c.reason == FOR_A_PERSON))
            .values(state=StepState.SCHEDULED, finished_at=None, reason=None)
        )
    return len(ids) + hurried


def _require_same_begun(there: FrozenCampaign, now: FrozenCampaign) -> None:
    """Refuse to give a step that has begun another place, channel or draft.

    Raises:
        LedgerError: one has.
    """
    new = {step.number: _identity(step) for step in now.steps}
    for step in there.steps:
        begun = step.started_at is not None or step.state in ENDED
        if begun and new.get(step.number) != _identity(step):
            raise LedgerError(
                f"Step {step.number} ({step.channel}) has begun, so it must stay where it is.",
                where="campaign.toml",
                mend="Put it back at its place, with its channel, account, list and draft; "
                "add new steps at the end.",
            )


def _identity(step: FrozenStep) -> tuple[str, ...]:
    return (step.channel, step.account, step.list, step.draft)


def _adopt_step(
    connection: Connection,
    there: FrozenCampaign,
    step: FrozenStep,
    planned: Iterable[Planned],
    now: datetime,
) -> None:
    """Write one step as it is now."""
    known = {each.number: each for each in there.steps}.get(step.number)
    if known is None:
        insert_step(connection, there.id, step, planned, now)
        return
    if known.state in ENDED:
        return
    connection.execute(
        update(t.step).where(t.step.c.id == known.id).values(at=step.at, deadline=step.deadline)
    )
    if known.started_at is None:
        connection.execute(
            update(t.step)
            .where(t.step.c.id == known.id)
            .values(
                channel=step.channel,
                account=step.account,
                list=step.list,
                draft=step.draft,
                state=StepState.SCHEDULED
                if known.state is StepState.PAUSED
                else literal(known.state),
                reason=None if known.state is StepState.PAUSED else known.reason,
            )
        )
        connection.execute(delete(t.delivery).where(t.delivery.c.step_id == known.id))
        plan_step(connection, known.id, planned, now)


def _delete_step(connection: Connection, step: FrozenStep) -> None:
    """Remove a step that was never begun, with its deliveries and what was noted of them."""
    connection.execute(delete(t.delivery).where(t.delivery.c.step_id == step.id))
    connection.execute(delete(t.step).where(t.step.c.id == step.id))

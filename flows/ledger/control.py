"""What people do to a launched campaign: stop, resume, retry, move, take it back.

Each act is one transaction, written into the journal, and raises the campaign's revision where
its steps need to be scheduled anew. None of them touches a delivery that has gone out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, and_, delete, or_, select, update

from flows import clock
from flows.errors import LedgerError
from flows.ledger import tables as t
from flows.ledger.book import Ledger
from flows.ledger.frozen import ENDED, FrozenCampaign, FrozenStep, not_launched
from flows.ledger.journal import note
from flows.ledger.steps import begun, delete_step
from flows.ledger.threads import BY_HAND, FOR_A_PERSON
from flows.ledger.transitions import move as move_deliveries
from flows.models import DeliveryState, SkipReason, StepState

HELD = (StepState.PAUSED, StepState.STOPPED)
FAILED = (DeliveryState.FAILED, DeliveryState.REJECTED)
REVIVABLE = (SkipReason.DEADLINE, SkipReason.CANCELLED, SkipReason.CONDITION)
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
            campaign = locked(connection, self._ledger, slug, step)
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
            campaign = locked(connection, self._ledger, slug, step)
            resumed = _set_state(
                connection, campaign, StepState.SCHEDULED, of=HELD, only=step, reason=None
            )
            for number in resumed:
                note(connection, slug, "resumed", step=number, who=who)
            if resumed:
                raise_revision(connection, campaign)
        return resumed

    def retry(self, slug: str, *, step: int | None = None, who: str | None = None) -> int:
        """Put back what failed or was refused, and what was left out although it still can go.

        That is what was withdrawn, waited in vain, or was cut off by a deadline that moved since.
        Steps whose deadline has passed are left as they are.

        Returns:
            How many deliveries are tried again.

        Raises:
            LedgerError: it is not launched, or has no such step.
        """
        now = clock.now()
        total = 0
        with self._ledger.engine.begin() as connection:
            campaign = locked(connection, self._ledger, slug, step)
            for each in _open_to_retry(campaign, step, now):
                put_back = _put_back(connection, each, now)
                if put_back:
                    note(
                        connection, slug, "retried", step=each.number, who=who, words=f"{put_back}"
                    )
                total += put_back
            if total:
                raise_revision(connection, campaign)
        return total

    def move(
        self,
        slug: str,
        *,
        event_at: datetime,
        times: Mapping[int, tuple[datetime, datetime]],
        who: str | None = None,
    ) -> list[int]:
        """Give the event another time, and every step its new time and deadline.

        What has gone out is left alone: see `times_of`.

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
            campaign = locked(connection, self._ledger, slug)
            for each in campaign.steps:
                wanted = times.get(each.number, (each.at, each.deadline))
                at, deadline = times_of(connection, each, *wanted)
                if (at, deadline) == (each.at, each.deadline):
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
                raise_revision(connection, campaign)
                note(connection, slug, "moved", who=who, words=event_at.isoformat())
        return moved

    def unlaunch(self, slug: str, *, who: str | None = None) -> None:
        """Take a launch back: the campaign is a draft again, as if it had never been frozen.

        Raises:
            LedgerError: it is not launched, or something of it was tried already.
        """
        with self._ledger.engine.begin() as connection:
            campaign = locked(connection, self._ledger, slug)
            if begun(connection, campaign):
                raise LedgerError(
                    f"Something of {slug} has gone out, so its launch cannot be taken back.",
                    mend=f"`oproep stop {slug}` ends what has not gone; "
                    f"`oproep withdraw {slug}` deletes posts.",
                )
            for step in campaign.steps:
                delete_step(connection, step.id)
            connection.execute(delete(t.campaign).where(t.campaign.c.id == campaign.id))
            note(connection, slug, "unlaunched", who=who)


def locked(
    connection: Connection, ledger: Ledger, slug: str, step: int | None = None
) -> FrozenCampaign:
    """Return a campaign, and keep its steps as they are until the transaction ends.

    Raises:
        LedgerError: it is not launched, or has no such step.
    """
    connection.execute(
        select(t.step.c.id)
        .join(t.campaign, t.campaign.c.id == t.step.c.campaign_id)
        .where(t.campaign.c.slug == slug)
        .order_by(t.step.c.id)
        .with_for_update(of=t.step)
    ).all()
    campaign = ledger.find_in(connection, slug)
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


def times_of(
    connection: Connection, step: FrozenStep, at: datetime, deadline: datetime
) -> tuple[datetime, datetime]:
    """Return the time and deadline of a step for which these are wanted.

    One that is at work has begun at its time, so that only its deadline changes. One that has ended
    keeps both, unless `retry` could bring about something of it by the new deadline.
    """
    if step.state not in ENDED:
        return (step.at if step.state is StepState.RUNNING else at), deadline
    if not _can_be_retried(connection, step):
        return step.at, step.deadline
    return (step.at if step.started_at else at), deadline


def _can_be_retried(connection: Connection, step: FrozenStep) -> bool:
    d = t.delivery.c
    revivable = and_(d.state == DeliveryState.SKIPPED, d.reason.in_(REVIVABLE))
    found = connection.execute(
        select(d.id).where(d.step_id == step.id, or_(d.state.in_(FAILED), revivable)).limit(1)
    ).first()
    return found is not None


def raise_revision(connection: Connection, campaign: FrozenCampaign) -> None:
    """Say that the runs of a campaign's steps must be made anew."""
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

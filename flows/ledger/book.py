"""The ledger's book: campaigns frozen with their steps and deliveries, and how they stand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, Row, case, func, insert, literal, select, update
from sqlalchemy.exc import IntegrityError

from flows import clock
from flows.database import reading
from flows.errors import LedgerError
from flows.ledger import tables as t
from flows.ledger.frozen import ENDED, FrozenCampaign, FrozenStep, Planned, not_launched
from flows.ledger.journal import note
from flows.ledger.steps import insert_step
from flows.ledger.transitions import move
from flows.models import (
    DeliveryState,
    Receipt,
    SkipReason,
    StepState,
)

EARLY = timedelta(seconds=5)
"""How much a clock may be set back under a step that has begun, as clocks that follow others are.
"""
OPEN = (DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.DEFERRED)
"""States of a delivery that still has something ahead of it."""


class Ledger:
    """What is frozen, and how it stands. Handing over is `hand_over.Worker`'s part."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def freeze(
        self, campaign: FrozenCampaign, deliveries: Sequence[Iterable[Planned]]
    ) -> FrozenCampaign:
        """Write a campaign with all its steps and deliveries, at once or not at all.

        Freezing what is already frozen changes nothing: a second launch is harmless.

        Args:
            campaign: With its steps, in order.
            deliveries: For each step, in the same order, what is to be delivered.

        Returns:
            The campaign as the ledger holds it.
        """
        now = clock.now()
        try:
            with self.engine.begin() as connection:
                if self.find_in(connection, campaign.slug) is None:
                    campaign_id = _insert_campaign(connection, campaign, now)
                    for step, planned in zip(campaign.steps, deliveries, strict=True):
                        insert_step(connection, campaign_id, step, planned, now)
                    note(connection, campaign.slug, "launched", words=campaign.fingerprint[:12])
        except IntegrityError:
            # Another launch came first, between our look and our writing.
            if self.find(campaign.slug) is None:
                raise
        return self.campaign(campaign.slug)

    def find(self, slug: str) -> FrozenCampaign | None:
        """Return a frozen campaign, or None if it has not been frozen."""
        with reading(self.engine) as connection:
            return self.find_in(connection, slug)

    def find_in(self, connection: Connection, slug: str) -> FrozenCampaign | None:
        """Return a frozen campaign as the caller's transaction sees it."""
        row = connection.execute(select(t.campaign).where(t.campaign.c.slug == slug)).first()
        if row is None:
            return None
        steps = connection.execute(
            select(t.step).where(t.step.c.campaign_id == row.id).order_by(t.step.c.number)
        ).all()
        values = dict(row._mapping) | {"steps": tuple(_step(step) for step in steps)}
        return FrozenCampaign(**values)

    def campaign(self, slug: str) -> FrozenCampaign:
        """Return a frozen campaign.

        Raises:
            LedgerError: it has not been frozen.
        """
        found = self.find(slug)
        if found is None:
            raise not_launched(slug)
        return found

    def begin_step(self, step_id: int) -> bool:
        """Mark a step as running; return False if it has ended or is held back.

        A step that runs already may be joined: the ledger's claims keep workers apart.
        """
        with self.engine.begin() as connection:
            begun = connection.execute(
                update(t.step)
                .where(t.step.c.id == step_id)
                .where(t.step.c.state.in_([StepState.SCHEDULED, StepState.RUNNING]))
                .values(
                    state=StepState.RUNNING,
                    reason=None,
                    started_at=func.coalesce(
                        t.step.c.started_at, literal(clock.now(), t.step.c.started_at.type)
                    ),
                )
            )
            return begun.rowcount == 1

    def end_step(self, step_id: int) -> StepState:
        """Close a running step if nothing of it is left to do; return where it stands."""
        with self.engine.begin() as connection:
            left = connection.execute(
                select(t.delivery.c.id)
                .where(t.delivery.c.step_id == step_id, t.delivery.c.state.in_(OPEN))
                .limit(1)
            ).first()
            if left is None:
                connection.execute(
                    update(t.step)
                    .where(t.step.c.id == step_id, t.step.c.state == StepState.RUNNING)
                    .values(state=StepState.DONE, finished_at=clock.now())
                )
            state = connection.execute(
                select(t.step.c.state).where(t.step.c.id == step_id)
            ).scalar_one()
            return StepState(state)

    def close_at_deadline(self, step_id: int) -> int:
        """Skip all that is not handed over, since the deadline has passed; return how many."""
        return self._close(step_id, SkipReason.DEADLINE, None)

    def skip_step(self, step_id: int, reason: str) -> int:
        """Skip all that is not handed over, since what the step waited for did not come.

        Args:
            step_id: The step.
            reason: What did not come, in a sentence for people.

        Returns:
            How many deliveries were skipped.
        """
        return self._close(step_id, SkipReason.CONDITION, reason)

    def _close(self, step_id: int, why: SkipReason, reason: str | None) -> int:
        waiting = [DeliveryState.QUEUED, DeliveryState.DEFERRED]
        now = clock.now()
        with self.engine.begin() as connection:
            ids = connection.scalars(
                select(t.delivery.c.id).where(
                    t.delivery.c.step_id == step_id, t.delivery.c.state.in_(waiting)
                )
            ).all()
            move(connection, ids, DeliveryState.SKIPPED, reason=why, now=now)
            # What is on its way will have an outcome in a moment; whoever is at it closes then.
            on_its_way = select(t.delivery.c.id).where(
                t.delivery.c.step_id == step_id, t.delivery.c.state == DeliveryState.SENDING
            )
            connection.execute(
                update(t.step)
                .where(t.step.c.id == step_id, ~on_its_way.exists())
                .where(t.step.c.state.not_in(ENDED))
                .values(
                    state=case(
                        (t.step.c.started_at.is_(None), StepState.SKIPPED), else_=StepState.DONE
                    ),
                    # Why it was held until now says why it is closed.
                    reason=func.coalesce(reason, t.step.c.reason),
                    finished_at=now,
                )
            )
        return len(ids)

    def close_overdue(self) -> int:
        """Close every step whose deadline has passed while nobody was there to run it.

        Returns:
            How many deliveries were skipped for it.
        """
        with reading(self.engine) as connection:
            overdue = connection.scalars(
                select(t.step.c.id)
                .where(t.step.c.state.not_in(ENDED))
                .where(t.step.c.deadline <= literal(clock.now(), t.step.c.deadline.type))
            ).all()
        return sum(self.close_at_deadline(step_id) for step_id in overdue)

    def pause_step(self, step_id: int, reason: str = "") -> bool:
        """Hold back a step that is waiting or running; `oproep resume` lets it go on.

        Args:
            step_id: The step.
            reason: Why, in a sentence for people; it stands in the status and the report.

        Returns:
            Whether it was held back; False when it had ended or was held back already.
        """
        with self.engine.begin() as connection:
            paused = connection.execute(
                update(t.step)
                .where(t.step.c.id == step_id)
                .where(t.step.c.state.in_([StepState.SCHEDULED, StepState.RUNNING]))
                .values(state=StepState.PAUSED, reason=reason)
                .returning(t.step.c.campaign_id, t.step.c.number)
            ).first()
            if paused is not None:
                slug = connection.scalar(
                    select(t.campaign.c.slug).where(t.campaign.c.id == paused.campaign_id)
                )
                note(connection, str(slug), "paused", step=paused.number, words=reason)
        return paused is not None

    def is_running(self, step_id: int) -> bool:
        """Return whether a step may hand over now: it runs, and now lies within its window.

        All of it can change while it runs: a person stops it, the event is moved, or the clock is
        set back to before its time.
        """
        with reading(self.engine) as connection:
            row = connection.execute(
                select(t.step.c.state, t.step.c.at, t.step.c.deadline).where(t.step.c.id == step_id)
            ).one()
        return bool(row.state == StepState.RUNNING and row.at - EARLY <= clock.now() < row.deadline)

    def next_due(self, step_id: int) -> datetime | None:
        """Return when the next deferred delivery of a step may be tried again, if there is one."""
        with reading(self.engine) as connection:
            due: datetime | None = connection.scalar(
                select(func.min(t.delivery.c.due_at)).where(
                    t.delivery.c.step_id == step_id,
                    t.delivery.c.state == DeliveryState.DEFERRED,
                )
            )
        return due

    def done(self, step_id: int) -> int:
        """Return how many deliveries of a step have an outcome."""
        with reading(self.engine) as connection:
            return (
                connection.scalar(
                    select(func.count()).where(
                        t.delivery.c.step_id == step_id, t.delivery.c.state.not_in(OPEN)
                    )
                )
                or 0
            )

    def accepted(self, step_id: int) -> dict[int, Receipt]:
        """Return the receipts of a step's accepted parts, by part."""
        taken = [DeliveryState.SENT, DeliveryState.DELIVERED]
        with reading(self.engine) as connection:
            rows = connection.execute(
                select(t.delivery).where(
                    t.delivery.c.step_id == step_id, t.delivery.c.state.in_(taken)
                )
            ).all()
        return {
            row.part: Receipt(
                at=row.updated_at, remote_id=row.remote_id or "", url=row.url or "", code=row.code
            )
            for row in rows
        }

    def first_tried(self, delivery_id: int) -> datetime:
        """Return when the first attempt at a delivery was begun.

        Raises:
            LedgerError: none was.
        """
        with reading(self.engine) as connection:
            at: datetime | None = connection.scalar(
                select(func.min(t.attempt.c.at)).where(t.attempt.c.delivery_id == delivery_id)
            )
        if at is None:
            raise LedgerError(f"Delivery {delivery_id} was never tried.")
        return at

    def counts(self, campaign_id: int) -> dict[int, dict[DeliveryState, int]]:
        """Return how many deliveries of each step are in each state."""
        with reading(self.engine) as connection:
            rows = connection.execute(
                select(t.delivery.c.step_id, t.delivery.c.state, func.count())
                .join(t.step, t.step.c.id == t.delivery.c.step_id)
                .where(t.step.c.campaign_id == campaign_id)
                .group_by(t.delivery.c.step_id, t.delivery.c.state)
            ).all()
        found: dict[int, dict[DeliveryState, int]] = {}
        for step_id, state, number in rows:
            found.setdefault(step_id, {})[DeliveryState(state)] = number
        return found


def _step(row: Row[tuple[object, ...]]) -> FrozenStep:
    values = dict(row._mapping)
    del values["campaign_id"]
    return replace(FrozenStep(**values), state=StepState(values["state"]))


def _insert_campaign(connection: Connection, campaign: FrozenCampaign, now: datetime) -> int:
    campaign_id: int = connection.execute(
        insert(t.campaign)
        .values(
            slug=campaign.slug,
            title=campaign.title,
            language=campaign.language,
            time_zone=campaign.time_zone,
            event_name=campaign.event_name,
            event_at=campaign.event_at,
            fingerprint=campaign.fingerprint,
            rehearsal=campaign.rehearsal,
            frozen_at=now,
        )
        .returning(t.campaign.c.id)
    ).scalar_one()
    return campaign_id

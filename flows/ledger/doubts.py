"""Deliveries of which nobody knows whether they went out, and how a doubt ends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, func, select, update

from flows import clock
from flows.channels.batch import Outcome
from flows.database import reading
from flows.ledger import tables as t
from flows.ledger.transitions import dialect, move, record
from flows.models import DeliveryState, SkipReason, StepState


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """One delivery that may have gone out."""

    id: int
    step: int
    """Number of its step."""
    channel: str
    account: str
    part: int
    recipient: str
    attempts: int
    reply: str
    first_tried: datetime
    last_tried: datetime


def doubts(engine: Engine, slug: str, *, step: int | None = None) -> list[Doubt]:
    """Return a campaign's unconfirmed deliveries, in the order in which they went out."""
    d, a, s = t.delivery.c, t.attempt.c, t.step.c
    query = (
        select(
            *(d.id, s.number.label("step"), s.channel, s.account, d.part, d.recipient),
            *(d.attempts, d.reply),
            func.min(a.at).label("first_tried"),
            func.max(a.at).label("last_tried"),
        )
        .join(t.step, s.id == d.step_id)
        .join(t.campaign, t.campaign.c.id == s.campaign_id)
        .join(t.attempt, a.delivery_id == d.id)
        .where(t.campaign.c.slug == slug, d.state == DeliveryState.UNCONFIRMED)
        .group_by(d.id, s.number, s.channel, s.account)
        .order_by(s.number, d.part, d.id)
    )
    if step is not None:
        query = query.where(s.number == step)
    with reading(engine) as connection:
        rows = connection.execute(query).all()
    return [Doubt(**{**row._mapping, "reply": row.reply or ""}) for row in rows]


def settle(engine: Engine, delivery_id: int, attempts: int, outcome: Outcome) -> bool:
    """End a doubt, unless somebody else has ended it meanwhile.

    A delivery that is proved not to have gone out goes back into the queue and its step is opened
    again; after the deadline it is skipped instead.

    Args:
        engine: The ledger.
        delivery_id: The delivery that was in doubt.
        attempts: How many attempts it had when the proof was looked for. Proof is worth nothing
            for an attempt that came after it.
        outcome: What is known now: `sent`, `delivered` or `queued`.

    Returns:
        Whether it was this call that ended the doubt.
    """
    now = clock.now()
    with engine.begin() as connection:
        # A write that changes nothing: it holds the row until the outcome stands there.
        held = connection.execute(
            update(t.delivery)
            .where(t.delivery.c.id == delivery_id, t.delivery.c.attempts == attempts)
            .where(t.delivery.c.state == DeliveryState.UNCONFIRMED)
            .values(updated_at=now)
        )
        if held.rowcount != 1:
            return False
        cursor = connection.connection.cursor()
        record(cursor, dialect(engine.dialect.name), [outcome], now=now)
        if outcome.state is DeliveryState.QUEUED:
            _reopen(connection, delivery_id, now)
    return True


def _reopen(connection: Connection, delivery_id: int, now: datetime) -> None:
    """Let the step of a delivery go on, or close the delivery if it is too late for that."""
    step = connection.execute(
        select(t.step).join(t.delivery).where(t.delivery.c.id == delivery_id)
    ).one()
    if step.deadline <= now:
        move(connection, [delivery_id], DeliveryState.SKIPPED, reason=SkipReason.DEADLINE, now=now)
        return
    reopened = connection.execute(
        update(t.step)
        .where(t.step.c.id == step.id, t.step.c.state == StepState.DONE)
        .values(state=StepState.SCHEDULED, finished_at=None, reason=None)
    )
    if reopened.rowcount:
        connection.execute(
            update(t.campaign)
            .where(t.campaign.c.id == step.campaign_id)
            .values(revision=t.campaign.c.revision + 1)
        )

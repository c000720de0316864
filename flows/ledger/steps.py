"""A frozen step with its deliveries, written down and taken out again."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from flows.ledger import tables as t
from flows.ledger.frozen import FrozenCampaign, FrozenStep, Planned
from flows.ledger.transitions import dialect
from flows.models import DeliveryState, StepState

FREEZE_BATCH = 5_000
"""Rows per insert while freezing: enough to be fast, few enough to stay small in memory."""


def insert_step(
    connection: Connection,
    campaign_id: int,
    step: FrozenStep,
    planned: Iterable[Planned],
    now: datetime,
) -> None:
    """Write a step with its deliveries."""
    step_id = connection.execute(
        insert(t.step)
        .values(
            campaign_id=campaign_id,
            number=step.number,
            channel=step.channel,
            account=step.account,
            list=step.list,
            draft=step.draft,
            at=step.at,
            deadline=step.deadline,
            planned=0,
            state=StepState.SCHEDULED,
        )
        .returning(t.step.c.id)
    ).scalar_one()
    plan_step(connection, step_id, planned, now)


def plan_step(
    connection: Connection, step_id: int, planned: Iterable[Planned], now: datetime
) -> None:
    """Write a step's deliveries, each recipient once, and how many they are."""
    total = 0
    rows: list[tuple[object, ...]] = []
    database, cursor = dialect(connection.dialect.name), connection.connection.cursor()
    at = database.moment(now)
    for delivery in planned:
        rows.append(_delivery_row(step_id, delivery, at))
        if len(rows) >= FREEZE_BATCH:
            total += database.plan(cursor, rows)
            rows = []
    if rows:
        total += database.plan(cursor, rows)
    connection.execute(update(t.step).where(t.step.c.id == step_id).values(planned=total))


def _delivery_row(step_id: int, planned: Planned, at: str) -> tuple[object, ...]:
    """Return what a new delivery holds, in the order of `sql.PLANNED`."""
    recipient = planned.recipient
    fields = json.dumps(dict(recipient.values)) if recipient.values else "{}"
    skip = planned.skip
    return (
        *(step_id, planned.part, recipient.address, recipient.address.casefold()),
        *(recipient.name, recipient.language, fields),
        *("skipped" if skip else "queued", skip.value if skip else None, 0, at),
    )


def begun(connection: Connection, campaign: FrozenCampaign) -> set[int]:
    """Return the ids of those steps of which something may be out.

    They began, or a person said of one that is done by hand what became of it.
    """
    untouched = [DeliveryState.QUEUED, DeliveryState.SKIPPED]
    touched = connection.scalars(
        select(t.delivery.c.step_id)
        .join(t.step, t.step.c.id == t.delivery.c.step_id)
        .where(t.step.c.campaign_id == campaign.id, t.delivery.c.state.not_in(untouched))
        .distinct()
    )
    began = {step.id for step in campaign.steps if step.started_at}
    return began | set(touched)


def forget_deliveries(connection: Connection, step_id: int) -> None:
    """Remove the deliveries of a step that has not begun, with what was noted of them."""
    ours = select(t.delivery.c.id).where(t.delivery.c.step_id == step_id)
    connection.execute(delete(t.event).where(t.event.c.delivery_id.in_(ours)))
    connection.execute(delete(t.delivery).where(t.delivery.c.step_id == step_id))


def delete_step(connection: Connection, step_id: int) -> None:
    """Remove a step that has not begun, with its deliveries."""
    forget_deliveries(connection, step_id)
    connection.execute(delete(t.step).where(t.step.c.id == step_id))

"""The one way a delivery changes state: checked against the table of transitions, and logged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, insert, or_, select, update

from flows.errors import IllegalTransition
from flows.ledger import tables as t
from flows.models import TRANSITIONS, DeliveryState

CHUNK = 500
"""Ids per statement; SQLite bounds the number of parameters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one delivery, with the other side's own words."""

    delivery_id: int
    state: DeliveryState
    reason: str | None = None
    code: int | None = None
    enhanced: str | None = None
    reply: str | None = None
    remote_id: str | None = None
    url: str | None = None
    due_at: datetime | None = None
    """When a deferred delivery may be tried again."""


def may_become(state: DeliveryState) -> list[DeliveryState]:
    """Return the states from which a delivery may go to `state`."""
    return [before for before, after in TRANSITIONS.items() if state in after]


def record(connection: Connection, outcomes: Sequence[Outcome], *, now: datetime) -> None:
    """Write outcomes to their deliveries and to the log.

    Raises:
        IllegalTransition: one of them may not follow the state that stands there. Nothing of this
            transaction should be kept then.
    """
    for state in {outcome.state for outcome in outcomes}:
        group = [_row(outcome) for outcome in outcomes if outcome.state == state]
        statement = (
            update(t.delivery)
            .where(t.delivery.c.id == bindparam("delivery"))
            # Not `IN`: its list of parameters cannot be repeated for many rows.
            .where(or_(*(t.delivery.c.state == before for before in may_become(state))))
            .values(state=state, worker_id=None, updated_at=now)
        )
        changed = connection.execute(statement, group)
        if changed.rowcount != len(group):
            raise IllegalTransition(_complaint(connection, group, state))
        connection.execute(
            insert(t.event).values(delivery_id=bindparam("delivery"), state=state, at=now),
            [{key: value for key, value in row.items() if key != "due_at"} for row in group],
        )


def move(
    connection: Connection,
    ids: Sequence[int],
    state: DeliveryState,
    *,
    now: datetime,
    reason: str | None = None,
) -> None:
    """Bring deliveries that nobody is handing over to another state, for one and the same reason.

    Raises:
        IllegalTransition: one of them may not go there.
    """
    record(
        connection,
        [Outcome(delivery_id=number, state=state, reason=reason) for number in ids],
        now=now,
    )


def _row(outcome: Outcome) -> dict[str, object]:
    return {
        "delivery": outcome.delivery_id,
        "reason": outcome.reason,
        "code": outcome.code,
        "enhanced": outcome.enhanced,
        "reply": outcome.reply,
        "remote_id": outcome.remote_id,
        "url": outcome.url,
        "due_at": outcome.due_at,
    }


def _complaint(
    connection: Connection, group: Sequence[dict[str, object]], state: DeliveryState
) -> str:
    """Name the first delivery that stood in the way."""
    for row in group:
        found = connection.execute(
            select(t.delivery.c.state).where(t.delivery.c.id == row["delivery"])
        ).scalar()
        if found is None:
            return f"There is no delivery {row['delivery']}."
        if state not in TRANSITIONS[DeliveryState(found)] and found != state:
            return f"Delivery {row['delivery']} is {found} and cannot become {state}."
    return f"A delivery cannot become {state}."

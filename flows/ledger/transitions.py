"""The one way a delivery changes state: checked against the table of transitions, and logged."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection
from sqlalchemy.engine.interfaces import DBAPICursor

from flows.channels.batch import Outcome
from flows.errors import IllegalTransition
from flows.ledger.sql import Dialect, dialect
from flows.models import TRANSITIONS, DeliveryState

__all__ = ["Dialect", "dialect", "move", "record"]


def record(
    cursor: DBAPICursor, database: Dialect, outcomes: Sequence[Outcome], *, now: datetime
) -> None:
    """Write outcomes to their deliveries and to the log, within the caller's transaction.

    Raises:
        IllegalTransition: one of them may not follow the state that stands there. The caller's
            transaction must not be kept then.
    """
    if outcomes and database.settle(cursor, outcomes, now) != len(outcomes):
        raise IllegalTransition(_complaint(cursor, outcomes))


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
    outcomes = [Outcome(delivery_id=number, state=state, reason=reason) for number in ids]
    record(connection.connection.cursor(), dialect(connection.dialect.name), outcomes, now=now)


def _complaint(cursor: DBAPICursor, outcomes: Sequence[Outcome]) -> str:
    """Name the first delivery that stood in the way, as far as it can still be seen."""
    for outcome in outcomes:
        cursor.execute(f"SELECT state FROM delivery WHERE id = {outcome.delivery_id:d}")  # noqa: S608
        found = cursor.fetchall()
        if not found:
            return f"There is no delivery {outcome.delivery_id}."
        before = DeliveryState(str(found[0][0]))
        if before != outcome.state and outcome.state not in TRANSITIONS[before]:
            return f"Delivery {outcome.delivery_id} is {before} and cannot become {outcome.state}."
    return "The same delivery was given two outcomes, or the one it has already."

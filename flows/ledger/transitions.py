"""The one way a delivery changes state: checked against the table of transitions, and logged."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from sqlalchemy import Connection
from sqlalchemy.engine.interfaces import DBAPICursor

from flows.channels.batch import Outcome
from flows.clock import aware
from flows.errors import IllegalTransition
from flows.ledger.sql import Statements, for_dialect
from flows.models import TRANSITIONS, DeliveryState


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one database wants to be told things when SQLAlchemy does not translate."""

    name: str
    statements: Statements

    def moment(self, moment: datetime) -> str:
        """Return a moment as `database.Moment` stores it."""
        utc = aware(moment)
        return f"{utc:%Y-%m-%d %H:%M:%S.%f}" if self.name == "sqlite" else utc.isoformat()


@cache
def dialect(name: str) -> Dialect:
    """Return the dialect of `sqlite` or `postgresql`."""
    return Dialect(name, for_dialect(name))


def record(
    cursor: DBAPICursor, database: Dialect, outcomes: Sequence[Outcome], *, now: datetime
) -> None:
    """Write outcomes to their deliveries and to the log, within the caller's transaction.

    Raises:
        IllegalTransition: one of them may not follow the state that stands there. The caller's
            transaction must not be kept then.
    """
    if not outcomes:
        return
    rows = json.dumps(
        [
            (
                outcome.delivery_id,
                outcome.state,
                outcome.reason,
                outcome.code,
                outcome.enhanced,
                outcome.reply,
                outcome.remote_id,
                outcome.url,
                database.moment(outcome.due_at) if outcome.due_at else None,
            )
            for outcome in outcomes
        ]
    )
    parameters: dict[str, object] = {"outcomes": rows, "now": database.moment(now)}
    cursor.execute(database.statements.settle, parameters)
    if cursor.rowcount != len(outcomes):
        raise IllegalTransition(_complaint(cursor, outcomes))
    cursor.execute(database.statements.log_outcomes, parameters)


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
        cursor.execute(f"SELECT state FROM delivery WHERE id = {outcome.delivery_id:d}", {})  # noqa: S608
        found = cursor.fetchall()
        if not found:
            return f"There is no delivery {outcome.delivery_id}."
        before = DeliveryState(str(found[0][0]))
        if before != outcome.state and outcome.state not in TRANSITIONS[before]:
            return f"Delivery {outcome.delivery_id} is {before} and cannot become {outcome.state}."
    return "The same delivery was given two outcomes, or the one it has already."

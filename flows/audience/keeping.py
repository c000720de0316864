"""How long the audience keeps what it knows: requests that came to nothing, people who left."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, delete, exists, func, literal, or_, select

from flows import clock
from flows.audience import tables as t
from flows.audience.people import SubscriptionState
from flows.database import Moment

UNCONFIRMED_KEPT = timedelta(days=30)
"""How long a request that nobody confirmed is kept: long enough to answer who asks about it."""
SIGNUPS_KEPT = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outdated:
    """How much of the audience is older than it may be."""

    unconfirmed: int
    """Requests that were never confirmed."""
    left: int
    """Subscriptions that ended; that they did is kept under a keyed hash."""
    people: int
    """Of whom nothing else is left."""


def outdated(connection: Connection, before: datetime) -> Outdated:
    """Return what `let_go` would delete."""
    staying = (
        exists()
        .where(t.subscription.c.subscriber_id == t.subscriber.c.id)
        .where(~(_unconfirmed() | _left(before)))
    )
    return Outdated(
        unconfirmed=_count(connection, _unconfirmed()),
        left=_count(connection, _left(before)),
        people=connection.scalar(select(func.count()).select_from(t.subscriber).where(~staying))
        or 0,
    )


def let_go(connection: Connection, before: datetime) -> Outdated:
    """Delete subscriptions that ended before a moment, old requests, and who is left with none."""
    found = outdated(connection, before)
    connection.execute(delete(t.subscription).where(or_(_unconfirmed(), _left(before))))
    connection.execute(
        delete(t.subscriber).where(
            ~exists().where(t.subscription.c.subscriber_id == t.subscriber.c.id)
        )
    )
    old = literal(clock.now() - SIGNUPS_KEPT, Moment())
    connection.execute(delete(t.signup).where(t.signup.c.at <= old))
    return found


def _unconfirmed() -> ColumnElement[bool]:
    since = literal(clock.now() - UNCONFIRMED_KEPT, Moment())
    return and_(
        t.subscription.c.state == SubscriptionState.PENDING, t.subscription.c.asked_at < since
    )


def _left(before: datetime) -> ColumnElement[bool]:
    return and_(
        t.subscription.c.state == SubscriptionState.ENDED,
        t.subscription.c.ended_at < literal(before, Moment()),
    )


def _count(connection: Connection, condition: ColumnElement[bool]) -> int:
    query = select(func.count()).select_from(t.subscription).where(condition)
    return connection.scalar(query) or 0

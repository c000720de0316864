"""Rows of the audience's tables as values, and inserting what may be there already."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Table, select
from sqlalchemy.dialects import postgresql, sqlite

from flows.audience import tables as t
from flows.audience.people import (
    Left,
    Subscriber,
    Subscription,
    SubscriptionState,
    Suppression,
    SuppressionReason,
)

Insert = postgresql.Insert | sqlite.Insert


def insert_or(connection: Connection, table: Table) -> Any:  # noqa: ANN401 (two unrelated classes)
    """Return an insert that can say what to do about a row that is there already.

    SQLAlchemy has one per database, alike but for their class.
    """
    if connection.dialect.name == "sqlite":
        return sqlite.insert(table)
    return postgresql.insert(table)


def subscription_from(row: Row[Any]) -> Subscription:
    """Return a row of `subscription` as a value."""
    values = dict(row._mapping)
    values["state"] = SubscriptionState(values["state"])
    values["ended_how"] = Left(values["ended_how"]) if values["ended_how"] else None
    return Subscription(**values)


def suppression_from(row: Row[Any]) -> Suppression:
    """Return a row of `suppression` as a value."""
    return Suppression(reason=SuppressionReason(row.reason), at=row.at, source=row.source)


def subscriber_from(connection: Connection, condition: ColumnElement[bool]) -> Subscriber | None:
    """Return the one subscriber that fits, with all subscriptions; None if there is none."""
    row = connection.execute(select(t.subscriber).where(condition)).first()
    if row is None:
        return None
    subscriptions = connection.execute(
        select(t.subscription)
        .where(t.subscription.c.subscriber_id == row.id)
        .order_by(t.subscription.c.list)
    ).all()
    barred = connection.execute(
        select(t.suppression).where(t.suppression.c.address_hash == row.address_hash)
    ).first()
    return Subscriber(
        id=row.id,
        address=row.address,
        address_hash=row.address_hash,
        name=row.name,
        language=row.language,
        fields=row.fields,
        created_at=row.created_at,
        subscriptions=tuple(subscription_from(each) for each in subscriptions),
        suppression=suppression_from(barred) if barred is not None else None,
    )

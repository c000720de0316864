"""Persons and subscriptions as they are written, in the caller's transaction."""

from __future__ import annotations

from sqlalchemy import Connection, func, select, update

from flows import clock
from flows.audience import tables as t
from flows.audience.addresses import address_key
from flows.audience.people import Details, Left, Subscription, SubscriptionState
from flows.audience.rows import insert_or, subscription_from


def note_person(connection: Connection, address: str, address_hash: str, details: Details) -> int:
    """Return the number of a person, new or known; who is confirmed is not changed by strangers."""
    new = connection.scalar(
        insert_or(connection, t.subscriber)
        .values(
            address=address,
            address_key=address_key(address),
            address_hash=address_hash,
            name=details.name,
            language=details.language,
            fields=dict(details.fields),
            created_at=clock.now(),
        )
        .on_conflict_do_nothing()
        .returning(t.subscriber.c.id)
    )
    if new is not None:
        return int(new)
    found: int = connection.execute(
        select(t.subscriber.c.id)
        .where(t.subscriber.c.address_key == address_key(address))
        .with_for_update()
    ).scalar_one()
    confirmed = connection.scalar(
        select(func.count())
        .where(t.subscription.c.subscriber_id == found)
        .where(t.subscription.c.state == SubscriptionState.CONFIRMED)
    )
    if not confirmed:
        write_details(connection, found, details)
    return found


def write_details(connection: Connection, subscriber_id: int, details: Details) -> None:
    """Write down what a person says of themselves."""
    connection.execute(
        update(t.subscriber)
        .where(t.subscriber.c.id == subscriber_id)
        .values(name=details.name, language=details.language, fields=dict(details.fields))
    )


def end(connection: Connection, address_hash: str, *, how: Left, list_: str | None) -> list[str]:
    """End one or all subscriptions of a person, and keep which lists they left."""
    now = clock.now()
    person = select(t.subscriber.c.id).where(t.subscriber.c.address_hash == address_hash)
    ending = (
        update(t.subscription)
        .where(t.subscription.c.subscriber_id.in_(person))
        .where(t.subscription.c.state != SubscriptionState.ENDED)
        .values(state=SubscriptionState.ENDED, ended_at=now, ended_how=how)
        .returning(t.subscription.c.list)
    )
    if list_ is not None:
        ending = ending.where(t.subscription.c.list == list_)
    ended = sorted(connection.scalars(ending))
    for each in {*ended, *([list_] if list_ is not None else [])}:
        left = {"at": now}
        connection.execute(
            insert_or(connection, t.departure)
            .values(address_hash=address_hash, list=each, **left)
            .on_conflict_do_update(index_elements=["address_hash", "list"], set_=left)
        )
    return ended


def locked(connection: Connection, subscription_id: int) -> Subscription | None:
    """Return a subscription that stays as it is until the transaction ends."""
    row = connection.execute(
        select(t.subscription).where(t.subscription.c.id == subscription_id).with_for_update()
    ).first()
    return subscription_from(row) if row is not None else None


def hash_of(connection: Connection, subscriber_id: int) -> str:
    """Return the hashed address of a person."""
    found: str = connection.execute(
        select(t.subscriber.c.address_hash).where(t.subscriber.c.id == subscriber_id)
    ).scalar_one()
    return found

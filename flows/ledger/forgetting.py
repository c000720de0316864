"""Letting go of who a delivery was to: its states and totals stay, the person becomes a hash."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Row,
    bindparam,
    func,
    literal,
    select,
    update,
)

from flows import clock
from flows.database import Moment, reading
from flows.ledger import tables as t
from flows.ledger.transitions import move
from flows.models import DeliveryState, SkipReason

AT_ONCE = 1_000
"""Deliveries per transaction, so that mail that goes out meanwhile waits for none of them long."""

_WAITING = (DeliveryState.QUEUED, DeliveryState.DEFERRED)


@dataclass(frozen=True, slots=True, kw_only=True)
class OldStep:
    """One step of mail whose details are older than they may be."""

    id: int
    campaign: str
    number: int
    channel: str
    deadline: datetime
    deliveries: int
    """Those that still name a person."""


def old_steps(engine: Engine, before: datetime) -> list[OldStep]:
    """Return the steps of mail that ended before a moment and still name people.

    A step's time counts from its deadline: nothing of it goes out after that.
    """
    d = t.delivery.c
    with reading(engine) as connection:
        rows = connection.execute(
            select(
                *(t.step.c.id, t.campaign.c.slug, t.step.c.number, t.step.c.channel),
                *(t.step.c.deadline, func.count().label("deliveries")),
            )
            .join(t.campaign, t.campaign.c.id == t.step.c.campaign_id)
            .join(t.delivery, d.step_id == t.step.c.id)
            .where(_is_mail(), t.step.c.deadline < literal(before, Moment()), _names_somebody())
            .group_by(t.step.c.id, t.campaign.c.slug)
            .order_by(t.step.c.id)
        ).all()
    return [
        OldStep(
            id=row.id,
            campaign=row.slug,
            number=row.number,
            channel=row.channel,
            deadline=row.deadline,
            deliveries=row.deliveries,
        )
        for row in rows
    ]


def forget_step(engine: Engine, step_id: int, *, hashed: Callable[[str], str]) -> int:
    """Replace everybody whom a step's deliveries name by a hash; return how many there were.

    Killed halfway, it goes on with the rest when it is called again.

    Args:
        engine: The ledger's.
        step_id: The step.
        hashed: Gives the hash of an address.
    """
    total = 0
    while True:
        with engine.begin() as connection:
            rows = connection.execute(
                select(t.delivery.c.id, t.delivery.c.recipient_key)
                .where(t.delivery.c.step_id == step_id, _names_somebody())
                .limit(AT_ONCE)
            ).all()
            if not rows:
                return total
            _forget(connection, [(row.id, hashed(row.recipient_key)) for row in rows])
        total += len(rows)


def forget_person(connection: Connection, *, key: str, address_hash: str) -> int:
    """Replace one person by a hash wherever deliveries name them; return in how many.

    What still waits to be handed over to them is `skipped: suppressed` first.

    Args:
        connection: In whose transaction it is done.
        key: The `address_key`.
        address_hash: The hash of it.
    """
    ids = connection.scalars(_of_person(select(t.delivery.c.id), key).with_for_update()).all()
    waiting = connection.scalars(
        select(t.delivery.c.id).where(t.delivery.c.id.in_(ids), t.delivery.c.state.in_(_WAITING))
    ).all()
    move(
        connection,
        waiting,
        DeliveryState.SKIPPED,
        reason=SkipReason.SUPPRESSED,
        now=clock.now(),
    )
    _forget(connection, [(number, address_hash) for number in ids])
    return len(ids)


def deliveries_to(connection: Connection, *, keys: Sequence[str]) -> Iterator[Row[Any]]:
    """Yield what was to go to a person, newest first: campaign, step, channel, state, moment.

    Args:
        connection: The database.
        keys: The `address_key`, and the hash that stands in its place after the retention period.
    """
    d = t.delivery.c
    query = select(
        *(t.campaign.c.slug, t.step.c.number, t.step.c.channel, t.step.c.list),
        *(d.id, d.recipient, d.name, d.state, d.reason, d.updated_at, d.reply, d.fields),
    )
    query = query.join(t.step, t.step.c.id == d.step_id)
    query = query.join(t.campaign, t.campaign.c.id == t.step.c.campaign_id)
    yield from connection.execute(_of_person(query, *keys).order_by(d.id.desc()))


def _forget(connection: Connection, people: Sequence[tuple[int, str]]) -> None:
    if not people:
        return
    connection.execute(
        update(t.delivery)
        .where(t.delivery.c.id == bindparam("number"))
        .values(
            recipient=bindparam("hash"),
            recipient_key=bindparam("hash"),
            name="",
            fields={},
            reply=None,
            remote_id=None,
        ),
        [{"number": number, "hash": address_hash} for number, address_hash in people],
    )
    said = t.event.c.reply.is_not(None) | t.event.c.remote_id.is_not(None)
    connection.execute(
        update(t.event)
        .where(t.event.c.delivery_id.in_([number for number, _ in people]), said)
        .values(reply=None, remote_id=None)
    )


def _of_person(query: Any, *keys: str) -> Any:  # noqa: ANN401 (a Select of whatever columns)
    # By way of the steps, since the index on recipients begins with them.
    mails = select(t.step.c.id).where(_is_mail())
    return query.where(t.delivery.c.step_id.in_(mails), t.delivery.c.recipient_key.in_(keys))


def _is_mail() -> ColumnElement[bool]:
    # A post's recipient is an account of ours.
    return t.step.c.account == ""


def _names_somebody() -> ColumnElement[bool]:
    # A hash, in the place of an address, has no such sign.
    return t.delivery.c.recipient.like("%@%")

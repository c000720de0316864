"""What happened to posts after they appeared: what others did with them, and what we did.

Counts are kept whenever they change, so that they can be seen over time. Of people who passed a
post on only partner organisations are kept; anybody else is none of our business.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, Engine, func, insert, select

from flows import clock
from flows.database import reading
from flows.ledger import tables as t
from flows.ledger.threads import ACCEPTED
from flows.models import Receipt


class Happening(StrEnum):
    """What is kept beside the counts, which go by the network's own word."""

    LOOKED = "looked"
    """It was asked how the post stands."""
    PASSED_ON = "passed on"
    """A partner organisation, `who`, boosted or reposted it."""
    GONE = "gone"
    """Somebody deleted it elsewhere."""
    BACK = "back"
    """It was taken for gone, and is there."""
    CORRECTED = "corrected"
    """We changed its text."""
    WITHDRAWN = "withdrawn"
    """We deleted it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutPost:
    """One post that is out."""

    id: int
    """Of its delivery."""
    slug: str
    step: int
    channel: str
    account: str
    part: int
    receipt: Receipt
    sent_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Reception:
    """How one post stands now, as far as it is known."""

    numbers: Mapping[str, int] = field(default_factory=dict)
    """By the network's own word."""
    passed_on_by: tuple[str, ...] = ()
    looked_at: datetime | None = None
    gone_at: datetime | None = None
    """When it was found to be deleted elsewhere."""
    corrected_at: datetime | None = None
    withdrawn_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """What a network counted at one moment."""

    at: datetime
    what: str
    """The network's own word."""
    number: int


def posts_out(engine: Engine, slug: str | None = None, *, step: int | None = None) -> list[OutPost]:
    """Return the posts that are out and that we did not withdraw, in the order of their threads.

    Args:
        engine: The ledger.
        slug: Of one campaign; of all by default.
        step: Number of one step; all by default.
    """
    d, s, c, e = t.delivery.c, t.step.c, t.campaign.c, t.engagement.c
    withdrawn = select(e.delivery_id).where(e.delivery_id == d.id, e.kind == Happening.WITHDRAWN)
    first_out = (
        select(func.min(t.event.c.at))
        .where(t.event.c.delivery_id == d.id, t.event.c.state.in_(ACCEPTED))
        .scalar_subquery()
    )
    query = (
        select(
            *(d.id, c.slug, s.number, s.channel, s.account, d.part, d.remote_id, d.url, d.code),
            first_out.label("sent_at"),
            d.updated_at,
        )
        .join(t.step, s.id == d.step_id)
        .join(t.campaign, c.id == s.campaign_id)
        .where(d.state.in_(ACCEPTED), s.account != "", ~withdrawn.exists())
        .order_by(s.id, d.part, d.id)
    )
    if slug is not None:
        query = query.where(c.slug == slug)
    if step is not None:
        query = query.where(s.number == step)
    with reading(engine) as connection:
        rows = connection.execute(query).all()
    return [
        OutPost(
            id=row.id,
            slug=row.slug,
            step=row.number,
            channel=row.channel,
            account=row.account,
            part=row.part,
            receipt=Receipt(
                at=row.sent_at or row.updated_at,
                remote_id=row.remote_id or "",
                url=row.url or "",
                code=row.code,
            ),
            sent_at=row.sent_at or row.updated_at,
        )
        for row in rows
    ]


def receptions(engine: Engine, delivery_ids: Collection[int]) -> dict[int, Reception]:
    """Return how posts stand, by delivery; a post of which nothing is known is left out."""
    with reading(engine) as connection:
        return receptions_in(connection, delivery_ids)


def receptions_in(connection: Connection, delivery_ids: Collection[int]) -> dict[int, Reception]:
    """Return how posts stand, as the caller's transaction sees it."""
    e = t.engagement.c
    latest = (
        select(func.max(e.id))
        .where(e.delivery_id.in_(delivery_ids))
        .group_by(e.delivery_id, e.kind, e.who)
    )
    rows = connection.execute(select(t.engagement).where(e.id.in_(latest)).order_by(e.id)).all()
    told: dict[int, dict[str, datetime]] = {}
    numbers: dict[int, dict[str, int]] = {}
    partners: dict[int, list[str]] = {}
    for row in rows:
        told.setdefault(row.delivery_id, {})[row.kind] = row.at
        if row.number is not None:
            numbers.setdefault(row.delivery_id, {})[row.kind] = row.number
        elif row.kind == Happening.PASSED_ON and row.who:
            partners.setdefault(row.delivery_id, []).append(row.who)
    return {
        delivery_id: Reception(
            numbers=numbers.get(delivery_id, {}),
            passed_on_by=tuple(partners.get(delivery_id, ())),
            looked_at=at.get(Happening.LOOKED),
            gone_at=_gone_at(at),
            corrected_at=at.get(Happening.CORRECTED),
            withdrawn_at=at.get(Happening.WITHDRAWN),
        )
        for delivery_id, at in told.items()
    }


def keep(
    engine: Engine,
    looked_at: Collection[int],
    counts: Mapping[int, Mapping[str, int]],
    passed_on: Mapping[int, Collection[str]],
    gone: Collection[int],
) -> None:
    """Keep what one look at several posts told, as far as it is new.

    Args:
        engine: The ledger.
        looked_at: The deliveries whose posts were asked for.
        counts: What the network counts, by delivery and by its own word.
        passed_on: Names of partner organisations, by delivery.
        gone: Deliveries whose posts are not there any more.
    """
    with engine.begin() as connection:
        before = receptions_in(connection, looked_at)
        rows: list[dict[str, object]] = []
        for number in looked_at:
            was = before.get(number, Reception())
            rows.append(_row(number, Happening.LOOKED))
            rows += [
                _row(number, word, number=count)
                for word, count in counts.get(number, {}).items()
                if was.numbers.get(word) != count
            ]
            rows += [
                _row(number, Happening.PASSED_ON, who=who)
                for who in passed_on.get(number, ())
                if who not in was.passed_on_by
            ]
            if (number in gone) != (was.gone_at is not None):
                rows.append(_row(number, Happening.GONE if number in gone else Happening.BACK))
        if rows:
            connection.execute(insert(t.engagement), rows)


def keep_act(engine: Engine, delivery_id: int, act: Happening) -> None:
    """Keep that we corrected or withdrew a post."""
    with engine.begin() as connection:
        connection.execute(insert(t.engagement), [_row(delivery_id, act)])


def counts_in(
    connection: Connection, delivery_ids: Collection[int]
) -> dict[int, tuple[Count, ...]]:
    """Return every count of posts that differed from the one before, by delivery, oldest first."""
    e = t.engagement.c
    rows = connection.execute(
        select(e.delivery_id, e.at, e.kind, e.number)
        .where(e.delivery_id.in_(delivery_ids), e.number.is_not(None))
        .order_by(e.id)
    ).all()
    found: dict[int, list[Count]] = {}
    for row in rows:
        count = Count(at=row.at, what=row.kind, number=row.number)
        found.setdefault(row.delivery_id, []).append(count)
    return {delivery_id: tuple(counts) for delivery_id, counts in found.items()}


def _gone_at(at: Mapping[str, datetime]) -> datetime | None:
    gone, back = at.get(Happening.GONE), at.get(Happening.BACK)
    return None if gone is None or (back is not None and back >= gone) else gone


def _row(
    delivery_id: int, kind: str, *, number: int | None = None, who: str | None = None
) -> dict[str, object]:
    return {
        "delivery_id": delivery_id,
        "at": clock.now(),
        "kind": kind,
        "number": number,
        "who": who,
    }

"""Leaving by the link in a mail: the link names a delivery, the delivery a person and a list."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqlalchemy import select

from flows.audience.people import Left, Subscriber, SuppressionReason
from flows.audience.subscribers import Audience
from flows.database import reading
from flows.ledger import tables as t

_HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """Whom a delivery reached."""

    campaign: str
    """Slug."""
    list: str
    """The list on whose behalf it was sent; empty for mail that goes to no list."""
    address_hash: str
    subscriber: Subscriber | None
    """None when the person is not (or no longer) in the audience."""


def reached_by(audience: Audience, delivery_id: int) -> Reached | None:
    """Return whom a delivery reached, also after its details were purged.

    Returns:
        None if there is no such delivery.
    """
    with reading(audience.engine) as connection:
        row = connection.execute(
            select(t.delivery.c.recipient_key, t.step.c.list, t.campaign.c.slug)
            .join(t.step, t.step.c.id == t.delivery.c.step_id)
            .join(t.campaign, t.campaign.c.id == t.step.c.campaign_id)
            .where(t.delivery.c.id == delivery_id)
        ).first()
    if row is None:
        return None
    key = row.recipient_key
    address_hash = key if _HASH.fullmatch(key) else audience.hash(key)
    return Reached(
        campaign=row.slug,
        list=row.list,
        address_hash=address_hash,
        subscriber=audience.find_hash(address_hash),
    )


def unsubscribe_delivery(audience: Audience, delivery_id: int, *, how: Left) -> Reached | None:
    """Take whom a delivery reached off the list on whose behalf it was sent.

    Whoever got it on behalf of no list, as a partner, is suppressed altogether: there is nothing
    smaller to leave. Doing it twice is doing it once.

    Returns:
        Whom it reached, as it is now; None if there is no such delivery.
    """
    reached = reached_by(audience, delivery_id)
    if reached is None:
        return None
    if reached.list:
        audience.unsubscribe_address(reached.address_hash, how=how, list_=reached.list)
    else:
        audience.suppress_hash(
            reached.address_hash, reason=SuppressionReason.COMPLAINT, source=how.value
        )
    return reached_by(audience, delivery_id)

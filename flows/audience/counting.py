"""How many are on which list, and how many are left in peace."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import Engine, func, select

from flows.audience import tables as t
from flows.audience.people import SubscriptionState
from flows.database import reading


@dataclass(slots=True, kw_only=True)
class Standing:
    """How one list stands."""

    confirmed: int = 0
    """Those who get its mail."""
    languages: dict[str, int] = field(default_factory=dict)
    """The confirmed by their language."""
    suppressed: int = 0
    """Confirmed as well, but must not be mailed."""
    pending: int = 0
    ended: int = 0


def list_counts(engine: Engine) -> dict[str, Standing]:
    """Return how each list stands that anybody is or was on."""
    by = (
        *(t.subscription.c.list, t.subscription.c.state, t.subscriber.c.language),
        t.suppression.c.address_hash.is_not(None),
    )
    with reading(engine) as connection:
        rows = connection.execute(
            select(*by, func.count())
            .select_from(t.subscription)
            .join(t.subscriber, t.subscriber.c.id == t.subscription.c.subscriber_id)
            .outerjoin(t.suppression, t.suppression.c.address_hash == t.subscriber.c.address_hash)
            .group_by(*by)
            .order_by(t.subscription.c.list, func.count().desc())
        ).all()
    found: dict[str, Standing] = {}
    for list_, state, language, barred, number in rows:
        standing = found.setdefault(list_, Standing())
        if state == SubscriptionState.CONFIRMED and barred:
            standing.suppressed += number
        elif state == SubscriptionState.CONFIRMED:
            standing.confirmed += number
            standing.languages[language] = number
        elif state == SubscriptionState.PENDING:
            standing.pending += number
        else:
            standing.ended += number
    return found


def suppression_counts(engine: Engine) -> dict[str, int]:
    """Return how many addresses are suppressed, by the reason."""
    with reading(engine) as connection:
        rows = connection.execute(
            select(t.suppression.c.reason, func.count())
            .group_by(t.suppression.c.reason)
            .order_by(func.count().desc())
        ).all()
    return {row.reason: row[1] for row in rows}

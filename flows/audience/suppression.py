"""Which addresses must not be mailed: keyed hashes with a reason, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, delete, select

from flows import clock
from flows.audience import tables as t
from flows.audience.people import Suppression, SuppressionReason
from flows.audience.rows import insert_or, suppression_from

_RANK = {SuppressionReason.STAFF: 2, SuppressionReason.FORGOTTEN: 1}
"""A reason of a higher rank takes the place of one of a lower; all others rank 0."""


def find(connection: Connection, address_hash: str) -> Suppression | None:
    """Return why an address is suppressed, or None if it is not."""
    row = connection.execute(
        select(t.suppression).where(t.suppression.c.address_hash == address_hash)
    ).first()
    return suppression_from(row) if row is not None else None


def suppress(
    connection: Connection, address_hash: str, *, reason: SuppressionReason, source: str
) -> bool:
    """Suppress an address; return whether it was not before.

    The first reason stays, unless the new one weighs more: to be forgotten, or a colleague's word.
    """
    values = {"reason": reason, "at": clock.now(), "source": source}
    new = connection.execute(
        insert_or(connection, t.suppression)
        .values(address_hash=address_hash, **values)
        .on_conflict_do_nothing()
        .returning(t.suppression.c.address_hash)
    ).first()
    if new is not None:
        return True
    lower = [each for each in SuppressionReason if _RANK.get(each, 0) < _RANK.get(reason, 0)]
    connection.execute(
        t.suppression.update()
        .where(t.suppression.c.address_hash == address_hash)
        .where(t.suppression.c.reason.in_(lower))
        .values(values)
    )
    return False


def lift(
    connection: Connection, address_hash: str, *, only: Collection[SuppressionReason] | None = None
) -> bool:
    """Take a suppression back, if it has one of these reasons; return whether there was one."""
    lifting = delete(t.suppression).where(t.suppression.c.address_hash == address_hash)
    if only is not None:
        lifting = lifting.where(t.suppression.c.reason.in_(only))
    return connection.execute(lifting).rowcount == 1

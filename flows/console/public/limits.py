"""How often somebody may have us send a mail, so that nobody can have a stranger bombed with it.

Kept in the table `signup` as keyed hashes: how often, not who. Rows go after a day.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Engine, delete, func, insert, select

from flows import clock
from flows.audience.addresses import AddressHasher
from flows.audience.tables import signup

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """At most so many within so long."""

    most: int
    within: timedelta


PER_ADDRESS = (Limit(most=1, within=timedelta(minutes=2)), Limit(most=3, within=DAY))
"""Mails to one mailbox. Who asks twice in a hurry gets one; who asks all day gets three."""
PER_NETWORK = (Limit(most=60, within=timedelta(hours=1)), Limit(most=200, within=DAY))
"""Requests from one network: enough for a hall full of people behind one router."""
ALTOGETHER = (Limit(most=1000, within=timedelta(hours=1)),)
"""Requests from everywhere: many machines together shall not ruin our name as a sender either."""


class Counter:
    """Counts what was asked for, by whom and for whom.

    Args:
        engine: Of the database.
        hasher: Makes keyed hashes; without its key nobody can try out whom one stands for.
    """

    def __init__(self, engine: Engine, hasher: AddressHasher) -> None:
        self._engine = engine
        self._hash = hasher

    def address(self, address: str) -> bool:
        """Count a mail to an address; return whether it may go out."""
        local, _, domain = address.casefold().rpartition("@")
        # name+1@… and n.a.m.e@… reach one mailbox at the large providers.
        mailbox = f"{local.partition('+')[0].replace('.', '')}@{domain}"
        return self._count(mailbox, PER_ADDRESS)

    def network(self, network: str) -> bool:
        """Count a request from a network; return whether it may be served."""
        return self._count(f"network {network}", PER_NETWORK) and self._count("all", ALTOGETHER)

    def _count(self, what: str, limits: Sequence[Limit]) -> bool:
        """Count one more, unless it would be too many."""
        key = self._hash(what)
        now = clock.now()
        with self._engine.begin() as connection:
            connection.execute(delete(signup).where(signup.c.at <= now - DAY))
            for limit in limits:
                used = connection.scalar(
                    select(func.count()).where(
                        signup.c.key == key, signup.c.at > now - limit.within
                    )
                )
                if (used or 0) >= limit.most:
                    return False
            connection.execute(insert(signup).values(key=key, at=now))
        return True

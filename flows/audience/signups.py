"""How often somebody may sign up: so that nobody uses the form to fill a stranger's mailbox."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, func, insert, literal, select

from flows import clock
from flows.audience import tables as t
from flows.audience.subscribers import Audience


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """So many sign-ups within so long."""

    most: int
    within: timedelta


PER_ADDRESS = Limit(most=3, within=timedelta(days=1))
"""Mails that ask to confirm, to one address."""
PER_NETWORK = Limit(most=20, within=timedelta(hours=1))
"""Sign-ups out of one network: a school or an office behind one address still comes through."""


def admit(audience: Audience, *, address: str, network: str) -> bool:
    """Note a sign-up, if neither the address nor the network had too many of them.

    Only keyed hashes are noted, and none is kept for longer than a day.

    Args:
        audience: Whose form it is.
        address: As it was filled in.
        network: The visitor's IP address.

    Returns:
        Whether the mail that asks to confirm may be sent. The visitor is told the same in any case.
    """
    now = clock.now()
    limits = (
        (audience.hash(address), PER_ADDRESS),
        (audience.hash(f"network {_network(network)}"), PER_NETWORK),
    )
    longest = max(limit.within for _, limit in limits)
    with audience.engine.begin() as connection:
        moment = t.signup.c.at.type
        connection.execute(delete(t.signup).where(t.signup.c.at <= literal(now - longest, moment)))
        for key, limit in limits:
            used = connection.scalar(
                select(func.count())
                .where(t.signup.c.key == key)
                .where(t.signup.c.at > literal(now - limit.within, moment))
            )
            if (used or 0) >= limit.most:
                return False
        connection.execute(insert(t.signup), [{"key": key, "at": now} for key, _ in limits])
    return True


def _network(address: str) -> str:
    """Return what belongs to one visitor: an IPv4 address, or the /64 of an IPv6 address."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)

"""From where a request comes: its network, as coarse as a limit needs it."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from flows.errors import SettingsError

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

UNKNOWN = "unknown"
"""Stands for every caller of whom no address is known: they share one limit."""

_PREFIX = {4: 24, 6: 48}
"""What one subscriber of a provider is likely to be given, or its neighbours."""


def proxies(setting: str | None) -> tuple[Network, ...]:
    """Read OPROEP_PUBLIC_PROXY: the addresses or networks of our own proxies, by commas.

    Raises:
        SettingsError: one of them is neither.
    """
    found: list[Network] = []
    for part in filter(None, (part.strip() for part in (setting or "").split(","))):
        try:
            found.append(ipaddress.ip_network(part))
        except ValueError:
            raise SettingsError(
                f"{part[:60]!r} is not an address or network.",
                where="OPROEP_PUBLIC_PROXY",
                mend="Name the proxies in front of the public pages: 127.0.0.1, 10.0.0.0/8.",
            ) from None
    return tuple(found)


def network_of(peer: str | None, forwarded: Iterable[str], trusted: Iterable[Network]) -> str:
    """Return the network that a request comes from, as IPv4 /24 or IPv6 /48.

    Args:
        peer: The address at the other end of the connection.
        forwarded: The X-Forwarded-For headers. Anybody can send them, so they are believed only
            as far as our own proxies wrote them: from the end, up to the first foreign address.
        trusted: Our own proxies.
    """
    trusted = tuple(trusted)
    hops = [hop.strip() for header in forwarded for hop in header.split(",")]
    address = _address(peer)
    while address is not None and hops and any(address in network for network in trusted):
        address = _address(hops.pop())
    if address is None:
        return UNKNOWN
    return str(ipaddress.ip_network(f"{address}/{_PREFIX[address.version]}", strict=False))


def _address(text: str | None) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address((text or "").strip("[]"))
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address):
        # ::ffff:192.0.2.1 is 192.0.2.1; a zone (%eth0) says nothing outside one machine.
        return address.ipv4_mapped or ipaddress.IPv6Address(int(address))
    return address

"""Connections to public addresses only, whatever a name says it resolves to.

A web address that somebody gives, or that a page redirects to, could lead to this machine or to
the network behind it. The address is checked where it is connected to, so that a name which
resolves to something else a moment later gains nothing.
"""

from __future__ import annotations

import ipaddress
import socket
import threading
from contextlib import suppress
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

CONNECT_SECONDS = 5.0


class NotPublic(OSError):
    """The name leads to an address that is not public."""


class NoPage(NotPublic):
    """The name leads to where no page ever lies, not even one of an intranet."""


class Deadline:
    """Ends the connections made under it when its time is up, in whatever they are.

    Time limits of sockets are per read: a server that sends a byte a second never meets one.
    """

    def __init__(self, seconds: float) -> None:
        self.passed = False
        self._sockets: list[socket.socket] = []
        self._lock = threading.Lock()
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True

    def __enter__(self) -> Deadline:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        with self._lock:
            for each in self._sockets:
                each.close()

    def watch(self, connection: socket.socket) -> None:
        """End this connection as well; a copy is kept, since TLS takes the original over."""
        with self._lock:
            self._sockets.append(connection.dup())

    def _end(self) -> None:
        self.passed = True
        with self._lock:
            for each in self._sockets:
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)


def guarded_session(*, allow_private: bool, deadline: Deadline) -> requests.Session:
    """Return a session whose connections go to allowed addresses and end at the deadline.

    It takes no proxy and no credentials from the environment: a proxy would connect in our place,
    unchecked.
    """
    session = requests.Session()
    session.trust_env = False
    adapter = _GuardedAdapter(allow_private=allow_private, deadline=deadline)
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    return session


def is_public(address: str) -> bool:
    """Say whether an IP address is one of the public internet."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        # Addresses that carry an IPv4 address lead where that one leads.
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is None and ip in ipaddress.ip_network("64:ff9b::/96"):
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    return ip.is_global and not ip.is_multicast


_METADATA = frozenset({"fd00:ec2::254", "100.100.100.200", "192.0.0.192"})
"""Where clouds tell their machines their secrets, besides the link-local addresses."""


def may_hold_page(address: str) -> bool:
    """Say whether a page could lie at an IP address: on an intranet, or on this machine."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    inner = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    if inner is not None:
        return may_hold_page(str(inner))
    return not (ip.is_link_local or ip.is_multicast or ip.is_unspecified or str(ip) in _METADATA)


class _GuardedAdapter(HTTPAdapter):
    def __init__(self, *, allow_private: bool, deadline: Deadline) -> None:
        self._allow_private = allow_private
        self._deadline = deadline
        super().__init__(pool_connections=1, pool_maxsize=1, max_retries=0)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:  # noqa: ANN401
        super().init_poolmanager(*args, **options)
        allow_private, deadline = self._allow_private, self._deadline

        class Plain(_Guarded, HTTPConnection):
            guard = (allow_private, deadline)

        class Secure(_Guarded, HTTPSConnection):
            guard = (allow_private, deadline)

        class PlainPool(HTTPConnectionPool):
            ConnectionCls = Plain

        class SecurePool(HTTPSConnectionPool):
            ConnectionCls = Secure

        self.poolmanager.pool_classes_by_scheme = {"http": PlainPool, "https": SecurePool}


class _Guarded:
    """Resolves, checks and connects in one go; certificate and host name stay those of the URL."""

    guard: tuple[bool, Deadline]
    host: str
    port: int
    timeout: Any

    def _new_conn(self) -> socket.socket:
        allow_private, deadline = self.guard
        found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        addresses = [(str(entry[4][0]), int(entry[4][1])) for entry in found]
        if not all(may_hold_page(each[0]) for each in addresses):
            raise NoPage(f"{self.host} is {', '.join(each[0] for each in addresses)}")
        allowed = [each for each in addresses if allow_private or is_public(each[0])]
        # One private address among public ones is reason enough: it may be the next we get.
        if len(allowed) != len(addresses):
            raise NotPublic(f"{self.host} is {', '.join(each[0] for each in addresses)}")
        failure: OSError = OSError("the name has no address")
        for address in allowed:
            try:
                connection = socket.create_connection(address, timeout=CONNECT_SECONDS)
            except OSError as error:
                failure = error
                continue
            deadline.watch(connection)
            connection.settimeout(CONNECT_SECONDS)
            return connection
        raise failure

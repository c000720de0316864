"""Mail through an SMTP relay or submission server: the channel, and what its URL says."""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
from collections.abc import Callable, Coroutine, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, TypeVar
from urllib.parse import parse_qsl, unquote, urlsplit

from flows import clock
from flows.channels.base import Event
from flows.channels.batch import Ended, HandOver, Outcome, Outgoing, Record, Source
from flows.channels.smtp_connection import CannotOpen, Server, Timeouts, open_connection
from flows.channels.smtp_pace import Bound, Pace
from flows.channels.smtp_pool import Bounds, Pool
from flows.channels.smtp_wire import Capabilities
from flows.compose.messages import Mail
from flows.errors import AuthLost, Deferred, Rejected, SettingsError, Unconfirmed
from flows.models import DeliveryState, Limits, Problem, Receipt

R = TypeVar("R")

_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}


@dataclass(frozen=True, slots=True, kw_only=True)
class Relay:
    """A mail server and how much of it we may use."""

    server: Server
    bounds: Bounds = field(default_factory=Bounds)
    rates: Sequence[Bound] = ()
    per_domain: Bound | None = None
    timeouts: Timeouts = field(default_factory=Timeouts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What a mail server has to offer us."""

    capabilities: Capabilities
    tls: str | None
    """The version of TLS; None in the clear."""


def server_of(url: str) -> Server:
    """Read `smtp://host:port`, `smtp+starttls://user:pass@host:587` or `smtps://…`.

    Parameters: `ca=FILE`, certificates to trust instead of the system's; `hello=NAME`, our name in
    EHLO; `tls=unverified`, which takes any certificate and is meant for nobody.

    Raises:
        SettingsError: it cannot be read, or it would send a password in the clear.
    """
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query))
    try:
        port = parts.port
    except ValueError:
        port = -1
    if parts.scheme not in _PORTS or not parts.hostname or port == -1:
        raise _bad_url("It does not name a mail server.")
    if unknown := set(options) - {"ca", "hello", "tls"}:
        raise _bad_url(f"It has an unknown parameter: {', '.join(sorted(unknown))}.")
    secure = parts.scheme != "smtp"
    if parts.username and not secure and not _is_here(parts.hostname):
        raise _bad_url("It would send the password in the clear.")
    return Server(
        host=parts.hostname,
        port=port or _PORTS[parts.scheme],
        tls=_tls(options) if secure else None,
        implicit_tls=parts.scheme == "smtps",
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        hello=options.get("hello") or "localhost",
    )


class SmtpChannel:
    """Carries mails over SMTP, one at a time or many over connections that stay open."""

    key: ClassVar[str] = "smtp"

    def __init__(self, relay: Relay) -> None:
        self.relay = relay
        # Kept from one batch to the next: a bound per hour knows nothing of batches.
        self._pace = Pace(relay.rates, per_domain=relay.per_domain)

    def limits(self) -> Limits:
        """Return the size the server takes, if it can be asked and says so."""
        try:
            return Limits(bytes=self.look().capabilities.size)
        except CannotOpen:
            return Limits(bytes=None)

    def validate(self, message: Mail) -> list[Problem]:  # noqa: ARG002 (the protocol names it)
        """Return nothing: compose has refused what cannot be carried."""
        return []

    async def deliver_many(
        self, source: Source[Mail], *, record: Record, stop: Callable[[], bool]
    ) -> HandOver:
        """Hand over what `source` gives; see `flows.channels.batch.BatchChannel`."""
        relay = self.relay
        pool = Pool(
            relay.server,
            source,
            record=record,
            stop=stop,
            bounds=relay.bounds,
            timeouts=relay.timeouts,
            pace=self._pace,
        )
        return await pool.run()

    def deliver(self, message: Mail, *, delivery_id: str) -> Receipt:
        """Make one attempt, on a connection of its own. For single mails, such as a test copy.

        Raises:
            Rejected: refused for good.
            Deferred: refused for now, or no connection can be had.
            Unconfirmed: it may have gone out.
            AuthLost: our credentials are no longer accepted.
        """
        waiting = [Outgoing(0, message)]
        outcomes: list[Outcome] = []

        def source(most: int) -> Sequence[Outgoing[Mail]]:  # noqa: ARG001
            return [waiting.pop()] if waiting else []

        async def once() -> HandOver:
            return await self.deliver_many(
                source, record=lambda _, done: outcomes.extend(done), stop=lambda: False
            )

        end = _run_apart(once)
        if end.why is Ended.AUTH_LOST:
            raise AuthLost(end.words, where=self.relay.server.host, code=end.code)
        if not outcomes:
            raise Deferred(end.words, where=self.relay.server.host, code=end.code)
        return _receipt(outcomes[0], where=delivery_id)

    def find(self, delivery_id: str) -> Receipt | None:  # noqa: ARG002
        """Return None: SMTP cannot be asked; the relay's log can."""
        return None

    def track(self, receipts: Iterable[tuple[str, Receipt]]) -> Iterable[Event]:  # noqa: ARG002
        """Return nothing: bounces and replies come by mail."""
        return ()

    def look(self) -> Offer:
        """Open a connection as for a mail, up to the point where one would be sent, and close it.

        Raises:
            CannotOpen: it cannot be opened, or not safely, or our credentials are refused.
        """
        return _run_apart(self._look)

    async def _look(self) -> Offer:
        connection, offered = await open_connection(self.relay.server, self.relay.timeouts)
        assert connection.transport is not None  # noqa: S101 (it is open)
        tls = connection.transport.get_extra_info("ssl_object")
        connection.write(b"QUIT\r\n")
        connection.transport.close()
        # One turn of the loop, in which the connection is closed.
        await asyncio.sleep(0)
        return Offer(capabilities=offered, tls=tls.version() if tls else None)


def _receipt(outcome: Outcome, *, where: str) -> Receipt:
    words = outcome.reply or ""
    if outcome.state is DeliveryState.SENT:
        return Receipt(
            at=clock.now(),
            remote_id=outcome.remote_id or "",
            code=outcome.code,
            enhanced=outcome.enhanced,
            reply=words,
        )
    error = {
        DeliveryState.REJECTED: Rejected,
        DeliveryState.UNCONFIRMED: Unconfirmed,
    }.get(outcome.state, Deferred)
    raise error(
        f"The mail server answered: {words}" if outcome.code else words,
        where=where,
        code=outcome.code,
        enhanced=outcome.enhanced,
        reply=words,
    )


def _run_apart(work: Callable[[], Coroutine[None, None, R]]) -> R:
    """Run a coroutine in a thread of its own: the caller may be in an event loop already."""
    with ThreadPoolExecutor(max_workers=1) as apart:
        return apart.submit(asyncio.run, work()).result()


def _tls(options: dict[str, str]) -> ssl.SSLContext:
    ca = options.get("ca")
    try:
        context = ssl.create_default_context(cafile=ca)
    except (OSError, ssl.SSLError):
        raise _bad_url(f"There are no certificates in {Path(ca or '')}.") from None
    if options.get("tls") == "unverified":
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _bad_url(why: str) -> SettingsError:
    # The URL itself holds a password and is not shown.
    return SettingsError(
        f"The address of the mail server cannot be used. {why}",
        where="OPROEP_SMTP_URL",
        mend="Write smtp+starttls://user:password@host:587 or smtps://user:password@host.",
    )

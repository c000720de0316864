"""One connection to a mail server: opening it safely, and octets to and fro.

Octets are read into a small buffer of our own (`asyncio.BufferedProtocol`); the usual protocol
allocates 256 KB for every read of a reply of some bytes.
"""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections import deque
from dataclasses import dataclass
from typing import Protocol, cast

from flows.channels.smtp_wire import Capabilities, ProtocolError, Reply, ReplyReader, capabilities

_BUFFER = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Seconds to wait for a reply: RFC 5321, 4.5.3.2."""

    connect: float = 60.0
    greeting: float = 300.0
    command: float = 300.0
    data: float = 120.0
    block: float = 180.0
    """For each part of a message that the connection takes off our hands."""
    dot: float = 600.0


HASTY = Timeouts(connect=5.0, greeting=10.0, command=5.0)
"""For a look at a server while somebody waits for the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where mail is handed over, and how."""

    host: str
    port: int
    tls: ssl.SSLContext | None = None
    """None: in the clear."""
    implicit_tls: bool = False
    """TLS from the first octet (RFC 8314) instead of STARTTLS (RFC 3207)."""
    user: str = ""
    password: str = ""
    hello: str = "localhost"
    """Our name in EHLO."""


class CannotOpen(Exception):
    """No usable connection.

    Args:
        words: One sentence.
        reply: What the server said, if it did.
        auth: Whether our credentials were refused.
    """

    def __init__(self, words: str, *, reply: Reply | None = None, auth: bool = False) -> None:
        super().__init__(words)
        self.words = words
        self.reply = reply
        self.auth = auth


class Receiver(Protocol):
    """Who is told what arrives once the connection is open."""

    def octets(self, data: bytes) -> None:
        """Take what has arrived."""
        ...

    def broken(self, error: ProtocolError) -> None:
        """The other side does not speak SMTP; the connection is being closed."""
        ...

    def lost(self) -> None:
        """The connection is gone."""
        ...


class Connection(asyncio.BufferedProtocol):
    """Octets to and fro; replies are awaited while opening, then given to a receiver."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.paused = False
        """Whether octets that we wrote are still in this process."""
        self.gone = False
        self._buffer = bytearray(_BUFFER)
        self._view = memoryview(self._buffer)
        self._reader = ReplyReader()
        self._replies: deque[Reply] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._failure: ProtocolError | None = None
        self._receiver: Receiver | None = None

    # --- what asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport; again, after STARTTLS."""
        # Other event loops have transports of their own kind.
        self.transport = cast("asyncio.Transport", transport)
        self.transport.set_write_buffer_limits(high=0)

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002
        """Return where to put what arrives."""
        return self._view

    def buffer_updated(self, nbytes: int) -> None:
        """Take what has arrived."""
        data = bytes(self._view[:nbytes])
        try:
            if self._receiver is not None:
                self._receiver.octets(data)
            else:
                self._replies.extend(self._reader.feed(data))
                self._wake()
        except ProtocolError as error:
            self._failure = error
            if self._receiver is not None:
                self._receiver.broken(error)
            self.abort()
            self._wake()

    def eof_received(self) -> None:
        """The other side has closed: asyncio closes ours."""

    def pause_writing(self) -> None:
        """Note that the system takes no more for now."""
        self.paused = True

    def resume_writing(self) -> None:
        """Note that everything we wrote has left this process."""
        self.paused = False

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        """Tell whoever waits."""
        self.gone = True
        self._wake()
        if self._receiver is not None:
            self._receiver.lost()

    # --- what we call

    def write(self, data: bytes) -> bool:
        """Send octets; return False if nothing can be sent any more."""
        if self.transport is None or self.transport.is_closing():
            return False
        self.transport.write(data)
        return True

    def abort(self) -> None:
        """Close at once; what is still unsent stays unsent."""
        if self.transport is not None:
            self.transport.abort()

    def unsent(self) -> int:
        """Return how many octets have not left this process yet."""
        return self.transport.get_write_buffer_size() if self.transport else 0

    def hand_to(self, receiver: Receiver) -> None:
        """Give everything further to `receiver`."""
        self._receiver = receiver

    async def reply(self, seconds: float) -> Reply:
        """Return the next reply.

        Raises:
            CannotOpen: none came in time, the connection is gone, or it is not SMTP.
        """
        if not self._replies and not self.gone and self._failure is None:
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                async with asyncio.timeout(seconds):
                    await self._waiter
            except TimeoutError:
                self.abort()
                raise CannotOpen(f"The mail server did not answer for {seconds:g} s.") from None
            finally:
                self._waiter = None
        if self._failure is not None:
            raise CannotOpen(f"That is no mail server: {self._failure}.")
        if not self._replies:
            raise CannotOpen("The mail server closed the connection.")
        return self._replies.popleft()

    async def ask(self, command: str, seconds: float) -> Reply:
        """Send a command and return its reply.

        Raises:
            CannotOpen: as `reply`.
        """
        self.write(f"{command}\r\n".encode())
        return await self.reply(seconds)

    def forget(self) -> bool:
        """Start reading afresh, before TLS; return whether something unasked had arrived."""
        stray = bool(self._replies) or self._reader.midway
        self._replies.clear()
        self._reader = ReplyReader()
        return stray

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


async def open_connection(server: Server, timeouts: Timeouts) -> tuple[Connection, Capabilities]:
    """Return a connection that is ready for mail: greeted, safe and authenticated.

    Raises:
        CannotOpen: any of these failed.
    """
    loop = asyncio.get_running_loop()
    implicit = server.tls if server.implicit_tls else None
    try:
        # Not `wait_for`, which before Python 3.12 can swallow a cancellation.
        async with asyncio.timeout(timeouts.connect):
            _, connection = await loop.create_connection(
                Connection,
                server.host,
                server.port,
                ssl=implicit,
                server_hostname=server.host if implicit else None,
            )
    except ssl.SSLError as error:
        raise CannotOpen(_tls_words(error)) from error
    except TimeoutError:
        raise CannotOpen(f"{server.host} did not answer for {timeouts.connect:g} s.") from None
    except (OSError, UnicodeError) as error:
        raise CannotOpen(f"No connection to {server.host}:{server.port}: {error}.") from error
    try:
        return connection, await _prepare(connection, server, timeouts)
    except BaseException:
        connection.abort()
        raise


async def _prepare(connection: Connection, server: Server, timeouts: Timeouts) -> Capabilities:
    greeting = await connection.reply(timeouts.greeting)
    if greeting.code != 220:
        raise CannotOpen(f"The mail server refuses us: {greeting}", reply=greeting)
    offered = await _greet(connection, server, timeouts)
    if server.tls is not None and not server.implicit_tls:
        await _start_tls(connection, server, offered, timeouts)
        # What was offered in the clear may have been forged (RFC 3207, 4.2).
        offered = await _greet(connection, server, timeouts)
    if server.user:
        await _authenticate(connection, server, offered, timeouts)
    return offered


async def _greet(connection: Connection, server: Server, timeouts: Timeouts) -> Capabilities:
    reply = await connection.ask(f"EHLO {server.hello}", timeouts.command)
    if reply.code == 250:
        return capabilities(reply.text)
    if reply.code in (500, 502, 504, 550):
        reply = await connection.ask(f"HELO {server.hello}", timeouts.command)
        if reply.code == 250:
            return Capabilities()
    raise CannotOpen(
        f"The mail server refuses us: {reply}", reply=reply, auth=reply.code in (530, 535)
    )


async def _start_tls(
    connection: Connection, server: Server, offered: Capabilities, timeouts: Timeouts
) -> None:
    if not offered.starttls:
        raise CannotOpen("The mail server does not offer STARTTLS; nothing is sent in the clear.")
    reply = await connection.ask("STARTTLS", timeouts.command)
    if reply.code != 220:
        raise CannotOpen(f"The mail server refuses STARTTLS: {reply}", reply=reply)
    if connection.forget():
        raise CannotOpen("Somebody put words into the mail server's mouth before TLS began.")
    assert connection.transport is not None  # noqa: S101
    assert server.tls is not None  # noqa: S101
    try:
        transport = await asyncio.get_running_loop().start_tls(
            connection.transport,
            connection,
            server.tls,
            server_hostname=server.host,
            ssl_handshake_timeout=timeouts.connect,
        )
    except (OSError, TimeoutError) as error:
        raise CannotOpen(_tls_words(error)) from error
    if transport is None:
        raise CannotOpen("The mail server closed the connection while TLS began.")
    connection.connection_made(transport)


async def _authenticate(
    connection: Connection, server: Server, offered: Capabilities, timeouts: Timeouts
) -> None:
    def coded(text: str) -> str:
        return base64.b64encode(text.encode("utf-8")).decode("ascii")

    if "PLAIN" in offered.auth:
        secret = coded(f"\0{server.user}\0{server.password}")
        reply = await connection.ask(f"AUTH PLAIN {secret}", timeouts.command)
    elif "LOGIN" in offered.auth:
        reply = await connection.ask("AUTH LOGIN", timeouts.command)
        for secret in (server.user, server.password):
            if reply.code == 334:
                reply = await connection.ask(coded(secret), timeouts.command)
    else:
        raise CannotOpen("The mail server offers no way to log in that we know (PLAIN, LOGIN).")
    if reply.code != 235:
        # 454 is "not now" (RFC 4954, 6); the rest will not get better by itself.
        raise CannotOpen(
            f"The mail server does not accept our user name and password: {reply}",
            reply=reply,
            auth=reply.code >= 500,
        )


def _tls_words(error: BaseException) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"The mail server's certificate is not to be trusted: {error.verify_message}."
    return f"TLS with the mail server failed: {error}."

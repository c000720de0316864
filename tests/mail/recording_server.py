"""A mail server that records what arrives and misbehaves on demand."""

from __future__ import annotations

import asyncio
import base64
import re
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal

Moment = Literal["connect", "ehlo", "starttls", "auth", "mail", "rcpt", "data", "dot", "rset"]


@dataclass(frozen=True)
class Say:
    """Answer with these lines instead of the usual."""

    text: str


@dataclass(frozen=True)
class Drop:
    """Close the connection without an answer; `taken` keeps the message all the same."""

    taken: bool = False


@dataclass(frozen=True)
class Half:
    """Write the beginning of an answer, then close."""

    text: str = "25"
    taken: bool = False


@dataclass(frozen=True)
class Stall:
    """Never answer; `late` keeps the message once the client has stopped listening."""

    taken: bool = False
    late: bool = False


@dataclass(frozen=True)
class Slow:
    """Answer as usual, later."""

    seconds: float


Action = Say | Drop | Half | Stall | Slow
Plan = Callable[[Moment, int], Action | None]
"""What to do at the nth (from 1) time of a moment; None is the usual."""


def nothing(moment: Moment, nth: int) -> Action | None:
    return None


def at(moment: Moment, *times: int, do: Action) -> Plan:
    """Do this at these times of this moment; without times, always."""
    return lambda now, nth: do if now == moment and (not times or nth in times) else None


@dataclass(frozen=True)
class Taken:
    """A message that the server took."""

    sender: str
    recipient: str
    content: bytes
    connection: int


@dataclass
class RecordingServer:
    """What it is told to be, and what it has seen."""

    plan: Plan = nothing
    offers: tuple[str, ...] = ("PIPELINING", "8BITMIME", "SMTPUTF8", "DSN", "SIZE 50000000")
    tls: ssl.SSLContext | None = None
    offer_starttls: bool = True
    users: Mapping[str, str] = field(default_factory=dict)
    keep_content: bool = True
    taken: list[Taken] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)
    connections: int = 0
    open_now: int = 0
    open_most: int = 0
    hurried: int = 0
    """Commands that came before they might, from a client without PIPELINING."""
    in_the_clear: int = 0
    """Mails that began without TLS."""
    port: int = 0
    witness: Callable[[str], None] = lambda recipient: None
    """Called with the recipient when the last octet of a message has come."""
    writers: set[asyncio.StreamWriter] = field(default_factory=set)

    def counts(self) -> Counter[str]:
        """How often each recipient's message was taken."""
        return Counter(message.recipient for message in self.taken)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open_now += 1
        self.open_most = max(self.open_most, self.open_now)
        self.writers.add(writer)
        try:
            await _Dialogue(self, reader, writer, self.connections).run()
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError, _Gone):
            pass
        finally:
            self.open_now -= 1
            self.writers.discard(writer)
            writer.transport.abort()

    def action(self, moment: Moment) -> Action | None:
        self.seen[moment] += 1
        return self.plan(moment, self.seen[moment])


class _Gone(Exception):
    pass


class _Dialogue:
    def __init__(
        self,
        server: RecordingServer,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        number: int,
    ) -> None:
        self.server, self.reader, self.writer, self.number = server, reader, writer, number
        self.sender: str | None = None
        self.recipient: str | None = None
        self.safe = writer.get_extra_info("sslcontext") is not None
        self.known = False

    async def run(self) -> None:
        await self.answer("connect", "220 recording.example ESMTP")
        while line := await self.reader.readline():
            command = line.decode("utf-8").rstrip("\r\n")
            self.server.commands.append(command)
            verb = command.split(" ")[0].upper()
            handler = getattr(self, f"on_{verb.lower()}", None)
            if handler is None:
                await self.say("500 5.5.2 what?")
            else:
                await handler(command)

    async def answer(self, moment: Moment, usual: str) -> str:
        """Say the usual, or do what the plan says; return what was said."""
        action = self.server.action(moment)
        if isinstance(action, Slow):
            await asyncio.sleep(action.seconds)
            action = None
        if action is None or isinstance(action, Say):
            text = usual if action is None else action.text
            await self.say(text)
            if text.startswith("421"):
                raise _Gone
            return text
        if isinstance(action, Half):
            self.writer.write(action.text.encode())
            await self.writer.drain()
        if isinstance(action, Stall):
            await self.reader.read()
        raise _Gone

    async def say(self, text: str) -> None:
        self.writer.write(text.replace("\n", "\r\n").encode() + b"\r\n")
        await self.writer.drain()
        buffered: bytearray = self.reader._buffer  # type: ignore[attr-defined]
        if buffered and "PIPELINING" not in self.server.offers:
            self.server.hurried += 1

    async def on_ehlo(self, command: str) -> None:
        offers = [*self.server.offers]
        if self.server.tls and self.server.offer_starttls and not self.safe:
            offers.append("STARTTLS")
        if self.server.users and (self.safe or not self.server.tls):
            offers.append("AUTH PLAIN LOGIN")
        lines = ["recording.example", *offers]
        await self.answer(
            "ehlo", "\n".join(f"250{' ' if line is lines[-1] else '-'}{line}" for line in lines)
        )

    async def on_helo(self, command: str) -> None:
        await self.say("250 recording.example")

    async def on_starttls(self, command: str) -> None:
        assert self.server.tls
        said = await self.answer("starttls", "220 2.0.0 go ahead")
        if said.startswith("220"):
            await self.writer.start_tls(self.server.tls)
            self.safe = True

    async def on_auth(self, command: str) -> None:
        _, way, *first = command.split(" ")
        if way == "PLAIN":
            _, user, password = base64.b64decode(first[0]).decode().split("\0")
        else:
            await self.say("334 VXNlcm5hbWU6")
            user = base64.b64decode(await self.reader.readline()).decode()
            await self.say("334 UGFzc3dvcmQ6")
            password = base64.b64decode(await self.reader.readline()).decode()
        self.known = self.server.users.get(user) == password
        usual = "235 2.7.0 welcome" if self.known else "535 5.7.8 wrong"
        await self.answer("auth", usual)

    async def on_mail(self, command: str) -> None:
        self.server.in_the_clear += not self.safe
        if self.server.users and not self.known:
            await self.say("530 5.7.0 log in first")
        elif self.sender is not None:
            await self.say("503 5.5.1 nested MAIL")
        elif (await self.answer("mail", "250 2.1.0 Ok")).startswith("2"):
            self.sender = command.partition("<")[2].partition(">")[0]

    async def on_rcpt(self, command: str) -> None:
        if self.sender is None:
            await self.say("503 5.5.1 MAIL first")
        elif (await self.answer("rcpt", "250 2.1.5 Ok")).startswith("2"):
            self.recipient = command.partition("<")[2].rpartition(">")[0]

    async def on_data(self, command: str) -> None:
        if self.recipient is None:
            await self.say("503 5.5.1 RCPT first")
            return
        if not (await self.answer("data", "354 go ahead")).startswith("354"):
            return
        lines: list[bytes] = []
        while (line := await self.reader.readline()) != b".\r\n":
            if not line.endswith(b"\r\n"):
                raise _Gone
            lines.append(line[1:] if line.startswith(b".") else line)
        sender, recipient = self.sender, self.recipient
        self.server.witness(recipient)
        self.sender = self.recipient = None
        content = b"".join(lines) if self.server.keep_content else b""
        message = Taken(sender or "", recipient, content, self.number)
        planned = self.server.plan("dot", self.server.seen["dot"] + 1)
        if getattr(planned, "taken", False):
            self.server.taken.append(message)
        try:
            said = await self.answer("dot", f"250 2.0.0 Ok: queued as {len(self.server.taken):06X}")
        finally:
            if getattr(planned, "late", False):
                self.server.taken.append(message)
        if re.match(r"2\d\d[ -]", said):
            self.server.taken.append(message)

    async def on_rset(self, command: str) -> None:
        self.sender = self.recipient = None
        await self.answer("rset", "250 2.0.0 Ok")

    async def on_quit(self, command: str) -> None:
        await self.say("221 2.0.0 Bye")
        raise _Gone


@asynccontextmanager
async def running(
    server: RecordingServer, *, implicit_tls: ssl.SSLContext | None = None
) -> AsyncIterator[RecordingServer]:
    """Serve on a free port of 127.0.0.1."""
    listener = await asyncio.start_server(
        server.serve, "127.0.0.1", 0, ssl=implicit_tls, limit=2**20
    )
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        for writer in tuple(server.writers):
            writer.transport.abort()
        for _ in range(1000):
            if not server.open_now:
                break
            await asyncio.sleep(0.001)

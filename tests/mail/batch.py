"""Handing over a batch in tests, with a ledger that watches the promises while it is written."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from flows.channels.batch import HandOver, Outcome, Outgoing
from flows.channels.smtp import Relay, SmtpChannel, server_of
from flows.channels.smtp_connection import Timeouts
from flows.channels.smtp_pace import Bound
from flows.channels.smtp_pool import Bounds
from flows.compose.messages import Mail
from flows.models import DeliveryState
from tests.mail.recording_server import RecordingServer, running

LOCKSTEP = ("8BITMIME",)
EVERY_OFFER = RecordingServer().offers
CONTENT = b"Subject: oproep\r\n\r\n.een punt\r\n..\r\n.\r\ntekst\r\n"


def mails(
    count: int, *, content: bytes = CONTENT, domain: str = "x.example"
) -> list[Outgoing[Mail]]:
    """So many mails; the recipient tells the delivery."""
    return [
        Outgoing(
            number,
            Mail(
                sender=f"bounce+{number}@org.example",
                recipient=f"u{number}@{domain}",
                content=content,
            ),
        )
        for number in range(1, count + 1)
    ]


@dataclass
class Book:
    """A ledger in memory."""

    most_open: int = 10
    intents: set[int] = field(default_factory=set)
    outcomes: dict[int, Outcome] = field(default_factory=dict)
    commits: int = 0
    fail: Callable[[int], bool] = lambda nth: False

    def record(self, intents: Sequence[int], outcomes: Sequence[Outcome]) -> None:
        self.commits += 1
        if self.fail(self.commits):
            raise OSError("the disk is full")
        for number in intents:
            assert number not in self.intents, "two intents"
            self.intents.add(number)
        for outcome in outcomes:
            assert outcome.delivery_id in self.intents, "an outcome without intent"
            assert outcome.delivery_id not in self.outcomes, "two outcomes"
            self.outcomes[outcome.delivery_id] = outcome
        assert len(self.intents) - len(self.outcomes) <= self.most_open, "too many in doubt"

    def witness(self, recipient: str) -> None:
        assert int(recipient[1:].partition("@")[0]) in self.intents, "sent before its intent"

    def states(self) -> dict[DeliveryState, int]:
        counts: dict[DeliveryState, int] = {}
        for outcome in self.outcomes.values():
            counts[outcome.state] = counts.get(outcome.state, 0) + 1
        return counts


@dataclass
class Result:
    """How a batch ended, and what the ledger holds."""

    end: HandOver
    book: Book
    taken: int

    def adds_up(self) -> None:
        """Every message taken has one outcome or was returned, and none has both."""
        returned = list(self.end.returned)
        assert len(returned) == len(set(returned))
        assert not set(returned) & set(self.book.outcomes)
        assert len(returned) + len(self.book.outcomes) == self.taken


def agrees(server: RecordingServer, book: Book) -> None:
    """What the server took and what the ledger says are the same, but for what is unconfirmed."""
    counts = server.counts()
    assert max(counts.values(), default=1) == 1, "doubled"
    for number, outcome in book.outcomes.items():
        took = counts.get(f"u{number}@x.example", 0)
        if outcome.state is DeliveryState.SENT:
            assert took == 1, outcome
        elif outcome.state is not DeliveryState.UNCONFIRMED:
            assert took == 0, outcome


async def hand_over(
    server: RecordingServer,
    messages: list[Outgoing[Mail]],
    *,
    url: str = "",
    connections: int = 4,
    per_connection: int | None = None,
    rates: Sequence[Bound] = (),
    per_domain: Bound | None = None,
    timeouts: Timeouts | None = None,
    stop: Callable[[], bool] = lambda: False,
    book: Book | None = None,
) -> Result:
    """Hand over these messages to this server and return the result."""
    book = book or Book(most_open=connections)
    server.witness = book.witness
    waiting = list(messages)
    taken = 0

    def source(most: int) -> Sequence[Outgoing[Mail]]:
        nonlocal taken
        batch = waiting[:most]
        del waiting[:most]
        taken += len(batch)
        return batch

    short = Timeouts(connect=2, greeting=2, command=2, data=2, block=2, dot=2)
    channel = SmtpChannel(
        Relay(
            server=server_of(url or f"smtp://127.0.0.1:{server.port}"),
            bounds=Bounds(
                connections=connections,
                per_connection=per_connection,
                first_pause=0.001,
                longest_pause=0.01,
                beat=0.01,
            ),
            rates=rates,
            per_domain=per_domain,
            timeouts=timeouts or short,
        )
    )
    end = await channel.deliver_many(source, record=book.record, stop=stop)
    return Result(end, book, taken)


def run(server: RecordingServer, messages: list[Outgoing[Mail]], **how: object) -> Result:
    """Hand over to a server in this process, and check what must always hold."""

    async def both() -> Result:
        async with running(server):
            result = await hand_over(server, messages, **how)  # type: ignore[arg-type]
        result.adds_up()
        agrees(server, result.book)
        return result

    return asyncio.run(both())

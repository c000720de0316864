"""Whatever happens to server, line or ledger, every message has one outcome and none two."""

from __future__ import annotations

import asyncio
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.channels.batch import Ended, Outgoing
from flows.channels.smtp import Relay, SmtpChannel, server_of
from flows.channels.smtp_connection import Timeouts
from flows.compose.messages import Mail
from flows.models import DeliveryState
from tests.mail.batch import EVERY_OFFER, LOCKSTEP, Book, Result, agrees, hand_over, mails, run
from tests.mail.recording_server import (
    Action,
    Drop,
    Half,
    Moment,
    RecordingServer,
    Say,
    Slow,
    Stall,
    at,
    running,
)

SENT, DEFERRED, UNCONFIRMED = (
    DeliveryState.SENT,
    DeliveryState.DEFERRED,
    DeliveryState.UNCONFIRMED,
)
SHORT = Timeouts(connect=0.2, greeting=0.2, command=0.2, data=0.2, block=0.2, dot=0.2)


# --- lost connections


@pytest.mark.parametrize("offers", [EVERY_OFFER, LOCKSTEP], ids=["pipelining", "lock step"])
@pytest.mark.parametrize("action", [Drop(), Half(), Say("421 4.3.2 closing")])
@pytest.mark.parametrize("moment", ["connect", "ehlo", "mail", "rcpt", "data"])
def test_a_connection_lost_before_the_content_costs_nothing(
    moment: Moment, action: Action, offers: tuple[str, ...]
) -> None:
    server = RecordingServer(plan=at(moment, 2, 5, do=action), offers=offers)
    result = run(server, mails(30), connections=3)
    assert result.end.why is Ended.EMPTY
    assert result.book.states() == {SENT: 30}


@pytest.mark.parametrize("offers", [EVERY_OFFER, LOCKSTEP], ids=["pipelining", "lock step"])
@pytest.mark.parametrize("action", [Drop(), Drop(taken=True), Half(), Half("250 2.0.0 Ok")])
def test_a_connection_lost_after_the_dot_leaves_exactly_that_message_in_doubt(
    action: Action, offers: tuple[str, ...]
) -> None:
    server = RecordingServer(plan=at("dot", 2, do=action), offers=offers)
    result = run(server, mails(30), connections=3)
    assert result.end.why is Ended.EMPTY
    assert result.book.states() == {SENT: 29, UNCONFIRMED: 1}


def test_a_421_to_the_dot_is_a_refusal_for_now() -> None:
    server = RecordingServer(plan=at("dot", 2, do=Say("421 4.3.2 shutting down")))
    result = run(server, mails(30), connections=3)
    assert result.book.states() == {SENT: 29, DEFERRED: 1}


def test_a_message_that_ends_every_connection_is_put_off_and_the_rest_goes_out() -> None:
    poison = "u5@x.example"
    server = RecordingServer()
    server.plan = lambda moment, nth: (
        Drop()
        if moment == "rcpt" and server.commands[-1].startswith(f"RCPT TO:<{poison}>")
        else None
    )
    result = run(server, mails(20), connections=1)
    assert result.book.states() == {SENT: 19, DEFERRED: 1}
    assert result.book.outcomes[5].state is DEFERRED


def test_a_server_that_drops_every_message_after_the_dot_soon_gets_no_more() -> None:
    server = RecordingServer(plan=at("dot", do=Drop()))
    result = run(server, mails(1000), connections=3)
    assert result.end.why is Ended.UNREACHABLE
    assert set(result.book.states()) == {UNCONFIRMED}
    assert len(result.book.outcomes) <= 6


@pytest.mark.parametrize("moment", ["connect", "ehlo", "mail", "rcpt", "data"])
def test_a_server_that_always_hangs_up_ends_the_batch_with_nothing_begun(moment: Moment) -> None:
    server = RecordingServer(plan=at(moment, do=Drop()))
    result = run(server, mails(1000), connections=3)
    assert result.end.why is Ended.UNREACHABLE
    assert set(result.book.states()) <= {DEFERRED}
    assert server.taken == []


def test_no_server_at_all_is_said_and_everything_is_returned() -> None:
    async def alone() -> Result:
        server = RecordingServer()
        async with running(server):
            pass
        return await hand_over(server, mails(5))

    result = asyncio.run(alone())
    result.adds_up()
    assert result.end.why is Ended.UNREACHABLE
    assert "No connection to 127.0.0.1" in result.end.words
    assert result.book.outcomes == {}


def test_fewer_connections_than_wished_are_used_without_complaint() -> None:
    server = RecordingServer()
    server.plan = lambda moment, nth: (
        Say("421 4.7.0 too many connections")
        if moment == "connect" and server.open_now > 2
        else None
    )
    result = run(server, mails(60), connections=8)
    assert result.end.why is Ended.EMPTY
    assert result.book.states() == {SENT: 60}


# --- time-outs, rubbish


@pytest.mark.parametrize("offers", [EVERY_OFFER, LOCKSTEP], ids=["pipelining", "lock step"])
@pytest.mark.parametrize("moment", ["connect", "ehlo", "mail", "rcpt", "data", "dot"])
def test_a_silent_server_is_left_after_the_time_the_standard_allows(
    moment: Moment, offers: tuple[str, ...]
) -> None:
    server = RecordingServer(plan=at(moment, 2, do=Stall()), offers=offers)
    result = run(server, mails(20), connections=2, timeouts=SHORT)
    assert result.end.why is Ended.EMPTY
    doubt = {UNCONFIRMED: 1} if moment == "dot" else {}
    assert result.book.states() == {SENT: 20 - len(doubt)} | doubt


def test_a_slow_server_is_waited_for() -> None:
    server = RecordingServer(plan=at("dot", do=Slow(0.05)))
    assert run(server, mails(8), connections=4, timeouts=SHORT).book.states() == {SENT: 8}


@pytest.mark.parametrize(
    "text", ["HTTP/1.1 400 Bad Request", "\x00\x01", "25", "2500 ok", "x" * 99999]
)
@pytest.mark.parametrize("moment", ["connect", "ehlo", "mail", "dot"])
def test_what_is_no_mail_server_is_left(moment: Moment, text: str) -> None:
    server = RecordingServer(plan=at(moment, do=Say(text)))
    result = run(server, mails(20), connections=2, timeouts=SHORT)
    assert result.end.why is Ended.UNREACHABLE
    assert set(result.book.states()) <= {UNCONFIRMED, DEFERRED}
    assert server.taken == []


def test_replies_to_questions_nobody_asked_end_the_connection() -> None:
    server = RecordingServer(plan=at("mail", 3, do=Say("250 a\n250 b\n250 c\n250 d\n250 e")))
    result = run(server, mails(20), connections=1)
    assert set(result.book.states()) <= {SENT, UNCONFIRMED}


# --- stopping, and a ledger that fails


def test_stop_begins_nothing_more_and_leaves_nothing_in_doubt() -> None:
    server = RecordingServer(plan=at("dot", do=Slow(0.02)))
    result = run(server, mails(500), connections=4, stop=lambda: len(server.taken) >= 10)
    assert result.end.why is Ended.STOPPED
    assert set(result.book.states()) == {SENT}
    assert 10 <= len(server.taken) <= 40
    assert len(result.end.returned) >= 1


def test_stop_does_not_wait_for_a_server_that_has_not_got_the_content() -> None:
    server = RecordingServer(plan=at("data", 2, do=Stall()))
    began = time.monotonic()
    result = run(server, mails(50), connections=1, stop=lambda: server.seen["data"] >= 2)
    assert time.monotonic() - began < 1
    assert result.end.why is Ended.STOPPED
    assert result.book.states() == {SENT: 1}


@pytest.mark.parametrize("nth", [1, 2, 7])
def test_when_the_ledger_cannot_be_written_nothing_more_leaves(nth: int) -> None:
    server = RecordingServer()
    book = Book(most_open=4, fail=lambda now: now == nth)

    async def both() -> None:
        async with running(server):
            with pytest.raises(OSError, match="the disk is full"):
                await hand_over(server, mails(100), book=book)

    asyncio.run(both())
    # The outcomes known by then were written by the second try.
    assert set(book.outcomes) == book.intents
    agrees(server, book)
    assert len(server.taken) == len(book.outcomes) < 100


def test_a_ledger_that_stays_away_leaves_only_what_was_in_flight() -> None:
    server = RecordingServer()
    book = Book(most_open=4, fail=lambda now: now >= 10)

    async def both() -> None:
        async with running(server):
            with pytest.raises(OSError, match="the disk is full"):
                await hand_over(server, mails(100), book=book)

    asyncio.run(both())
    assert len(book.intents) - len(book.outcomes) <= 4
    assert len(server.taken) <= len(book.intents)


def test_a_source_that_fails_ends_the_batch_with_its_error() -> None:
    server = RecordingServer()
    book = Book()

    def source(most: int) -> list[Outgoing[Mail]]:
        if len(book.intents) > 5:
            raise LookupError("the database is gone")
        number = source.next = source.next + 1  # type: ignore[attr-defined]
        return mails(number)[-1:]

    source.next = 0  # type: ignore[attr-defined]

    async def both() -> None:
        async with running(server):
            channel = SmtpChannel(Relay(server=server_of(f"smtp://127.0.0.1:{server.port}")))
            with pytest.raises(LookupError):
                await channel.deliver_many(source, record=book.record, stop=lambda: False)

    asyncio.run(both())
    assert set(book.outcomes) == book.intents
    agrees(server, book)


def test_a_task_that_is_cancelled_says_what_is_in_doubt() -> None:
    server = RecordingServer(plan=at("dot", do=Stall(taken=True)))
    book = Book()

    async def both() -> None:
        async with running(server):
            task = asyncio.create_task(hand_over(server, mails(20), connections=3, book=book))
            while server.seen["dot"] < 3:
                await asyncio.sleep(0.005)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(both())
    assert book.states() == {UNCONFIRMED: 3}
    agrees(server, book)


# --- any fault, anywhere

ACTIONS = st.sampled_from(
    [
        Say("550 5.1.1 nobody"),
        Say("451 4.7.1 later"),
        Say("421 4.3.2 closing"),
        Say("550 5.7.1 blocked"),
        Say("999 what"),
        Say("354 go ahead"),
        Say("250 fine"),
        Drop(),
        Drop(taken=True),
        Half(),
        Half("250", taken=True),
        Slow(0.01),
        Stall(taken=True),
    ]
)
MOMENTS = st.sampled_from(["connect", "ehlo", "mail", "rcpt", "data", "dot", "rset"])


@settings(max_examples=150, deadline=None)
@given(
    faults=st.dictionaries(st.tuples(MOMENTS, st.integers(1, 12)), ACTIONS, max_size=8),
    offers=st.sampled_from([EVERY_OFFER, LOCKSTEP]),
    connections=st.integers(1, 4),
    per_connection=st.sampled_from([None, 1, 3]),
)
def test_whatever_goes_wrong_every_message_has_one_outcome_and_none_arrives_twice(
    faults: dict[tuple[Moment, int], Action],
    offers: tuple[str, ...],
    connections: int,
    per_connection: int | None,
) -> None:
    odd = {
        moment
        for (moment, _), fault in faults.items()
        if fault in (Say("250 fine"), Say("354 go ahead"))
    }
    server = RecordingServer(plan=lambda moment, nth: faults.get((moment, nth)), offers=offers)

    async def both() -> Result:
        async with running(server):
            return await hand_over(
                server,
                mails(15),
                connections=connections,
                per_connection=per_connection,
                timeouts=Timeouts(
                    connect=0.1, greeting=0.1, command=0.1, data=0.1, block=0.1, dot=0.1
                ),
            )

    result = asyncio.run(both())
    result.adds_up()
    if not odd:
        agrees(server, result.book)
    assert max(server.counts().values(), default=1) == 1
    if result.end.why is Ended.EMPTY:
        assert len(result.book.outcomes) == 15

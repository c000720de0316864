"""Handing over by SMTP: whatever the server does, every message has one outcome and none two."""

from __future__ import annotations

import asyncio
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.channels.batch import Ended, Outgoing
from flows.channels.smtp import Relay, SmtpChannel, server_of
from flows.channels.smtp_connection import Timeouts
from flows.channels.smtp_pace import Bound
from flows.compose.messages import Mail
from flows.errors import AuthLost, Deferred, Rejected, SettingsError, Unconfirmed
from flows.models import DeliveryState
from tests.mail.batch import CONTENT, Book, Result, agrees, hand_over, mails
from tests.mail.certificates import Certificates
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

SENT, REJECTED, DEFERRED, UNCONFIRMED, QUEUED = (
    DeliveryState.SENT,
    DeliveryState.REJECTED,
    DeliveryState.DEFERRED,
    DeliveryState.UNCONFIRMED,
    DeliveryState.QUEUED,
)
SHORT = Timeouts(connect=0.2, greeting=0.2, command=0.2, data=0.2, block=0.2, dot=0.2)
LOCKSTEP = ("8BITMIME",)
EVERY_OFFER = RecordingServer().offers


def run(server: RecordingServer, messages: list[Outgoing[Mail]], **how: object) -> Result:
    """Hand over to a server in this process, and check what must always hold."""

    async def both() -> Result:
        async with running(server):
            result = await hand_over(server, messages, **how)  # type: ignore[arg-type]
        result.adds_up()
        agrees(server, result.book)
        return result

    return asyncio.run(both())


# --- as it should be


@pytest.mark.parametrize("offers", [EVERY_OFFER, LOCKSTEP], ids=["pipelining", "lock step"])
@pytest.mark.parametrize("connections", [1, 5])
def test_every_message_arrives_once_and_as_it_was(
    offers: tuple[str, ...], connections: int
) -> None:
    server = RecordingServer(offers=offers)
    result = run(server, mails(100), connections=connections)
    assert result.end.why is Ended.EMPTY
    assert result.book.states() == {SENT: 100}
    assert {message.content for message in server.taken} == {CONTENT}
    assert {message.sender for message in server.taken} == {
        f"bounce+{number}@org.example" for number in range(1, 101)
    }
    assert server.open_most == connections
    assert server.hurried == 0


def test_the_next_envelope_follows_the_dot_but_its_content_waits_for_the_reply() -> None:
    server = RecordingServer()
    result = run(server, mails(5), connections=1, book=Book(most_open=1))
    assert result.book.states() == {SENT: 5}
    # One commit per message: the outcome of one with the intent of the next.
    assert result.book.commits == 6


def test_messages_that_go_together_are_committed_together() -> None:
    result = run(RecordingServer(), mails(300), connections=5)
    assert result.book.states() == {SENT: 300}
    assert result.book.commits <= 150


def test_the_relays_words_stand_beside_the_outcome() -> None:
    server = RecordingServer(plan=at("dot", do=Say("250-2.0.0 Ok\n250 2.0.0 queued as 4gXYz1")))
    outcome = run(server, mails(1)).book.outcomes[1]
    assert (outcome.code, outcome.enhanced, outcome.remote_id) == (250, "2.0.0", "4gXYz1")
    assert outcome.reply == "2.0.0 Ok queued as 4gXYz1"


def test_size_and_notification_are_asked_for_where_offered() -> None:
    server = RecordingServer()
    run(server, mails(1))
    assert (
        f"MAIL FROM:<bounce+1@org.example> SIZE={len(CONTENT)} RET=HDRS ENVID=1" in server.commands
    )
    assert "RCPT TO:<u1@x.example> NOTIFY=FAILURE,DELAY" in server.commands
    plain = RecordingServer(offers=())
    run(plain, mails(1))
    assert "MAIL FROM:<bounce+1@org.example>" in plain.commands


def test_nothing_to_send_opens_no_connection() -> None:
    server = RecordingServer()
    assert run(server, []).end.why is Ended.EMPTY
    assert server.connections == 0


def test_a_server_that_knows_no_ehlo_is_greeted_the_old_way() -> None:
    server = RecordingServer(plan=at("ehlo", do=Say("502 5.5.1 what?")), offers=())
    assert run(server, mails(3)).book.states() == {SENT: 3}
    assert "HELO localhost" in server.commands


def test_a_connection_carries_no_more_messages_than_it_may() -> None:
    server = RecordingServer()
    assert run(server, mails(40), connections=2, per_connection=5).book.states() == {SENT: 40}
    assert server.connections >= 8
    assert (
        max(
            sum(message.connection == number for message in server.taken)
            for number in range(1, server.connections + 1)
        )
        == 5
    )


def test_bare_line_breaks_cannot_smuggle_a_second_message() -> None:
    content = b"Subject: a\n\nhi\n.\nMAIL FROM:<x@x.example>\r.\r\rend\r\n.\r\nend"
    server = RecordingServer()
    run(server, mails(1, content=content))
    assert len(server.taken) == 1
    assert server.taken[0].content == (
        b"Subject: a\r\n\r\nhi\r\n.\r\nMAIL FROM:<x@x.example>\r\n.\r\n\r\nend\r\n.\r\nend\r\n"
    )


def test_a_message_larger_than_any_buffer_arrives_whole() -> None:
    content = b"Subject: a\r\n\r\n" + (b"x" * 70 + b"\r\n") * 100_000
    server = RecordingServer()
    assert run(server, mails(3, content=content), connections=2).book.states() == {SENT: 3}
    assert {message.content for message in server.taken} == {content}


# --- refusals


@pytest.mark.parametrize("offers", [EVERY_OFFER, LOCKSTEP], ids=["pipelining", "lock step"])
@pytest.mark.parametrize("moment", ["mail", "rcpt", "data", "dot"])
@pytest.mark.parametrize(
    ("reply", "state"),
    [
        ("550 5.1.1 nobody", REJECTED),
        ("451 4.7.1 greylisted", DEFERRED),
        ("452 4.2.2 full", DEFERRED),
        ("554 no", REJECTED),
    ],
)
def test_a_refusal_anywhere_concerns_that_message_only(
    moment: Moment, reply: str, state: DeliveryState, offers: tuple[str, ...]
) -> None:
    server = RecordingServer(plan=at(moment, 3, 7, 8, do=Say(reply)), offers=offers)
    result = run(server, mails(30), connections=2, rates=())
    assert result.end.why is Ended.EMPTY
    assert result.book.states() == {SENT: 27, state: 3}
    refused = [one for one in result.book.outcomes.values() if one.state is state]
    assert {outcome.code for outcome in refused} == {int(reply[:3])}
    assert {outcome.reply for outcome in refused} == {reply[4:]}
    assert server.hurried == 0


@pytest.mark.parametrize("offers", [EVERY_OFFER, LOCKSTEP], ids=["pipelining", "lock step"])
def test_a_refusal_before_the_end_concerns_that_message_only(offers: tuple[str, ...]) -> None:
    plan = at("data", 7, do=Say("354 go ahead\n552 5.3.4 too much"))
    result = run(RecordingServer(offers=offers, plan=plan), mails(30), connections=3)
    assert result.book.states() == {SENT: 29, REJECTED: 1}


def test_too_many_recipients_is_not_for_good_when_said_to_a_recipient() -> None:
    server = RecordingServer(plan=at("rcpt", 1, do=Say("552 5.5.3 too many")))
    assert run(server, mails(2)).book.states() == {SENT: 1, DEFERRED: 1}


def test_a_message_larger_than_the_server_takes_is_not_sent() -> None:
    server = RecordingServer(offers=("PIPELINING", "SIZE 20"))
    result = run(server, mails(2))
    assert result.book.states() == {REJECTED: 2}
    assert result.book.outcomes[1].enhanced == "5.3.4"
    assert "DATA" not in server.commands


def test_an_address_outside_ascii_needs_a_server_that_takes_it() -> None:
    odd = [Outgoing(1, Mail(sender="a@x.example", recipient="jürgen@x.example", content=CONTENT))]

    async def both(server: RecordingServer) -> Result:
        async with running(server):
            book = Book()
            channel = SmtpChannel(Relay(server=server_of(f"smtp://127.0.0.1:{server.port}")))
            waiting = list(odd)
            end = await channel.deliver_many(
                lambda most: [waiting.pop()] if waiting else [],
                record=book.record,
                stop=lambda: False,
            )
            return Result(end, book, 1)

    able = RecordingServer()
    assert asyncio.run(both(able)).book.states() == {SENT: 1}
    assert able.taken[0].recipient == "jürgen@x.example"
    assert any("SMTPUTF8" in command for command in able.commands)
    unable = RecordingServer(offers=("PIPELINING",))
    assert asyncio.run(both(unable)).book.states() == {REJECTED: 1}
    assert unable.taken == []


@pytest.mark.parametrize(
    "address",
    ["a@x.example>\r\nRCPT TO:<b@x.example", "a b@x.example", "", "a@x.example\0", "a", "a@b>c"],
)
def test_an_address_that_could_become_a_command_never_reaches_the_wire(address: str) -> None:
    server = RecordingServer()
    bad = [Outgoing(1, Mail(sender="a@x.example", recipient=address, content=CONTENT))]
    result = run(server, bad)
    assert result.book.states() == {REJECTED: 1}
    assert not any(command.startswith("RCPT") for command in server.commands)


@pytest.mark.parametrize("moment", ["mail", "rcpt", "dot"])
def test_when_the_server_blocks_us_the_batch_ends_and_says_so(moment: Moment) -> None:
    server = RecordingServer(plan=at(moment, do=Say("550 5.7.1 your host is on a list")))
    result = run(server, mails(500), connections=2)
    assert result.end.why is Ended.BLOCKED
    assert "your host is on a list" in result.end.words
    assert len(result.book.outcomes) < 20
    assert {outcome.reason for outcome in result.book.outcomes.values()} == {"blocked"}


def test_many_dead_addresses_are_no_blockade() -> None:
    server = RecordingServer(plan=at("rcpt", do=Say("550 5.1.1 nobody")))
    result = run(server, mails(50))
    assert result.end.why is Ended.EMPTY
    assert result.book.states() == {REJECTED: 50}


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


# --- how fast


def test_bounds_space_messages_evenly() -> None:
    server = RecordingServer()
    began = time.monotonic()
    result = run(server, mails(20), rates=[Bound(100), Bound(100_000, 3600)])
    took = time.monotonic() - began
    assert result.book.states() == {SENT: 20}
    assert 0.13 <= took < 1.5


def test_a_domain_that_finds_us_too_fast_is_served_more_slowly() -> None:
    server = RecordingServer(plan=at("rcpt", 2, do=Say("450 4.7.28 unusual rate")))
    began = time.monotonic()
    result = run(server, mails(8), connections=1)
    assert result.book.states() == {SENT: 7, DEFERRED: 1}
    assert time.monotonic() - began > 0.4


def test_one_slow_domain_does_not_hold_up_the_others() -> None:
    server = RecordingServer()
    messages = mails(10, domain="slow.example") + [
        Outgoing(number + 100, mail) for number, mail in mails(30)
    ]
    book = Book()

    async def both() -> Result:
        async with running(server):
            return await hand_over(server, messages, per_domain=Bound(60), book=book)

    book.witness = lambda recipient: None  # type: ignore[method-assign]
    result = asyncio.run(both())
    assert result.book.states() == {SENT: 40}
    order = [message.recipient.partition("@")[2] for message in server.taken]
    assert order.index("x.example") <= 6


# --- safety of the connection


def test_starttls_is_verified_and_used(certificates: Certificates) -> None:
    server = RecordingServer(tls=certificates.right, users={"jan": "geheim"})

    async def both() -> Result:
        async with running(server):
            url = f"smtp+starttls://jan:geheim@127.0.0.1:{server.port}?ca={certificates.ca}"
            return await hand_over(server, mails(30), url=url)

    assert asyncio.run(both()).book.states() == {SENT: 30}
    assert server.commands.index("STARTTLS") < next(
        at for at, command in enumerate(server.commands) if command.startswith("AUTH PLAIN")
    )


def test_implicit_tls_is_verified_and_used(certificates: Certificates) -> None:
    server = RecordingServer()

    async def both() -> Result:
        async with running(server, implicit_tls=certificates.right):
            url = f"smtps://127.0.0.1:{server.port}?ca={certificates.ca}"
            return await hand_over(server, mails(30), url=url)

    assert asyncio.run(both()).book.states() == {SENT: 30}


@pytest.mark.parametrize("which", ["other_name", "unknown", "stripped", "refused", "injected"])
def test_nothing_is_sent_where_tls_cannot_be_trusted(
    certificates: Certificates, which: str
) -> None:
    server = RecordingServer(
        tls=getattr(certificates, which, certificates.right),
        offer_starttls=which != "stripped",
        users={"jan": "geheim"},
    )
    if which == "refused":
        server.plan = at("starttls", do=Say("454 4.7.0 not now"))
    if which == "injected":
        server.plan = at("starttls", do=Say("220 2.0.0 go\n235 2.7.0 welcome"))

    async def both() -> Result:
        async with running(server):
            url = f"smtp+starttls://jan:geheim@127.0.0.1:{server.port}?ca={certificates.ca}"
            return await hand_over(server, mails(5), url=url)

    result = asyncio.run(both())
    assert result.end.why is Ended.UNREACHABLE
    assert result.book.outcomes == {}
    assert not any(command.startswith(("AUTH", "MAIL")) for command in server.commands)


@pytest.mark.parametrize("which", ["other_name", "unknown"])
def test_implicit_tls_with_a_wrong_certificate_is_refused(
    certificates: Certificates, which: str
) -> None:
    server = RecordingServer()

    async def both() -> Result:
        async with running(server, implicit_tls=getattr(certificates, which)):
            url = f"smtps://127.0.0.1:{server.port}?ca={certificates.ca}"
            return await hand_over(server, mails(5), url=url)

    result = asyncio.run(both())
    assert result.end.why is Ended.UNREACHABLE
    assert "certificate" in result.end.words
    assert server.commands == []


def test_a_wrong_password_is_tried_once_and_nothing_is_begun() -> None:
    server = RecordingServer(users={"jan": "geheim"})

    async def both() -> Result:
        async with running(server):
            return await hand_over(
                server, mails(50), url=f"smtp://jan:anders@127.0.0.1:{server.port}"
            )

    result = asyncio.run(both())
    result.adds_up()
    assert result.end.why is Ended.AUTH_LOST
    assert result.end.code == 535
    assert result.book.outcomes == {}
    assert sum(command.startswith("AUTH") for command in server.commands) == 1


def test_a_server_that_wants_a_login_we_have_not_ends_the_batch() -> None:
    server = RecordingServer(users={"jan": "geheim"})
    result = run(server, mails(50))
    assert result.end.why is Ended.AUTH_LOST
    assert result.end.code == 530
    assert result.book.outcomes == {}


def test_credentials_lost_halfway_end_the_batch_with_nothing_sent_twice() -> None:
    server = RecordingServer(
        plan=at("auth", 2, 3, 4, 5, 6, 7, do=Say("535 5.7.8 revoked")), users={"jan": "geheim"}
    )

    async def both() -> Result:
        async with running(server):
            return await hand_over(
                server,
                mails(200),
                url=f"smtp://jan:geheim@127.0.0.1:{server.port}",
                per_connection=10,
                connections=2,
            )

    result = asyncio.run(both())
    result.adds_up()
    agrees(server, result.book)
    assert result.end.why is Ended.AUTH_LOST
    assert set(result.book.states()) <= {SENT}


def test_login_is_used_where_plain_is_not_offered() -> None:
    server = RecordingServer(offers=("PIPELINING", "AUTH=LOGIN"), users={"jan": "geheim"})
    server.plan = at("ehlo", do=Say("250-recording.example\n250 AUTH=LOGIN"))

    async def both() -> Result:
        async with running(server):
            return await hand_over(
                server, mails(3), url=f"smtp://jan:geheim@127.0.0.1:{server.port}"
            )

    assert asyncio.run(both()).book.states() == {SENT: 3}


@pytest.mark.parametrize(
    "url",
    [
        "smtp://jan:geheim@mail.example",
        "http://mail.example",
        "smtp://",
        "smtp://mail.example:99999",
        "smtps://mail.example?verify=no",
        "smtps://mail.example?ca=/nowhere.pem",
        "mail.example:25",
        "",
    ],
)
def test_a_url_that_cannot_be_used_is_refused_without_showing_its_password(url: str) -> None:
    with pytest.raises(SettingsError) as failure:
        server_of(url)
    assert "geheim" not in str(failure.value)


def test_a_url_says_where_and_how() -> None:
    server = server_of("smtp+starttls://jan%40x:a%2Fb@mail.example?hello=ons.example")
    assert (server.host, server.port, server.user, server.password) == (
        "mail.example",
        587,
        "jan@x",
        "a/b",
    )
    assert server.tls is not None
    assert server.tls.check_hostname
    assert not server.implicit_tls
    assert server.hello == "ons.example"
    assert server_of("smtps://mail.example").port == 465
    assert server_of("smtp://127.0.0.1:2525").tls is None


# --- one at a time


@pytest.mark.parametrize(
    ("action", "error"),
    [
        (None, None),
        (Say("550 5.1.1 nobody"), Rejected),
        (Say("451 4.3.0 later"), Deferred),
        (Drop(), Unconfirmed),
    ],
)
def test_a_single_mail_gets_a_receipt_or_one_of_four_errors(
    action: Action | None, error: type[Exception] | None
) -> None:
    server = RecordingServer(plan=at("dot", do=action) if action else lambda moment, nth: None)

    async def both() -> None:
        async with running(server):
            channel = SmtpChannel(Relay(server=server_of(f"smtp://127.0.0.1:{server.port}")))
            mail = mails(1)[0].message
            deliver = asyncio.to_thread(channel.deliver, mail, delivery_id="1")
            if error is None:
                assert (await deliver).code == 250
                assert (await asyncio.to_thread(channel.limits)).bytes == 50_000_000
            else:
                with pytest.raises(error):
                    await deliver

    asyncio.run(both())


def test_a_single_mail_with_wrong_credentials_or_no_server_says_so() -> None:
    server = RecordingServer(users={"jan": "geheim"})

    async def both() -> None:
        async with running(server):
            url = f"smtp://jan:x@127.0.0.1:{server.port}"
            channel = SmtpChannel(Relay(server=server_of(url)))
            with pytest.raises(AuthLost):
                await asyncio.to_thread(channel.deliver, mails(1)[0].message, delivery_id="1")

    asyncio.run(both())

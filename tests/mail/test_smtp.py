"""Handing over by SMTP: what the server says of a message is its outcome."""

from __future__ import annotations

import asyncio
import time

import pytest

from flows.channels.batch import Ended, Outgoing
from flows.channels.smtp import Relay, SmtpChannel, server_of
from flows.channels.smtp_pace import Bound
from flows.compose.messages import Mail
from flows.errors import AuthLost, Deferred, Rejected, Unconfirmed
from flows.models import DeliveryState
from tests.mail.batch import CONTENT, EVERY_OFFER, LOCKSTEP, Book, Result, hand_over, mails, run
from tests.mail.recording_server import Action, Drop, Moment, RecordingServer, Say, at, running

SENT, REJECTED, DEFERRED = (DeliveryState.SENT, DeliveryState.REJECTED, DeliveryState.DEFERRED)


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

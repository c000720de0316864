"""What a relay's log can prove, and what it cannot."""

from __future__ import annotations

import asyncio
import gzip
import json
import smtplib
import time as real_time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from flows import clock
from flows.audience.tokens import Purpose, Signer, verp_sender
from flows.campaign.relay_log import settle_from_log
from flows.channels.batch import Outcome, Outgoing
from flows.channels.postfix_log import entries, lines_of, taken
from flows.channels.smtp import Relay, SmtpChannel, server_of
from flows.clock import SimulatedClock
from flows.compose.messages import Mail
from flows.compose.mime import message_id
from flows.database import open_database
from flows.errors import InputError
from flows.ledger.book import Ledger
from flows.ledger.hand_over import Worker, recover
from flows.models import DeliveryState
from tests.conftest import START
from tests.ledger.conftest import campaign, people
from tests.mail.postfix import postfix

SECRET = "only for tests " * 3
SIGNER = Signer(SECRET, Purpose.BOUNCE)
UNCONFIRMED, SENT, QUEUED = DeliveryState.UNCONFIRMED, DeliveryState.SENT, DeliveryState.QUEUED
DOUBTFUL = 8
"""The delivery that nobody knows of, among fifteen."""


def own_id(number: int) -> str:
    return message_id(
        secret=SECRET,
        campaign="oproep",
        step=1,
        recipient=f"lezer{number - 1}@lezers.example",
        host="org.example",
    )


def line(at: datetime, service: str, text: str) -> str:
    return f"{at:%b %d %H:%M:%S} relay postfix/{service}[7]: {text}"


def queued(at: datetime, number: int) -> list[str]:
    sender = verp_sender(SIGNER, number, domain="org.example")
    return [
        line(at, "cleanup", f"AB{number:04X}: message-id={own_id(number)}"),
        line(at, "qmgr", f"AB{number:04X}: from=<{sender}>, size=5, nrcpt=1 (queue active)"),
    ]


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """Fifteen deliveries, one a second, of which one is in doubt."""
    with clock.use(SimulatedClock(START)) as time:
        assert isinstance(time, SimulatedClock)
        engine = open_database(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
        ledger = Ledger(engine)
        step = ledger.freeze(campaign(), [people(15)]).steps[0]
        ledger.begin_step(step.id)
        worker = Worker(engine)
        for claim in worker.claim(step.id, 15):
            worker.record([claim.id], [])
            if claim.id != DOUBTFUL:
                worker.record([], [Outcome(claim.id, SENT, code=250, reply="2.0.0 Ok")])
            else:
                worker.record([], [Outcome(claim.id, UNCONFIRMED)])
            time.advance(timedelta(seconds=1))
        worker.release()
        yield ledger
        engine.dispose()


def log(*, without: tuple[int, ...] = (DOUBTFUL,), shift: timedelta = timedelta()) -> list[str]:
    """The relay's log of those fifteen seconds and the hour after."""
    lines = [line(START - timedelta(hours=1) + shift, "master", "daemon started")]
    for number in range(1, 16):
        if number not in without:
            lines += queued(START + shift + timedelta(seconds=number - 1), number)
    return [*lines, line(START + timedelta(hours=1) + shift, "anvil", "statistics: none")]


def settled(ledger: Ledger, lines: list[str]) -> tuple[DeliveryState, str]:
    found = settle_from_log(ledger, "oproep", lines, secret=SECRET)
    assert [one.doubt.id for one in found] == [DOUBTFUL]
    return found[0].state, found[0].fault.what if found[0].fault else ""


def test_a_mail_in_the_relays_queue_was_sent(ledger: Ledger) -> None:
    assert settled(ledger, log(without=())) == (SENT, "")
    assert settle_from_log(ledger, "oproep", log(), secret=SECRET) == []


def test_a_mail_whose_sender_was_rewritten_is_known_by_its_message_id(ledger: Ledger) -> None:
    rewritten = [
        text.replace(verp_sender(SIGNER, DOUBTFUL, domain="org.example"), "srs@relay.example")
        for text in log(without=())
    ]
    assert settled(ledger, rewritten) == (SENT, "")


def test_a_mail_that_a_whole_log_does_not_know_goes_back_into_the_queue(ledger: Ledger) -> None:
    assert settled(ledger, log()) == (QUEUED, "")


def test_a_mail_of_which_the_relay_read_only_the_header_was_not_sent(ledger: Ledger) -> None:
    half = line(START, "cleanup", f"CD0001: message-id={own_id(DOUBTFUL)}")
    assert settled(ledger, [*log()[:9], half, *log()[9:]]) == (QUEUED, "")


def test_a_mail_on_hold_was_sent(ledger: Ledger) -> None:
    held = [
        line(START, "cleanup", f"CD0001: message-id={own_id(DOUBTFUL)}"),
        line(START, "cleanup", "CD0001: hold: header Subject: Oproep from localhost"),
    ]
    assert settled(ledger, [*log()[:9], *held, *log()[9:]]) == (SENT, "")


@pytest.mark.parametrize("hours", [-7, 1, 5.5])
def test_the_relays_clock_may_show_another_zone(ledger: Ledger, hours: float) -> None:
    assert settled(ledger, log(shift=timedelta(hours=hours))) == (QUEUED, "")


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ([], "no log of Postfix"),
        (["Dear reader,", "{not json", "=", "a=b", ""], "no log of Postfix"),
        (log(without=tuple(range(1, 16))), "knows none of the mails"),
        (log(without=(3, 4, DOUBTFUL)), "lacks 2 of"),
        (log()[:-1], "ends too soon"),
        (log(shift=timedelta(minutes=7)), "times do not agree"),
    ],
)
def test_a_log_that_does_not_prove_itself_whole_proves_nothing(
    ledger: Ledger, lines: list[str], why: str
) -> None:
    state, fault = settled(ledger, lines)
    assert state is UNCONFIRMED
    assert why in fault


def test_anothers_key_proves_nothing(ledger: Ledger) -> None:
    found = settle_from_log(ledger, "oproep", log(without=()), secret="another key " * 4)
    assert [one.state for one in found] == [UNCONFIRMED]


def test_every_form_of_log_says_the_same(tmp_path: Path) -> None:
    at = datetime(2026, 2, 11, 17, 0, 5, tzinfo=UTC)
    text = "AB1234: from=<a@org.example>, size=5, nrcpt=1 (queue active)"
    stamp = str(int(at.timestamp() * 1e6))
    fields = {
        "__REALTIME_TIMESTAMP": stamp,
        "SYSLOG_IDENTIFIER": "postfix/qmgr",
        "MESSAGE": text,
    }
    forms = {
        "syslog": [f"Feb 11 17:00:05 relay postfix/qmgr[7]: {text}"],
        "rfc3339": [f"2026-02-11T18:00:05.123456+01:00 relay postfix-out/qmgr[7]: {text}"],
        "short-iso": [f"2026-02-11T17:00:05+0000 relay postfix/qmgr[7]: {text}"],
        "export": [f"{name}={value}" for name, value in fields.items()],
        "json": [json.dumps(fields)],
    }
    for lines in forms.values():
        file = tmp_path / "mail.log.gz"
        file.write_bytes(gzip.compress("\n".join(lines).encode()))
        (found,) = taken(entries(lines_of(file), near=at))
        assert (found.queue_id, found.sender) == ("AB1234", "a@org.example")
        assert found.at.replace(microsecond=0, tzinfo=found.at.tzinfo or UTC) == at


def test_a_log_of_december_is_read_in_january() -> None:
    near = datetime(2027, 1, 1, 0, 5, tzinfo=UTC)
    (entry,) = entries(["Dec 31 23:59:00 relay postfix/qmgr[7]: x"], near=near)
    assert entry.at.year == 2026


def test_a_log_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        list(lines_of(tmp_path / "none.log"))


def test_a_real_postfix_tells_what_it_took_and_what_it_did_not(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    ledger = Ledger(engine)
    now = clock.now()
    plan = campaign()
    step = replace(plan.steps[0], at=now, deadline=now + timedelta(days=1))
    frozen = ledger.freeze(replace(plan, steps=(step,)), [people(12)]).steps[0]
    ledger.begin_step(frozen.id)
    with postfix() as relay:
        worker = Worker(engine)
        claims = worker.claim(frozen.id, 12)
        mails = [Outgoing(claim.id, _mail(claim.id)) for claim in claims]
        waiting = [mail for mail in mails if mail.delivery_id not in (5, 6)]
        channel = SmtpChannel(Relay(server=server_of(f"smtp://127.0.0.1:{relay.port}")))
        asyncio.run(
            channel.deliver_many(
                lambda most: [waiting.pop(0) for _ in range(min(most, len(waiting)))],
                record=worker.record,
                stop=lambda: False,
            )
        )
        worker.record([5, 6], [])
        # The fifth is taken and its reply lost; the sixth breaks off in the middle.
        with smtplib.SMTP("127.0.0.1", relay.port, timeout=30) as wire:
            wire.sendmail(mails[4].message.sender, "x@x.example", mails[4].message.content)
            wire.mail(mails[5].message.sender)
            wire.rcpt("y@x.example")
            wire.docmd("DATA")
            wire.send(mails[5].message.content * 100)
            wire.close()
        until = real_time.monotonic() + 20
        while not any("lost connection after DATA" in text for text in relay.lines()):
            assert real_time.monotonic() < until
            real_time.sleep(0.05)
        later = real_time.localtime(real_time.time() + 3600)
        lines = [*relay.lines(), f"{real_time.strftime('%b %d %H:%M:%S', later)} relay cron: -"]
    with clock.use(SimulatedClock(clock.now() + timedelta(hours=1))):
        assert sorted(recover(engine)) == [5, 6]
        found = settle_from_log(ledger, "oproep", lines, secret=SECRET)
    assert {one.doubt.id: one.state for one in found} == {5: SENT, 6: QUEUED}
    engine.dispose()


def _mail(number: int) -> Mail:
    content = f"Message-ID: {own_id(number)}\r\nSubject: Oproep\r\n\r\nTekst.\r\n".encode()
    sender = verp_sender(SIGNER, number, domain="org.example")
    return Mail(sender=sender, recipient=f"lezer{number - 1}@lezers.example", content=content)

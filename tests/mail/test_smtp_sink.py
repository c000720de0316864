"""Against Postfix's own sink, which misbehaves on demand."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from flows.channels.batch import Ended
from flows.channels.smtp_connection import Timeouts
from flows.models import DeliveryState
from tests.mail.batch import Result, hand_over, mails
from tests.mail.recording_server import RecordingServer
from tests.parts import program
from tests.ports import free_port, wait_for

PATIENT = Timeouts(connect=5, greeting=5, command=5, data=5, block=5, dot=5)
HASTY = Timeouts(connect=5, greeting=5, command=5, data=5, block=5, dot=0.2)


@contextmanager
def sink(*flags: str) -> Iterator[int]:
    """Run `smtp-sink` on a free port."""
    path = program("postfix", "smtp-sink")
    port = free_port()
    # As root it wants to be told whose rights to take.
    command = [str(path), "-u", "nobody", *flags, f"127.0.0.1:{port}", "100"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(port)
        yield port
    finally:
        process.kill()
        process.wait()


def hand_over_to(port: int, count: int, timeouts: Timeouts = PATIENT) -> Result:
    result = asyncio.run(
        hand_over(
            RecordingServer(),
            mails(count),
            url=f"smtp://127.0.0.1:{port}",
            connections=5,
            timeouts=timeouts,
        )
    )
    result.adds_up()
    return result


@pytest.mark.parametrize("flags", [(), ("-p",), ("-e",), ("-N",)])
def test_it_takes_everything(flags: tuple[str, ...]) -> None:
    with sink(*flags) as port:
        result = hand_over_to(port, 300)
    assert result.end.why is Ended.EMPTY
    assert result.book.states() == {DeliveryState.SENT: 300}


@pytest.mark.parametrize(
    ("flags", "state"),
    [
        (("-f", "RCPT"), DeliveryState.REJECTED),
        (("-f", "."), DeliveryState.REJECTED),
        (("-r", "RCPT"), DeliveryState.DEFERRED),
        (("-r", "."), DeliveryState.DEFERRED),
        (("-r", "DATA"), DeliveryState.DEFERRED),
        (("-p", "-r", "RCPT"), DeliveryState.DEFERRED),
    ],
)
def test_its_refusals_are_outcomes(flags: tuple[str, ...], state: DeliveryState) -> None:
    with sink(*flags) as port:
        result = hand_over_to(port, 20)
    assert set(result.book.states()) == {state}


def test_its_421_puts_messages_off_and_nothing_is_in_doubt() -> None:
    with sink("-Q", ".") as port:
        result = hand_over_to(port, 20)
    assert set(result.book.states()) == {DeliveryState.DEFERRED}


def test_its_closed_connections_leave_what_was_in_flight_in_doubt_and_no_more() -> None:
    with sink("-q", ".") as port:
        result = hand_over_to(port, 200)
    assert result.end.why is Ended.UNREACHABLE
    states = result.book.states()
    assert 0 < states.pop(DeliveryState.UNCONFIRMED) <= 10
    # Announced on three lanes that were lost before its content: known not to have gone out.
    assert set(states) <= {DeliveryState.DEFERRED}


def test_its_slowness_beyond_the_time_out_is_doubt() -> None:
    with sink("-w", "2") as port:
        result = hand_over_to(port, 20, HASTY)
    assert DeliveryState.SENT not in result.book.states()


@pytest.mark.parametrize("command", ["connect", "ehlo", "mail", "rcpt", "data"])
def test_its_closed_connections_before_any_content_leave_nothing_in_doubt(command: str) -> None:
    with sink("-q", command) as port:
        result = hand_over_to(port, 20)
    assert DeliveryState.UNCONFIRMED not in result.book.states()
    assert DeliveryState.SENT not in result.book.states()

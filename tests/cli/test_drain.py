"""Asked to end, a launch finishes what is on its way, leaves no doubt, and goes on later."""

from __future__ import annotations

import json
import signal
import time
from datetime import timedelta
from pathlib import Path

import pytest

from tests.cli.conftest import CAMPAIGN
from tests.cli.test_launching import begun_in, oproep_in, relay, soon, subscribe
from tests.mail.recording_server import Plan, RecordingServer, Slow, at

pytestmark = [pytest.mark.timeout(300), pytest.mark.prefect]
SLOW: Plan = at("dot", do=Slow(0.4))
"""A relay that thinks: ten connections give 25 messages a second."""
READERS = 100


def wait_for_mails(server: RecordingServer, number: int) -> None:
    until = time.monotonic() + 120
    while len(server.taken) < number:
        assert time.monotonic() < until
        time.sleep(0.02)


def states(house: Path) -> dict[str, int]:
    report = json.loads(oproep_in(house, "report", CAMPAIGN, "--json").stdout)
    counts: dict[str, int] = {}
    for step in report["steps"][:2]:
        for state, number in step["counts"].items():
            counts[state] = counts.get(state, 0) + number
    return {state: number for state, number in counts.items() if number}


def test_a_launch_that_is_asked_to_end_leaves_nothing_in_doubt(tmp_path: Path) -> None:
    with relay(SLOW) as server:
        house = soon(tmp_path, port=server.port, event=timedelta(hours=1))
        subscribe(house, READERS)
        assert oproep_in(house, "approve", CAMPAIGN, "--by", "Noor", "--yes").returncode == 0
        for number in (signal.SIGINT, signal.SIGTERM):
            process = begun_in(house, "launch", CAMPAIGN, "--now", "--yes")
            wait_for_mails(server, len(server.taken) + 20)
            process.send_signal(number)
            asked = time.monotonic()
            _, told = process.communicate(timeout=60)
            took = time.monotonic() - asked
            assert process.returncode == 130, told
            assert "goes on with the rest" in told
            assert took < 10
            left = states(house)
            assert set(left) == {"sent", "queued"}
            assert left["sent"] == len(server.taken)
        assert oproep_in(house, "launch", CAMPAIGN, "--now", "--yes").returncode == 0
        assert set(server.counts().values()) == {1}
        assert states(house) == {"sent": READERS + 11}
        assert len(server.taken) == READERS + 11

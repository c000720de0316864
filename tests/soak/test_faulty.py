"""Whatever fails, the counts add up and nobody gets a mail twice."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from flows.models import DeliveryState
from tests import postgres
from tests.mail.recording_server import RecordingServer
from tests.parts import missing
from tests.soak.faulty import (
    at_random,
    full_disk,
    gone,
    hand_over_all,
    logging_in,
    tampered_with,
    wait_for_database,
)
from tests.soak.killing import recording

RECIPIENTS = 120
pytestmark = pytest.mark.timeout(200)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_server_that_fails_at_random_loses_and_doubles_nothing(tmp_path: Path, seed: int) -> None:
    plan = at_random(random.Random(seed), 0.06)
    with recording(RecordingServer(plan=plan, keep_content=False)) as server:
        outcome = hand_over_all(
            f"sqlite:///{tmp_path / 'ledger.sqlite'}", server, recipients=RECIPIENTS
        )
    outcome.check(RECIPIENTS)
    assert DeliveryState.REJECTED in outcome.states.values()
    assert DeliveryState.UNCONFIRMED in outcome.states.values()


def test_a_server_that_wants_a_password_and_fails_at_random(tmp_path: Path) -> None:
    outcome = logging_in(tmp_path, seed=4, share=0.06, recipients=RECIPIENTS)
    outcome.check(RECIPIENTS)


def test_starttls_taken_away_and_wrong_certificates_now_and_then(tmp_path: Path) -> None:
    outcome = tampered_with(tmp_path, seed=5, share=0.06, recipients=RECIPIENTS)
    outcome.check(RECIPIENTS)
    assert outcome.ended["unreachable"] >= 3


@pytest.mark.parametrize("pages", [2, 10, 25])
def test_a_disk_that_is_full_for_a_while(tmp_path: Path, pages: int) -> None:
    with recording(RecordingServer(keep_content=False)) as server:
        outcome = hand_over_all(
            f"sqlite:///{tmp_path / 'ledger.sqlite'}",
            server,
            recipients=2_000,
            trouble=full_disk(batches=range(1, 4), pages=pages),
        )
    outcome.check(2_000)
    assert outcome.ended["ledger"] >= 1


def test_a_database_that_goes_away_in_the_middle(tmp_path: Path) -> None:
    programs = postgres.programs()
    if programs is None:
        missing("postgresql")
    with (
        recording(RecordingServer(keep_content=False)) as server,
        postgres.cluster(programs) as url,
        gone(server, when=150, seconds=1, programs=programs, url=url),
    ):
        outcome = hand_over_all(url, server, recipients=600, trouble=wait_for_database)
    outcome.check(600)
    assert outcome.ended["ledger"] >= 1

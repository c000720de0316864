"""What is noted once is noted once, whoever else notes it at the same moment."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from flows.ledger.book import Ledger
from flows.ledger.frozen import FrozenCampaign, FrozenStep
from flows.ledger.journal import entries
from flows.ledger.underway import begin_once, let_go, note_once, recent, underway
from flows.models import StepState


@pytest.fixture
def engine(engine: Engine) -> Engine:
    """A database with a launched campaign in it."""
    now = datetime.now(UTC)
    later = now + timedelta(hours=1)
    step = FrozenStep(number=1, channel="mailout", draft="d", at=now, deadline=later)
    Ledger(engine).freeze(
        FrozenCampaign(
            slug="oproep",
            title="Oproep",
            language="nl",
            time_zone="Europe/Amsterdam",
            event_name="Gesprek",
            event_at=later,
            fingerprint="f",
            rehearsal=False,
            steps=(step,),
        ),
        [[]],
    )
    return engine


def together(act: Callable[[int], bool]) -> list[bool]:
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(act, range(8)))


def test_of_many_that_note_the_same_act_one_does(engine: Engine) -> None:
    noted = together(lambda _: note_once(engine, "oproep", "alarm", step=1, words="late"))
    assert sum(noted) == 1
    acts = [entry.words for entry in entries(engine, "oproep") if entry.act == "alarm"]
    assert acts == ["late"]


def test_of_many_that_begin_an_act_one_does_and_a_begin_that_came_to_nothing_is_made_again(
    engine: Engine,
) -> None:
    def begin(again: timedelta) -> Callable[[int], bool]:
        return lambda _: begin_once(engine, "oproep", "alarm", step=None, words="late", again=again)

    assert sum(together(begin(timedelta(minutes=5)))) == 1
    assert begin(timedelta(minutes=5))(0) is False
    assert begin(timedelta(0))(0) is True
    note_once(engine, "oproep", "alarm", step=None, words="late")
    assert begin(timedelta(0))(0) is False


def test_a_step_that_is_let_go_of_waits_again_and_only_a_running_one_can_be(
    engine: Engine,
) -> None:
    ledger = Ledger(engine)
    step = ledger.campaign("oproep").step(1)
    assert let_go(engine, step.id) is False
    ledger.begin_step(step.id)
    assert let_go(engine, step.id) is True
    assert ledger.campaign("oproep").step(1).state is StepState.SCHEDULED


def test_what_has_work_left_is_under_way_and_what_has_ended_is_recent_for_a_while(
    engine: Engine,
) -> None:
    ledger = Ledger(engine)
    assert [each.slug for each in underway(ledger)] == ["oproep"]
    ledger.begin_step(ledger.campaign("oproep").step(1).id)
    ledger.end_step(ledger.campaign("oproep").step(1).id)
    assert underway(ledger) == []
    now = datetime.now(UTC)
    assert [each.slug for each in recent(ledger, since=now)] == ["oproep"]
    assert recent(ledger, since=now + timedelta(hours=2)) == []

"""What the ledger promises: frozen once, claimed by one, intended before sent, adding up."""

from __future__ import annotations

import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, delete, select, update
from sqlalchemy.exc import DatabaseError

import flows.audience.tables
import flows.returns.tables  # noqa: F401 (described there, built by the same migrations)
from flows.channels.batch import Outcome
from flows.clock import SimulatedClock
from flows.database import metadata, open_database
from flows.errors import IllegalTransition, LedgerError
from flows.ledger import tables as t
from flows.ledger.book import Ledger
from flows.ledger.frozen import Planned
from flows.ledger.hand_over import LEASE, Worker, recover
from flows.ledger.transitions import move
from flows.models import (
    TRANSITIONS,
    CampaignState,
    DeliveryState,
    Recipient,
    SkipReason,
    StepState,
)
from tests.ledger.conftest import campaign, people


def settle(worker: Worker, *ids: int, state: DeliveryState = DeliveryState.SENT) -> None:
    worker.record([], [Outcome(delivery_id=number, state=state) for number in ids])


def test_the_migrations_build_exactly_the_tables_that_the_code_describes(engine: Engine) -> None:
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_a_database_from_a_newer_version_is_refused(database_url: str) -> None:
    engine = open_database(database_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    engine.dispose()
    with pytest.raises(LedgerError, match="newer version"):
        open_database(database_url)


def test_freezing_twice_changes_nothing(ledger: Ledger) -> None:
    first = ledger.freeze(campaign(), [people(3)])
    second = ledger.freeze(campaign(), [people(5)])
    assert second == first
    assert first.steps[0].planned == 3
    assert first.state is CampaignState.SCHEDULED


def test_of_launches_at_the_same_moment_one_freezes_and_the_others_find_it(ledger: Ledger) -> None:
    with ThreadPoolExecutor(6) as pool:
        launches = [pool.submit(ledger.freeze, campaign(), [people(n)]) for n in range(40, 46)]
        frozen = [each.result() for each in launches]
    assert all(each == frozen[0] for each in frozen)
    counts = ledger.counts(frozen[0].id)[frozen[0].steps[0].id]
    assert counts == {DeliveryState.QUEUED: frozen[0].steps[0].planned}


def test_steps_are_carried_out_by_their_times_not_by_their_places_in_the_plan() -> None:
    plan = campaign("mailout", "newsletter", "mastodon")
    held = replace(plan.steps[0], at=plan.steps[0].at + timedelta(hours=3))
    held_back = replace(plan, steps=(held, *plan.steps[1:]))
    assert [step.number for step in held_back.by_time] == [2, 3, 1]


def test_the_same_address_in_other_letters_is_frozen_once(ledger: Ledger) -> None:
    twice = [
        Planned(recipient=Recipient(address=a)) for a in ("Lezer@a.example", "lezer@A.example")
    ]
    assert ledger.freeze(campaign(), [twice]).steps[0].planned == 1


def test_a_recipient_that_is_left_out_is_counted_as_skipped(ledger: Ledger) -> None:
    left_out = Planned(recipient=Recipient(address="x@a.example"), skip=SkipReason.SUPPRESSED)
    frozen = ledger.freeze(campaign(), [[*people(2), left_out]])
    assert frozen.steps[0].planned == 3
    assert ledger.counts(frozen.id)[frozen.steps[0].id] == {
        DeliveryState.QUEUED: 2,
        DeliveryState.SKIPPED: 1,
    }


def test_a_freeze_that_breaks_off_leaves_nothing(ledger: Ledger) -> None:
    def breaks_off() -> list[Planned]:
        raise RuntimeError("disk full")

    with pytest.raises(RuntimeError):
        ledger.freeze(campaign(), [(p for p in (breaks_off() or []))])
    assert ledger.find("oproep") is None


def test_two_workers_never_claim_the_same_delivery(ledger: Ledger) -> None:
    step = ledger.freeze(campaign(), [people(10)]).steps[0]
    one, other = Worker(ledger.engine), Worker(ledger.engine)
    first, second = one.claim(step.id, 6), other.claim(step.id, 6)
    assert len(first) == 6
    assert len(second) == 4
    assert not {c.id for c in first} & {c.id for c in second}


def test_what_was_claimed_and_not_begun_goes_back_when_a_worker_dies(
    ledger: Ledger, time: SimulatedClock
) -> None:
    step = ledger.freeze(campaign(), [people(4)]).steps[0]
    dead = Worker(ledger.engine)
    claims = dead.claim(step.id, 4)
    dead.record([claims[0].id], [])
    dead.record([claims[1].id], [])
    settle(dead, claims[1].id)
    time.advance(LEASE)
    assert recover(ledger.engine) == [claims[0].id]
    assert recover(ledger.engine) == []
    again = Worker(ledger.engine).claim(step.id, 10)
    assert [c.id for c in again] == [claims[2].id, claims[3].id]


def test_a_worker_whose_process_here_has_ended_is_dead_at_once(ledger: Ledger) -> None:
    step = ledger.freeze(campaign(), [people(2)]).steps[0]
    ended = subprocess.Popen(["/bin/true"])
    ended.wait()
    worker = Worker(ledger.engine)
    claims = worker.claim(step.id, 2)
    worker.record([claims[0].id], [])
    assert recover(ledger.engine) == []
    with ledger.engine.begin() as connection:
        mine = connection.scalar(select(t.worker.c.name))
        assert mine is not None
        name = f"{mine.rpartition(':')[0]}:{ended.pid}"
        connection.execute(update(t.worker).values(name=name))
    assert recover(ledger.engine) == [claims[0].id]
    assert [claim.id for claim in Worker(ledger.engine).claim(step.id, 2)] == [claims[1].id]


def test_two_that_come_back_at_once_do_not_both_take_over_from_the_same_worker(
    ledger: Ledger, time: SimulatedClock
) -> None:
    if ledger.engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    step = ledger.freeze(campaign(), [people(1)]).steps[0]
    worker = Worker(ledger.engine)
    claim = worker.claim(step.id, 1)[0]
    worker.record([claim.id], [])
    time.advance(LEASE)
    with ledger.engine.begin() as other:
        other.execute(select(t.worker).with_for_update())
        assert recover(ledger.engine) == []
    assert recover(ledger.engine) == [claim.id]


def test_a_worker_that_was_taken_for_dead_may_not_begin_anything(
    ledger: Ledger, time: SimulatedClock
) -> None:
    step = ledger.freeze(campaign(), [people(1)]).steps[0]
    slow = Worker(ledger.engine)
    claim = slow.claim(step.id, 1)[0]
    time.advance(LEASE)
    with pytest.raises(LedgerError):
        slow.record([claim.id], [])
    with pytest.raises(LedgerError):
        slow.renew()
    recover(ledger.engine)
    assert Worker(ledger.engine).claim(step.id, 1)[0].attempts == 0


def test_a_worker_that_was_taken_for_dead_may_still_say_what_became_of_its_message(
    ledger: Ledger, time: SimulatedClock
) -> None:
    frozen = ledger.freeze(campaign(), [people(1)])
    slow = Worker(ledger.engine)
    claim = slow.claim(frozen.steps[0].id, 1)[0]
    slow.record([claim.id], [])
    time.advance(LEASE)
    assert recover(ledger.engine) == [claim.id]
    settle(slow, claim.id)
    assert ledger.counts(frozen.id) == {frozen.steps[0].id: {DeliveryState.SENT: 1}}


def test_an_intent_is_kept_for_all_or_for_none(ledger: Ledger) -> None:
    frozen = ledger.freeze(campaign(), [people(2)])
    step = frozen.steps[0]
    one, other = Worker(ledger.engine), Worker(ledger.engine)
    mine, theirs = one.claim(step.id, 1)[0], other.claim(step.id, 1)[0]
    with pytest.raises(LedgerError):
        one.record([mine.id, theirs.id], [])
    assert ledger.counts(frozen.id)[step.id] == {DeliveryState.QUEUED: 2}


def test_a_deferred_delivery_comes_back_at_its_time_and_not_before(
    ledger: Ledger, time: SimulatedClock
) -> None:
    step = ledger.freeze(campaign(), [people(1)]).steps[0]
    worker = Worker(ledger.engine)
    claim = worker.claim(step.id, 1)[0]
    worker.record([claim.id], [])
    due = time.now() + timedelta(seconds=30)
    worker.record([], [Outcome(claim.id, DeliveryState.DEFERRED, due_at=due)])
    assert worker.claim(step.id, 1) == []
    time.advance(timedelta(seconds=30))
    assert worker.claim(step.id, 1)[0].attempts == 1


def test_at_the_deadline_all_that_waits_is_skipped_and_the_sum_still_holds(ledger: Ledger) -> None:
    frozen = ledger.freeze(campaign(), [people(5)])
    step = frozen.steps[0]
    assert ledger.begin_step(step.id)
    worker = Worker(ledger.engine)
    ids = [claim.id for claim in worker.claim(step.id, 2)]
    worker.record(ids, [])
    settle(worker, *ids)
    assert ledger.close_at_deadline(step.id) == 3
    assert ledger.counts(frozen.id)[step.id] == {DeliveryState.SENT: 2, DeliveryState.SKIPPED: 3}
    assert ledger.campaign("oproep").steps[0].state is StepState.DONE


def test_a_step_that_never_began_is_skipped_as_a_whole(ledger: Ledger) -> None:
    step = ledger.freeze(campaign(), [people(2)]).steps[0]
    ledger.close_at_deadline(step.id)
    assert ledger.campaign("oproep").steps[0].state is StepState.SKIPPED
    assert not ledger.begin_step(step.id)


@pytest.mark.parametrize("table", ["attempt", "event"])
def test_history_cannot_be_rewritten(ledger: Ledger, table: str) -> None:
    step = ledger.freeze(campaign(), [people(1)]).steps[0]
    worker = Worker(ledger.engine)
    claim = worker.claim(step.id, 1)[0]
    worker.record([claim.id], [])
    settle(worker, claim.id)
    history = metadata.tables[table]
    for statement in (update(history).values(at=step.at), delete(history)):
        with pytest.raises(DatabaseError, match="append-only"), ledger.engine.begin() as connection:
            connection.execute(statement)


@pytest.mark.parametrize("before", DeliveryState)
def test_only_the_transitions_in_the_table_are_possible(
    ledger: Ledger, before: DeliveryState
) -> None:
    now = ledger.freeze(campaign(), [people(1)]).steps[0].at
    for after in DeliveryState:
        with ledger.engine.connect() as connection:
            connection.execute(update(t.delivery).values(state=before))
            allowed = after in TRANSITIONS[before]
            with nullcontext() if allowed else pytest.raises(IllegalTransition):
                move(connection, [1], after, now=now)
            if allowed:
                assert connection.scalar(select(t.delivery.c.state)) == after
                assert connection.scalars(select(t.event.c.state)).all() == [after]
            connection.rollback()


def test_every_state_has_a_row_in_the_table_of_transitions() -> None:
    assert set(TRANSITIONS) == set(DeliveryState)

"""What people do to a launched campaign changes what is left of it, and nothing that went out."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from flows import clock
from flows.channels.batch import Outcome
from flows.clock import SimulatedClock
from flows.errors import LedgerError
from flows.ledger import tables as t
from flows.ledger.approvals import Approvals
from flows.ledger.book import Ledger
from flows.ledger.control import Control
from flows.ledger.hand_over import Worker
from flows.ledger.journal import entries
from flows.ledger.transitions import move
from flows.models import CampaignState, DeliveryState, StepState
from tests.conftest import START
from tests.ledger.conftest import EVENT, campaign, people

HOUR = timedelta(hours=1)


@pytest.fixture
def control(ledger: Ledger) -> Control:
    return Control(ledger)


def settle(ledger: Ledger, step_id: int, *states: DeliveryState) -> None:
    """Begin a step and give its first deliveries these states."""
    ledger.begin_step(step_id)
    worker = Worker(ledger.engine)
    for state in states:
        claim = worker.claim(step_id, 1)[0]
        worker.record([claim.id], [Outcome(delivery_id=claim.id, state=state)])
    worker.release()


def said_to_be_out(ledger: Ledger, step_id: int) -> None:
    """Note of a step that has not begun that it is out, as `oproep done` does."""
    with ledger.engine.begin() as connection:
        ours = select(t.delivery.c.id).where(t.delivery.c.step_id == step_id)
        ids = connection.scalars(ours).all()
        for state in (DeliveryState.SENDING, DeliveryState.SENT):
            move(connection, ids, state, now=clock.now())


def test_a_stopped_step_may_not_hand_over_until_it_is_resumed(
    ledger: Ledger, control: Control
) -> None:
    step = ledger.freeze(campaign(), [people(2)]).steps[0]
    ledger.begin_step(step.id)
    assert control.stop("oproep", reason="Er staat een fout in.", who="Noor") == [1]
    assert not ledger.is_running(step.id)
    assert not ledger.begin_step(step.id)
    stopped = ledger.campaign("oproep")
    assert (stopped.state, stopped.steps[0].reason) == (
        CampaignState.STOPPED,
        "Er staat een fout in.",
    )
    assert control.resume("oproep", who="Noor") == [1]
    assert ledger.begin_step(step.id)
    assert ledger.campaign("oproep").revision == 2
    assert [(each.act, each.who) for each in entries(ledger.engine, "oproep")] == [
        ("launched", None),
        ("stopped", "Noor"),
        ("resumed", "Noor"),
    ]


def test_one_step_can_be_stopped_while_the_others_go_on(ledger: Ledger, control: Control) -> None:
    ledger.freeze(campaign("mailout", "newsletter"), [people(1), people(1)])
    assert control.stop("oproep", reason="Wacht.", step=2) == [2]
    states = [step.state for step in ledger.campaign("oproep").steps]
    assert states == [StepState.SCHEDULED, StepState.STOPPED]


def test_what_is_resumed_after_its_deadline_is_closed_instead(
    ledger: Ledger, control: Control, time: SimulatedClock
) -> None:
    step = ledger.freeze(campaign(), [people(3)]).steps[0]
    control.stop("oproep", reason="Wacht.")
    time.advance(EVENT - START)
    assert control.resume("oproep") == []
    frozen = ledger.campaign("oproep")
    assert frozen.steps[0].state is StepState.SKIPPED
    assert ledger.counts(frozen.id)[step.id] == {DeliveryState.SKIPPED: 3}


def test_retrying_puts_back_what_failed_and_nothing_else(ledger: Ledger, control: Control) -> None:
    step = ledger.freeze(campaign(), [people(5)]).steps[0]
    settle(
        ledger,
        step.id,
        DeliveryState.SENT,
        DeliveryState.REJECTED,
        DeliveryState.FAILED,
        DeliveryState.UNCONFIRMED,
    )
    assert control.retry("oproep") == 2
    assert ledger.counts(ledger.campaign("oproep").id)[step.id] == {
        DeliveryState.SENT: 1,
        DeliveryState.UNCONFIRMED: 1,
        DeliveryState.QUEUED: 3,
    }


def test_a_step_that_was_through_is_scheduled_again_by_a_retry(
    ledger: Ledger, control: Control
) -> None:
    step = ledger.freeze(campaign(), [people(1)]).steps[0]
    settle(ledger, step.id, DeliveryState.FAILED)
    ledger.end_step(step.id)
    control.retry("oproep")
    assert ledger.campaign("oproep").steps[0].state is StepState.SCHEDULED


def test_nothing_is_retried_after_the_deadline(
    ledger: Ledger, control: Control, time: SimulatedClock
) -> None:
    step = ledger.freeze(campaign(), [people(1)]).steps[0]
    settle(ledger, step.id, DeliveryState.FAILED)
    time.advance(EVENT - START)
    assert control.retry("oproep") == 0


def test_moving_the_event_moves_what_has_not_ended(ledger: Ledger, control: Control) -> None:
    frozen = ledger.freeze(campaign("mailout", "newsletter"), [people(1), people(1)])
    first = frozen.steps[0]
    settle(ledger, first.id, DeliveryState.SENT)
    ledger.end_step(first.id)
    later = {step.number: (step.at + 3 * HOUR, step.deadline + 3 * HOUR) for step in frozen.steps}
    assert control.move("oproep", event_at=EVENT + 3 * HOUR, times=later) == [2]
    moved = ledger.campaign("oproep")
    assert moved.event_at == EVENT + 3 * HOUR
    assert [step.deadline for step in moved.steps] == [EVENT, EVENT + 3 * HOUR]
    assert moved.revision == 2


def test_a_step_at_work_waits_when_the_clock_is_set_back_to_before_its_time(
    ledger: Ledger, time: SimulatedClock
) -> None:
    step = ledger.freeze(campaign(), [people(1)]).steps[0]
    time.advance(step.at - START)
    ledger.begin_step(step.id)
    time.advance(-timedelta(seconds=4))
    assert ledger.is_running(step.id)
    time.advance(-timedelta(minutes=1))
    assert not ledger.is_running(step.id)


def test_a_step_with_mails_on_their_way_at_its_deadline_ends_when_these_have_an_outcome(
    ledger: Ledger, time: SimulatedClock
) -> None:
    frozen = ledger.freeze(campaign(), [people(3)])
    step = frozen.steps[0]
    ledger.begin_step(step.id)
    worker = Worker(ledger.engine, lease=timedelta(days=2))
    on_its_way = worker.claim(step.id, 1)[0].id
    worker.record([on_its_way], [])
    time.advance(EVENT - START)
    assert ledger.close_overdue() == 2
    assert ledger.campaign("oproep").step(1).state is StepState.RUNNING
    worker.record([], [Outcome(on_its_way, DeliveryState.SENT)])
    assert ledger.close_at_deadline(step.id) == 0
    assert ledger.campaign("oproep").step(1).state is StepState.DONE
    assert ledger.counts(frozen.id)[step.id] == {DeliveryState.SENT: 1, DeliveryState.SKIPPED: 2}


def test_what_a_deadline_cut_off_can_be_retried_when_the_event_moves_to_later(
    ledger: Ledger, control: Control, time: SimulatedClock
) -> None:
    frozen = ledger.freeze(campaign("mailout", "newsletter"), [people(2), people(3)])
    settle(ledger, frozen.steps[0].id, DeliveryState.SENT)
    time.advance(EVENT - START + HOUR)
    assert ledger.close_overdue() == 4
    later = {step.number: (step.at + 5 * HOUR, step.deadline + 5 * HOUR) for step in frozen.steps}
    control.move("oproep", event_at=EVENT + 5 * HOUR, times=later)
    assert control.retry("oproep") == 4
    begun, never_begun = ledger.campaign("oproep").steps
    assert (begun.state, never_begun.state) == (StepState.SCHEDULED, StepState.SCHEDULED)
    # What has begun goes on at once; what never did begins when the plan says now.
    assert (begun.at, begun.deadline) == (frozen.steps[0].at, EVENT + 5 * HOUR)
    assert (never_begun.at, never_begun.deadline) == later[2]
    counts = ledger.counts(frozen.id)
    assert counts[begun.id] == {DeliveryState.SENT: 1, DeliveryState.QUEUED: 1}
    assert counts[never_begun.id] == {DeliveryState.QUEUED: 3}


def test_a_step_at_work_keeps_its_time_when_the_event_moves_and_gets_the_new_deadline(
    ledger: Ledger, control: Control
) -> None:
    step = ledger.freeze(campaign(), [people(1)]).steps[0]
    ledger.begin_step(step.id)
    control.move("oproep", event_at=EVENT + HOUR, times={1: (step.at + HOUR, EVENT + HOUR)})
    moved = ledger.campaign("oproep").step(1)
    assert (moved.at, moved.deadline) == (step.at, EVENT + HOUR)


def test_what_waited_in_vain_can_be_retried(ledger: Ledger, control: Control) -> None:
    step = ledger.freeze(campaign(), [people(2)]).steps[0]
    ledger.skip_step(step.id, "De pagina kwam er niet.")
    assert control.retry("oproep") == 2
    assert ledger.campaign("oproep").step(1).state is StepState.SCHEDULED


def test_an_event_that_is_moved_earlier_ends_a_running_step(
    ledger: Ledger, control: Control, time: SimulatedClock
) -> None:
    step = ledger.freeze(campaign(), [people(1)]).steps[0]
    time.advance(step.at - START)
    ledger.begin_step(step.id)
    assert ledger.is_running(step.id)
    control.move("oproep", event_at=START, times={1: (START - HOUR, START)})
    assert not ledger.is_running(step.id)


def test_a_launch_can_be_taken_back_until_something_was_tried(
    ledger: Ledger, control: Control
) -> None:
    ledger.freeze(campaign(), [people(3)])
    control.unlaunch("oproep", who="Noor")
    assert ledger.find("oproep") is None
    assert entries(ledger.engine, "oproep")[-1].act == "unlaunched"
    step = ledger.freeze(campaign(), [people(3)]).steps[0]
    settle(ledger, step.id, DeliveryState.SENT)
    with pytest.raises(LedgerError, match="cannot be taken back"):
        control.unlaunch("oproep")


def test_a_launch_of_which_nothing_went_out_in_time_can_be_taken_back(
    ledger: Ledger, control: Control, time: SimulatedClock
) -> None:
    ledger.freeze(campaign(), [people(3)])
    time.advance(EVENT - START)
    ledger.close_overdue()
    control.unlaunch("oproep")
    assert ledger.find("oproep") is None


def test_a_launch_cannot_be_taken_back_when_a_person_said_that_a_post_is_out(
    ledger: Ledger, control: Control
) -> None:
    step = ledger.freeze(campaign("linkedin"), [people(1)]).steps[0]
    said_to_be_out(ledger, step.id)
    with pytest.raises(LedgerError, match="cannot be taken back"):
        control.unlaunch("oproep")


@pytest.mark.parametrize("act", ["stop", "resume", "retry", "unlaunch"])
def test_what_is_not_launched_can_only_be_launched(control: Control, act: str) -> None:
    reason = {"reason": "Wacht."} if act == "stop" else {}
    with pytest.raises(LedgerError, match="has not been launched"):
        getattr(control, act)("oproep", **reason)


def test_a_step_that_does_not_exist_cannot_be_stopped(ledger: Ledger, control: Control) -> None:
    ledger.freeze(campaign(), [people(1)])
    with pytest.raises(LedgerError, match="no step 4"):
        control.stop("oproep", reason="Wacht.", step=4)


def test_a_paused_step_says_why_and_is_paused_once(ledger: Ledger) -> None:
    step = ledger.freeze(campaign(), [people(1)]).steps[0]
    assert ledger.pause_step(step.id, "De mailserver houdt ons tegen.")
    assert not ledger.pause_step(step.id, "Nog eens.")
    assert ledger.campaign("oproep").steps[0].reason == "De mailserver houdt ons tegen."


def test_steps_that_nobody_ran_in_time_are_closed_with_their_deliveries(
    ledger: Ledger, time: SimulatedClock
) -> None:
    frozen = ledger.freeze(campaign("mailout", "newsletter"), [people(1), people(2)])
    ledger.pause_step(frozen.steps[1].id, "Wacht.")
    assert ledger.close_overdue() == 0
    time.advance(EVENT - START)
    assert ledger.close_overdue() == 3
    assert ledger.campaign("oproep").state is CampaignState.DONE
    assert ledger.close_overdue() == 0


def test_an_approval_is_one_persons_yes_to_one_content(ledger: Ledger) -> None:
    approvals = Approvals(ledger.engine, "oproep")
    assert approvals.add("a" * 64, by="Noor", snapshot={"event": "morgen"})
    assert not approvals.add("a" * 64, by="noor", snapshot={})
    assert approvals.add("a" * 64, by="Sem", snapshot={})
    assert approvals.names("a" * 64) == ("Noor", "Sem")
    assert approvals.names("b" * 64) == ()
    assert approvals.all()[0].snapshot == {"event": "morgen"}

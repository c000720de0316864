"""What was changed and approved after the launch holds for what has not gone out, and only that."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from flows import clock
from flows.clock import SimulatedClock
from flows.errors import LedgerError
from flows.ledger import tables as t
from flows.ledger.adopting import adopt
from flows.ledger.book import Ledger
from flows.ledger.control import Control
from flows.ledger.frozen import FrozenCampaign, Planned
from flows.ledger.transitions import move
from flows.models import DeliveryState, SkipReason, StepState
from tests.conftest import START
from tests.ledger.conftest import EVENT, campaign, others, people
from tests.ledger.test_control import said_to_be_out, settle

HOUR = timedelta(hours=1)
CHANGED = "Er is iets veranderd."


@pytest.fixture
def control(ledger: Ledger) -> Control:
    return Control(ledger)


def adopted(ledger: Ledger, *steps: str, people: list[list[Planned]]) -> FrozenCampaign:
    changed = replace(campaign(*steps), fingerprint="e" * 64)
    return adopt(ledger, changed, people, lifted=CHANGED)


def test_a_change_is_adopted_for_what_has_not_begun(ledger: Ledger) -> None:
    ledger.freeze(campaign("mailout", "newsletter"), [people(1), people(2)])
    settle(ledger, ledger.campaign("oproep").steps[0].id, DeliveryState.SENT)
    ledger.pause_step(ledger.campaign("oproep").steps[1].id, CHANGED)
    now = adopted(
        ledger, "mailout", "newsletter", "mastodon", people=[people(9), others(5), people(1)]
    )
    assert [step.planned for step in now.steps] == [1, 5, 1]
    assert now.steps[1].state is StepState.SCHEDULED
    assert now.fingerprint == "e" * 64
    counts = ledger.counts(now.id)
    assert counts[now.steps[0].id] == {DeliveryState.SENT: 1}
    assert counts[now.steps[1].id] == {DeliveryState.QUEUED: 5}


def test_a_step_that_a_person_stopped_stays_stopped_when_a_change_is_adopted(
    ledger: Ledger, control: Control
) -> None:
    ledger.freeze(campaign(), [people(1)])
    control.stop("oproep", reason="Wacht op de voorzitter.")
    now = adopt(ledger, replace(campaign(), fingerprint="e" * 64), [people(1)], lifted=CHANGED)
    assert (now.steps[0].state, now.steps[0].reason) == (
        StepState.STOPPED,
        "Wacht op de voorzitter.",
    )


def test_a_step_that_has_begun_must_keep_its_place(ledger: Ledger) -> None:
    frozen = ledger.freeze(campaign("mailout", "newsletter"), [people(1), people(1)])
    settle(ledger, frozen.steps[0].id, DeliveryState.SENT)
    with pytest.raises(LedgerError, match="must stay where it is"):
        adopt(ledger, campaign("newsletter", "mailout"), [people(1), people(1)], lifted=CHANGED)
    assert ledger.campaign("oproep").steps[0].channel == "mailout"


def test_a_step_that_was_taken_out_before_it_began_is_gone(ledger: Ledger) -> None:
    ledger.freeze(campaign("mailout", "newsletter"), [people(1), people(1)])
    assert len(adopt(ledger, campaign("mailout"), [people(1)], lifted=CHANGED).steps) == 1


def test_only_what_waits_for_an_approval_goes_on_when_a_change_is_adopted(ledger: Ledger) -> None:
    frozen = ledger.freeze(campaign("mailout", "newsletter"), [people(2), people(1)])
    settle(ledger, frozen.steps[0].id, DeliveryState.SENT)
    ledger.pause_step(frozen.steps[0].id, f"{CHANGED} Laat het opnieuw goedkeuren.")
    ledger.pause_step(frozen.steps[1].id, "Iemand heeft deze stap geannuleerd.")
    begun, cancelled = adopted(ledger, "mailout", "newsletter", people=[people(2), people(1)]).steps
    assert (begun.state, begun.reason) == (StepState.SCHEDULED, None)
    assert cancelled.state is StepState.PAUSED


def test_who_got_one_mail_already_does_not_get_another_by_a_change(ledger: Ledger) -> None:
    frozen = ledger.freeze(campaign("mailout", "newsletter"), [people(2), others(3)])
    settle(ledger, frozen.steps[0].id, DeliveryState.SENT, DeliveryState.SENT)
    ledger.end_step(frozen.steps[0].id)
    now = adopted(ledger, "mailout", "newsletter", people=[others(1), people(4)])
    with ledger.engine.connect() as connection:
        rows = connection.execute(
            select(t.delivery.c.recipient, t.delivery.c.state, t.delivery.c.reason)
            .where(t.delivery.c.step_id == now.steps[1].id)
            .order_by(t.delivery.c.id)
        ).all()
    assert [(row.state, row.reason) for row in rows] == [
        ("skipped", SkipReason.DUPLICATE),
        ("skipped", SkipReason.DUPLICATE),
        ("queued", None),
        ("queued", None),
    ]


def test_who_reads_may_also_be_an_account_that_posts_twice(ledger: Ledger) -> None:
    there = campaign("mastodon", "mastodon")
    there = replace(there, steps=tuple(replace(step, account="default") for step in there.steps))
    frozen = ledger.freeze(there, [people(1), people(1)])
    settle(ledger, frozen.steps[0].id, DeliveryState.SENT)
    now = adopt(ledger, there, [people(1), people(1)], lifted=CHANGED)
    assert ledger.counts(now.id)[now.steps[1].id] == {DeliveryState.QUEUED: 1}


def test_a_change_is_adopted_although_something_was_noted_of_a_step_that_has_not_begun(
    ledger: Ledger,
) -> None:
    step = ledger.freeze(campaign(), [people(3)]).steps[0]
    with ledger.engine.begin() as connection:
        ids = connection.scalars(select(t.delivery.c.id)).all()
        move(connection, ids, DeliveryState.SKIPPED, reason=SkipReason.CANCELLED, now=clock.now())
    now = adopted(ledger, "newsletter", people=[people(2)])
    assert ledger.counts(now.id)[step.id] == {DeliveryState.QUEUED: 2}
    Control(ledger).unlaunch("oproep")
    assert ledger.find("oproep") is None


def test_what_a_person_said_of_a_post_by_hand_before_its_time_is_kept(ledger: Ledger) -> None:
    step = ledger.freeze(campaign("linkedin"), [people(1)]).steps[0]
    said_to_be_out(ledger, step.id)
    now = adopted(ledger, "linkedin", people=[people(1)])
    assert ledger.counts(now.id)[step.id] == {DeliveryState.SENT: 1}


def test_a_step_that_a_deadline_cut_off_gets_the_new_one_so_that_it_can_be_retried(
    ledger: Ledger, time: SimulatedClock
) -> None:
    ledger.freeze(campaign(), [people(2)])
    time.advance(EVENT - START + HOUR)
    ledger.close_overdue()
    later = campaign()
    steps = tuple(replace(step, deadline=EVENT + 5 * HOUR) for step in later.steps)
    adopt(ledger, replace(later, steps=steps), [people(2)], lifted=CHANGED)
    assert Control(ledger).retry("oproep") == 2

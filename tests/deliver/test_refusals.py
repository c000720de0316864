"""A step begins at its time, with what was approved, when what it waits for has come: or not."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from flows import clock, deliver
from flows.campaign.fingerprint import fingerprint, snapshot
from flows.campaign.launching import launch_campaign
from flows.campaign.reached import Invented
from flows.clock import SimulatedClock
from flows.database import open_database
from flows.ledger.approvals import Approvals
from flows.ledger.book import Ledger
from flows.ledger.control import Control
from flows.ledger.frozen import FrozenStep
from flows.models import DeliveryState, Recipient, SkipReason, StepState
from flows.settings import Settings
from tests.campaign.conftest import BEFORE, Example

SLUG = "2026-02-11-oproep"


class House:
    """The example campaign, launched, and its steps run without Prefect around them."""

    def __init__(self, example: Example, time: SimulatedClock) -> None:
        self.example = example
        self.time = time
        self.settings = Settings(
            content_dir=example.settings.content_dir,
            var_dir=example.settings.var_dir,
            secret_key=SecretStr("a-secret-that-is-long-enough-for-us"),
        )
        self.ledger = Ledger(open_database(self.settings.database))

    def launch(self) -> None:
        campaign = self.example.load()
        mark = fingerprint(campaign, self.settings)
        parts = snapshot(campaign, self.settings)
        Approvals(self.ledger.engine, SLUG).add(mark, by="Noor", snapshot=parts)
        readers = Invented([Recipient(address="een@lezers.example")])
        launch_campaign(campaign, self.settings, self.ledger, readers)

    def refusal(self, number: int) -> str | None:
        run = deliver._Run(self.settings, self.ledger, self.example.load(), number)
        return asyncio.run(run.refusal())

    def step(self, number: int) -> FrozenStep:
        return self.ledger.campaign(SLUG).step(number)

    def wait_for(self, *lines: str) -> None:
        """Let the newsletter, step 2, wait for something."""
        self.example.edit("campaign.toml", '"event - 17h"', '"event - 17h"\n' + "\n".join(lines))


@pytest.fixture
def house(example: Example) -> Iterator[House]:
    with clock.use(SimulatedClock(BEFORE)) as time:
        assert isinstance(time, SimulatedClock)
        house = House(example, time)
        yield house
        house.ledger.engine.dispose()


def answering(monkeypatch: pytest.MonkeyPatch, since: datetime | None) -> None:
    """Let pages answer from a moment on; never, if there is none."""
    monkeypatch.setattr(
        deliver, "page_answers", lambda _url: since is not None and clock.now() >= since
    )


def finish(house: House, number: int, state: DeliveryState) -> None:
    """Bring a step to its end, every delivery in one state."""
    from flows.channels.batch import Outcome
    from flows.ledger.hand_over import Worker

    step = house.step(number)
    house.ledger.begin_step(step.id)
    worker = Worker(house.ledger.engine)
    claims = worker.claim(step.id, 100)
    ids = [claim.id for claim in claims]
    worker.record(ids, [Outcome(delivery_id=one, state=state) for one in ids])
    worker.release()
    house.ledger.end_step(step.id)


def test_a_step_begins_at_its_time_and_not_before(house: House) -> None:
    house.launch()
    assert house.refusal(2) is None
    step = house.step(2)
    assert (step.state, step.started_at) == (StepState.RUNNING, step.at)


def test_a_step_that_comes_after_its_deadline_is_skipped_and_says_so(house: House) -> None:
    house.launch()
    house.time.advance(timedelta(days=3))
    assert "deadline had passed" in (house.refusal(2) or "")
    assert house.step(2).state is StepState.SKIPPED


def test_what_was_edited_after_the_approval_holds_the_step_back(house: House) -> None:
    house.launch()
    house.example.edit("newsletter.md", "Elf organisaties", "Twaalf organisaties")
    assert "opnieuw goedkeuren" in (house.refusal(2) or "")
    step = house.step(2)
    assert step.state is StepState.PAUSED
    assert "oproep approve" in (step.reason or "")


def test_what_was_approved_again_goes_out(house: House) -> None:
    house.launch()
    house.example.edit("newsletter.md", "Elf organisaties", "Twaalf organisaties")
    house.refusal(2)
    house.launch()
    assert house.refusal(2) is None


def test_a_launch_that_was_taken_back_runs_nothing(house: House) -> None:
    house.launch()
    Control(house.ledger).unlaunch(SLUG)
    assert "not launched any more" in (house.refusal(2) or "")


def test_a_stopped_step_does_not_begin_and_says_why(house: House) -> None:
    house.launch()
    Control(house.ledger).stop(SLUG, reason="Er staat een fout in.")
    assert house.refusal(2) == "Er staat een fout in."


def test_a_step_waits_for_its_page(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.wait_for('wait_for = "https://voorbeeld.example/"')
    house.launch()
    comes = house.step(2).at + timedelta(hours=2)
    answering(monkeypatch, comes)
    assert house.refusal(2) is None
    begun = house.step(2).started_at
    assert begun is not None
    assert comes <= begun <= comes + deliver.LOOK_AGAIN


def test_a_step_whose_page_never_comes_is_skipped_with_the_reason(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.wait_for('wait_for = "https://voorbeeld.example/"', 'wait_until = "event - 2h"')
    house.launch()
    answering(monkeypatch, None)
    assert "kwam niet op tijd" in (house.refusal(2) or "")
    step = house.step(2)
    assert (step.state, step.reason) == (
        StepState.SKIPPED,
        "Deze stap wachtte op https://voorbeeld.example/, en dat kwam niet op tijd.",
    )
    assert _reasons(house, step) == [SkipReason.CONDITION]
    assert clock.now() == step.deadline - timedelta(hours=2)


def test_a_step_may_be_sent_although_its_page_never_came(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.wait_for('wait_for = "page"', 'wait_until = "event - 2h"', 'otherwise = "send"')
    house.launch()
    answering(monkeypatch, None)
    assert house.refusal(2) is None


def test_a_newsletter_is_held_when_the_mail_out_failed_and_a_person_may_send_it_anyway(
    house: House,
) -> None:
    house.wait_for('wait_for = "mailout"')
    house.launch()
    finish(house, 1, DeliveryState.REJECTED)
    assert "niet goed gegaan" in (house.refusal(2) or "")
    assert house.step(2).state is StepState.PAUSED
    Control(house.ledger).resume(SLUG, who="Noor")
    assert house.refusal(2) is None


def test_a_newsletter_goes_after_the_mail_out_went_well(house: House) -> None:
    house.wait_for('wait_for = "mailout"')
    house.launch()
    finish(house, 1, DeliveryState.SENT)
    assert house.refusal(2) is None


def test_a_step_that_is_stopped_while_it_waits_does_not_begin(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.wait_for('wait_for = "page"')
    house.launch()

    def stop_it(_url: str) -> bool:
        Control(house.ledger).stop(SLUG, reason="Toch niet.")
        return False

    monkeypatch.setattr(deliver, "page_answers", stop_it)
    assert house.refusal(2) == "Toch niet."


def _reasons(house: House, step: FrozenStep) -> list[Any]:
    from sqlalchemy import select

    from flows.ledger import tables as t

    with house.ledger.engine.connect() as connection:
        return list(
            connection.scalars(select(t.delivery.c.reason).where(t.delivery.c.step_id == step.id))
        )

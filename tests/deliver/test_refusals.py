"""A step begins at its time, with what was approved, when what it waits for has come: or not."""

from __future__ import annotations

import asyncio
import shutil
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
from flows.errors import NotLaunched
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
        address = "source: https://voorbeeld.example/oproep"
        example.edit(f"{SLUG}/item.md", "language: nl", f"language: nl\n{address}")
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


def test_what_was_changed_back_goes_out_when_it_is_approved_once_more(house: House) -> None:
    house.launch()
    house.example.edit("newsletter.md", "Elf organisaties", "Twaalf organisaties")
    house.refusal(2)
    house.example.edit("newsletter.md", "Twaalf organisaties", "Elf organisaties")
    house.launch()
    assert house.refusal(2) is None


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("campaign.toml", "[event]", "[event"),
        ("partners.csv", "beleid@kinderhulp.example", "beleid@@kinderhulp.example"),
        ("organisation.toml", "name =", "name"),
    ],
)
def test_what_cannot_be_read_holds_the_step_back_and_names_the_file_but_nobody(
    house: House, file: str, old: str, new: str
) -> None:
    house.launch()
    house.example.edit(file, old, new)
    assert file in (house.refusal(1) or "")
    step = house.step(1)
    assert step.state is StepState.PAUSED
    assert "oproep approve" in (step.reason or "")
    assert "kinderhulp" not in (step.reason or "")


def test_a_campaign_whose_folder_is_gone_is_held_back(house: House) -> None:
    house.launch()
    shutil.rmtree(house.example.folder)
    campaign = deliver._content(house.settings, SLUG)
    run = deliver._Run(house.settings, house.ledger, campaign, 2)
    assert "opnieuw goedkeuren" in (asyncio.run(run.refusal()) or "")
    assert house.step(2).state is StepState.PAUSED


def test_a_launch_that_was_taken_back_runs_nothing(house: House) -> None:
    house.launch()
    Control(house.ledger).unlaunch(SLUG)
    with pytest.raises(NotLaunched):
        house.refusal(2)


def test_a_launch_that_is_taken_back_while_a_run_waits_for_its_time_runs_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.launch()

    async def taken_back(moment: datetime) -> None:
        Control(house.ledger).unlaunch(SLUG)

    monkeypatch.setattr(clock, "sleep_until", taken_back)
    with pytest.raises(NotLaunched):
        house.refusal(2)


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


def test_a_stop_and_a_resume_before_its_time_do_not_send_a_step_that_waits(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.wait_for('wait_for = "page"')
    house.launch()
    Control(house.ledger).stop(SLUG, reason="Even wachten.")
    Control(house.ledger).resume(SLUG)
    answering(monkeypatch, None)
    assert "kwam niet op tijd" in (house.refusal(2) or "")


def test_a_step_that_waited_in_vain_goes_out_after_a_retry_once_it_need_not_wait_any_more(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.wait_for('wait_for = "page"', 'wait_until = "event - 2h"')
    house.launch()
    answering(monkeypatch, None)
    house.refusal(2)
    answering(monkeypatch, BEFORE)
    assert Control(house.ledger).retry(SLUG, step=2) == 1
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

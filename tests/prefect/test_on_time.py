"""Launched and left alone: what goes out, and what does not, when the parts of the machine fail.

A real Prefect server, runners as `oproep up` starts them, real time, and a relay that writes down
what it takes.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from flows.campaign.moments import read_moment
from flows.ledger import tables as t
from flows.ledger.control import Control
from flows.ledger.journal import entries
from flows.models import DeliveryState, StepState
from flows.prefect_home import home_of
from flows.reporting.gather import gather
from flows.reporting.text import render_text
from tests.prefect.house import House, at_work, until

pytestmark = [pytest.mark.prefect, pytest.mark.timeout(300)]

SENT, SKIPPED = DeliveryState.SENT, DeliveryState.SKIPPED


def is_done(house: House, slug: str, number: int = 1) -> Callable[[], bool]:
    return lambda: house.step(slug, number).state in (StepState.DONE, StepState.SKIPPED)


def require_once_each(house: House, slug: str) -> None:
    taken = house.taken(slug)
    assert len(taken) == len(set(taken)), "somebody got it twice"


def require_whole(house: House, slug: str, *, people: int, steps: int = 1) -> None:
    """Everybody got it, once."""
    require_once_each(house, slug)
    assert len(house.taken(slug)) == people * steps
    for number in range(1, steps + 1):
        assert house.counts(slug, number) == {SENT: people}


def report(house: House, slug: str) -> str:
    return " ".join(render_text(gather(house.ledger, slug)).split())


# --- the schedule itself


def test_each_step_goes_out_on_its_second_and_a_second_launch_changes_nothing(
    served: House,
) -> None:
    served.campaign("op-tijd", (30, 200), (32, 200))
    first = served.schedule("op-tijd")
    assert len(first) == 2
    assert served.schedule("op-tijd") == first
    until(is_done(served, "op-tijd", 2), 60)
    require_whole(served, "op-tijd", people=3, steps=2)
    for step in served.ledger.campaign("op-tijd").steps:
        assert step.started_at is not None
        assert timedelta() <= step.started_at - step.at < timedelta(seconds=5)


def test_launch_clicked_twice_at_the_same_moment_makes_each_run_once(quiet: House) -> None:
    from flows.deployments import schedule

    frozen = quiet.campaign("dubbelklik", (3600, 7200), (3700, 7200))

    async def twice() -> tuple[list[str], list[str]]:
        return await asyncio.gather(schedule(frozen), schedule(frozen))

    once, again = quiet.ask(twice)
    assert once == again
    assert len(quiet.runs("dubbelklik")) == 2


@pytest.mark.parametrize("night", ["2027-03-28", "2027-10-31"])
def test_steps_in_the_nights_that_clocks_change_have_the_moment_that_was_meant(
    quiet: House, night: str
) -> None:
    zone = ZoneInfo("Europe/Amsterdam")
    slug = f"nacht-{night}"
    frozen = quiet.campaign(slug, (1, 2), (1, 2), (1, 2))
    moments = [
        read_moment(f"at {night} {hour}", zone=zone, event=None).at
        for hour in ("01:30", "03:30", "09:00")
    ]
    steps = tuple(
        replace(step, at=at, deadline=moments[-1] + timedelta(days=1))
        for step, at in zip(frozen.steps, moments, strict=True)
    )
    from flows.deployments import schedule

    quiet.ask(lambda: schedule(replace(frozen, steps=steps)))
    planned = sorted(str(run.expected_start_time) for run in quiet.runs(slug))
    assert planned == sorted(str(at) for at in moments)
    local = [at.astimezone(zone).strftime("%H:%M") for at in moments]
    assert local == ["01:30", "03:30", "09:00"]


# --- the runner is down


def test_a_runner_that_is_down_at_a_steps_time_sends_it_when_it_is_back(quiet: House) -> None:
    quiet.campaign("te-laat-terug", (1, 120))
    quiet.schedule("te-laat-terug")
    time.sleep(1.5)
    assert quiet.taken("te-laat-terug") == []
    quiet.start_runner()
    until(is_done(quiet, "te-laat-terug"), 40)
    require_whole(quiet, "te-laat-terug", people=3)


def test_with_the_machine_off_over_the_deadline_nothing_goes_out_and_the_report_says_so(
    quiet: House,
) -> None:
    quiet.campaign("uit", (1, 3))
    quiet.schedule("uit")
    quiet.kill_server()
    time.sleep(3)
    quiet.start_server()
    quiet.start_runner()
    until(is_done(quiet, "uit"), 40)
    time.sleep(2)
    assert quiet.taken("uit") == []
    assert quiet.counts("uit") == {SKIPPED: 3}
    assert quiet.step("uit").state is StepState.SKIPPED
    assert "uiterste tijd verstreek" in report(quiet, "uit")


def test_a_runner_that_is_ended_mid_step_leaves_nothing_in_doubt_and_the_next_goes_on(
    quiet: House,
) -> None:
    runner = quiet.start_runner()
    quiet.be_slow(0.2)
    quiet.campaign("afgesloten", (0, 300), people=300)
    quiet.schedule("afgesloten")
    until(lambda: len(quiet.taken("afgesloten")) > 30, 40)
    quiet.end_runner(runner)
    assert at_work(quiet.folder) == []
    counts = quiet.counts("afgesloten")
    assert set(counts) <= {SENT, DeliveryState.QUEUED}
    assert counts[SENT] < 300
    quiet.be_quick()
    quiet.start_runner()
    until(is_done(quiet, "afgesloten"), 40)
    require_whole(quiet, "afgesloten", people=300)


def test_a_power_cut_mid_step_leaves_at_most_one_mail_per_connection_in_doubt(
    quiet: House,
) -> None:
    runner = quiet.start_runner()
    quiet.be_slow(0.2)
    quiet.campaign("stroom", (0, 300), people=300)
    quiet.schedule("stroom")
    until(lambda: len(quiet.taken("stroom")) > 30, 40)
    quiet.kill(runner)
    quiet.be_quick()
    quiet.start_runner()
    until(lambda: is_done(quiet, "stroom")(), 60)
    require_once_each(quiet, "stroom")
    counts = quiet.counts("stroom")
    assert set(counts) <= {SENT, DeliveryState.UNCONFIRMED}
    assert sum(counts.values()) == 300
    assert counts.get(DeliveryState.UNCONFIRMED, 0) <= quiet.settings.smtp_connections


def test_a_run_that_is_killed_is_followed_by_another_and_the_journal_says_so(
    served: House,
) -> None:
    served.be_slow(0.2)
    served.campaign("gedood", (0, 300), people=300)
    served.schedule("gedood")
    until(lambda: len(served.taken("gedood")) > 30, 40)
    for process in at_work(served.folder):
        os.kill(process, signal.SIGKILL)
    served.be_quick()
    until(is_done(served, "gedood"), 60)
    require_once_each(served, "gedood")
    assert sum(served.counts("gedood").values()) == 300
    acts = [entry.act for entry in entries(served.engine, "gedood")]
    assert "run broke off" in acts


def test_two_runners_and_a_person_on_one_step_send_everything_once(served: House) -> None:
    second = served.start_runner()
    served.be_slow(0.05)
    served.campaign("samen", (12, 300), (12, 300), people=200)
    served.schedule("samen")
    served.start("deliver/deliver", campaign="samen", step=1)
    until(is_done(served, "samen", 1), 60)
    until(is_done(served, "samen", 2), 60)
    served.end_runner(second)
    require_whole(served, "samen", people=200, steps=2)


# --- people act


def test_a_stop_in_mid_step_ends_new_mails_within_a_second_and_resume_sends_the_rest(
    served: House,
) -> None:
    served.be_slow(0.1)
    served.campaign("gestopt", (0, 300), people=400)
    served.schedule("gestopt")
    until(lambda: len(served.taken("gestopt")) > 30, 40)
    control = Control(served.ledger)
    assert control.stop("gestopt", reason="Een fout in de tekst.") == [1]
    time.sleep(1)
    stopped_at = len(served.taken("gestopt"))
    time.sleep(1.5)
    assert len(served.taken("gestopt")) == stopped_at < 400
    assert "Een fout in de tekst." in report(served, "gestopt")
    served.be_quick()
    assert control.resume("gestopt") == [1]
    served.schedule("gestopt")
    until(is_done(served, "gestopt"), 40)
    require_whole(served, "gestopt", people=400)


def test_a_run_cancelled_on_prefects_page_pauses_its_step_and_gives_back_its_claims(
    served: House,
) -> None:
    served.be_slow(0.2)
    served.campaign("geannuleerd", (0, 300), people=300)
    (run,) = served.schedule("geannuleerd")
    until(lambda: len(served.taken("geannuleerd")) > 30, 40)
    served.cancel_as_a_person(run)
    until(lambda: served.step("geannuleerd").state is StepState.PAUSED, 60)
    assert "Prefect" in (served.step("geannuleerd").reason or "")
    assert "Prefect" in report(served, "geannuleerd")
    until(lambda: at_work(served.folder) == [], 40)
    with served.engine.connect() as connection:
        held = connection.scalars(
            select(t.delivery.c.id).where(
                t.delivery.c.step_id == served.step("geannuleerd").id,
                t.delivery.c.worker_id.is_not(None),
                t.delivery.c.state == DeliveryState.QUEUED,
            )
        ).all()
    assert held == []
    assert set(served.counts("geannuleerd")) == {SENT, DeliveryState.QUEUED}
    served.be_quick()
    Control(served.ledger).resume("geannuleerd")
    served.schedule("geannuleerd")
    until(is_done(served, "geannuleerd"), 40)
    require_whole(served, "geannuleerd", people=300)


def test_a_run_cancelled_before_its_time_pauses_its_step(served: House) -> None:
    served.campaign("vooraf", (600, 700))
    (run,) = served.schedule("vooraf")
    served.cancel_as_a_person(run)
    until(lambda: served.step("vooraf").state is StepState.PAUSED, 30)
    assert served.schedule("vooraf") == []


def test_an_event_that_moves_before_a_step_takes_the_step_along(served: House) -> None:
    served.campaign("eerder", (3600, 7200))
    served.campaign("later", (12, 100))
    served.schedule("eerder")
    served.schedule("later")
    now = datetime.now(UTC)
    control = Control(served.ledger)
    soon, much_later = now + timedelta(seconds=1), now + timedelta(hours=1)
    control.move("eerder", event_at=much_later, times={1: (soon, much_later)})
    control.move("later", event_at=much_later, times={1: (much_later, now + timedelta(hours=2))})
    served.schedule("eerder")
    served.schedule("later")
    until(is_done(served, "eerder"), 40)
    require_whole(served, "eerder", people=3)
    time.sleep(max(0.0, 14 - (datetime.now(UTC) - now).total_seconds()))
    assert served.taken("later") == []
    assert served.step("later").state is StepState.SCHEDULED
    live = [run for run in served.runs("later") if run.state_type in ("SCHEDULED", "PENDING")]
    assert len(live) == 1


def test_an_event_that_moves_during_a_step_moves_the_moment_at_which_it_ends(
    served: House,
) -> None:
    served.be_slow(0.3)
    served.campaign("naar-voren", (0, 300), people=600)
    served.schedule("naar-voren")
    until(lambda: len(served.taken("naar-voren")) > 20, 40)
    at, ends = served.step("naar-voren").at, datetime.now(UTC) + timedelta(seconds=2)
    Control(served.ledger).move("naar-voren", event_at=ends, times={1: (at, ends)})
    served.schedule("naar-voren")
    until(is_done(served, "naar-voren"), 20)
    require_once_each(served, "naar-voren")
    counts = served.counts("naar-voren")
    assert counts[SKIPPED] > 0
    assert sum(counts.values()) == 600
    count = len(served.taken("naar-voren"))
    time.sleep(1)
    assert len(served.taken("naar-voren")) == count


def test_a_launch_that_is_taken_back_and_done_again_goes_out_once(served: House) -> None:
    from flows.deployments import withdraw

    served.campaign("terug", (600, 900))
    served.schedule("terug")
    Control(served.ledger).unlaunch("terug")
    assert served.ask(lambda: withdraw("terug")) == 1
    shutil.rmtree(served.settings.content_dir / "terug")
    served.campaign("terug", (1, 300))
    served.schedule("terug")
    until(is_done(served, "terug"), 40)
    require_whole(served, "terug", people=3)


# --- Prefect loses its database


def test_a_lost_prefect_database_is_made_again_from_the_ledger(quiet: House) -> None:
    quiet.campaign("verloren", (25, 300))
    (lost,) = quiet.schedule("verloren")
    quiet.kill_server()
    for file in home_of(quiet.settings.var_dir).glob("prefect.db*"):
        file.unlink()
    quiet.start_server()
    (made,) = quiet.schedule("verloren")
    assert made != lost
    quiet.start_runner()
    until(is_done(quiet, "verloren"), 60)
    require_whole(quiet, "verloren", people=3)

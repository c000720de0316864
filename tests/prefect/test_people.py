"""Launched, and then somebody acts: each act holds at once, and nothing goes out twice for it.

A real Prefect server, a runner as `oproep up` starts it, and a relay that writes down what it
takes.
"""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
import time as real_time
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from flows import clock
from flows.campaign.launching import launch_campaign
from flows.campaign.reached import Reach
from flows.ledger import tables as t
from flows.ledger.control import Control
from flows.models import DeliveryState, StepState
from tests.faked_time import FakedTime
from tests.prefect.house import House, at_work, until
from tests.prefect.promises import is_done, report, require_once_each, require_whole

pytestmark = [pytest.mark.prefect, pytest.mark.timeout(300)]

SENT, SKIPPED, QUEUED = DeliveryState.SENT, DeliveryState.SKIPPED, DeliveryState.QUEUED
OPROEP = str(Path(sys.executable).parent / "oproep")


# --- launching


def test_two_clicks_on_schedule_at_the_same_moment_make_each_run_once(quiet: House) -> None:
    from flows.deployments import schedule

    frozen = quiet.campaign("dubbelklik", (3600, 7200), (3700, 7200))

    async def twice() -> tuple[list[str], list[str]]:
        return await asyncio.gather(schedule(frozen), schedule(frozen))

    once, again = quiet.ask(twice)
    assert once == again
    assert len(quiet.runs("dubbelklik")) == 2


def test_two_launches_at_the_same_moment_send_everything_once(served: House) -> None:
    served.write_campaign("twee-keer", minutes=60)
    served.approve("twee-keer")
    launches = [
        subprocess.Popen(
            [OPROEP, "launch", "twee-keer", "--yes"],
            cwd=served.folder,
            env=served.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for _ in range(2)
    ]
    said = [launch.communicate(timeout=60)[0] for launch in launches]
    assert [launch.returncode for launch in launches] == [0, 0], said
    until(is_done(served, "twee-keer"), 40)
    assert served.counts("twee-keer") == {SENT: 2}
    assert len(served.runs("twee-keer")) == 1
    got = [each.recipient for each in served.relay.taken if "kinderhulp" in each.recipient]
    assert len(got) == 1


def test_a_launch_that_is_taken_back_and_done_again_goes_out_once(served: House) -> None:
    from flows.deployments import withdraw

    served.campaign("terug", (600, 900))
    served.schedule("terug")
    Control(served.ledger).unlaunch("terug")
    assert served.ask(lambda: withdraw("terug")) == 1
    shutil.rmtree(served.settings.content_dir / "terug")
    served.campaign("terug", (0, 300))
    served.schedule("terug")
    until(is_done(served, "terug"), 40)
    require_whole(served, "terug", people=3)


def test_an_edit_after_the_approval_holds_the_step_until_it_is_approved_again(
    served: House,
) -> None:
    slug = "bewerkt"

    def launch() -> None:
        campaign = served.approve(slug)
        reach = Reach(campaign, served.settings, served.engine)
        launch_campaign(campaign, served.settings, served.ledger, reach)

    served.write_campaign(slug, minutes=60)
    launch()
    draft = served.settings.content_dir / slug / "mailout.md"
    draft.write_text(draft.read_text("utf-8") + "\nNog een zin.\n", "utf-8")
    served.schedule(slug)
    until(lambda: served.step(slug).state is StepState.PAUSED, 40)
    until(lambda: served.runs(slug)[0].state_name == "Cancelled", 20)
    shown = served.runs(slug)[0].state
    assert shown is not None
    assert "veranderd sinds de goedkeuring" in (shown.message or "")
    assert "oproep approve" in report(served, slug)
    assert served.counts(slug) == {QUEUED: 2}
    launch()
    served.schedule(slug)
    until(is_done(served, slug), 40)
    assert served.counts(slug) == {SENT: 2}


# --- stopping and cancelling


def test_a_stop_in_mid_step_ends_new_mails_within_a_second_and_resume_sends_the_rest(
    served: House,
) -> None:
    served.be_slow(0.4)
    served.campaign("gestopt", (0, 300), people=400)
    served.schedule("gestopt")
    until(lambda: len(served.taken("gestopt")) > 30, 40)
    control = Control(served.ledger)
    assert control.stop("gestopt", reason="Een fout in de tekst.") == [1]
    real_time.sleep(1)
    stopped_at = len(served.taken("gestopt"))
    real_time.sleep(1.5)
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
    served.be_slow(0.4)
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
                t.delivery.c.state == QUEUED,
            )
        ).all()
    assert held == []
    assert set(served.counts("geannuleerd")) == {SENT, QUEUED}
    served.be_quick()
    Control(served.ledger).resume("geannuleerd")
    served.schedule("geannuleerd")
    until(is_done(served, "geannuleerd"), 40)
    require_whole(served, "geannuleerd", people=300)


def test_a_run_cancelled_before_its_time_pauses_its_step_whether_its_process_is_up_or_not(
    served: House,
) -> None:
    served.campaign("vooraf", (600, 7200), (40, 7200))
    early, waiting = served.schedule("vooraf")[::-1]
    until(lambda: at_work(served.folder), 40)
    for run in (early, waiting):
        served.cancel_as_a_person(run)
    for number in (1, 2):
        until(lambda n=number: served.step("vooraf", n).state is StepState.PAUSED, 30)  # type: ignore[misc]
    until(lambda: at_work(served.folder) == [], 40)
    assert served.schedule("vooraf") == []
    assert served.taken("vooraf") == []


# --- the event moves


def test_an_event_that_moves_before_a_step_takes_the_step_along(
    served: House, time: FakedTime
) -> None:
    served.campaign("eerder", (3600, 7200))
    served.campaign("later", (30, 100))
    served.schedule("eerder")
    served.schedule("later")
    now = clock.now()
    control = Control(served.ledger)
    much_later, at_last = now + timedelta(hours=1), now + timedelta(hours=2)
    control.move("eerder", event_at=much_later, times={1: (now, much_later)})
    control.move("later", event_at=at_last, times={1: (much_later, at_last)})
    served.schedule("eerder")
    served.schedule("later")
    until(is_done(served, "eerder"), 40)
    require_whole(served, "eerder", people=3)
    time.set(now + timedelta(minutes=2))
    assert served.step("later").state is StepState.SCHEDULED
    time.set(much_later)
    until(is_done(served, "later"), 60)
    require_whole(served, "later", people=3)
    started = served.step("later").started_at
    assert started is not None
    assert started >= much_later


@pytest.mark.parametrize("hours", [-1, 1])
def test_an_event_that_moves_during_a_step_moves_the_moment_at_which_it_ends(
    served: House, time: FakedTime, hours: int
) -> None:
    slug = "naar-voren" if hours < 0 else "naar-achteren"
    served.be_slow(0.4)
    served.campaign(slug, (0, 7200), people=400)
    served.schedule(slug)
    until(lambda: len(served.taken(slug)) > 20, 40)
    step = served.step(slug)
    ends = clock.now() + timedelta(seconds=1) if hours < 0 else step.deadline + timedelta(hours=1)
    Control(served.ledger).move(slug, event_at=ends, times={1: (ends, ends)})
    served.schedule(slug)
    if hours > 0:
        # Past the old end, before the new one.
        time.set(step.deadline + timedelta(minutes=1))
        served.be_quick()
    until(is_done(served, slug), 40)
    require_once_each(served, slug)
    counts = served.counts(slug)
    if hours > 0:
        assert counts == {SENT: 400}
        return
    assert set(counts) == {SENT, SKIPPED}
    assert sum(counts.values()) == 400
    assert "uiterste tijd verstreek" in report(served, slug)
    real_time.sleep(1)
    assert len(served.taken(slug)) == counts[SENT]

"""Launched and left alone: what goes out, and what does not, when machines and clocks fail.

A real Prefect server, runners as `oproep up` starts them, a relay that writes down what it takes,
and a time of day that is set as somebody sets a machine's clock.
"""

from __future__ import annotations

import os
import signal
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from flows.campaign.moments import read_moment
from flows.ledger.journal import entries
from flows.models import DeliveryState, StepState
from flows.prefect_home import home_of
from tests.faked_time import FakedTime
from tests.prefect.house import House, at_work, until
from tests.prefect.promises import is_done, report, require_once_each, require_whole

pytestmark = [pytest.mark.prefect, pytest.mark.timeout(300)]

SENT, SKIPPED = DeliveryState.SENT, DeliveryState.SKIPPED
ZONE = ZoneInfo("Europe/Amsterdam")


def require_begun_on_time(house: House, slug: str, *numbers: int) -> None:
    for step in map(house.ledger.campaign(slug).step, numbers):
        assert step.started_at is not None
        assert timedelta() <= step.started_at - step.at < timedelta(seconds=5)


# --- the runner is down, or the whole machine


def test_a_runner_that_is_down_at_a_steps_time_sends_it_when_it_is_back_unless_its_deadline_passed(
    quiet: House, time: FakedTime
) -> None:
    quiet.campaign("te-laat-terug", (10, 3600))
    quiet.campaign("na-de-uiterste-tijd", (10, 60))
    quiet.schedule("te-laat-terug")
    quiet.schedule("na-de-uiterste-tijd")
    time.move(timedelta(minutes=5))
    quiet.start_runner()
    until(is_done(quiet, "te-laat-terug"), 40)
    until(is_done(quiet, "na-de-uiterste-tijd"), 40)
    require_whole(quiet, "te-laat-terug", people=3)
    assert "begon 5 minuten na zijn tijd" in report(quiet, "te-laat-terug")
    assert quiet.taken("na-de-uiterste-tijd") == []
    assert quiet.counts("na-de-uiterste-tijd") == {SKIPPED: 3}
    assert "uiterste tijd verstreek" in report(quiet, "na-de-uiterste-tijd")


def test_with_the_machine_off_over_the_deadline_nothing_goes_out_and_the_report_says_so(
    quiet: House, time: FakedTime
) -> None:
    quiet.campaign("uit", (10, 60))
    quiet.schedule("uit")
    quiet.kill_server()
    time.move(timedelta(minutes=5))
    quiet.start_server()
    quiet.start_runner()
    until(is_done(quiet, "uit"), 40)
    # The run that Prefect still had is over as well, and has sent nothing.
    until(lambda: all(run.state and run.state.is_final() for run in quiet.runs("uit")), 40)
    assert quiet.taken("uit") == []
    assert quiet.counts("uit") == {SKIPPED: 3}
    assert quiet.step("uit").state is StepState.SKIPPED
    assert "uiterste tijd verstreek" in report(quiet, "uit")


def test_a_runner_that_is_ended_mid_step_leaves_nothing_in_doubt_and_the_next_goes_on(
    quiet: House,
) -> None:
    runner = quiet.start_runner()
    quiet.be_slow(0.4)
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
    quiet: House, time: FakedTime
) -> None:
    runner = quiet.start_runner()
    quiet.be_slow(0.4)
    quiet.campaign("stroom", (0, 3600), people=300)
    quiet.schedule("stroom")
    until(lambda: len(quiet.taken("stroom")) > 30, 40)
    quiet.kill(runner)
    time.move(timedelta(minutes=5))
    quiet.be_quick()
    quiet.start_runner()
    until(is_done(quiet, "stroom"), 60)
    require_once_each(quiet, "stroom")
    counts = quiet.counts("stroom")
    doubtful = counts.get(DeliveryState.UNCONFIRMED, 0)
    assert set(counts) <= {SENT, DeliveryState.UNCONFIRMED}
    assert sum(counts.values()) == 300
    assert doubtful <= quiet.settings.smtp_connections
    assert not doubtful or "oproep settle" in report(quiet, "stroom")


def test_a_lost_prefect_database_is_made_again_from_the_ledger(
    quiet: House, time: FakedTime
) -> None:
    for slug in ("door-launch", "door-up"):
        quiet.campaign(slug, (1200, 3600))
    (lost,) = quiet.schedule("door-launch")
    quiet.schedule("door-up")
    quiet.kill_server()
    for file in home_of(quiet.settings.var_dir).glob("prefect.db*"):
        file.unlink()
    quiet.start_server()
    (made,) = quiet.schedule("door-launch")
    assert made != lost
    assert quiet.runs("door-up") == []
    quiet.start_runner()
    assert len(quiet.runs("door-up")) == 1
    time.move(timedelta(seconds=1190))
    for slug in ("door-launch", "door-up"):
        until(is_done(quiet, slug), 60)
        require_whole(quiet, slug, people=3)


# --- the clock


@pytest.mark.parametrize(
    ("before", "after", "day_before"),
    [
        ("2027-03-28 01:59:58", "2027-03-28 03:00:02", "2027-03-29 09:00"),
        ("2027-10-31 02:59:58+02:00", "2027-10-31 02:00:02+01:00", "2027-11-01 09:00"),
    ],
)
def test_in_the_nights_that_clocks_change_each_step_begins_within_seconds_of_its_moment(
    served: House, time: FakedTime, before: str, after: str, day_before: str
) -> None:
    first, second = (read_moment(f"at {at}", zone=ZONE, event=None).at for at in (before, after))
    assert second - first == timedelta(seconds=4)
    event = read_moment(f"at {day_before}", zone=ZONE, event=None).at + timedelta(days=1)
    third = read_moment("event - 1 day at 09:00", zone=ZONE, event=event).at
    # Time enough for two processes to come up, as in earnest: after that nothing is in a hurry.
    time.set(first - timedelta(seconds=15))
    slug = f"nacht-{before[:10]}"
    served.campaign(slug, (first, event), (second, event), (third, event))
    runs = served.schedule(slug)
    until(is_done(served, slug, 2), 60)
    assert served.schedule(slug) == runs[2:]
    require_once_each(served, slug)
    require_begun_on_time(served, slug, 1, 2)
    (waiting,) = [run for run in served.runs(slug) if run.parameters["step"] == 3]
    assert str(waiting.expected_start_time) == str(third)


def test_a_clock_that_is_set_back_after_a_step_does_not_repeat_it(
    served: House, time: FakedTime
) -> None:
    from flows.deployments import reconcile

    slug = "terug-in-de-tijd"
    served.campaign(slug, (0, 7200), (3600, 7200))
    _, second = served.schedule(slug)
    until(is_done(served, slug), 40)
    time.move(-timedelta(minutes=10))
    assert served.schedule(slug) == [second]
    assert served.ask(lambda: reconcile(served.settings)) == 0
    time.move(timedelta(minutes=71))
    until(is_done(served, slug, 2), 40)
    require_whole(served, slug, people=3, steps=2)


def test_a_clock_that_is_set_back_before_a_steps_time_while_it_runs_makes_it_wait_for_it(
    served: House, time: FakedTime
) -> None:
    served.be_slow(0.4)
    served.campaign("te-vroeg", (0, 7200), people=300)
    served.schedule("te-vroeg")
    until(lambda: len(served.taken("te-vroeg")) > 30, 40)
    time.move(-timedelta(minutes=30))
    until(lambda: at_work(served.folder) == [], 40)
    assert set(served.counts("te-vroeg")) == {SENT, DeliveryState.QUEUED}
    served.be_quick()
    time.move(timedelta(minutes=30))
    until(is_done(served, "te-vroeg"), 40)
    require_whole(served, "te-vroeg", people=300)


# --- runs


def test_a_run_that_is_killed_is_followed_by_another_and_the_journal_says_so(
    served: House,
) -> None:
    served.be_slow(0.4)
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
    assert "uitvoering afgebroken" in report(served, "gedood")


def test_two_runners_and_a_person_on_one_step_send_everything_once(served: House) -> None:
    second = served.start_runner()
    served.be_slow(0.05)
    served.campaign("samen", (12, 300), (12, 300), people=200)
    served.schedule("samen")
    person = served.start_run("deliver/deliver", campaign="samen", step=1)
    until(is_done(served, "samen", 1), 60)
    until(is_done(served, "samen", 2), 60)
    # The person's run may be the second runner's, which would take it with it; or come too late
    # to find anything to do.
    assert served.end_of(person) in ("COMPLETED", "CANCELLED")
    served.end_runner(second)
    require_whole(served, "samen", people=200, steps=2)


def test_a_step_at_work_waits_for_another_and_is_held_when_that_went_wrong(
    served: House, time: FakedTime
) -> None:
    served.refuse_everybody()
    served.campaign("hangt-af", (0, 3600), (0, 3600), waits="step 1")
    served.schedule("hangt-af")
    until(is_done(served, "hangt-af", 1), 40)
    time.move(timedelta(seconds=20))
    until(lambda: served.step("hangt-af", 2).state is StepState.PAUSED, 40)
    assert served.counts("hangt-af", 1) == {DeliveryState.REJECTED: 3}
    assert served.counts("hangt-af", 2) == {DeliveryState.QUEUED: 3}
    assert "wacht op step 1, en dat is niet goed gegaan" in report(served, "hangt-af")

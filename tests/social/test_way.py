"""The way of a thread through ledger and channel: in order, once, patient, never too late."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import textwrap
import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from flows import clock
from flows.campaign.posting import deliver_thread
from flows.channels.mastodon import Mastodon
from flows.errors import AuthLost
from flows.ledger.control import Control
from flows.models import DeliveryState, StepState
from tests.social.desk import Office, sqlite
from tests.social.mastodon_http import TOKEN
from tests.social.mastodon_server import FakeMastodon
from tests.social.threads import START, thread

HOUSE = Path(__file__).resolve().parents[2]
POST = "POST /api/v1/statuses"
TEXTS = ["Een.", "Twee.", "Drie."]
SENT = DeliveryState.SENT


class Brisk(clock.SimulatedClock):
    """A clock that others get a turn under: whoever waits a second lets real work go on."""

    async def sleep_until(self, moment: datetime) -> None:
        await asyncio.sleep(0.05)
        await super().sleep_until(min(moment, self.now() + timedelta(seconds=1)))


@pytest.fixture
def office(tmp_path: Path, channel: Mastodon) -> Office:
    return Office(database=sqlite(tmp_path), channel=channel, posts=thread(TEXTS))


def test_a_thread_goes_out_in_order_and_the_step_ends(office: Office, server: FakeMastodon) -> None:
    assert office.work() == 3
    assert server.texts() == TEXTS
    assert office.states() == [SENT] * 3
    assert office.step.state is StepState.DONE


@pytest.mark.parametrize("fault", ["lost", "500 after", "500", "cut"])
def test_a_lost_answer_costs_a_minute_and_no_person(
    office: Office, server: FakeMastodon, fault: str
) -> None:
    server.ignores_keys = True
    server.misbehave(POST, "ok", fault)
    office.work()
    assert server.texts() == TEXTS
    assert office.states() == [SENT] * 3
    assert timedelta(seconds=60) <= clock.now() - START < timedelta(seconds=130)


def test_a_rate_limit_on_the_first_post_is_waited_out_and_the_order_kept(
    office: Office, server: FakeMastodon
) -> None:
    server.misbehave(POST, "429")
    office.work()
    assert server.texts() == TEXTS
    assert timedelta(minutes=3) <= clock.now() - START < timedelta(minutes=4)


def test_a_rate_limit_is_not_waited_out_past_the_deadline(
    tmp_path: Path, channel: Mastodon, server: FakeMastodon
) -> None:
    office = Office(database=sqlite(tmp_path), channel=channel, posts=thread(TEXTS), hours=1)
    server.misbehave(POST, "ok", *["429"] * 100)
    office.work()
    assert server.texts() == ["Een."]
    assert office.states() == [SENT, DeliveryState.SKIPPED, DeliveryState.SKIPPED]
    assert clock.now() == office.step.deadline


def test_a_picture_that_takes_too_long_is_not_posted_after_the_deadline(
    tmp_path: Path, channel: Mastodon, server: FakeMastodon, simulated: clock.SimulatedClock
) -> None:
    posts = thread(["Een."], pictures=1)
    office = Office(database=sqlite(tmp_path), channel=channel, posts=posts, hours=1)
    office.ledger.begin_step(office.step.id)
    simulated.advance(timedelta(minutes=59, seconds=58))
    server.media_answers = [202, 206, 206, 200]
    office.work()
    assert server.texts() == []
    assert office.states() == [DeliveryState.SKIPPED]


def test_a_refused_post_holds_back_those_after_it_and_says_why(
    office: Office, server: FakeMastodon
) -> None:
    server.misbehave(POST, "ok", "422")
    office.work()
    assert office.states() == [SENT, DeliveryState.REJECTED, DeliveryState.QUEUED]
    assert office.step.state is StepState.PAUSED
    assert "told to misbehave" in (office.step.reason or "")


def test_a_refused_last_post_ends_the_step(office: Office, server: FakeMastodon) -> None:
    server.misbehave(POST, "ok", "ok", "422")
    office.work()
    assert office.states() == [SENT, SENT, DeliveryState.REJECTED]
    assert office.step.state is StepState.DONE


def test_lost_credentials_pause_the_step_with_the_reason_and_leave_the_post_in_the_queue(
    office: Office, server: FakeMastodon
) -> None:
    server.revoked = True
    with pytest.raises(AuthLost) as caught:
        office.work()
    assert caught.value.exit_code == 4
    assert office.states() == [DeliveryState.QUEUED] * 3
    assert office.step.state is StepState.PAUSED
    assert "credentials" in (office.step.reason or "")


def test_a_thread_broken_off_goes_on_where_it_stopped(office: Office, server: FakeMastodon) -> None:
    server.misbehave(POST, "ok", "ok")
    server.misbehave("GET /api/v2/instance", "ok")
    server.revoked = False
    server.misbehave(POST, "403")
    with pytest.raises(AuthLost):
        office.work()
    assert server.texts() == TEXTS[:2]
    Control(office.ledger).resume(office.slug)
    office.work()
    assert server.texts() == TEXTS
    parents = [status.in_reply_to_id for status in server.statuses.values()]
    assert parents == [None, *list(server.statuses)[:-1]]


def test_a_step_that_is_stopped_posts_nothing_more(office: Office, server: FakeMastodon) -> None:
    control = Control(office.ledger)
    real = server._post

    def stop_after_the_first(*arguments: object) -> object:
        control.stop(office.slug, reason="Een fout in de tekst.")
        return real(*arguments)  # type: ignore[arg-type]

    server._post = stop_after_the_first  # type: ignore[method-assign, assignment]
    office.work()
    assert server.texts() == ["Een."]
    assert office.states() == [SENT, DeliveryState.QUEUED, DeliveryState.QUEUED]


def test_two_processes_at_one_step_post_each_once(office: Office, server: FakeMastodon) -> None:
    server.ignores_keys = True
    office.ledger.begin_step(office.step.id)

    async def both() -> None:
        await asyncio.gather(*(deliver_thread(office.desk()) for _ in range(3)))

    with clock.use(Brisk(START)):
        asyncio.run(both())
    assert server.texts() == TEXTS
    assert office.states() == [SENT] * 3


@pytest.mark.parametrize("fault", ["hold", "slow"])
def test_a_process_killed_in_the_middle_of_a_thread_is_followed_by_one_that_completes_it(
    tmp_path: Path, server: FakeMastodon, channel: Mastodon, fault: str
) -> None:
    server.ignores_keys = True
    server.misbehave(POST, "ok", fault)
    database = sqlite(tmp_path)
    program = f"""
        from flows import clock
        from flows.channels.mastodon import Mastodon
        from tests.social.desk import Office
        from tests.social.mastodon_http import TOKEN
        from tests.social.threads import START, thread
        with clock.use(clock.SimulatedClock(START)):
            channel = Mastodon(url={server.url!r}, token=TOKEN)
            Office(database={database!r}, channel=channel, posts=thread({TEXTS!r})).work()
    """
    child = subprocess.Popen([sys.executable, "-c", textwrap.dedent(program)], cwd=HOUSE)
    patience = time.monotonic() + 60
    while server.posts() < 2 and child.poll() is None and time.monotonic() < patience:
        time.sleep(0.02)
    child.kill()
    child.wait()
    server.release()
    server.wait_until_left()
    office = Office(database=database, channel=channel, posts=thread(TEXTS))
    office.work()
    assert server.texts() == TEXTS
    assert office.states() == [SENT] * 3
    ids = list(server.statuses)
    assert [status.in_reply_to_id for status in server.statuses.values()] == [None, *ids[:-1]]


def test_a_server_that_answers_html_holds_back_that_step_alone(
    tmp_path: Path, server: FakeMastodon
) -> None:
    with FakeMastodon() as good:
        offices = [
            Office(
                database=sqlite(tmp_path / name),
                channel=Mastodon(url=each.url, token=TOKEN, timeout=5),
                posts=thread(["Een."]),
            )
            for name, each in (("bad", server), ("good", good))
        ]
        server.misbehave("GET /api/v2/instance", *["html"] * 50)
        for office in offices:
            office.work()
        assert offices[0].states() == [DeliveryState.REJECTED]
        assert offices[1].states() == [SENT]
        assert good.texts() == ["Een."]

"""A campaign leaves for real: approved, launched, handed to a relay once, and accounted for."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from flows.settings import load
from tests.cli.conftest import CAMPAIGN, HOUSE, Oproep, workplace
from tests.faked_time import FakedTime
from tests.mail.recording_server import Plan, RecordingServer, Say, at, nothing, running
from tests.ports import free_port

pytestmark = pytest.mark.timeout(300)
SECRET = "a-secret-that-is-long-enough-for-us"
PLAN = """\
[event]
name = "Rondetafelgesprek"
at = {event:%Y-%m-%dT%H:%M:%S}Z

[[step]]
channel = "mailout"
at = "event - 3h"

[[step]]
channel = "newsletter"
at = "event - 2h"

[[step]]
channel = "linkedin"
at = "event - 10m"
"""


@contextmanager
def relay(plan: Plan = nothing) -> Iterator[RecordingServer]:
    """Run a relay in a thread of its own."""
    server, loop = RecordingServer(plan=plan), asyncio.new_event_loop()
    ready, done = threading.Event(), asyncio.Event()

    async def serve() -> None:
        async with running(server):
            ready.set()
            await done.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=[serve()])
    thread.start()
    ready.wait()
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(done.set)
        thread.join()
        loop.close()


def soon(
    house: Path,
    *,
    port: int = 9,
    event: timedelta = timedelta(hours=1),
    public_url: str = "https://nieuws.voorbeeld.example",
) -> Path:
    """Make a house whose campaign has its event soon, with twenty readers and a relay."""
    workplace(house)
    moment = datetime.now(UTC) + event
    (house / "content" / CAMPAIGN / "campaign.toml").write_text(PLAN.format(event=moment))
    (house / "secrets.env").write_text(
        f"OPROEP_SECRET_KEY={SECRET}\nOPROEP_SMTP_URL=smtp://127.0.0.1:{port}\n"
        f"OPROEP_PUBLIC_URL={public_url}\n"
    )
    subscribe(house, 20)
    return house


def subscribe(house: Path, number: int) -> None:
    from flows.audience.people import Consent, Details
    from flows.audience.subscribers import open_audience
    from flows.database import open_database
    from flows.settings import Settings

    settings = load({}, folder=house)
    settings = Settings.model_validate(settings.model_dump() | {"var_dir": house / "var"})
    engine = open_database(settings.database)
    audience = open_audience(settings, engine)
    consent = Consent(wording="Ja, graag.", purpose="Nieuws", source="proef")
    for one in range(number):
        asked = audience.subscribe(
            f"lezer{one}@lezers.example",
            "nieuwsbrief",
            details=Details(name=f"Lezer {one}"),
            consent=consent,
        )
        audience.confirm(asked.id)
    engine.dispose()


def oproep_in(house: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    process = begun_in(house, *arguments)
    out, err = process.communicate(timeout=200)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def begun_in(house: Path, *arguments: str, time: FakedTime | None = None) -> subprocess.Popen[str]:
    """Begin a command of its own process, at the machine's time or another."""
    code = f"import sys; from flows.cli import run; sys.exit(run({list(arguments)!r}))"
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(HOUSE), "HOME": str(house)}
    return subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=house,
        env=environment | dict(time.environment if time else {}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@dataclass(frozen=True)
class Launched:
    """What two launches in a row did."""

    house: Path
    first: subprocess.CompletedProcess[str]
    again: subprocess.CompletedProcess[str]
    taken: Counter[str]
    contents: list[bytes]


@pytest.fixture(scope="module")
def launched(tmp_path_factory: pytest.TempPathFactory) -> Launched:
    refuse = at("rcpt", 5, do=Say("550 5.1.1 no such user here"))
    with relay(refuse) as server:
        house = soon(tmp_path_factory.mktemp("launch"), port=server.port)
        approved = oproep_in(house, "approve", CAMPAIGN, "--by", "Noor", "--yes")
        assert approved.returncode == 0, approved.stderr
        first = oproep_in(house, "launch", CAMPAIGN, "--now", "--yes", "--json")
        again = oproep_in(house, "launch", CAMPAIGN, "--now", "--yes")
        return Launched(
            house, first, again, server.counts(), [taken.content for taken in server.taken]
        )


@pytest.mark.prefect
def test_what_is_due_goes_to_everybody_once_although_launched_twice(launched: Launched) -> None:
    assert len(launched.taken) == 30
    assert set(launched.taken.values()) == {1}
    assert launched.again.returncode == 3
    assert "Launched already; nothing changed." in launched.again.stdout
    assert "What came of it" not in launched.again.stdout


@pytest.mark.prefect
def test_a_delivery_in_part_is_told_by_the_exit_code(launched: Launched) -> None:
    assert launched.first.returncode == 3, launched.first.stderr


@pytest.mark.prefect
def test_programs_are_told_how_far_it_is_in_lines_of_json(launched: Launched) -> None:
    told = [json.loads(line) for line in launched.first.stdout.splitlines()]
    last = {line["step"]: line for line in told}
    assert {number: (line["done"], line["planned"]) for number, line in last.items()} == {
        1: (11, 11),
        2: (20, 20),
    }


@pytest.mark.prefect
def test_what_is_not_due_waits(launched: Launched) -> None:
    report = json.loads(oproep_in(launched.house, "report", CAMPAIGN, "--json").stdout)
    assert [step["state"] for step in report["steps"]] == ["done", "done", "scheduled"]
    assert sum(step["counts"].get("rejected", 0) for step in report["steps"]) == 1
    assert report["balanced"] is True


@pytest.mark.prefect
def test_a_moved_event_leaves_what_is_sent_alone_and_says_so(launched: Launched) -> None:
    later = datetime.now(UTC) + timedelta(hours=30)
    moved = oproep_in(launched.house, "move", CAMPAIGN, "--event", f"{later:%Y-%m-%dT%H:%M}+00:00")
    assert moved.returncode == 0, moved.stderr
    told = moved.stdout.splitlines()
    assert [line.endswith("it stays as it is") for line in told[1:4]] == [True, True, False]
    report = json.loads(oproep_in(launched.house, "report", CAMPAIGN, "--json").stdout)
    assert [step["state"] for step in report["steps"]] == ["done", "done", "scheduled"]
    at = datetime.fromisoformat(report["steps"][2]["at"])
    assert abs(at - later) < timedelta(minutes=11)


@pytest.mark.prefect
def test_each_mail_carries_its_own_way_out(launched: Launched) -> None:
    links = {
        found[1]
        for content in launched.contents
        if (found := re.search(rb"List-Unsubscribe:\s*<(https://[^>]+)>", content))
    }
    assert len(links) == sum(b"List-Unsubscribe:" in content for content in launched.contents) > 0


@pytest.mark.prefect
def test_two_launches_at_the_same_moment_send_everything_once(tmp_path: Path) -> None:
    with relay() as server:
        house = soon(tmp_path, port=server.port)
        oproep_in(house, "approve", CAMPAIGN, "--by", "Noor", "--yes")
        with ThreadPoolExecutor(2) as both:
            launch = partial(oproep_in, house, "launch", CAMPAIGN, "--now", "--yes")
            ended = [each.result() for each in (both.submit(launch), both.submit(launch))]
        assert [each.returncode for each in ended] == [0, 0], [each.stderr for each in ended]
        assert len(server.taken) == 31
        assert set(server.counts().values()) == {1}


@pytest.mark.prefect
def test_a_launch_that_waits_for_its_relay_says_so_and_ends_at_the_deadline(
    tmp_path: Path,
) -> None:
    time = FakedTime(tmp_path)
    house = soon(tmp_path, port=free_port(), event=timedelta(hours=1))
    oproep_in(house, "approve", CAMPAIGN, "--by", "Noor", "--yes")
    launch = begun_in(house, "launch", CAMPAIGN, "--now", "--yes", time=time)
    assert launch.stderr is not None
    assert any("De mailserver is niet te bereiken" in line for line in launch.stderr)
    time.move(timedelta(hours=1))
    _, err = launch.communicate(timeout=60)
    assert launch.returncode == 3, err
    report = json.loads(oproep_in(house, "report", CAMPAIGN, "--json").stdout)
    assert [step["skipped_reasons"] for step in report["steps"][:2]] == [
        {"deadline": 11},
        {"deadline": 20},
    ]


@pytest.fixture
def here(house: Path, oproep: Oproep) -> Oproep:
    """The command, in a house whose campaign has its event in an hour."""
    (house / "content" / CAMPAIGN / "campaign.toml").write_text(
        PLAN.format(event=datetime.now(UTC) + timedelta(hours=6))
    )
    (house / "secrets.env").write_text(
        f"OPROEP_SECRET_KEY={SECRET}\nOPROEP_SMTP_URL=smtp://127.0.0.1:9\n"
    )
    return oproep


@pytest.mark.parametrize("public_url", ["", "http://nieuws.voorbeeld.example"])
def test_an_issue_without_a_way_out_is_held_and_said_at_the_launch_while_the_rest_goes(
    tmp_path: Path, public_url: str
) -> None:
    with relay() as server:
        house = soon(tmp_path, port=server.port, public_url=public_url)
        oproep_in(house, "approve", CAMPAIGN, "--by", "Noor", "--yes")
        ended = oproep_in(house, "launch", CAMPAIGN, "--now", "--yes")
    assert len(server.taken) == 11
    assert not any(each.recipient.endswith("@lezers.example") for each in server.taken)
    assert ended.returncode == 1
    assert "step 2 cannot go out yet" in ended.stderr
    assert re.search(r"^ 1\. .* mailout +done +11 sent$", ended.stdout, re.MULTILINE)
    assert "OPROEP_PUBLIC_URL" in ended.stderr
    status = json.loads(oproep_in(house, "status", CAMPAIGN, "--json").stdout)
    assert [step["state"] for step in status["steps"][:2]] == ["done", "paused"]
    assert status["steps"][1]["counts"]["queued"] == 20


def test_a_campaign_is_a_draft_until_somebody_approves_it(here: Oproep) -> None:
    assert "draft, not launched" in here("status", CAMPAIGN).out
    assert here("approve", CAMPAIGN, "--by", "Noor", "--yes").code == 0
    status = here("status", CAMPAIGN).out
    assert "approved, not launched" in status
    assert "Approved by Noor." in status
    assert here("diff", CAMPAIGN).code == 0


def test_an_edit_voids_the_approval_and_diff_shows_it(house: Path, here: Oproep) -> None:
    here("approve", CAMPAIGN, "--by", "Noor", "--yes")
    draft = house / "content" / CAMPAIGN / "newsletter.md"
    draft.write_text(draft.read_text("utf-8") + "\nNog een zin.\n", "utf-8")
    diff = here("diff", CAMPAIGN)
    assert diff.code == 1
    assert "+Nog een zin." in diff.out
    assert "draft, not launched" in here("status", CAMPAIGN).out
    refused = here("launch", CAMPAIGN, "--now", "--yes")
    assert refused.code == 1
    assert "not approved" in refused.err


def test_an_approval_needs_a_name_and_a_yes(here: Oproep, monkeypatch: pytest.MonkeyPatch) -> None:
    assert here("approve", CAMPAIGN, "--by", "  ", "--yes").code == 1
    assert here("approve", CAMPAIGN, "--yes").code == 2
    monkeypatch.setattr("click.confirm", lambda *_a, **_k: sys.exit(130))
    with pytest.raises(SystemExit):
        here("approve", CAMPAIGN, "--by", "Noor")
    assert "draft" in here("status", CAMPAIGN).out


def test_the_plan_shows_each_step_before_the_event(here: Oproep) -> None:
    told = json.loads(here("plan", CAMPAIGN, "--json").out)
    assert [(step["channel"], step["before"]) for step in told] == [
        ("mailout", "3 h"),
        ("newsletter", "2 h"),
        ("linkedin", "10 m"),
    ]
    assert told[0]["messages"] == 11


def test_what_is_not_launched_can_neither_be_stopped_nor_resumed(here: Oproep) -> None:
    for command in ("stop", "resume", "retry", "unlaunch"):
        refused = here(command, CAMPAIGN)
        assert refused.code == 1
        assert "has not been launched" in refused.err


def test_a_launch_without_a_server_changes_nothing_and_says_what_to_do(here: Oproep) -> None:
    here("approve", CAMPAIGN, "--by", "Noor", "--yes")
    refused = here("launch", CAMPAIGN, "--yes")
    assert refused.code == 1
    assert "oproep up" in refused.err
    assert "approved, not launched" in here("status", CAMPAIGN).out


@pytest.mark.prefect
def test_a_launch_says_in_one_sentence_what_will_happen_and_a_change_shows_in_the_status(
    house: Path, here: Oproep
) -> None:
    here("approve", CAMPAIGN, "--by", "Noor", "--yes")
    said = here("launch", CAMPAIGN, "--now", "--yes").err
    sentence = next(
        line for line in said.splitlines() if "goes out before Rondetafelgesprek" in line
    )
    assert re.search(
        r"partner mail-out to 11 on \d\d-\d\d at \d\d:\d\d \(\d\d:\d\d UTC, 3 h before\); ",
        sentence,
    )
    assert "Changed since" not in here("status", CAMPAIGN).out
    draft = house / "content" / CAMPAIGN / "newsletter.md"
    draft.write_text(draft.read_text("utf-8") + "\nNog een zin.\n", "utf-8")
    assert "Changed since it was approved" in here("status", CAMPAIGN).out
    assert json.loads(here("status", CAMPAIGN, "--json").out)["approval_holds"] is False


@pytest.mark.prefect
def test_a_launch_is_stopped_resumed_moved_and_taken_back(house: Path, here: Oproep) -> None:
    here("approve", CAMPAIGN, "--by", "Noor", "--yes")
    # Nothing is due, so that nothing starts and nothing is sent.
    launched = here("launch", CAMPAIGN, "--now", "--yes")
    assert "Still to come: step 1, 2, 3" in launched.out, launched.err
    assert "Stopped: step 2" in here("stop", CAMPAIGN, "2", "--why", "Er staat een fout in.").out
    assert "Er staat een fout in." in here("status", CAMPAIGN).out
    assert "Goes on: step 2" in here("resume", CAMPAIGN).out
    later = datetime.now(UTC) + timedelta(hours=30)
    moved = here("move", CAMPAIGN, "--event", f"{later:%Y-%m-%dT%H:%M}+00:00")
    assert "approved again" in moved.out, moved.err
    assert "is a draft again" in here("unlaunch", CAMPAIGN).out
    assert "draft, not launched" in here("status", CAMPAIGN).out


def test_a_test_mail_goes_to_oneself_marked_as_a_test(house: Path, here: Oproep) -> None:
    with relay() as server:
        (house / "secrets.env").write_text(
            f"OPROEP_SECRET_KEY={SECRET}\nOPROEP_SMTP_URL=smtp://127.0.0.1:{server.port}\n"
            "OPROEP_PUBLIC_URL=https://nieuws.voorbeeld.example\n"
        )
        sent = here("test", CAMPAIGN, "--to", "ik@organisatie.example")
        assert sent.code == 0, sent.err
    assert server.counts() == {"ik@organisatie.example": 2}
    assert all(b"[TEST]" in taken.content for taken in server.taken)
    assert "draft, not launched" in here("status", CAMPAIGN).out


def test_a_test_mail_needs_an_address(here: Oproep) -> None:
    refused = here("test", CAMPAIGN, "--to", "ik@@ergens")
    assert refused.code == 1
    assert "is not an address" in refused.err

"""`oproep up` as its user meets it: one command, and everything runs until Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.errors import OproepError
from flows.prefect_home import connected, home_of
from flows.settings import Settings
from tests.prefect.house import house, until
from tests.prefect.up import OPROEP, Up, running_up
from tests.returns.letters import dsn

pytestmark = [pytest.mark.prefect, pytest.mark.timeout(300)]

FIND = """
from flows.prefect_home import connected
from flows.settings import load
with connected(load()) as url:
    print(url)
"""


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    with house(tmp_path_factory.mktemp("up"), serve=False) as there:
        maildir = there.folder / "Maildir"
        for name in ("new", "cur", "tmp"):
            (maildir / name).mkdir(parents=True)
        there.environment["OPROEP_RETURNS_URL"] = f"maildir://{maildir}"
        with running_up(there, "--no-public") as running:
            yield running


def run(up: Up, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=up.house.folder, env=up.house.environment, capture_output=True, text=True
    )


def test_without_it_a_command_says_so_and_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(OproepError) as error, connected(Settings(var_dir=tmp_path)):
        pass
    assert "`oproep up` is not running" in str(error.value)
    assert "PREFECT_API_URL" in error.value.where
    assert "oproep up" in error.value.mend


def test_a_file_that_a_crash_left_behind_is_not_taken_for_a_server(tmp_path: Path) -> None:
    home = home_of(tmp_path)
    home.mkdir(parents=True)
    (home / "up.json").write_text('{"api": "http://127.0.0.1:9/api", "pid": 1}', "utf-8")
    with pytest.raises(OproepError, match="not running"), connected(Settings(var_dir=tmp_path)):
        pass


def test_it_says_where_prefect_is_and_other_commands_find_it_by_themselves(up: Up) -> None:
    assert f"Prefect: {up.house.url.removesuffix('/api')}\n" in up.out
    found = run(up, sys.executable, "-c", FIND)
    assert found.stdout.strip() == up.house.url, found.stderr


def test_a_second_one_says_that_one_is_running_already(up: Up) -> None:
    second = run(up, OPROEP, "up")
    assert second.returncode == 1
    assert "running already" in second.stderr
    assert str(up.process.pid) in second.stderr


def test_all_of_it_together_is_small(up: Up) -> None:
    assert up.memory() < 600


def test_the_rounds_that_look_how_posts_stand_are_scheduled_by_themselves(up: Up) -> None:
    until(lambda: [run for run in up.house.runs("oproep") if run.auto_scheduled], 30)
    run = up.house.start_run("track/track")
    assert up.house.end_of(run) == "COMPLETED"
    assert "track-everything" in {each.name for each in up.house.runs("oproep")}


def test_returned_mail_is_read_as_it_comes(up: Up) -> None:
    letter = up.house.folder / "Maildir" / "new" / "1"
    letter.write_bytes(dsn())
    until(lambda: not letter.exists(), 30)


def test_server_and_runner_are_started_again_when_they_crash_and_steps_still_go_out(
    up: Up,
) -> None:
    for name, words in (("server", "uvicorn"), ("runner", "flows.runner")):
        (process,) = up.parts(words)
        os.kill(process, signal.SIGKILL)
        until(lambda name=name: f"The {name} ended by itself (signal SIGKILL)" in up.err, 20)  # type: ignore[misc]
    up.house.campaign("na-de-klap", (1, 200))
    up.house.schedule("na-de-klap")
    until(lambda: up.house.step("na-de-klap").state == "done", 60)
    assert len(up.house.taken("na-de-klap")) == 3


def test_ctrl_c_ends_all_of_it_and_leaves_the_schedules_on(up: Up) -> None:
    import sqlite3

    up.process.send_signal(signal.SIGINT)
    assert up.process.wait(60) == 0
    until(lambda: up.parts("") == [], 10)
    with sqlite3.connect(home_of(up.house.settings.var_dir) / "prefect.db") as database:
        active = database.execute("SELECT active FROM deployment_schedule").fetchall()
    database.close()
    assert active == [(1,), (1,)]
    with pytest.raises(OproepError, match="not running"), connected(up.house.settings):
        pass

"""`oproep public` as it is started and ended."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from flows.cli.public import looked_at
from flows.errors import SettingsError
from flows.settings import Settings
from tests.campaign.conftest import FILES
from tests.console.conftest import SECRET, field, relay_running
from tests.mail.recording_server import RecordingServer, Slow, at


@contextmanager
def started(
    folder: Path, *options: str, **settings: str
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start it in a folder with content; yield the process and where it serves."""
    for name, text in FILES.items():
        path = folder / "content" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("OPROEP_")
    } | settings
    process = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "from flows.cli import main; main()",
            "public",
            "--port",
            "0",
            *options,
        ],
        cwd=folder,
        env=environment,
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        found = re.search(r"http://127\.0\.0\.1:\d+", line := process.stderr.readline())
        assert found is not None, line + process.stderr.read()
        yield process, found[0]
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stderr):
            if pipe is not None:
                pipe.close()


def test_it_serves_and_ends_when_told_once_what_was_asked_for_is_done(tmp_path: Path) -> None:
    relay = RecordingServer(plan=at("dot", do=Slow(0.5)))
    with (
        relay_running(relay),
        started(
            tmp_path,
            OPROEP_SECRET_KEY=SECRET,
            OPROEP_SMTP_URL=f"smtp://127.0.0.1:{relay.port}",
            OPROEP_PUBLIC_URL="https://nieuws.voorbeeld.example",
        ) as (process, url),
    ):
        seal = field(requests.get(f"{url}/aanmelden", timeout=20).text, "seal")
        # Too hasty for the first two seconds, as the page says.
        until = time.monotonic() + 20
        form = {"seal": seal, "email": "noor@lezers.example"}
        while (answer := requests.post(f"{url}/aanmelden", form, timeout=20)).status_code != 200:
            assert time.monotonic() < until, answer.text
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=30)
        assert process.returncode == 0, said
        assert [taken.recipient for taken in relay.taken] == ["noor@lezers.example"]
        assert "noor" not in said
        assert "Traceback" not in said


def test_it_ends_with_whoever_started_it_where_that_is_asked_for(tmp_path: Path) -> None:
    with started(tmp_path, "--until-closed", OPROEP_SECRET_KEY=SECRET) as (process, url):
        assert requests.get(f"{url}/privacy", timeout=20).status_code == 200
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(30) == 0


def test_it_says_what_is_missing_instead_of_starting_half(tmp_path: Path) -> None:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("OPROEP_")}
    (tmp_path / "content").mkdir()
    ended = subprocess.run(
        [sys.executable, "-c", "from flows.cli import main; main()", "public", "--port", "0"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 1
    assert "OPROEP_SECRET_KEY" in ended.stderr
    assert "mend:" in ended.stderr


def test_doctor_says_how_the_pages_stand(tmp_path: Path) -> None:
    def state(url: str, proxy: str | None = None) -> str:
        return looked_at(Settings(public_url=url, public_proxy=proxy))[0]

    assert state("https://nieuws.voorbeeld.example/nieuws") == "ok"
    assert state(Settings().public_url) == "unused"
    for bad in (
        "http://nieuws.voorbeeld.example",
        "nieuws.voorbeeld.example",
        "https://",
        "https://x/?a",
    ):
        with pytest.raises(SettingsError, match="OPROEP_PUBLIC_URL"):
            state(bad)
    with pytest.raises(SettingsError, match="OPROEP_PUBLIC_PROXY"):
        state("https://x.example", "nginx")

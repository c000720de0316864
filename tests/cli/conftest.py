"""The program as its user meets it: a folder with content, and the command."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from flows.cli import run

HOUSE = Path(__file__).resolve().parents[2]
CAMPAIGN = "2026-02-11-geen-kind-in-de-cel"


@dataclass(frozen=True)
class Said:
    """What a command answered."""

    code: int
    out: str
    err: str


Oproep = Callable[..., Said]


def workplace(folder: Path) -> Path:
    """Make a folder with the example content, as a fresh clone has it."""
    shutil.copytree(HOUSE / "content", folder / "content")
    return folder


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with the example content, and no settings from elsewhere."""
    for name in [name for name in os.environ if name.startswith("OPROEP_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(workplace(tmp_path))
    return tmp_path


@pytest.fixture
def oproep(house: Path, capsys: pytest.CaptureFixture[str]) -> Oproep:
    """The command, run in this process."""

    def call(*arguments: str) -> Said:
        code = run(list(arguments))
        said = capsys.readouterr()
        assert "Traceback" not in said.out + said.err
        return Said(code, said.out, said.err)

    return call


def start(house: Path, code: str, *, outside: Path) -> subprocess.Popen[str]:
    """Run Python code in a process that can reach this machine only."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("OPROEP_")
    } | {
        "PYTHONPATH": str(HOUSE / "tests/cli/guard"),
        "TEST_OUTSIDE_LOG": str(outside),
    }
    return subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=house,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )

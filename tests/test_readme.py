"""The README keeps its word: every command in it works, and everything it names is there."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HOUSE = Path(__file__).resolve().parent.parent
README = (HOUSE / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"(<!-- not run.*?-->\n)?^[ ]*```sh\n(.*?)^[ ]*```", README, re.M | re.S)
COMMANDS = [
    line.strip()
    for not_run, block in BLOCKS
    if not not_run
    for line in block.splitlines()
    if line.strip() and not line.strip().startswith("export PATH")
]


@pytest.mark.prefect
@pytest.mark.timeout(600)
def test_every_command_in_the_readme_works_in_the_order_in_which_it_stands(
    tmp_path: Path,
) -> None:
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=HOUSE, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    for name in tracked:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(HOUSE / name, tmp_path / name)
    # The environment that these tests run in is the one that `make` would make here.
    (tmp_path / ".venv").symlink_to(Path(sys.prefix))
    assert COMMANDS
    path = f"{Path(sys.prefix) / 'bin'}:/usr/bin:/bin"
    for command in COMMANDS:
        done = subprocess.run(
            command,
            shell=True,
            cwd=tmp_path,
            env={"PATH": path, "HOME": str(tmp_path), "LANG": "C.UTF-8"},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"


def test_every_place_that_the_readme_names_is_there() -> None:
    named = set(re.findall(r"\]\((?!https?:)([^)#]+)\)", README))
    named |= {
        word
        for word in re.findall(r"`((?:content|templates|flows|tests)/[\w./-]*)`", README)
        if "mijn-oproep" not in word
    }
    assert named
    assert [name for name in sorted(named) if not (HOUSE / name).exists()] == []


def test_every_command_of_the_program_stands_in_the_readme() -> None:
    from flows.cli import COMMANDS as known

    assert [name for name in known if f"oproep {name}" not in README] == []

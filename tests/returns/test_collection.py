"""The measure: real returned mail, labelled, that lies beside the project and not in it."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from flows.returns.classify import classify
from tests.conftest import HOUSE, SHARED

ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+")
COLLECTION = SHARED / "bounces"

pytestmark = pytest.mark.skipif(
    not COLLECTION.exists(), reason="the collection of returned mail is not here"
)


def score(folder: Path, command: list[str]) -> dict[str, float]:
    run = subprocess.run(
        [sys.executable, COLLECTION / "score.py", f"--set={folder}", *command],
        capture_output=True,
        text=True,
        check=True,
        cwd=folder,
        env={name: value for name, value in os.environ.items() if not name.startswith("OPROEP_")},
    )
    words = run.stdout.splitlines()[-1].replace(";", "").split()
    return {
        "kind": float(words[words.index("kind") + 1]),
        "action": float(words[words.index("action") + 1]),
        "precision": float(words[words.index("precision") + 1]),
        "recall": float(words[words.index("recall") + 1]),
    }


def in_half(name: str, half: int) -> bool:
    return hashlib.sha256(name.encode()).digest()[0] % 2 == half


@pytest.mark.parametrize("half", [0, 1])
def test_each_half_is_understood_as_well_as_promised(half: int, tmp_path: Path) -> None:
    (tmp_path / "messages").mkdir()
    for path in (COLLECTION / "messages").iterdir():
        if in_half(path.name, half):
            (tmp_path / "messages" / path.name).symlink_to(path)
    header, *rows = (COLLECTION / "labels.tsv").read_text("utf-8").splitlines()
    mine = [row for row in rows if in_half(row.partition("\t")[0], half)]
    (tmp_path / "labels.tsv").write_text("\n".join([header, *mine]) + "\n", "utf-8")
    oproep = str(Path(sys.executable).with_name("oproep"))
    found = score(tmp_path, [oproep, "track", "--json", "--from"])
    assert found["kind"] >= 0.99
    assert found["action"] >= 0.90
    assert found["precision"] >= 0.97
    assert found["recall"] >= 0.85


def test_what_a_well_kept_detector_finds_is_found_here_too() -> None:
    from email import message_from_bytes

    from flufl.bounce import all_failures

    missed = []
    for path in sorted((COLLECTION / "messages").iterdir()):
        raw = path.read_bytes()
        temporary, permanent = all_failures(message_from_bytes(raw))
        theirs = {str(address, "utf-8", "replace").lower() for address in {*temporary, *permanent}}
        # It takes some lines for addresses that are none.
        theirs = {each for each in theirs if ADDRESS.fullmatch(each)}
        ours = {(each.recipient or "").lower() for each in classify(raw)}
        if theirs and not theirs & ours:
            missed.append((path.name, theirs, ours))
    assert len(missed) <= 1, missed


def test_a_message_is_understood_within_two_milliseconds() -> None:
    raws = [path.read_bytes() for path in (COLLECTION / "messages").iterdir()]
    classify(raws[0])  # reads the tables
    started = time.process_time()
    for raw in raws:
        classify(raw)
    assert (time.process_time() - started) / len(raws) < 0.002


def test_the_command_prints_one_object_per_recipient() -> None:
    path = next((COLLECTION / "messages").iterdir())
    run = subprocess.run(
        [Path(sys.executable).with_name("oproep"), "track", "--json", "--from", path],
        capture_output=True,
        text=True,
        check=True,
        cwd=HOUSE,
    )
    for line in run.stdout.splitlines():
        assert list(json.loads(line)) == [
            *("file", "kind", "reason", "action"),
            *("status", "recipient", "message_id", "delivery"),
        ]

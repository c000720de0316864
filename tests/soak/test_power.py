"""The power is cut: what was promised is on the disk, and nobody gets it twice."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.soak.killing import CONNECTIONS, soak
from tests.soak.power import Power

_WRITER = """
import os, signal, sqlite3, sys
base = sqlite3.connect(sys.argv[1], isolation_level=None)
base.execute("PRAGMA journal_mode = WAL")
base.execute(f"PRAGMA synchronous = {sys.argv[2]}")
base.execute("CREATE TABLE t (x)")
base.execute("INSERT INTO t VALUES (1)")
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize(("synchronous", "survives"), [("OFF", False), ("FULL", True)])
def test_a_power_cut_keeps_what_was_synced_and_nothing_else(
    tmp_path: Path, synchronous: str, survives: bool
) -> None:
    power = Power(tmp_path)
    file = power.live / "ledger.sqlite"
    command = [sys.executable, "-c", _WRITER, str(file), synchronous]
    subprocess.run(command, env={**os.environ, **power.environment}, check=False)
    power.cut()
    assert ((power.live / "ledger.sqlite-wal").exists()) is survives
    if survives:
        with closing(sqlite3.connect(file)) as base:
            assert base.execute("SELECT x FROM t").fetchall() == [(1,)]


@pytest.mark.timeout(400)
@pytest.mark.parametrize("workers", [1, 3])
def test_power_cuts_lose_nothing_and_double_nothing(tmp_path: Path, workers: int) -> None:
    power = Power(tmp_path)
    tally = soak(
        f"sqlite:///{power.live / 'ledger.sqlite'}",
        recipients=1_500,
        kills=4,
        workers=workers,
        seed=workers,
        folder=tmp_path,
        power=power,
    )
    assert tally.kills > 0
    assert tally.lost == []
    assert tally.doubled == []
    assert tally.false_sent == []
    assert tally.unconfirmed <= CONNECTIONS * workers * tally.kills
    assert set(tally.states) <= {"sent", "unconfirmed"}

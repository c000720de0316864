"""Killed at any moment: nobody is forgotten, nobody gets it twice, and every doubt is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.soak.killing import CONNECTIONS, soak


@pytest.mark.timeout(400)
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
@pytest.mark.parametrize("workers", [1, 3])
def test_senders_killed_at_random_lose_nothing_and_double_nothing(
    request: pytest.FixtureRequest, tmp_path: Path, database: str, workers: int
) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    if database == "postgresql":
        url = request.getfixturevalue("postgres_database")
    tally = soak(url, recipients=1_500, kills=6, workers=workers, seed=workers, folder=tmp_path)
    assert tally.kills > 0
    assert tally.lost == []
    assert tally.doubled == []
    assert tally.false_sent == []
    assert tally.unconfirmed <= CONNECTIONS * (tally.kills + workers)
    assert sum(tally.states.values()) == tally.recipients
    assert set(tally.states) <= {"sent", "unconfirmed"}

"""Limits: counted per mailbox, per network and altogether, kept as hashes and for a day."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, select

from flows.audience.addresses import AddressHasher
from flows.audience.tables import signup
from flows.clock import SimulatedClock
from flows.console.public import limits
from flows.console.public.limits import ALTOGETHER, PER_ADDRESS, PER_NETWORK, Counter, Limit
from tests.console.conftest import SECRET


@pytest.fixture
def counter(engine: Engine, time: SimulatedClock) -> Counter:
    return Counter(engine, AddressHasher(SecretStr(SECRET)))


def test_a_mailbox_gets_one_mail_in_a_hurry_and_three_a_day(
    counter: Counter, time: SimulatedClock
) -> None:
    hurry, day = PER_ADDRESS
    assert counter.address("noor@lezers.example")
    assert not counter.address("N.oor+nieuws@Lezers.example")
    assert counter.address("sam@lezers.example")
    for _ in range(day.most - 1):
        time.advance(hurry.within)
        assert counter.address("noor@lezers.example")
    time.advance(hurry.within)
    assert not counter.address("noor@lezers.example")
    time.advance(timedelta(days=1))
    assert counter.address("noor@lezers.example")


def test_networks_are_counted_apart_and_all_together(
    counter: Counter, time: SimulatedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert PER_NETWORK[0].most < ALTOGETHER[0].most
    hour = timedelta(hours=1)
    monkeypatch.setattr(limits, "PER_NETWORK", (Limit(most=2, within=hour),))
    monkeypatch.setattr(limits, "ALTOGETHER", (Limit(most=3, within=hour),))
    answers = [counter.network(f"10.0.{number}.0/24") for number in (1, 1, 1, 2, 3)]
    assert answers == [True, True, False, True, False]
    time.advance(hour)
    assert counter.network("10.0.1.0/24")


def test_what_is_kept_says_nothing_of_anybody_and_goes_after_a_day(
    counter: Counter, engine: Engine, time: SimulatedClock
) -> None:
    counter.address("noor@lezers.example")
    counter.network("203.0.113.0/24")
    with engine.connect() as connection:
        rows = connection.execute(select(signup)).all()
    assert len(rows) == 3
    assert "noor" not in str(rows)
    assert "203.0" not in str(rows)
    time.advance(timedelta(days=1))
    counter.address("sam@lezers.example")
    with engine.connect() as connection:
        assert len(connection.execute(select(signup)).all()) == 1

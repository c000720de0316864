"""A ledger to write in, and a campaign to write."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from flows import clock
from flows.clock import SimulatedClock
from flows.database import open_database
from flows.ledger.book import Ledger
from flows.ledger.frozen import FrozenCampaign, FrozenStep, Planned
from flows.models import Recipient

EVENT = datetime(2026, 2, 12, 9, tzinfo=UTC)
START = EVENT - timedelta(days=1)


@pytest.fixture
def time() -> Iterator[SimulatedClock]:
    with clock.use(SimulatedClock(START)) as simulated:
        assert isinstance(simulated, SimulatedClock)
        yield simulated


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind that the ledger promises to run on."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    url: str = request.getfixturevalue("postgres_database")
    return url


@pytest.fixture
def engine(database_url: str, time: SimulatedClock) -> Iterator[Engine]:
    engine = open_database(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def ledger(engine: Engine) -> Ledger:
    return Ledger(engine)


def people(number: int, *, called: str = "lezer") -> list[Planned]:
    addresses = [f"{called}{i}@lezers.example" for i in range(number)]
    return [Planned(recipient=Recipient(address=address)) for address in addresses]


def others(number: int) -> list[Planned]:
    """Return people who are not among `people`."""
    return people(number, called="ander")


def campaign(*steps: str) -> FrozenCampaign:
    return FrozenCampaign(
        slug="oproep",
        title="Oproep",
        language="nl",
        time_zone="Europe/Amsterdam",
        event_name="Rondetafelgesprek",
        event_at=EVENT,
        fingerprint="f" * 64,
        rehearsal=False,
        steps=tuple(
            FrozenStep(
                number=number,
                channel=channel,
                draft=f"{channel}.md",
                at=EVENT - timedelta(hours=17),
                deadline=EVENT,
            )
            for number, channel in enumerate(steps or ("newsletter",), 1)
        ),
    )

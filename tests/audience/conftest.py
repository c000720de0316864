"""An audience on each database that it promises to run on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine

from flows import clock
from flows.audience.people import Consent, Details, Subscription
from flows.audience.subscribers import Audience
from flows.clock import SimulatedClock
from flows.database import open_database

START = datetime(2026, 2, 1, 9, tzinfo=UTC)
SECRET = SecretStr("a secret of this test")
CONSENT = Consent(wording="Ja, stuur mij de nieuwsbrief.", purpose="Nieuws", source="page")


@pytest.fixture
def time() -> Iterator[SimulatedClock]:
    with clock.use(SimulatedClock(START)) as simulated:
        assert isinstance(simulated, SimulatedClock)
        yield simulated


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
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
def audience(engine: Engine) -> Audience:
    return Audience(engine, SECRET)


def ask(
    audience: Audience,
    address: str = "anna@lezers.example",
    list_: str = "nieuwsbrief",
    **details: object,
) -> Subscription:
    """Fill in the form with an address."""
    said = Details(**details)  # type: ignore[arg-type]
    return audience.subscribe(address, list_, details=said, consent=CONSENT)


def join(
    audience: Audience,
    address: str = "anna@lezers.example",
    list_: str = "nieuwsbrief",
    **details: object,
) -> Subscription:
    """Fill in the form and confirm it."""
    confirmed = audience.confirm(ask(audience, address, list_, **details).id)
    assert confirmed is not None
    return confirmed

"""What every test may use."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import settings as hypothesis
from sqlalchemy import Engine, create_engine, make_url, text

from flows import clock
from flows.clock import SimulatedClock
from flows.database import open_database
from tests import parts, postgres

# The machine may be busy; a slow example is no fault of the code.
hypothesis.register_profile("house", deadline=None)
hypothesis.load_profile("house")

HOUSE = Path(__file__).resolve().parent.parent
SHARED = HOUSE.parent / "shared"
START = datetime(2026, 2, 11, 9, tzinfo=UTC)


@pytest.fixture(scope="session")
def seed_file() -> Path:
    """The customer's real item; it lies beside the project, not in it."""
    path = SHARED / "seed" / "2026-02-11-geen-kind-in-de-cel.txt"
    if not path.exists():
        pytest.skip(f"the customer's item is not here: {path.name}")
    return path


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A PostgreSQL server for this run of the tests; its URL."""
    with postgres.cluster(postgres.programs() or parts.missing("postgresql")) as url:
        yield url


_number = itertools.count()


@pytest.fixture
def postgres_database(postgres_server: str) -> str:
    """An empty database on that server; its URL."""
    name = f"test_{next(_number)}"
    engine = create_engine(postgres_server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return make_url(postgres_server).set(database=name).render_as_string(hide_password=False)


@pytest.fixture
def start() -> datetime:
    """When the clock of a test begins; folders that tell another story give another moment."""
    return START


@pytest.fixture
def time(start: datetime) -> Iterator[SimulatedClock]:
    """A clock that moves only when it is told to."""
    simulated = SimulatedClock(start)
    with clock.use(simulated):
        yield simulated


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind that the ledger promises to run on; its URL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    url: str = request.getfixturevalue("postgres_database")
    return url


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """Such a database with the schema in it."""
    engine = open_database(database_url)
    yield engine
    engine.dispose()

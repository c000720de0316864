"""What every test may use."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings as hypothesis
from sqlalchemy import create_engine, make_url, text

from tests import parts, postgres

# The machine may be busy; a slow example is no fault of the code.
hypothesis.register_profile("house", deadline=None)
hypothesis.load_profile("house")

HOUSE = Path(__file__).resolve().parent.parent
SHARED = HOUSE.parent / "shared"


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

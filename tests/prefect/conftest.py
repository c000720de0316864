"""One installation for all tests of a run: its server takes a while to come up."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from flows import clock
from tests.faked_time import FakedTime
from tests.prefect.house import House, house


@pytest.fixture(scope="session")
def time_of_day(tmp_path_factory: pytest.TempPathFactory) -> FakedTime:
    return FakedTime(tmp_path_factory.mktemp("time"))


@pytest.fixture(scope="session")
def installation(
    tmp_path_factory: pytest.TempPathFactory, time_of_day: FakedTime
) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("installation"), time=time_of_day) as there:
        yield there


@pytest.fixture
def time(time_of_day: FakedTime) -> Iterator[FakedTime]:
    """The time of day of the installation and of the test; real until the test sets it."""
    with clock.use(time_of_day):
        yield time_of_day
    time_of_day.be_real()


@pytest.fixture
def quiet(installation: House, time: FakedTime) -> Iterator[House]:
    """The installation with no runner, and a relay that takes everything at once."""
    installation.end_all()
    yield installation
    installation.be_quick()
    installation.forget_all()


@pytest.fixture
def served(installation: House, time: FakedTime) -> Iterator[House]:
    """The installation with one runner; the same one for every test that leaves it alive."""
    installation.keep_one_runner()
    yield installation
    installation.be_quick()
    installation.forget_all()

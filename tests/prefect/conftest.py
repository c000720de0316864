"""One installation for all tests of a run: its server takes a while to come up."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.prefect.house import House, house


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("installation")) as there:
        yield there


@pytest.fixture
def quiet(installation: House) -> Iterator[House]:
    """The installation with no runner, and a relay that takes everything at once."""
    installation.end_all()
    yield installation
    installation.be_quick()


@pytest.fixture
def served(installation: House) -> Iterator[House]:
    """The installation with one runner; the same one for every test that leaves it alive."""
    installation.keep_one_runner()
    yield installation
    installation.be_quick()

"""Servers to post to, and a clock that need not be waited for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from flows import clock
from flows.channels.mastodon import Mastodon
from tests.social.mastodon_http import TOKEN
from tests.social.mastodon_server import FakeMastodon
from tests.social.threads import START


@pytest.fixture(autouse=True)
def simulated() -> Iterator[clock.SimulatedClock]:
    simulated = clock.SimulatedClock(START)
    with clock.use(simulated):
        yield simulated


@pytest.fixture
def server() -> Iterator[FakeMastodon]:
    with FakeMastodon() as server:
        yield server


@pytest.fixture
def channel(server: FakeMastodon) -> Mastodon:
    return Mastodon(url=server.url, token=TOKEN, timeout=5)

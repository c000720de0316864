"""Servers to post to, and a clock that need not be waited for."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows import clock
from flows.channels.bluesky import Bluesky
from flows.channels.bluesky_session import SessionFile
from flows.channels.mastodon import Mastodon
from flows.models import Receipt
from tests.browser.chromium import axe, browser
from tests.social.mastodon_http import TOKEN
from tests.social.mastodon_server import FakeMastodon
from tests.social.pds import Pds
from tests.social.place import Place
from tests.social.threads import START

__all__ = ["axe", "browser"]

HOUSE = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def simulated() -> Iterator[clock.SimulatedClock]:
    simulated = clock.SimulatedClock(START)
    with clock.use(simulated):
        yield simulated


@pytest.fixture
def server() -> Iterator[FakeMastodon]:
    with FakeMastodon() as server:
        yield server


@pytest.fixture(scope="session")
def pds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pds]:
    pds = Pds(tmp_path_factory.mktemp("pds"))
    yield pds
    pds.close()


@pytest.fixture
def newcomer(pds: Pds, tmp_path: Path) -> Bluesky:
    """A fresh account, which has not logged in and posted nothing."""
    handle, password = pds.account()
    store = SessionFile(tmp_path / "session.json")
    return Bluesky(url=pds.url, handle=handle, app_password=password, session=store)


@pytest.fixture(scope="session")
def kept_account(pds: Pds, tmp_path_factory: pytest.TempPathFactory) -> Bluesky:
    """An account that is logged in: logging in takes longer than all else."""
    handle, password = pds.account()
    store = SessionFile(tmp_path_factory.mktemp("kept") / "session.json")
    kept = Bluesky(url=pds.url, handle=handle, app_password=password, session=store)
    kept.probe()
    return kept


@pytest.fixture
def bluesky(pds: Pds, kept_account: Bluesky) -> Bluesky:
    """The same account for every test, with nothing on it."""
    for record in pds.posts(kept_account.handle):
        kept_account.withdraw(Receipt(at=START, remote_id=f"{record['uri']}#{record['cid']}"))
    return kept_account


@pytest.fixture
def channel(server: FakeMastodon) -> Mastodon:
    return Mastodon(url=server.url, token=TOKEN, timeout=5)


@pytest.fixture
def place(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    server: FakeMastodon,
    simulated: clock.SimulatedClock,
) -> Place:
    """The example campaign with three steps of posts, launched, and one account."""
    for name in [name for name in os.environ if name.startswith("OPROEP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("OPROEP_MASTODON_URL", server.url)
    monkeypatch.setenv("OPROEP_MASTODON_TOKEN", TOKEN)
    shutil.copytree(HOUSE / "content", tmp_path / "content")
    monkeypatch.chdir(tmp_path)
    place = Place(tmp_path)
    place.launch()
    return place

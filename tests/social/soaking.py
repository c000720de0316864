"""Random faults over threads of five posts with two pictures, through ledger and channel.

The tests run it short, `make soak` at length.
"""

from __future__ import annotations

import os
import random
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from flows import clock
from flows.channels.bluesky import Bluesky
from flows.channels.bluesky_session import SessionFile
from flows.channels.mastodon import Mastodon
from flows.models import DeliveryState, StepState
from tests.social import faults, killing
from tests.social.desk import Office, sqlite
from tests.social.mastodon_http import TOKEN
from tests.social.mastodon_server import FakeMastodon
from tests.social.onlooker import ELSEWHERE, Onlooker, elsewhere
from tests.social.pds import Pds
from tests.social.threads import START, thread

TEXTS = ["De oproep.", "Teken nu.", "Teken nu.", "Wie mee doet: {handle}.", "Tot dan."]
ALTS = ["Een lege gang met een dichte deur"] * 2
SHARE, AT_PUBLISHING = 0.15, 0.8
"""Of all requests, and of those that make a post visible, how many go wrong."""
PER_THREAD = 25


class Ticking(clock.SimulatedClock):
    """A clock on which a millisecond passes whenever it is read, as on any that goes by itself."""

    def now(self) -> datetime:
        self.advance(timedelta(milliseconds=1))
        return super().now()


@dataclass(frozen=True)
class Carried:
    """One thread that was carried through faults."""

    faults: list[str]
    at_publishing: list[str]
    """Those of them that hit a request that makes a post visible."""
    kills: int
    settled: int
    """Doubts that `oproep settle` ended."""


Server = Callable[[int], AbstractContextManager[Onlooker]]
"""An empty account on a server that speaks Mastodon's API, for a seed."""


def ours(*, ignores_keys: bool = False) -> Server:
    """Return the test server, on which pictures take their time for every other seed."""

    @contextmanager
    def server(seed: int) -> Iterator[Onlooker]:
        with FakeMastodon() as fake:
            fake.ignores_keys = ignores_keys
            fake.media_answers = [[200], [202, 206, 200]][seed % 2]
            yield Onlooker(fake.url, TOKEN)

    return server


@contextmanager
def another(_: int) -> Iterator[Onlooker]:
    """The other implementation that was given."""
    yield elsewhere()


def over_mastodon(
    folder: Path, patch: pytest.MonkeyPatch, server: Server, *, most: int, seed: int
) -> Iterator[Carried]:
    """Carry threads until `most` faults have happened; each must be complete, in order, once."""
    while most > 0:
        seed += 1
        chance = _chance(seed, most)
        texts = [text.format(handle="@org@partner.test") for text in TEXTS]
        with server(seed) as account:
            channel = Mastodon(url=account.url, token=account.token)
            with faults.between(patch, chance):
                office, urls = _carry(channel, "mastodon", texts, chance, folder, seed)
            posts = account.posts()
        assert [post.text for post in posts] == texts, f"seed {seed}: {chance.happened}"
        ids = [post.id for post in posts]
        assert [post.parent for post in posts] == [None, *ids[:-1]]
        assert [url.rstrip("/").rpartition("/")[2] for url in urls] == ids
        assert [post.alts for post in posts] == [ALTS] * len(texts)
        yield Carried(chance.happened, chance.at_publishing, office.kills, office.settled)
        most -= len(chance.happened)


def over_bluesky(
    folder: Path, patch: pytest.MonkeyPatch, pds: Pds, *, most: int, seed: int
) -> Iterator[Carried]:
    """Carry threads to a real server until `most` faults have happened."""
    while most > 0:
        seed += 1
        handle, password = pds.account()
        chance = _chance(seed, most)
        texts = [text.format(handle=f"@{handle}") for text in TEXTS]
        session = SessionFile(folder / handle)
        channel = Bluesky(url=pds.url, handle=handle, app_password=password, session=session)
        with faults.between(patch, chance):
            office, urls = _carry(channel, "bluesky", texts, chance, folder, seed)
        records = pds.posts(handle)
        assert [record["value"]["text"] for record in records] == texts, chance.happened
        uris = [record["uri"] for record in records]
        parents = [
            record["value"].get("reply", {}).get("parent", {}).get("uri") for record in records
        ]
        assert parents == [None, *uris[:-1]]
        keys = [uri.rpartition("/")[2] for uri in uris]
        assert [url.rpartition("/")[2] for url in urls] == keys
        images = [record["value"]["embed"]["images"] for record in records]
        assert [[image["alt"] for image in each] for each in images] == [ALTS] * len(texts)
        yield Carried(chance.happened, chance.at_publishing, office.kills, office.settled)
        most -= len(chance.happened)


def _chance(seed: int, most: int) -> faults.Faults:
    return faults.seeded(seed, share=SHARE, at_publishing=AT_PUBLISHING, most=min(most, PER_THREAD))


def _carry(
    channel: Mastodon | Bluesky,
    network: str,
    texts: list[str],
    chance: faults.Faults,
    folder: Path,
    seed: int,
) -> tuple[Office, list[str]]:
    """Carry one thread, and return where its posts stand by the ledger's word."""
    dice = random.Random(seed)
    with clock.use(Ticking(START)):
        office = Office(
            database=sqlite(folder / f"{network}{seed}"),
            channel=channel,
            posts=thread(texts, pictures=2),
            network=network,
            slug=f"oproep-{seed}",
            hours=24 * 30,
            settles=lambda: dice.random() < 0.5,
        )
        office.work_until_done()
    chance.let_late_requests_arrive()
    assert office.states() == [DeliveryState.SENT] * len(texts), chance.happened
    assert office.step.state is StepState.DONE
    urls = office.urls()
    office.engine.dispose()
    return office, urls


def main(most: int, *, seed: int = 1000) -> None:
    """Carry threads through `most` faults over each server, and print what happened.

    Raises:
        AssertionError: a post was lost, doubled, out of order or left in doubt.
    """
    print(
        "| posts over | threads | faults | at the post itself | kills | lost, doubled, in doubt |"
    )
    print("| --- | ---: | ---: | ---: | ---: | ---: |", flush=True)
    servers = {"Mastodon": ours(), "Mastodon, keys ignored": ours(ignores_keys=True)}
    if os.environ.get(ELSEWHERE):
        servers["Mastodon, another server"] = another
    with tempfile.TemporaryDirectory() as name:
        patch = pytest.MonkeyPatch()
        for label, server in servers.items():
            folder = Path(name) / label
            _print(label, over_mastodon(folder, patch, server, most=most, seed=seed))
        folder = Path(name) / "bluesky"
        folder.mkdir()
        pds = Pds(folder)
        try:
            _print("Bluesky PDS", over_bluesky(folder, patch, pds, most=most, seed=seed))
            folder = Path(name) / "killed"
            kills = most // 10
            tally = killing.over_mastodon(folder / "m", kills=kills, seed=seed)
            print(f"| Mastodon, really killed | {tally.threads} | | | {tally.kills} | 0 |")
            tally = killing.over_bluesky(folder / "b", pds, kills=kills, seed=seed)
            print(f"| Bluesky PDS, really killed | {tally.threads} | | | {tally.kills} | 0 |")
        finally:
            pds.close()


def _print(label: str, threads: Iterator[Carried]) -> None:
    carried = list(threads)
    happened = sum(len(each.faults) for each in carried)
    hits = sum(len(each.at_publishing) for each in carried)
    kills = sum(each.kills for each in carried)
    print(f"| {label} | {len(carried)} | {happened} | {hits} | {kills} | 0 |", flush=True)

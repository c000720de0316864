"""Random faults over threads of five posts with two pictures, through ledger and channel.

The tests run it short, `python -m tests.soak` at length.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from flows import clock
from flows.channels.bluesky import Bluesky
from flows.channels.bluesky_session import SessionFile
from flows.channels.mastodon import Mastodon
from flows.models import DeliveryState, StepState
from tests.social import faults
from tests.social.desk import Office, sqlite
from tests.social.mastodon_http import TOKEN
from tests.social.mastodon_server import FakeMastodon
from tests.social.pds import Pds
from tests.social.threads import START, thread

TEXTS = ["De oproep.", "Teken nu.", "Teken nu.", "Wie mee doet: @org@partner.example.", "Tot dan."]
SHARE = 0.45
"""Of all requests, how many go wrong."""
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
    kills: int
    seconds: float
    """By the simulated clock."""


def over_mastodon(
    folder: Path, monkeypatch: pytest.MonkeyPatch, *, most: int, seed: int, ignores_keys: bool
) -> Iterator[Carried]:
    """Carry threads until `most` faults have happened; each must be complete, in order, once."""
    while most > 0:
        seed += 1
        chance = faults.seeded(seed, share=SHARE, most=min(most, PER_THREAD))
        with FakeMastodon() as server, faults.between(monkeypatch, chance):
            server.ignores_keys = ignores_keys
            # Pictures take their time on every other server.
            server.media_answers = [[200], [202, 206, 200]][seed % 2]
            office = Office(
                database=sqlite(folder / f"m{seed}{ignores_keys:d}"),
                channel=Mastodon(url=server.url, token=TOKEN),
                posts=thread(TEXTS, pictures=2),
                slug=f"oproep-{seed}",
                hours=24 * 30,
                faults=chance,
            )
            seconds = _carry(office, chance)
        assert server.texts() == TEXTS, f"seed {seed}: {chance.happened}"
        ids = list(server.statuses)
        assert [status.in_reply_to_id for status in server.statuses.values()] == [None, *ids[:-1]]
        assert [url.rpartition("/")[2] for url in office.urls()] == ids
        assert all(len(status.media) == 2 for status in server.statuses.values())
        yield Carried(chance.happened, office.kills, seconds)
        most -= len(chance.happened)


def over_bluesky(
    folder: Path, monkeypatch: pytest.MonkeyPatch, pds: Pds, *, most: int, seed: int
) -> Iterator[Carried]:
    """Carry threads to a real server until `most` faults have happened."""
    while most > 0:
        seed += 1
        handle, password = pds.account()
        chance = faults.seeded(seed, share=SHARE, most=min(most, PER_THREAD))
        texts = [text.replace("@org@partner.example", f"@{handle}") for text in TEXTS]
        with faults.between(monkeypatch, chance):
            office = Office(
                database=sqlite(folder / f"b{seed}"),
                channel=Bluesky(
                    url=pds.url,
                    handle=handle,
                    app_password=password,
                    session=SessionFile(folder / handle),
                ),
                posts=thread(texts, pictures=2),
                network="bluesky",
                slug=f"oproep-{seed}",
                hours=24 * 30,
                faults=chance,
            )
            seconds = _carry(office, chance)
        records = pds.posts(handle)
        assert [record["value"]["text"] for record in records] == texts, chance.happened
        uris = [record["uri"] for record in records]
        parents = [
            record["value"].get("reply", {}).get("parent", {}).get("uri") for record in records
        ]
        assert parents == [None, *uris[:-1]]
        keys = [uri.rpartition("/")[2] for uri in uris]
        assert [url.rpartition("/")[2] for url in office.urls()] == keys
        assert all(len(record["value"]["embed"]["images"]) == 2 for record in records)
        yield Carried(chance.happened, office.kills, seconds)
        most -= len(chance.happened)


def _carry(office: Office, chance: faults.Faults) -> float:
    """Carry one thread; what is in doubt at the end would be a failure."""
    begun = clock.now()
    with clock.use(Ticking(begun)):
        office.work_until_done()
        seconds = (clock.now() - begun).total_seconds()
    chance.let_late_requests_arrive()
    assert office.states() == [DeliveryState.SENT] * len(TEXTS), chance.happened
    assert office.step.state is StepState.DONE
    office.engine.dispose()
    return seconds


def main(most: int = 500) -> int:
    """Run all three at length and print what happened; return 0, or fail where a post did."""
    import tempfile

    print("| server | threads | faults | kills | posts lost, doubled or in doubt |", flush=True)
    print("| --- | ---: | ---: | ---: | ---: |", flush=True)
    with tempfile.TemporaryDirectory() as name, clock.use(clock.SimulatedClock(START)):
        folder, patch = Path(name), pytest.MonkeyPatch()
        for ignores_keys in (False, True):
            label = "Mastodon, keys ignored" if ignores_keys else "Mastodon"
            carried = over_mastodon(folder, patch, most=most, seed=0, ignores_keys=ignores_keys)
            _print(label, list(carried))
        pds = Pds(folder)
        try:
            _print("Bluesky PDS", list(over_bluesky(folder, patch, pds, most=most, seed=0)))
        finally:
            pds.close()
    return 0


def _print(label: str, carried: list[Carried]) -> None:
    happened = sum(len(each.faults) for each in carried)
    kills = sum(each.kills for each in carried)
    print(f"| {label} | {len(carried)} | {happened} | {kills} | 0 |", flush=True)


if __name__ == "__main__":
    raise SystemExit(main())

"""Processes that hand over a thread and are killed at any moment, not only at a request."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from flows.models import DeliveryState
from tests.social.desk import sqlite
from tests.social.mastodon_http import TOKEN
from tests.social.mastodon_server import FakeMastodon
from tests.social.pds import Pds
from tests.social.sides import HOUSE

TEXTS = ["De oproep.", "Teken nu.", "Teken nu.", "Nog een dag.", "Tot dan."]
BEGUN = "begun"
LONGEST = {"mastodon": 0.35, "bluesky": 0.7}
"""Seconds within which a process is killed: about as long as it needs for the whole thread."""


@dataclass(frozen=True)
class Tally:
    """What became of threads whose processes were killed."""

    threads: int = 0
    kills: int = 0


def over_mastodon(folder: Path, *, kills: int, seed: int) -> Tally:
    """Kill processes that post to a server that ignores keys; each thread must be whole.

    Raises:
        AssertionError: a post was lost, doubled or out of order.
    """
    dice, tally = random.Random(seed), Tally()
    while tally.kills < kills:
        with FakeMastodon() as server:
            server.ignores_keys = True
            server.media_answers = [202, 200]
            channel = f"Mastodon(url={server.url!r}, token={TOKEN!r})"
            killed = _carried(
                folder / f"{tally.threads}",
                "mastodon",
                channel,
                dice,
                settled=server.wait_until_left,
                most=kills - tally.kills,
            )
            assert server.texts() == TEXTS
            ids = list(server.statuses)
            parents = [status.in_reply_to_id for status in server.statuses.values()]
            assert parents == [None, *ids[:-1]]
        tally = Tally(threads=tally.threads + 1, kills=tally.kills + killed)
    return tally


def over_bluesky(folder: Path, pds: Pds, *, kills: int, seed: int) -> Tally:
    """Kill processes that post to a real server; each thread must be whole.

    Raises:
        AssertionError: a post was lost, doubled or out of order.
    """
    dice, tally = random.Random(seed), Tally()
    while tally.kills < kills:
        handle, password = pds.account()
        channel = (
            f"Bluesky(url={pds.url!r}, handle={handle!r}, app_password={password!r}, "
            f"session=SessionFile(Path({str(folder / handle)!r})))"
        )
        killed = _carried(
            folder / f"{tally.threads}",
            "bluesky",
            channel,
            dice,
            settled=lambda: time.sleep(0.3),
            most=kills - tally.kills,
        )
        records = pds.posts(handle)
        assert [record["value"]["text"] for record in records] == TEXTS
        tally = Tally(threads=tally.threads + 1, kills=tally.kills + killed)
    return tally


def _carried(
    folder: Path,
    network: str,
    channel: str,
    dice: random.Random,
    *,
    settled: Callable[[], object],
    most: int,
) -> int:
    """Carry one thread by processes of which up to `most` are killed; return how many were.

    Args:
        folder: Of the ledger.
        network: Key of the channel.
        channel: What makes it, as source.
        dice: Decides when a process dies.
        settled: Returns when the server has carried out what the dead process had asked for.
        most: Kills.
    """
    folder.mkdir(parents=True)
    killed = 0
    while True:
        child = subprocess.Popen(
            [sys.executable, "-c", _program(folder, network, channel, number=killed)],
            cwd=HOUSE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert child.stdout
        assert child.stdout.readline().strip() == BEGUN
        if killed < most:
            time.sleep(dice.uniform(0, LONGEST[network]))
        else:
            child.wait(60)
        # One that was quicker is not killed any more.
        done = child.poll() is not None
        child.kill()
        child.wait()
        child.stdout.close()
        settled()
        if done:
            break
        killed += 1
    with closing(sqlite3.connect(folder / "ledger.sqlite")) as ledger:
        states = [state for (state,) in ledger.execute("SELECT state FROM delivery")]
    assert states == [DeliveryState.SENT] * len(TEXTS)
    return killed


def _program(folder: Path, network: str, channel: str, *, number: int) -> str:
    """Return what a process does, whose clock begins an hour after that of the one before."""
    return textwrap.dedent(f"""
        from datetime import timedelta
        from pathlib import Path
        from flows import clock
        from flows.channels.bluesky import Bluesky
        from flows.channels.bluesky_session import SessionFile
        from flows.channels.mastodon import Mastodon
        from tests.social.desk import Office
        from tests.social.soaking import Ticking
        from tests.social.threads import START, thread
        with clock.use(Ticking(START + timedelta(hours={number}))):
            office = Office(
                database={sqlite(folder)!r}, channel={channel},
                posts=thread({TEXTS!r}, pictures=2), network={network!r}, hours=24 * 30,
            )
            print({BEGUN!r}, flush=True)
            office.work()
    """)

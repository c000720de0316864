"""Kills senders at random moments, and counts at the server what arrived.

`make soak` runs it at length; the tests run it short.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select

from flows import clock
from flows.database import open_database, reading
from flows.ledger import tables as t
from flows.ledger.book import Ledger
from flows.ledger.frozen import FrozenCampaign, FrozenStep, Planned
from flows.models import DeliveryState, Recipient
from tests.mail.recording_server import RecordingServer, running
from tests.soak.power import Power

HOUSE = Path(__file__).resolve().parents[2]
SLUG = "2026-02-11-geen-kind-in-de-cel"
STEP = 2
CONNECTIONS = 10


@dataclass(frozen=True)
class Tally:
    """What a soak found."""

    recipients: int
    kills: int
    lost: list[str]
    """Neither at the server nor named as unconfirmed."""
    doubled: list[str]
    false_sent: list[str]
    """Said to be sent, and never arrived."""
    unconfirmed: int
    states: dict[str, int]


@contextmanager
def recording(server: RecordingServer | None = None) -> Iterator[RecordingServer]:
    """Run a recording server in a thread of its own."""
    server = server or RecordingServer(keep_content=False)
    started, stop = threading.Event(), threading.Event()

    async def serve() -> None:
        async with running(server):
            started.set()
            while not stop.is_set():
                await asyncio.sleep(0.05)

    thread = threading.Thread(target=asyncio.run, args=(serve(),), daemon=True)
    thread.start()
    if not started.wait(10):
        raise RuntimeError("the recording server does not start")
    try:
        yield server
    finally:
        stop.set()
        thread.join(10)


def soak(
    database: str,
    *,
    recipients: int,
    kills: int,
    workers: int,
    seed: int,
    folder: Path,
    power: Power | None = None,
) -> Tally:
    """Send to `recipients` with `workers` at a time, of which `kills` are killed at random.

    With `power` all of them die at the same moment, and the disk forgets what was not synced.
    """
    chance = random.Random(seed)
    _freeze(database, recipients)
    with recording() as server:
        environment = {k: v for k, v in os.environ.items() if not k.startswith("OPROEP_")} | {
            "OPROEP_CONTENT_DIR": str(HOUSE / "content"),
            "OPROEP_VAR_DIR": str(folder / "var"),
            "OPROEP_DATABASE_URL": database,
            "OPROEP_SECRET_KEY": "only for soaking " * 3,
            "OPROEP_PUBLIC_URL": "https://nieuws.voorbeeld.example",
            "OPROEP_SMTP_URL": f"smtp://127.0.0.1:{server.port}",
            "OPROEP_SMTP_CONNECTIONS": str(CONNECTIONS),
        }
        if power is not None:
            power.settle()
            environment |= power.environment

        def start() -> subprocess.Popen[bytes]:
            command = [sys.executable, "-m", "tests.soak.sender", SLUG, str(STEP)]
            return subprocess.Popen(command, cwd=HOUSE, env=environment)

        left = kills
        while left and len(server.taken) < recipients * 0.98:
            crowd = [start() for _ in range(workers)]
            _wait_for_work(server, crowd)
            if power is not None:
                time.sleep(chance.uniform(0, 0.3))
                _kill(crowd)
                power.cut()
                left -= 1
                continue
            for victim in crowd:
                time.sleep(chance.uniform(0, 0.15))
                victim.send_signal(signal.SIGKILL)
                victim.wait()
                left -= 1
                if not left:
                    break
            _kill(crowd)
        last = [start() for _ in range(workers)]
        codes = [process.wait(600) for process in last]
        # A worker that found nothing left may have ended before another one's work came back.
        codes.append(start().wait(600))
        if any(codes):
            raise RuntimeError(f"a sender ended with {codes}")
        return _tally(database, server, recipients, kills - left)


def _kill(crowd: list[subprocess.Popen[bytes]]) -> None:
    for process in crowd:
        process.kill()
    for process in crowd:
        process.wait()


def _wait_for_work(server: RecordingServer, crowd: list[subprocess.Popen[bytes]]) -> None:
    """Return when something of this crowd has arrived, or all of it has ended."""
    before = len(server.taken)
    while len(server.taken) == before and any(process.poll() is None for process in crowd):
        time.sleep(0.005)


def _freeze(database: str, recipients: int) -> None:
    engine = open_database(database)
    now = clock.now()
    step = FrozenStep(
        number=STEP,
        channel="newsletter",
        draft="newsletter.md",
        at=now,
        deadline=now + timedelta(days=1),
    )
    campaign = FrozenCampaign(
        slug=SLUG,
        title="Soak",
        language="nl",
        time_zone="Europe/Amsterdam",
        event_name="Soak",
        event_at=now + timedelta(days=1),
        fingerprint="0" * 64,
        rehearsal=False,
        steps=(step,),
    )
    people = (
        Planned(recipient=Recipient(address=f"lezer{i}@lezers.example", name=f"Lezer {i}"))
        for i in range(recipients)
    )
    Ledger(engine).freeze(campaign, [people])
    engine.dispose()


def _tally(database: str, server: RecordingServer, recipients: int, kills: int) -> Tally:
    engine = open_database(database)
    with reading(engine) as connection:
        rows = connection.execute(select(t.delivery.c.recipient, t.delivery.c.state)).all()
    engine.dispose()
    arrived = server.counts()
    doubtful = {row.recipient for row in rows if row.state == DeliveryState.UNCONFIRMED}
    said = [row.recipient for row in rows if row.state == DeliveryState.SENT]
    everyone = [row.recipient for row in rows]
    return Tally(
        recipients=recipients,
        kills=kills,
        lost=[who for who in everyone if not arrived[who] and who not in doubtful],
        doubled=[who for who, times in arrived.items() if times > 1],
        false_sent=[who for who in said if not arrived[who]],
        unconfirmed=len(doubtful),
        states=dict(Counter(row.state for row in rows)),
    )

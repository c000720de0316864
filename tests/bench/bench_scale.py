"""Memory and time per recipient from ten thousand to a million: both are to stay flat.

`python -m tests.bench.bench_scale [RECIPIENTS …]`, each in a process of its own, through the share
that a step is really handed over by, ledger on, into the sink that is free.
"""

from __future__ import annotations

import asyncio
import resource
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from flows import clock
from flows.campaign.keeping_out import nobody
from flows.campaign.mailing import Mailing
from flows.campaign.share import MailShare
from flows.channels.smtp import Relay, SmtpChannel, server_of
from flows.compose.messages import Mail
from flows.database import open_database
from flows.ledger.book import Ledger
from flows.ledger.frozen import FrozenCampaign, FrozenStep, Planned
from flows.ledger.hand_over import Claim, Worker
from flows.models import Recipient
from flows.reporting.gather import gather
from tests.bench.bench_mail import Cutter, compiled, free_sink

SIZES = (10_000, 100_000, 1_000_000)


class _Cut(Mailing):
    """Mails of 5 KB, cut as the mail benchmark cuts them."""

    def __init__(self) -> None:
        self._cutter = Cutter(compiled("5 KB"))

    def mail(self, claim: Claim) -> Mail:
        return self._cutter.outgoing(claim.id).message


def _frozen(ledger: Ledger, recipients: int) -> FrozenStep:
    now = clock.now()
    step = FrozenStep(
        number=1, channel="newsletter", draft="d", at=now, deadline=now + timedelta(days=1)
    )
    campaign = FrozenCampaign(
        slug="oproep",
        title="Oproep",
        language="nl",
        time_zone="Europe/Amsterdam",
        event_name="Rondetafelgesprek",
        event_at=now + timedelta(days=1),
        fingerprint="0" * 64,
        rehearsal=False,
        steps=(step,),
    )
    people = (Planned(recipient=Recipient(address=f"u{n}@x.example")) for n in range(recipients))
    return ledger.freeze(campaign, [people]).steps[0]


async def _hand_over(ledger: Ledger, step: FrozenStep, port: int) -> None:
    channel = SmtpChannel(Relay(server=server_of(f"smtp://127.0.0.1:{port}")))
    worker, mailing = Worker(ledger.engine), _Cut()
    while True:
        share = MailShare(ledger, worker, step, mailing, keep_out=nobody)
        share.close(await channel.deliver_many(share.source, record=share.record, stop=share.stop))
        if not share.taken:
            break
    worker.release()


def one(recipients: int, folder: Path) -> str:
    """Return one row of the table; to be called once in a process."""
    ledger = Ledger(open_database(f"sqlite:///{folder / 'ledger.sqlite'}"))
    start = time.perf_counter()
    step = _frozen(ledger, recipients)
    frozen = time.perf_counter() - start
    freezing = _memory()
    ledger.begin_step(step.id)
    with free_sink() as port:
        start, busy = time.perf_counter(), time.process_time()
        asyncio.run(_hand_over(ledger, step, port))
        took, busy = time.perf_counter() - start, time.process_time() - busy
    ledger.end_step(step.id)
    start = time.perf_counter()
    report = gather(ledger, "oproep")
    told = time.perf_counter() - start
    report.require_balance()
    return (
        f"| {recipients:,} | {frozen:.1f} | {freezing:.0f} | {took / recipients * 1e6:.0f} "
        f"| {busy / recipients * 1e6:.0f} | {_memory():.0f} | {told * 1000:.0f} |"
    )


def _memory() -> float:
    """Return the most memory that this process ever had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(sizes: tuple[int, ...] = SIZES) -> None:
    """Print the table."""
    print("\n**From ten thousand recipients to a million**, mails of 5 KB, ledger on\n")
    print("| recipients | freeze, s | MB | hand over, µs each | µs of CPU | MB | report, ms |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: | ---: |", flush=True)
    for size in sizes:
        subprocess.run(
            [sys.executable, "-m", "tests.bench.bench_scale", "=", str(size)], check=True
        )


if __name__ == "__main__":
    if sys.argv[1:2] == ["="]:
        with tempfile.TemporaryDirectory() as folder:
            print(one(int(sys.argv[2]), Path(folder)), flush=True)
    else:
        main(tuple(map(int, sys.argv[1:])) or SIZES)

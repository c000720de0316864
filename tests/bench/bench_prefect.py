"""What Prefect's part costs: coming up, launching, beginning on time, and its share of a step.

A launch is that of `oproep launch` after the process has started: freezing 20,000 recipients over
eight steps, and making the eight runs. The share is what a step of 20,000 mails takes as a run of
Prefect's, above the same functions without Prefect, one after the other on the same machine.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from flows.campaign.folder import load_campaign
from flows.campaign.freezing import frozen_campaign
from flows.ledger.frozen import FrozenCampaign, FrozenStep, Planned
from flows.models import DeliveryState, Recipient, StepState
from tests.bench.free_sink import __file__ as sink_file
from tests.bench.table import Row, show
from tests.prefect.house import House, house, until

RECIPIENTS, STEPS = 20_000, 8
ON_TIME_STEPS = 4

BARE = """
import asyncio, time
from flows import deliver, deliver_mail
from flows.campaign.folder import find_campaign, load_campaign
from flows.database import open_database
from flows.ledger.book import Ledger
from flows.settings import load
deliver_mail.hand_over_mails = deliver_mail.hand_over_mails.fn

async def carry_out():
    begun = time.perf_counter()
    settings = load()
    content = load_campaign(find_campaign(settings, "zonder"), settings)
    run = deliver._Run(settings, Ledger(open_database(settings.database)), content, 1)
    assert await run.refusal() is None
    await run.carry_out()
    print(time.perf_counter() - begun)

asyncio.run(carry_out())
"""
"""What the flow does, without the flow."""


@contextmanager
def sink() -> Iterator[int]:
    """A relay that costs nearly nothing; its port."""
    process = subprocess.Popen(
        [sys.executable, str(sink_file), "0"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout
    try:
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.communicate()


def freeze(there: House, slug: str, *, steps: int, recipients: int, at: datetime) -> FrozenCampaign:
    """Freeze a campaign whose recipients are spread over its steps."""
    there.write_campaign(slug, minutes=600)
    plan = there.settings.content_dir / slug / "campaign.toml"
    head, step = plan.read_text("utf-8").split("[[step]]")
    plan.write_text(head + f"[[step]]{step}" * steps, "utf-8")
    content = load_campaign(there.settings.content_dir / slug, there.settings)
    frozen = frozen_campaign(content, there.settings)
    timed = tuple(replace(each, at=at, deadline=at + timedelta(hours=5)) for each in frozen.steps)
    values = {"contact": "team", "organisation": "Kinderhulp"}
    people = [
        Planned(recipient=Recipient(address=f"u{n}@x.example", values=values))
        for n in range(recipients // steps)
    ]
    return there.ledger.freeze(replace(frozen, steps=timed), [people] * steps)


def came_up(there: House) -> float:
    """Return the seconds from nothing to a server that answers and a runner that is ready."""
    begun = time.perf_counter()
    there.start_server()
    there.start_runner("from flows.runner import main; main()")
    return time.perf_counter() - begun


def launch(there: House) -> float:
    """Return the seconds that freezing and scheduling take."""
    there.schedule(freeze(there, "warm", steps=1, recipients=1, at=_later(3600)).slug)
    begun = time.perf_counter()
    freeze(there, "groot", steps=STEPS, recipients=RECIPIENTS, at=_later(3600))
    there.schedule("groot")
    return time.perf_counter() - begun


def lateness(there: House) -> float:
    """Return how many seconds after its time a step begins, the latest of several in a row."""
    frozen = freeze(there, "op-tijd", steps=ON_TIME_STEPS, recipients=8, at=_later(60))
    there.schedule(frozen.slug)
    until(lambda: all(s.state is StepState.DONE for s in _steps(there, "op-tijd")), 120)
    return max(
        (step.started_at - step.at).total_seconds()
        for step in _steps(there, "op-tijd")
        if step.started_at
    )


def with_prefect(there: House) -> float:
    """Return the seconds that a run of Prefect's takes over a step of 20,000 mails."""
    frozen = freeze(there, "met", steps=1, recipients=RECIPIENTS, at=_later(0))
    there.schedule(frozen.slug)
    until(lambda: all(run.end_time for run in there.runs("met")), 300)
    (run,) = there.runs("met")
    assert run.end_time
    assert run.start_time
    assert there.counts("met") == {DeliveryState.SENT: RECIPIENTS}
    return (run.end_time - run.start_time).total_seconds()


def without_prefect(there: House) -> float:
    """Return the seconds that the same functions take in a process without Prefect."""
    freeze(there, "zonder", steps=1, recipients=RECIPIENTS, at=_later(0))
    done = subprocess.run(
        [sys.executable, "-c", BARE],
        cwd=there.folder,
        env=there.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert there.counts("zonder") == {DeliveryState.SENT: RECIPIENTS}
    return float(done.stdout)


def _steps(there: House, slug: str) -> tuple[FrozenStep, ...]:
    return there.ledger.campaign(slug).steps


def _later(seconds: float) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


def main() -> None:
    """Measure, and print the tables."""
    with (
        tempfile.TemporaryDirectory() as folder,
        sink() as port,
        house(Path(folder), serve=False) as there,
    ):
        there.environment["OPROEP_SMTP_URL"] = f"smtp://127.0.0.1:{port}"
        try:
            first = came_up(there)
            rows = [Row("server and runner ready, the first time", first, 15)]
            there.end_all()
            there.kill_server()
            rows.append(Row("server and runner ready, later", came_up(there), 15))
            rows.append(Row("launch of 20,000 recipients in eight steps", launch(there), 5))
            rows.append(Row("a step begins after its time, at most", lateness(there), 5))
            bare, run = without_prefect(there), with_prefect(there)
            rows.append(Row("a step of 20,000 mails without Prefect", bare, None))
            rows.append(Row("the same as a run of Prefect's", run, bare * 1.05))
        finally:
            there.end_all()
            there.kill_server()
    show("Prefect", rows, unit_of_comparison=bare)


if __name__ == "__main__":
    main()

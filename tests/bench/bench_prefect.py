"""What Prefect's part costs: coming up, launching, beginning on time, and its share of a step.

All of it is measured on the command `oproep up` as a person runs it, public pages and all. A launch
is the command `oproep launch` from its start to its end: a newsletter to 20,000 readers out of the
database, the partner mail-out and six posts, checked, frozen and scheduled. The share is what a
step of 20,000 mails takes as a run of Prefect's, above the same functions without Prefect, into a
relay that is as fast as a Postfix on the same machine: medians of several.
What Prefect adds does not grow with the step.
"""

from __future__ import annotations

import csv
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

from flows.campaign.folder import load_campaign
from flows.campaign.freezing import frozen_campaign
from flows.ledger.frozen import FrozenCampaign, FrozenStep, Planned
from flows.models import DeliveryState, Recipient, StepState
from tests.bench.bench_mail import free_sink
from tests.bench.table import Row, show
from tests.prefect.house import House, house, until
from tests.prefect.up import OPROEP, Up, running_up

RECIPIENTS = 20_000
STEPS_AT_ONCE = 4
ROUNDS = 3
RELAY_SECONDS = 0.003
"""How long the relay thinks over each mail: over ten connections some three thousand a second."""
MOST_MB = 600
POST = '\n[[step]]\nchannel = "mastodon"\nat = "event - {minutes}m"\n'
NEWSLETTER = '\n[[step]]\nchannel = "newsletter"\nat = "event - 3h"\n'

BARE = """
import asyncio, sys, time
from flows import deliver, deliver_mail
from flows.campaign.folder import find_campaign, load_campaign
from flows.database import open_database
from flows.ledger.book import Ledger
from flows.settings import load
deliver_mail.hand_over_mails = deliver_mail.hand_over_mails.fn

async def carry_out():
    begun = time.perf_counter()
    settings = load()
    content = load_campaign(find_campaign(settings, sys.argv[1]), settings)
    run = deliver._Run(settings, Ledger(open_database(settings.database)), content, 1)
    assert await run.refusal() is None
    await run.carry_out()
    print(time.perf_counter() - begun)

asyncio.run(carry_out())
"""
"""What the flow does, without the flow."""


def freeze(there: House, slug: str, *, steps: int, recipients: int, at: datetime) -> FrozenCampaign:
    """Freeze a campaign of mail-outs whose recipients are spread over its steps."""
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


def came_up(there: House) -> tuple[float, float]:
    """Return the seconds from the command to its line `Ready`, and the MB that it holds then."""
    begun = time.perf_counter()
    with running_up(there) as up:
        ready = time.perf_counter() - begun
        assert "Public pages" in up.out, up.err
        memory = up.memory()
        up.process.send_signal(signal.SIGINT)
        up.process.wait(60)
    return ready, memory


def launch(there: House) -> float:
    """Return the seconds that `oproep launch` takes, from its start to its end."""
    readers = there.folder / "readers.csv"
    with readers.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["email", "consented"])
        rows.writerows([f"lezer{n}@huis{n // 20}.example", "2025-03-01"] for n in range(RECIPIENTS))
    oproep(there, "audience", "import", str(readers), "--list", "nieuwsbrief", "--consent", "Ja.")
    there.write_campaign("groot", minutes=600, at=3600)
    plan = there.settings.content_dir / "groot" / "campaign.toml"
    posts = "".join(POST.format(minutes=60 + n) for n in range(6))
    plan.write_text(plan.read_text("utf-8") + NEWSLETTER + posts, "utf-8")
    there.approve("groot")
    begun = time.perf_counter()
    oproep(there, "launch", "groot", "--yes")
    took = time.perf_counter() - begun
    frozen = there.ledger.campaign("groot")
    assert len(frozen.steps) == len(there.runs("groot")) == 8
    assert frozen.step(2).planned == RECIPIENTS
    return took


def lateness(there: House) -> float:
    """Return how many seconds after its time a step begins, the latest of several at one moment."""
    frozen = freeze(there, "op-tijd", steps=STEPS_AT_ONCE, recipients=8, at=_later(60))
    there.schedule(frozen.slug)
    until(lambda: all(s.state is StepState.DONE for s in _steps(there, "op-tijd")), 120)
    return max(
        (step.started_at - step.at).total_seconds()
        for step in _steps(there, "op-tijd")
        if step.started_at
    )


def with_prefect(there: House, nth: int) -> float:
    """Return the seconds that a run of Prefect's takes over a step of 20,000 mails."""
    slug = f"met-{nth}"
    freeze(there, slug, steps=1, recipients=RECIPIENTS, at=_later(0))
    there.schedule(slug)
    # Looking costs the server and the disk; there are only two cores for all of them.
    while there.step(slug).state is not StepState.DONE:
        time.sleep(1)
    until(lambda: all(run.end_time for run in there.runs(slug)), 60)
    (run,) = there.runs(slug)
    assert run.end_time
    assert run.start_time
    assert there.counts(slug) == {DeliveryState.SENT: RECIPIENTS}
    return (run.end_time - run.start_time).total_seconds()


def without_prefect(there: House, nth: int) -> float:
    """Return the seconds that the same functions take in a process without Prefect."""
    slug = f"zonder-{nth}"
    freeze(there, slug, steps=1, recipients=RECIPIENTS, at=_later(0))
    done = subprocess.run(
        [sys.executable, "-c", BARE, slug],
        cwd=there.folder,
        env=there.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert there.counts(slug) == {DeliveryState.SENT: RECIPIENTS}
    return float(done.stdout)


def oproep(there: House, *arguments: str) -> None:
    """Run a command to its end."""
    done = subprocess.run(
        [OPROEP, *arguments],
        cwd=there.folder,
        env=there.environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def most(of: Callable[[], float]) -> Iterator[list[float]]:
    """Yield a list whose last value is the largest that something had while the block ran."""
    seen = [of()]
    stop = threading.Event()

    def look() -> None:
        while not stop.wait(2):
            seen.append(max(seen[-1], of()))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        stop.set()
        thread.join()


def _steps(there: House, slug: str) -> tuple[FrozenStep, ...]:
    return there.ledger.campaign(slug).steps


def _later(seconds: float) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


def at_work(there: House, up: Up, alone: float) -> tuple[list[Row], float]:
    """Return what is measured while it runs, and the most MB that it held with a step at work."""
    rows = [
        Row("`oproep launch`: 20,000 readers, eight steps", launch(there), 5),
        Row(f"{STEPS_AT_ONCE} steps at one moment: the last begins", lateness(there), 5),
        Row("a step of 20,000 mails without Prefect", alone, None),
        Row(
            "the same as a run of Prefect's",
            median(with_prefect(there, nth) for nth in range(ROUNDS)),
            round(alone * 1.05, 2),
        ),
    ]
    # Counting pages takes time from a step, so this is one of its own.
    with most(up.memory) as seen:
        with_prefect(there, ROUNDS)
    return rows, seen[-1]


def main() -> None:
    """Measure, and print the table."""
    with (
        tempfile.TemporaryDirectory() as folder,
        free_sink(RELAY_SECONDS) as port,
        house(Path(folder), serve=False) as there,
    ):
        there.environment["OPROEP_SMTP_URL"] = f"smtp://127.0.0.1:{port}"
        # Before anything runs that would see to it that such a step is carried out, and help.
        alone = median(without_prefect(there, nth) for nth in range(ROUNDS))
        first, _ = came_up(there)
        later, rest = came_up(there)
        with running_up(there) as up:
            more, work = at_work(there, up, alone)
    rows = [
        Row("`oproep up` ready, the first time", first, 15),
        Row("`oproep up` ready, later", later, 15),
        *more,
    ]
    show("Prefect", rows, unit_of_comparison=later)
    print(f"\nAll of `oproep up` holds {rest:.0f} MB (may be {MOST_MB}); {work:.0f} MB with a step")
    print("of 20,000 mails at work.")


if __name__ == "__main__":
    main()

"""`make soak`: everything that is killed, cut off or fails, at length.

An argument divides the size of everything: `python -m tests.soak 10` takes a tenth of the time.
"""

from __future__ import annotations

import random
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from tests import postgres
from tests.mail.recording_server import RecordingServer
from tests.soak.faulty import (
    at_random,
    full_disk,
    gone,
    hand_over_all,
    logging_in,
    tampered_with,
    wait_for_database,
)
from tests.soak.killing import CONNECTIONS, recording, soak
from tests.soak.power import Power
from tests.social.soaking import main as posts

RECIPIENTS = 20_000
KILLS = 200
SEEDS = 50
POST_FAULTS = 500
"""Over each server to post to."""


def main(divisor: int) -> int:
    """Run all of it, print what was found, and return 1 if anything was lost or doubled."""
    failed = False
    print("| database | workers | kills | lost | doubled | unconfirmed | at most |", flush=True)
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |", flush=True)
    for database in ("sqlite", "postgresql", "sqlite, power cut"):
        for workers in (1, 3):
            failed |= _kill(database, workers, divisor)
    print("\n| what fails | batches | by how they ended |\n| --- | ---: | --- |", flush=True)
    for name, trial in _TRIALS.items():
        failed |= _try(name, trial, divisor)
    print(flush=True)
    posts(POST_FAULTS // divisor)
    return int(failed)


def _kill(database: str, workers: int, divisor: int) -> bool:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        power = Power(folder) if "power" in database else None
        url = f"sqlite:///{(power.live if power else folder) / 'ledger.sqlite'}"
        if database == "postgresql":
            url = stack.enter_context(postgres.cluster(_programs()))
        tally = soak(
            url,
            recipients=RECIPIENTS // divisor,
            kills=KILLS // divisor,
            workers=workers,
            seed=workers,
            folder=folder,
            power=power,
        )
    # A power cut ends every worker at once.
    bound = CONNECTIONS * (tally.kills * workers if power else tally.kills + workers)
    print(
        f"| {database} | {workers} | {tally.kills} | {len(tally.lost)} "
        f"| {len(tally.doubled)} | {tally.unconfirmed} | {bound} |",
        flush=True,
    )
    return bool(tally.lost or tally.doubled or tally.false_sent or tally.unconfirmed > bound)


def _programs() -> Path:
    programs = postgres.programs()
    if programs is None:
        sys.exit("PostgreSQL is not here: apt-get install postgresql")
    return programs


def _try(name: str, trial: Callable[[Path, int], str], divisor: int) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        try:
            print(f"| {name} | {trial(Path(folder), divisor)} |", flush=True)
        except AssertionError as error:
            print(f"| {name} | FAILED | {error} |", flush=True)
            return True
    return False


def _faults(folder: Path, divisor: int) -> str:
    batches, ends = 0, set[str]()
    for seed in range(max(1, SEEDS // divisor)):
        plan = at_random(random.Random(seed), 0.05)
        with recording(RecordingServer(plan=plan, keep_content=False)) as server:
            url = f"sqlite:///{folder / f'{seed}.sqlite'}"
            outcome = hand_over_all(url, server, recipients=500)
        outcome.check(500)
        batches += outcome.ended.total()
        ends |= outcome.ended.keys()
    return f"{batches} | {', '.join(sorted(ends))}"


def _password(folder: Path, divisor: int) -> str:
    batches, ends = 0, set[str]()
    for seed in range(max(1, SEEDS // divisor // 5)):
        outcome = logging_in(folder, seed=seed, share=0.05, recipients=500)
        outcome.check(500)
        batches += outcome.ended.total()
        ends |= outcome.ended.keys()
    return f"{batches} | {', '.join(sorted(ends))}"


def _tls(folder: Path, divisor: int) -> str:
    count = max(500, RECIPIENTS // divisor // 10)
    outcome = tampered_with(folder, seed=1, share=0.05, recipients=count)
    outcome.check(count)
    return f"{outcome.ended.total()} | {dict(outcome.ended)}"


def _full(folder: Path, divisor: int) -> str:
    count = RECIPIENTS // divisor
    with recording() as server:
        url = f"sqlite:///{folder / 'ledger.sqlite'}"
        trouble = full_disk(batches=range(1, 30), pages=7)
        outcome = hand_over_all(url, server, recipients=count, trouble=trouble)
    outcome.check(count)
    return f"{outcome.ended.total()} | {dict(outcome.ended)}"


def _gone(folder: Path, divisor: int) -> str:
    count, programs = RECIPIENTS // divisor, _programs()
    with (
        recording() as server,
        postgres.cluster(programs) as url,
        gone(server, when=count // 3, seconds=10, programs=programs, url=url),
    ):
        outcome = hand_over_all(url, server, recipients=count, trouble=wait_for_database)
    outcome.check(count)
    return f"{outcome.ended.total()} | {dict(outcome.ended)}"


_TRIALS: dict[str, Callable[[Path, int], str]] = {
    "the server, at random": _faults,
    "logging in, at random": _password,
    "STARTTLS stripped, certificates wrong": _tls,
    "the ledger's disk is full": _full,
    "PostgreSQL is gone for 10 s": _gone,
}


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1))

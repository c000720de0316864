"""What orchestration adds: the whole command `oproep launch --now`, against the hand-over alone."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.bench.bench_mail import free_sink
from tests.bench.table import Row, show

HOUSE = Path(__file__).resolve().parents[2]
CAMPAIGN = "2026-02-11-geen-kind-in-de-cel"
RECIPIENTS = 20_000
MANY = 200_000
MOST = 1.5
"""The whole command may take so many times as long as starting up and the hand-over alone."""
PLAN = """\
[event]
name = "Rondetafelgesprek"
at = {event:%Y-%m-%dT%H:%M:%S}Z

[[step]]
channel = "newsletter"
at = "event - 2h"
"""

ALONE = """
import asyncio, time
from flows.campaign.folder import find_campaign, load_campaign
from flows.campaign.keeping_out import keep_out_of
from flows.campaign.launching import launch_campaign
from flows.campaign.mailing import Mailing
from flows.campaign.reached import Reach
from flows.campaign.rendering import compose_step
from flows.campaign.share import MailShare
from flows.channels.opening import open_mail
from flows.database import open_database
from flows.ledger.book import Ledger
from flows.ledger.hand_over import Worker
from flows.settings import load

settings = load()
campaign = load_campaign(find_campaign(settings, {campaign!r}), settings)
ledger = Ledger(open_database(settings.database))
reach = Reach(campaign, settings, ledger.engine)
step = launch_campaign(campaign, settings, ledger, reach).campaign.step(1)
ledger.begin_step(step.id)
begun = time.perf_counter()
content = compose_step(campaign, campaign.plan.steps[0], settings)
worker, channel = Worker(ledger.engine), open_mail(settings, step=step.channel)
mailing = Mailing(settings, campaign, content, step=1, list_=step.list)
keep_out = keep_out_of(settings, ledger.engine, step)
while True:
    share = MailShare(ledger, worker, step, mailing, keep_out=keep_out)
    deliver = channel.deliver_many(share.source, record=share.record, stop=share.stop)
    share.close(asyncio.run(deliver))
    if not share.taken:
        break
worker.release()
ledger.end_step(step.id)
print(time.perf_counter() - begun)
"""
"""Hands over what the command would, and nothing else."""

FREEZE = """
import time
from flows.campaign.folder import find_campaign, load_campaign
from flows.campaign.launching import launch_campaign
from flows.campaign.reached import Reach
from flows.database import open_database
from flows.ledger.book import Ledger
from flows.settings import load

settings = load()
campaign = load_campaign(find_campaign(settings, {campaign!r}), settings)
ledger = Ledger(open_database(settings.database))
begun = time.perf_counter()
reach = Reach(campaign, settings, ledger.engine)
launched = launch_campaign(campaign, settings, ledger, reach)
took = time.perf_counter() - begun
assert launched.campaign.step(1).planned == {readers}
print(took)
"""
"""Checks, and freezes who is on the list."""


class House:
    """An installation with so many readers and a newsletter that is due."""

    def __init__(self, folder: Path, *, readers: int, port: int) -> None:
        self.folder = folder
        shutil.copytree(HOUSE / "content", folder / "content")
        plan = folder / "content" / CAMPAIGN / "campaign.toml"
        plan.write_text(PLAN.format(event=datetime.now(UTC) + timedelta(hours=1)), "utf-8")
        (folder / "secrets.env").write_text(
            f"OPROEP_SECRET_KEY={'only for measuring ' * 3}\n"
            f"OPROEP_SMTP_URL=smtp://127.0.0.1:{port}\n"
            "OPROEP_PUBLIC_URL=https://nieuws.voorbeeld.example\n",
            "utf-8",
        )
        people = folder / "lezers.csv"
        lines = (f"lezer{n}@lezers.example,Lezer {n},nl\n" for n in range(readers))
        people.write_text("email,name,language\n" + "".join(lines), "utf-8")
        self.run("audience", "import", str(people), "--list", "nieuwsbrief", "--consent", "Ja.")
        self.run("approve", CAMPAIGN, "--by", "Noor", "--yes")

    def run(self, *arguments: str) -> float:
        """Run a command to its end; return the seconds that it took."""
        begun = time.perf_counter()
        self._run(str(Path(sys.executable).parent / "oproep"), *arguments)
        return time.perf_counter() - begun

    def hand_over_alone(self) -> float:
        """Return the seconds that the hand-over takes, without a flow around it."""
        code = ALONE.format(campaign=CAMPAIGN)
        return float(self._run(sys.executable, "-c", code))

    def freeze(self, readers: int) -> float:
        """Return the seconds that it takes to freeze its readers, without a flow around it."""
        code = FREEZE.format(campaign=CAMPAIGN, readers=readers)
        return float(self._run(sys.executable, "-c", code))

    def _run(self, *command: str) -> str:
        environment = {k: v for k, v in os.environ.items() if not k.startswith("OPROEP_")}
        environment["PYTHONPATH"] = str(HOUSE)
        done = subprocess.run(
            command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise SystemExit(f"{command} ended with {done.returncode}: {done.stderr}")
        return done.stdout


def launch(readers: int, port: int) -> float:
    """Return the seconds of a whole launch, of which Prefect has made its database before."""
    with tempfile.TemporaryDirectory() as folder:
        house = House(Path(folder), readers=readers, port=port)
        house.run("rehearse", CAMPAIGN)
        return house.run("launch", CAMPAIGN, "--now", "--yes")


def main() -> None:
    """Measure, and print the table."""
    with free_sink() as port:
        start_up = launch(1, port)
        with tempfile.TemporaryDirectory() as folder:
            house = House(Path(folder), readers=RECIPIENTS, port=port)
            alone = house.hand_over_alone()
        whole = launch(RECIPIENTS, port)
        with tempfile.TemporaryDirectory() as folder:
            frozen = House(Path(folder), readers=MANY, port=port).freeze(MANY)
    rows = [
        Row("hand-over alone of 20,000", alone, None),
        Row("`oproep launch --now` of one", start_up, None),
        Row("`oproep launch --now` of 20,000", whole, round(MOST * (alone + start_up), 1)),
        Row("freezing 200,000 subscribers", frozen, 10),
    ]
    show("A launch", rows, unit_of_comparison=alone)


if __name__ == "__main__":
    main()

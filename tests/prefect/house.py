"""An installation as `oproep up` keeps it, in parts that a test can start, end and kill."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine

from flows import clock
from flows.campaign.fingerprint import fingerprint
from flows.campaign.folder import Campaign, load_campaign
from flows.campaign.freezing import frozen_campaign
from flows.database import open_database
from flows.ledger.approvals import Approvals
from flows.ledger.book import Ledger
from flows.ledger.control import Control
from flows.ledger.frozen import FrozenCampaign, FrozenStep, Planned
from flows.ledger.underway import underway
from flows.models import DeliveryState, Recipient
from flows.prefect_home import client_environment, home_of, start_server
from flows.settings import Settings, load
from tests.campaign.conftest import FILES
from tests.faked_time import FakedTime
from tests.mail.recording_server import RecordingServer, Say, Slow, at, nothing, running

if TYPE_CHECKING:
    from prefect.client.schemas.objects import FlowRun

T = TypeVar("T")
When = datetime | float
"""A moment, or so many seconds from now."""

RUNNER = """
from dataclasses import replace
from flows import runner, served
served.SERVED = [replace(each, every=None) for each in served.SERVED]
runner.KEEP_EVERY, runner.LOOK_EVERY, runner.GRACE = 1.0, 0.5, runner.timedelta(seconds=6)
runner.main()
"""
"""Quicker than in earnest, and with nothing that is due whenever the clock is set."""


@contextmanager
def relay() -> Iterator[RecordingServer]:
    """A mail relay that writes down what it takes, in a thread of its own."""
    server = RecordingServer(keep_content=False)
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()
    up = threading.Event()

    async def serve() -> None:
        async with running(server):
            up.set()
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),), daemon=True)
    thread.start()
    up.wait(10)
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()


@dataclass
class House:
    """One installation: settings, content, ledger, relay, and a Prefect server."""

    folder: Path
    relay: RecordingServer
    environment: dict[str, str]
    settings: Settings
    url: str
    listener: socket.socket
    log: IO[bytes]
    time: FakedTime | None
    runners: list[subprocess.Popen[bytes]] = field(default_factory=list)
    server: subprocess.Popen[bytes] = field(init=False)

    @property
    def engine(self) -> Engine:
        return self.ledger.engine

    @property
    def ledger(self) -> Ledger:
        if not hasattr(self, "_ledger"):
            self._ledger = Ledger(open_database(self.settings.database))
        return self._ledger

    # --- campaigns

    def campaign(
        self, slug: str, *steps: tuple[When, When], people: int = 3, waits: str = ""
    ) -> FrozenCampaign:
        """Freeze a campaign of mail-outs, each step with its time and its deadline.

        Args:
            slug: Its name, unlike that of any other campaign of these tests.
            steps: Moments, or seconds from now.
            people: How many each step reaches.
            waits: What the last step waits for, if anything.
        """
        folder = self.settings.content_dir / slug
        shutil.copytree(self.settings.content_dir / "2026-02-11-oproep", folder)
        step = '\n[[step]]\nchannel = "mailout"\nat = "event - 22h"\n'
        head = '[event]\nname = "Rondetafelgesprek"\nat = 2026-02-12T10:00:00\n'
        wait = f'wait_for = "{waits}"\n' if waits else ""
        (folder / "campaign.toml").write_text(head + step * len(steps) + wait, "utf-8")
        content = load_campaign(folder, self.settings)
        frozen = frozen_campaign(content, self.settings)
        timed = tuple(
            replace(each, at=_moment(at), deadline=_moment(until))
            for each, (at, until) in zip(frozen.steps, steps, strict=True)
        )
        frozen = replace(frozen, steps=timed, event_at=max(step.deadline for step in timed))
        values = {"contact": "team", "organisation": "Kinderhulp"}
        deliveries = [
            [
                Planned(
                    recipient=Recipient(
                        address=f"{slug}-{step.number}-{n}@partners.example", values=values
                    )
                )
                for n in range(people)
            ]
            for step in frozen.steps
        ]
        return self.ledger.freeze(frozen, deliveries)

    def write_campaign(self, slug: str, *, minutes: float, at: float = 0) -> None:
        """Write a campaign of one mail-out, whose event comes in so many minutes.

        Args:
            slug: Its name.
            minutes: Until the event.
            at: Seconds until the mail-out.
        """
        folder = self.settings.content_dir / slug
        shutil.copytree(self.settings.content_dir / "2026-02-11-oproep", folder)
        zone = ZoneInfo("Europe/Amsterdam")
        now = clock.now().astimezone(zone).replace(microsecond=0)
        event, begins = now + timedelta(minutes=minutes), now + timedelta(seconds=at)
        head = f'[event]\nname = "Rondetafelgesprek"\nat = {event.isoformat()}\n\n'
        step = f'[[step]]\nchannel = "mailout"\nat = {begins.isoformat()}\n'
        (folder / "campaign.toml").write_text(head + step, "utf-8")

    def approve(self, slug: str, *, by: str = "Robin") -> Campaign:
        """Approve a campaign as it lies there now."""
        campaign = load_campaign(self.settings.content_dir / slug, self.settings)
        mark = fingerprint(campaign, self.settings)
        Approvals(self.engine, slug).add(mark, by=by, snapshot={})
        return campaign

    def forget_all(self) -> None:
        """Withdraw whatever is left of campaigns, so that it does not disturb the next test."""
        from flows.deployments import withdraw

        for frozen in underway(self.ledger):
            Control(self.ledger).stop(frozen.slug, reason="The test is over.")
            self.ask(lambda slug=frozen.slug: withdraw(slug))  # type: ignore[misc]

    def step(self, slug: str, number: int = 1) -> FrozenStep:
        return self.ledger.campaign(slug).step(number)

    def counts(self, slug: str, number: int = 1) -> dict[DeliveryState, int]:
        campaign = self.ledger.campaign(slug)
        return self.ledger.counts(campaign.id).get(campaign.step(number).id, {})

    def taken(self, slug: str) -> list[str]:
        """Who got a mail of this campaign, as the relay saw it, each as often as it came."""
        return sorted(
            each.recipient for each in self.relay.taken if each.recipient.startswith(f"{slug}-")
        )

    # --- Prefect

    def start_server(self) -> None:
        home_of(self.settings.var_dir).mkdir(parents=True, exist_ok=True)
        with pytest.MonkeyPatch.context() as patch:
            for name, value in (self.time.environment if self.time else {}).items():
                patch.setenv(name, value)
            self.server = start_server(home_of(self.settings.var_dir), self.listener, self.url)

    def kill_server(self) -> None:
        self.server.kill()
        self.server.communicate()

    def ask(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run something of ours that talks to this house's server."""
        from prefect.settings import PREFECT_API_URL, temporary_settings

        with temporary_settings({PREFECT_API_URL: self.url}):
            return asyncio.run(work())

    def schedule(self, slug: str) -> list[str]:
        from flows.deployments import schedule

        return self.ask(lambda: schedule(self.ledger.campaign(slug)))

    def start_run(self, deployment: str, **parameters: object) -> UUID:
        """Start a deployment as a person does on the page."""
        from prefect.client.orchestration import get_client

        async def run() -> UUID:
            async with get_client() as client:
                found = await client.read_deployment_by_name(deployment)
                made = await client.create_flow_run_from_deployment(found.id, parameters=parameters)
                return made.id

        return self.ask(run)

    def end_of(self, run: UUID) -> str:
        """Return the type of state that a run ends in."""
        from prefect.client.orchestration import get_client

        async def state() -> str:
            async with get_client() as client:
                found = (await client.read_flow_run(run)).state
                return found.type.value if found is not None and found.is_final() else ""

        until(lambda: self.ask(state), 60)
        return self.ask(state)

    def start(self, deployment: str, **parameters: object) -> str:
        """Start a deployment as a person does on the page; return the type of state it ends in."""
        return self.end_of(self.start_run(deployment, **parameters))

    def artifacts(self) -> dict[str, Any]:
        """What is shown on the page, the newest of each key."""
        from prefect.client.orchestration import get_client

        async def read() -> dict[str, Any]:
            async with get_client() as client:
                found = await client.read_latest_artifacts()
                return {str(each.key): each.data for each in found}

        return self.ask(read)

    def start_runner(self, code: str = RUNNER) -> subprocess.Popen[bytes]:
        ready = self.folder / f"ready-{len(self.runners)}"
        runner = subprocess.Popen(
            [sys.executable, "-c", code, str(ready)],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=self.log,
            start_new_session=True,
        )
        self.runners.append(runner)
        until(ready.exists, 90)
        return runner

    def keep_one_runner(self) -> None:
        alive = [runner for runner in self.runners if runner.poll() is None]
        for runner in alive[1:]:
            self.end_runner(runner)
        if not alive:
            self.start_runner()

    def end_all(self) -> None:
        for runner in self.runners:
            if runner.poll() is None:
                self.end_runner(runner)

    def be_slow(self, seconds: float) -> None:
        """Let the relay take so long over each mail."""
        self.relay.plan = at("dot", do=Slow(seconds))

    def refuse_everybody(self) -> None:
        """Let the relay refuse every recipient for good."""
        self.relay.plan = at("rcpt", do=Say("550 5.1.1 no such user here"))

    def be_quick(self) -> None:
        self.relay.plan = nothing

    def runs(self, slug: str) -> list[FlowRun]:
        """All runs of a campaign, oldest first."""
        from prefect.client.orchestration import get_client
        from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterTags

        async def read() -> list[FlowRun]:
            async with get_client() as client:
                wanted = FlowRunFilter(tags=FlowRunFilterTags(all_=[slug]))
                return await client.read_flow_runs(flow_run_filter=wanted)

        return sorted(self.ask(read), key=lambda run: str(run.created))

    def cancel_as_a_person(self, run: str) -> None:
        """Press `Cancel` on Prefect's page."""
        from prefect.client.orchestration import get_client
        from prefect.states import Cancelling

        async def cancel() -> None:
            async with get_client() as client:
                await client.set_flow_run_state(UUID(run), Cancelling())

        self.ask(cancel)

    def end_runner(self, runner: subprocess.Popen[bytes]) -> None:
        """As Ctrl-C in `oproep up` does."""
        runner.send_signal(signal.SIGTERM)
        runner.communicate(timeout=40)

    def kill(self, runner: subprocess.Popen[bytes], *, with_runs: bool = True) -> None:
        """As a power cut does, or (without the runs) the kernel out of memory."""
        if with_runs:
            os.killpg(runner.pid, signal.SIGKILL)
        else:
            runner.kill()
        runner.communicate()


def _moment(when: When) -> datetime:
    return when if isinstance(when, datetime) else clock.now() + timedelta(seconds=when)


def until(true: Callable[[], object], seconds: float = 20.0) -> None:
    """Return when something is true; fail when it does not become so."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def at_work(folder: Path) -> Sequence[int]:
    """The processes that carry out runs in this folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
            here = (entry / "cwd").resolve() == folder
        except OSError:
            continue
        if here and b"prefect.engine" in words:
            found.append(int(entry.name))
    return found


@contextmanager
def house(folder: Path, *, serve: bool = True, time: FakedTime | None = None) -> Iterator[House]:
    """Make an installation, and run its relay and, if asked, its Prefect server.

    Args:
        folder: Where it is.
        serve: Whether its server is run.
        time: The time of day for all its programs; the machine's if None.
    """
    for name, text in FILES.items():
        path = folder / "content" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    with relay() as server, socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/api"
        own = {
            "OPROEP_CONTENT_DIR": str(folder / "content"),
            "OPROEP_VAR_DIR": str(folder / "var"),
            "OPROEP_SECRET_KEY": "een sleutel van tweeendertig tekens of meer",
            "OPROEP_PUBLIC_URL": "https://nieuws.voorbeeld.example",
            "OPROEP_SMTP_URL": f"smtp://127.0.0.1:{server.port}",
        }
        settings = load(own, folder=folder)
        clean = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("OPROEP_", "PREFECT_"))
        }
        faked = dict(time.environment) if time else {}
        environment = clean | own | client_environment(settings, url) | faked
        home = home_of(settings.var_dir)
        home.mkdir(parents=True)
        log = (folder / "runner.log").open("ab")
        there = House(folder, server, environment, settings, url, listener, log, time)
        if serve:
            there.start_server()
        else:
            home.rmdir()
        try:
            yield there
        finally:
            for runner in there.runners:
                if runner.poll() is None:
                    there.kill(runner)
            if serve:
                there.kill_server()
            there.engine.dispose()
            log.close()

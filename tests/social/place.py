"""A working place with the example campaign, a ledger, and the commands as a person types them."""

from __future__ import annotations

import asyncio
import contextlib
import io
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from flows import clock
from flows.campaign.folder import Campaign, find_campaign, load_campaign
from flows.campaign.freezing import frozen_campaign, planned_deliveries
from flows.campaign.plan import Step
from flows.campaign.posting import LEASE, Desk, deliver_thread
from flows.campaign.reminding import remind
from flows.campaign.rendering import compose_step
from flows.channels.opening import open_posts
from flows.cli import run
from flows.database import open_database
from flows.errors import OproepError
from flows.ledger.approvals import Approvals
from flows.ledger.book import Ledger
from flows.ledger.hand_over import Worker, recover
from flows.models import Recipient
from flows.settings import Settings, load

SLUG = "2026-02-11-geen-kind-in-de-cel"
PLAN = """
[event]
name = "Rondetafelgesprek"
at = 2026-02-12T10:00:00
[[step]]
channel = "mastodon"
at = "event - 16h"
[[step]]
channel = "bluesky"
at = "event - 16h"
[[step]]
channel = "linkedin"
at = "event - 16h"
"""


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str


class Nobody:
    """The people behind a campaign of posts only."""

    def readers(self, step: Step) -> Iterable[Recipient]:
        return ()

    def kept_out(self, recipients: Sequence[Recipient]) -> Collection[str]:
        return ()


class Place:
    """The working folder; the process's own, since settings are looked for there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.draft = folder / "content" / SLUG / "posts" / "oproep.md"
        (folder / "content" / SLUG / "campaign.toml").write_text(PLAN)

    @property
    def settings(self) -> Settings:
        return load()

    def campaign(self) -> Campaign:
        return load_campaign(find_campaign(self.settings, SLUG), self.settings)

    def launch(self) -> None:
        """Approve and freeze it, as `oproep approve` and `oproep launch` do."""
        campaign, settings = self.campaign(), self.settings
        engine = open_database(settings.database)
        frozen = frozen_campaign(campaign, settings)
        deliveries = planned_deliveries(campaign, settings, Nobody())
        Ledger(engine).freeze(frozen, deliveries)
        engine.dispose()
        self.approve()

    def approve(self) -> None:
        engine = open_database(self.settings.database)
        frozen = frozen_campaign(self.campaign(), self.settings)
        Approvals(engine, SLUG).add(frozen.fingerprint, by="Anna", snapshot={})
        engine.dispose()

    def deliver(self, number: int) -> OproepError | None:
        """Carry out a step as the flow does, without Prefect; return what ended it."""
        campaign, settings = self.campaign(), self.settings
        engine = open_database(settings.database)
        ledger = Ledger(engine)
        step = ledger.campaign(SLUG).step(number)
        asyncio.run(clock.sleep_until(step.at))
        if not ledger.begin_step(step.id):
            engine.dispose()
            return None
        recover(engine)
        planned = next(one for one in campaign.plan.steps if one.number == number)
        desk = Desk(
            ledger=ledger,
            worker=Worker(engine, lease=LEASE),
            step=step,
            content=compose_step(campaign, planned, settings),
            channel=open_posts(settings, step=step.channel, account=planned.account),
            slug=SLUG,
        )
        try:
            asyncio.run(deliver_thread(desk))
            if not desk.channel.in_order:
                asyncio.run(remind(ledger, step, campaign, settings))
            ledger.end_step(step.id)
        except OproepError as error:
            return error
        finally:
            desk.worker.release()
            engine.dispose()
        return None

    def oproep(self, *arguments: str) -> Said:
        """Run a command."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = run(list(arguments))
        assert "Traceback" not in out.getvalue() + err.getvalue()
        return Said(code, out.getvalue(), err.getvalue())

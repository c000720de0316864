"""The flow that runs a whole campaign on a simulated clock into a local outbox."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from prefect import flow

from flows import clock
from flows.audience.readers import read_readers
from flows.campaign.folder import READERS_FILE, Campaign, find_campaign, load_campaign
from flows.campaign.reached import Invented
from flows.campaign.rendering import compose_step
from flows.clock import SimulatedClock
from flows.database import open_database
from flows.deliver import deliver
from flows.errors import InputError
from flows.files import write_text
from flows.launch import freeze
from flows.ledger.book import Ledger
from flows.models import MessageKind
from flows.report import write_report
from flows.reporting.model import Report
from flows.settings import Settings, load

LEAD = timedelta(hours=1)
"""How long before the first step the simulated clock begins."""


@flow(name="rehearse", flow_run_name="rehearse-{campaign}", persist_result=False)
async def rehearse(campaign: str) -> Report:
    """Rehearse a campaign: really rendered, really run, nothing sent.

    Args:
        campaign: Slug or folder of the campaign.

    Returns:
        The delivery report, as it also lies in `var/outbox/<campaign>/`.
    """
    settings = load()
    content = load_campaign(find_campaign(settings, campaign), settings)
    settings = settings.for_rehearsal(content.slug)
    start = min(step.at for step in content.plan.steps) - LEAD
    with _alone(settings), clock.use(SimulatedClock(start)):
        _forget_last(settings)
        engine = open_database(settings.database)
        try:
            ledger = Ledger(engine)
            invented = Invented(read_readers(settings.content_dir / READERS_FILE))
            frozen = await freeze(ledger, content, settings, invented)
            _write_issue(content, settings)
            for step in frozen.by_time:
                await clock.sleep_until(step.at)
                await deliver(campaign=campaign, step=step.number, rehearsal=True)
            report = await write_report(ledger, content.slug, settings, settings.outbox_in_progress)
        finally:
            engine.dispose()
        shutil.rmtree(settings.outbox(content.slug), ignore_errors=True)
        settings.outbox_in_progress.rename(settings.outbox(content.slug))
    return report


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """Keep a second rehearsal of the same campaign out while this one runs.

    Raises:
        InputError: one is running.
    """
    lock = settings.rehearsal_ledger.with_suffix(".lock")
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InputError(
                "This campaign is being rehearsed already.",
                where=str(lock),
                mend="Wait until that rehearsal has ended, or end it.",
            ) from None
        yield


def _forget_last(settings: Settings) -> None:
    """Remove what an earlier rehearsal, finished or not, wrote down; its outbox stays for now."""
    shutil.rmtree(settings.outbox_in_progress, ignore_errors=True)
    for suffix in ("", "-wal", "-shm"):
        ledger = settings.rehearsal_ledger
        ledger.with_name(ledger.name + suffix).unlink(missing_ok=True)


def _write_issue(content: Campaign, settings: Settings) -> None:
    """Write the issue as its web page and its plain text would be, for no reader in particular."""
    for step in content.plan.steps:
        if step.kind.sends is MessageKind.ISSUE:
            issue = compose_step(content, step, settings).mail
            write_text(settings.outbox_in_progress / "issue.html", issue.page_html())
            write_text(settings.outbox_in_progress / "issue.txt", issue.page_text())
            return

"""The flow that hears what came of a campaign: how posts stand, and what came back by mail.

Posts are asked for often while they are young and seldom when they are old.
"""

from __future__ import annotations

import asyncio

from prefect import flow
from prefect.runtime import flow_run

from flows.campaign.folder import ORGANISATION_FILE, read_organisation
from flows.campaign.tracking import track_posts
from flows.database import open_database
from flows.errors import OproepError
from flows.ledger.book import Ledger
from flows.returns.round import process
from flows.settings import Settings, load


def _name() -> str:
    return f"track-{flow_run.parameters.get('campaign') or 'everything'}"


@flow(name="track", flow_run_name=_name, persist_result=False)
async def track(campaign: str | None = None) -> list[str]:
    """Make one round along every account whose posts are due, and along the returned mail.

    Args:
        campaign: Slug of the only campaign whose posts are looked at; by default all of them, and
            the returned mail as well.

    Returns:
        What there is to tell, in lines.
    """
    settings = load()
    engine = open_database(settings.database)
    try:
        ledger = Ledger(engine)
        ledger.close_overdue()
        looked = await asyncio.to_thread(track_posts, ledger, settings, slug=campaign)
    finally:
        engine.dispose()
    lines = [str(each) for each in looked]
    if campaign is None and settings.returns_url is not None:
        lines += await asyncio.to_thread(_returned, settings)
    for line in lines:
        print(line)  # noqa: T201 (Prefect keeps it with the run)
    return lines


def _returned(settings: Settings) -> list[str]:
    """Read the returned mail; what goes wrong there keeps nothing else from being told."""
    try:
        organisation = read_organisation(settings.content_dir / ORGANISATION_FILE)
        return process(settings, organisation).lines()
    except OproepError as error:
        return [f"Returned mail: {error}"]

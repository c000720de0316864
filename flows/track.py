"""The flow that asks how posts stand: often while they are young, seldom when they are old."""

from __future__ import annotations

import asyncio

from prefect import flow

from flows.campaign.tracking import track_posts
from flows.database import open_database
from flows.ledger.book import Ledger
from flows.settings import load


@flow(name="track", persist_result=False)
async def track(campaign: str | None = None) -> list[str]:
    """Make one round along every account whose posts are due to be looked at.

    Args:
        campaign: Slug of the only campaign to look at; all of them by default.

    Returns:
        A line per account that was asked.
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
    for line in lines:
        print(line)  # noqa: T201 (Prefect keeps it with the run)
    return lines

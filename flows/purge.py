"""The flow that lets go of what is known of people once the retention period is over."""

from __future__ import annotations

import asyncio

from prefect import flow

from flows.audience.subscribers import open_audience
from flows.campaign import retention
from flows.campaign.folder import ORGANISATION_FILE, read_organisation
from flows.database import open_database
from flows.returns.keeping import letters_folder
from flows.settings import load


@flow(name="purge", persist_result=False)
async def purge() -> list[str]:
    """Let go of details that are older than the retention period; totals stay.

    Returns:
        What went, in lines.

    Raises:
        InputError: the organisation's file cannot be read.
        LedgerError: the database cannot be used, or goes with another secret key.
    """
    lines = await asyncio.to_thread(_purged)
    for line in lines:
        print(line)  # noqa: T201 (Prefect keeps it with the run)
    return lines


def _purged() -> list[str]:
    settings = load()
    if settings.secret_key is None:
        return ["There is no secret key, so there are no subscribers to let go of."]
    days = read_organisation(settings.content_dir / ORGANISATION_FILE).retention_days
    engine = open_database(settings.database)
    try:
        purged = retention.purge(
            open_audience(settings, engine),
            retention_days=days,
            letters=letters_folder(settings.var_dir),
        )
    finally:
        engine.dispose()
    return [f"Older than {days} days:", *purged.lines()]

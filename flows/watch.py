"""The flow that looks at a feed and imports what is new as draft campaigns, never more."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

from prefect import flow
from prefect.runtime import flow_run

from flows.campaign.folder import contact_of
from flows.news.feed import watch_feed
from flows.settings import load


def _name() -> str:
    return f"watch-{urlsplit(flow_run.parameters['feed']).hostname or 'feed'}"


@flow(name="watch", flow_run_name=_name, persist_result=False)
async def watch(feed: str, allow_private: bool = False) -> list[str]:
    """Import what a feed announces and was not there before.

    Args:
        feed: Address of the RSS or Atom feed.
        allow_private: Whether feed and pages may be on an intranet.

    Returns:
        The names of the new campaigns. Nothing is drafted, scheduled or sent.
    """
    settings = load()
    watched = await asyncio.to_thread(
        watch_feed,
        feed,
        content_dir=settings.content_dir,
        var_dir=settings.var_dir,
        allow_private=allow_private,
        contact=contact_of(settings),
    )
    for note in watched.notes:
        print(note)  # noqa: T201 (Prefect keeps it with the run)
    return [folder.name for folder in watched.imported]

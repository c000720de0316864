"""What a step at work shows on Prefect's page: how far it is, and where its posts stand."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from uuid import UUID

from prefect.artifacts import (
    acreate_link_artifact,
    acreate_progress_artifact,
    aupdate_progress_artifact,
)

from flows.ledger.book import Ledger
from flows.ledger.frozen import FrozenStep
from flows.progress import Progress, listening

SHOW_EVERY = 5.0
"""Seconds between two updates: each costs the server some ten milliseconds."""


def is_served() -> bool:
    """Return whether this process carries out a run for a server that people look at."""
    return "PREFECT__FLOW_RUN_ID" in os.environ


@asynccontextmanager
async def step_shown(ledger: Ledger, slug: str, step: FrozenStep) -> AsyncIterator[None]:
    """Show how far a step is while the block runs, and afterwards where its posts stand."""
    if not is_served():
        yield
        return
    begun = ledger.done(step.id)
    # Made beside the sending, which is not to wait for it.
    artifact = asyncio.ensure_future(_artifact(slug, step, begun))
    done = [begun]

    def heard(progress: Progress) -> None:
        done[0] = progress.done

    async def show() -> None:
        last = begun
        shown = await asyncio.shield(artifact)
        while shown is not None:
            await asyncio.sleep(SHOW_EVERY)
            if done[0] != last:
                last = done[0]
                with suppress(Exception):
                    await aupdate_progress_artifact(shown, _percent(last, step.planned))

    with listening(heard):
        task = asyncio.ensure_future(show())
        try:
            yield
        finally:
            task.cancel()
    with suppress(Exception):
        if (shown := await artifact) is not None:
            await aupdate_progress_artifact(shown, _percent(ledger.done(step.id), step.planned))
        for part, receipt in sorted(ledger.accepted(step.id).items()) if step.account else ():
            if receipt.url:
                await acreate_link_artifact(
                    link=receipt.url,
                    key=f"post-{slug}-{step.number}-{part + 1}",
                    description=f"{step.channel}, post {part + 1}",
                )


async def _artifact(slug: str, step: FrozenStep, done: int) -> UUID | None:
    """Return the artifact that shows how far a step is; None if the server takes none now.

    What is shown has no say in what is sent.
    """
    try:
        return await acreate_progress_artifact(
            progress=_percent(done, step.planned),
            key=f"progress-{slug}-{step.number}",
            description=f"{slug}, step {step.number} ({step.channel}): {step.planned} planned",
        )
    except Exception:  # noqa: BLE001 (whatever it is)
        return None


def _percent(done: int, planned: int) -> float:
    return 100.0 * done / planned if planned else 100.0

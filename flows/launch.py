"""Launching: recipients are frozen and every step gets its time."""

from __future__ import annotations

import asyncio

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from flows import clock
from flows.campaign.folder import Campaign, find_campaign, load_campaign
from flows.campaign.freezing import People, frozen_campaign, planned_deliveries
from flows.database import open_database
from flows.deliver import deliver
from flows.errors import OproepError
from flows.ledger.book import Ledger
from flows.ledger.frozen import FrozenCampaign
from flows.models import StepState
from flows.settings import Settings, load


@task(name="freeze", cache_policy=NO_CACHE, persist_result=False)
async def freeze(
    ledger: Ledger, campaign: Campaign, settings: Settings, people: People
) -> FrozenCampaign:
    """Write down who would get what and when, for a rehearsal, which needs no approval.

    Args:
        ledger: Where it is written.
        campaign: What goes out.
        settings: Of the rehearsal.
        people: The invented ones.
    """
    deliveries = planned_deliveries(campaign, settings, people)
    return ledger.freeze(frozen_campaign(campaign, settings), deliveries)


@flow(name="launch now", flow_run_name="launch-now-{campaign}", persist_result=False)
async def carry_out_due(campaign: str) -> dict[int, OproepError | str | None]:
    """Carry out the steps of a launched campaign whose time has come, side by side.

    Args:
        campaign: Slug or folder of the campaign.

    Returns:
        For each of these steps how it ended: None if it ran, a sentence if it was not to run, the
        error if it came to a halt. One step's trouble is not another's.
    """
    due = _due(load(), campaign)
    ends = await asyncio.gather(*(_carried_out(campaign, number) for number in due))
    return dict(zip(due, ends, strict=True))


def _due(settings: Settings, campaign: str) -> list[int]:
    """Return the numbers of the steps that may begin now."""
    slug = load_campaign(find_campaign(settings, campaign), settings).slug
    engine = open_database(settings.database)
    try:
        frozen = Ledger(engine).campaign(slug)
    finally:
        engine.dispose()
    begun = [step for step in frozen.by_time if step.at <= clock.now()]
    return [s.number for s in begun if s.state in (StepState.SCHEDULED, StepState.RUNNING)]


async def _carried_out(campaign: str, number: int) -> OproepError | str | None:
    state = await deliver(campaign=campaign, step=number, return_state=True)
    if state.is_completed():
        return None
    if state.is_cancelled():
        return state.message or "It was cancelled."
    error = await state.aresult(raise_on_failure=False)
    if isinstance(error, OproepError):
        return error
    raise error if isinstance(error, BaseException) else RuntimeError(state.message)

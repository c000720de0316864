"""Launching: recipients are frozen and every step gets its time."""

from __future__ import annotations

from prefect import task
from prefect.cache_policies import NO_CACHE

from flows.campaign.folder import Campaign
from flows.campaign.freezing import Readers, frozen_campaign, nobody, planned_deliveries
from flows.ledger.book import FrozenCampaign, Ledger
from flows.settings import Settings


@task(name="freeze", cache_policy=NO_CACHE, persist_result=False)
async def freeze(
    ledger: Ledger, campaign: Campaign, settings: Settings, readers: Readers
) -> FrozenCampaign:
    """Write down who would get what and when, for a rehearsal, which needs no approval.

    Args:
        ledger: Where it is written.
        campaign: What goes out.
        settings: Of the rehearsal.
        readers: Gives the newsletter's readers.
    """
    deliveries = planned_deliveries(campaign, settings, readers=readers, kept_out=nobody)
    return ledger.freeze(frozen_campaign(campaign, settings), deliveries)

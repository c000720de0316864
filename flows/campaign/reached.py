"""Whom a campaign reaches in earnest: partners by mail, subscribers by their consent."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache

from sqlalchemy import Engine

from flows.audience.addresses import address_key
from flows.audience.subscribers import Audience, open_audience
from flows.campaign.channel_kinds import Whose
from flows.campaign.folder import Campaign
from flows.campaign.freezing import KeptOut, Readers
from flows.campaign.plan import Step
from flows.compose.markup import FIELDS
from flows.models import Recipient
from flows.settings import Settings


def readers_in(settings: Settings, engine: Engine) -> Readers:
    """Return what gives the confirmed subscribers of a step's list."""

    def readers(step: Step) -> Iterator[Recipient]:
        return open_audience(settings, engine).confirmed(
            step.list,
            language=step.segment.language,
            where=step.segment.where,
            # Nothing else is frozen: what no draft can use has no business in the ledger.
            fields=FIELDS,
        )

    return readers


def kept_out_by(settings: Settings, engine: Engine) -> KeptOut:
    """Return what says which recipients must never be mailed again."""
    audience = _audience_of(settings, engine)

    def kept_out(recipients: Sequence[Recipient]) -> set[str]:
        addresses = [each.address for each in recipients]
        out = audience().keep_out(addresses, list_=None)
        return {address for address in addresses if address_key(address) in out}

    return kept_out


def counted(campaign: Campaign, settings: Settings, engine: Engine) -> Callable[[Step], int]:
    """Return what says how many recipients a step of mail has now."""

    def count(step: Step) -> int:
        if step.kind.whose is Whose.PARTNERS:
            return len(campaign.partners)
        return open_audience(settings, engine).count(
            step.list, language=step.segment.language, where=step.segment.where
        )

    return count


def sentence(campaign: Campaign, settings: Settings, engine: Engine) -> str:
    """Return in one sentence what a launch will do."""
    count, zone = counted(campaign, settings, engine), campaign.zone
    parts = [
        f"{step.kind.label} to {count(step):,} on {step.starts.astimezone(zone):%d-%m at %H:%M}"
        if step.kind.is_mail
        else f"{step.kind.label} on {step.starts.astimezone(zone):%d-%m at %H:%M}"
        for step in campaign.plan.steps
    ]
    event = campaign.plan.event
    return (
        f"“{campaign.item.title}” goes out before {event.name} "
        f"({event.at.astimezone(zone):%d-%m-%Y %H:%M}): {'; '.join(parts)}."
    )


def _audience_of(settings: Settings, engine: Engine) -> Callable[[], Audience]:
    """Return what opens the audience once, when it is first asked."""
    return cache(lambda: open_audience(settings, engine))

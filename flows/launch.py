"""Launching: recipients are frozen and every step gets its time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from prefect import task
from prefect.cache_policies import NO_CACHE

from flows.campaign.fingerprint import fingerprint
from flows.campaign.folder import Campaign
from flows.campaign.plan import Step
from flows.campaign.rendering import StepContent, compose_step, recipients_of
from flows.ledger.book import FrozenCampaign, FrozenStep, Ledger, Planned
from flows.models import Recipient, SkipReason
from flows.settings import Settings


@task(name="freeze", cache_policy=NO_CACHE, persist_result=False)
async def freeze(
    ledger: Ledger, campaign: Campaign, settings: Settings, readers: Sequence[Recipient]
) -> FrozenCampaign:
    """Write down who gets what and when. Freezing what is frozen changes nothing.

    Args:
        ledger: Where it is written.
        campaign: What goes out.
        settings: Of this installation, or of a rehearsal.
        readers: The newsletter's recipients.
    """
    event = campaign.plan.event
    contents = [compose_step(campaign, step, settings) for step in campaign.plan.steps]
    frozen = FrozenCampaign(
        slug=campaign.slug,
        title=campaign.item.title,
        language=campaign.item.language,
        time_zone=campaign.organisation.time_zone,
        event_name=event.name,
        event_at=event.at,
        fingerprint=fingerprint(campaign, settings),
        rehearsal=settings.rehearsal is not None,
        steps=tuple(
            FrozenStep(
                number=step.number,
                channel=step.channel,
                account=step.account,
                list=step.list,
                draft=step.draft,
                at=max(step.at, step.not_before or step.at),
                deadline=step.deadline,
            )
            for step in campaign.plan.steps
        ),
    )
    reached: set[str] = set()
    planned = [
        list(_planned(campaign, step, content, readers, reached))
        for step, content in zip(campaign.plan.steps, contents, strict=True)
    ]
    return ledger.freeze(frozen, planned)


def _planned(
    campaign: Campaign,
    step: Step,
    content: StepContent,
    readers: Sequence[Recipient],
    reached: set[str],
) -> Iterator[Planned]:
    """Yield the deliveries of one step.

    `reached` holds the addresses that an earlier mail step of this campaign reaches: a partner
    who also subscribes gets the first of the two and is skipped in the other.
    """
    for recipient in recipients_of(campaign, step, readers):
        if not step.kind.is_mail:
            yield from (
                Planned(recipient=recipient, part=part) for part in range(len(content.posts))
            )
            continue
        address = recipient.address.casefold()
        yield Planned(
            recipient=recipient, skip=SkipReason.DUPLICATE if address in reached else None
        )
        reached.add(address)

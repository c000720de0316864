"""Who gets what and when, as it is written into the ledger."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import islice
from typing import Protocol

from flows.campaign.channel_kinds import Whose
from flows.campaign.fingerprint import fingerprint
from flows.campaign.folder import Campaign
from flows.campaign.plan import Step
from flows.campaign.rendering import StepContent, compose_step, recipients_of
from flows.ledger.frozen import FrozenCampaign, FrozenStep, Planned
from flows.models import Recipient, SkipReason
from flows.settings import Settings

ASKED_AT_ONCE = 1_000
"""Recipients per question whether they are kept out."""


class People(Protocol):
    """The people behind a campaign's steps: in earnest, or in a rehearsal."""

    def readers(self, step: Step) -> Iterable[Recipient]:
        """Return the subscribers whom a step of a newsletter reaches."""
        ...

    def kept_out(self, recipients: Sequence[Recipient]) -> Collection[str]:
        """Return the addresses, of those asked about, that must never be mailed again."""
        ...


def frozen_campaign(campaign: Campaign, settings: Settings) -> FrozenCampaign:
    """Return a campaign as it is frozen: its event, its fingerprint, its steps and their times.

    Raises:
        InputError: something of it cannot be read.
    """
    event = campaign.plan.event
    return FrozenCampaign(
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
                at=step.starts,
                deadline=step.deadline,
            )
            for step in campaign.plan.steps
        ),
    )


def planned_deliveries(
    campaign: Campaign, settings: Settings, people: People
) -> list[Iterator[Planned]]:
    """Return the deliveries of each step, to be read in the order of the steps.

    A person whom several steps of mail would reach gets one, as `[recipients]` says, and is
    `skipped: duplicate` in the others. An address that must never be mailed again is `skipped:
    suppressed`.

    Raises:
        InputError: something of the campaign cannot be read.
    """
    contents = [compose_step(campaign, step, settings) for step in campaign.plan.steps]
    mails = campaign.plan.mails_by_preference
    reached: dict[int, set[str]] = {}

    def reached_by(step: Step) -> set[str]:
        if step.number not in reached:
            # It is frozen later, although it is preferred.
            recipients = recipients_of_step(campaign, step, people)
            reached[step.number] = {each.address.casefold() for each in recipients}
        return reached[step.number]

    def of_mail(step: Step) -> Iterator[Planned]:
        preferred = [reached_by(other) for other in mails[: mails.index(step)]]
        mine: set[str] = set()
        for recipient, suppressed in _with_kept_out(
            recipients_of_step(campaign, step, people), people
        ):
            address = recipient.address.casefold()
            skip = SkipReason.SUPPRESSED if suppressed else None
            if skip is None and any(address in others for others in preferred):
                skip = SkipReason.DUPLICATE
            if step is not mails[-1]:
                # What the last one reaches need not be remembered: a list may be long.
                mine.add(address)
            yield Planned(recipient=recipient, skip=skip)
        reached[step.number] = mine

    def of_posts(step: Step, content: StepContent) -> Iterator[Planned]:
        for recipient in recipients_of_step(campaign, step, people):
            for part in range(len(content.posts)):
                yield Planned(recipient=recipient, part=part)

    return [
        of_mail(step) if step.kind.is_mail else of_posts(step, content)
        for step, content in zip(campaign.plan.steps, contents, strict=True)
    ]


def recipients_of_step(campaign: Campaign, step: Step, people: People) -> Iterable[Recipient]:
    """Return whom a step reaches."""
    if step.kind.whose is Whose.SUBSCRIBERS:
        return people.readers(step)
    return recipients_of(campaign, step, ())


def _with_kept_out(
    recipients: Iterable[Recipient], people: People
) -> Iterator[tuple[Recipient, bool]]:
    """Yield each recipient with whether it is kept out, asking for many at a time."""
    waiting = iter(recipients)
    while some := list(islice(waiting, ASKED_AT_ONCE)):
        never = set(people.kept_out(some))
        for recipient in some:
            yield recipient, recipient.address in never

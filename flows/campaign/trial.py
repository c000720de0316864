"""One copy of each mail to ourselves, marked as a test: how it looks in a real mailbox."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from flows import clock
from flows.audience.addresses import checked_address
from flows.campaign.folder import Campaign
from flows.campaign.mailing import Mailing
from flows.campaign.plan import Step
from flows.campaign.rendering import compose, recipients_of
from flows.channels.batch import BatchChannel, Outcome, Outgoing
from flows.compose.messages import Mail
from flows.compose.wording import Marking
from flows.errors import InputError
from flows.ledger.hand_over import Claim
from flows.models import DeliveryState, Recipient
from flows.settings import Settings

NOBODY = 0
"""The delivery that a test's links name: there is none, so that they change nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What became of one test mail."""

    step: int
    subject: str
    sent: bool
    words: str
    """The relay's own; why it was not sent, if it was not."""


async def send_trials(
    campaign: Campaign, settings: Settings, channel: BatchChannel[Mail], *, to: str
) -> list[Tried]:
    """Send one copy of each of a campaign's mails to one address, past the ledger.

    Each is filled in as for the first recipient of its step.

    Args:
        campaign: The campaign.
        settings: Of this installation.
        channel: What carries mail.
        to: Our own address.

    Raises:
        InputError: the address is none, or something of the campaign cannot be read.
        SettingsError: there is no secret key.
    """
    try:
        address = checked_address(to)
    except ValueError as error:
        mend = "Write your own address, such as naam@organisatie.nl."
        raise InputError(f"{to!r} is not an address: {error}", where="--to", mend=mend) from None
    steps = [step for step in campaign.plan.steps if step.kind.is_mail]
    if not steps:
        raise InputError(
            "This campaign sends no mail.",
            where=campaign.slug,
            mend="`oproep preview` shows its posts.",
        )
    mails = list(_mails(campaign, settings, steps, address))
    waiting = [Outgoing(number, mail) for number, (_, mail) in enumerate(mails, 1)]
    ended: dict[int, Outcome] = {}

    def source(most: int) -> Sequence[Outgoing[Mail]]:
        given = waiting[:most]
        del waiting[:most]
        return given

    def record(_intents: Sequence[int], outcomes: Sequence[Outcome]) -> None:
        ended.update((outcome.delivery_id, outcome) for outcome in outcomes)

    end = await channel.deliver_many(source, record=record, stop=lambda: False)
    return [
        Tried(
            step=step.number,
            subject=compose(campaign, step, settings, Marking.TEST).mail.subject,
            sent=(known := ended.get(number)) is not None and known.state is DeliveryState.SENT,
            words=(known.reply if known else "") or end.words,
        )
        for number, (step, _) in enumerate(mails, 1)
    ]


def _mails(
    campaign: Campaign, settings: Settings, steps: Sequence[Step], address: str
) -> Iterator[tuple[Step, Mail]]:
    series = f"-test-{clock.now():%Y%m%d%H%M%S%f}"
    for step in steps:
        content = compose(campaign, step, settings, Marking.TEST)
        mailing = Mailing(
            settings,
            campaign,
            content,
            step=step.number,
            list_=step.list or step.channel,
            series=series,
        )
        somebody = next(iter(recipients_of(campaign, step, ())), Recipient(address=address))
        yield (
            step,
            mailing.mail(
                Claim(
                    id=NOBODY,
                    part=0,
                    recipient=address,
                    name=somebody.name,
                    language=somebody.language,
                    values=somebody.values,
                    attempts=0,
                )
            ),
        )

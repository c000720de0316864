"""Whether what a launched step needs of this installation is set up, told before its hour."""

from __future__ import annotations

from collections.abc import Iterator

from flows.campaign.channel_kinds import CHANNEL_KINDS
from flows.campaign.mailing import signing_key
from flows.channels.opening import open_mail, open_posts
from flows.errors import SettingsError
from flows.ledger.frozen import FrozenCampaign, FrozenStep
from flows.models import StepState
from flows.settings import Settings

_ENDED = (StepState.DONE, StepState.SKIPPED, StepState.STOPPED)


def unready(
    settings: Settings, campaign: FrozenCampaign
) -> Iterator[tuple[FrozenStep, SettingsError]]:
    """Yield each step that has yet to go out and lacks a setting, with the one that it lacks.

    Nobody is asked: whether a token is still good, `oproep doctor` says.
    """
    for step in campaign.by_time:
        if step.state in _ENDED:
            continue
        try:
            kind = CHANNEL_KINDS[step.channel]
            if kind.is_mail:
                signing_key(settings, kind.sends)
                open_mail(settings, step=step.channel)
            else:
                open_posts(settings, step=step.channel, account=step.account)
        except SettingsError as fault:
            yield step, fault

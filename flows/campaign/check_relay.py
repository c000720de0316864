"""What only the mail server can tell before a launch: whether it lets us in, what it takes.

relay-refused             it does not accept our user name and password
relay-unreachable         it does not answer now, or not safely
mail-too-large            it takes no mail as large as a step's
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from flows.campaign.folder import Campaign
from flows.campaign.look import error, warning
from flows.campaign.mailing import mail_spec
from flows.campaign.plan import Step
from flows.campaign.rendering import StepContent
from flows.channels.smtp import Relay, SmtpChannel, server_of
from flows.channels.smtp_connection import HASTY, CannotOpen
from flows.compose.mime import compile_mail
from flows.models import Problem
from flows.settings import Settings

_MEGABYTE = 1_000_000


def of_relay(
    steps: Sequence[tuple[Step, StepContent]], campaign: Campaign, settings: Settings
) -> Iterator[Problem]:
    """Ask the mail server, if one is set, what it thinks of the steps of mail.

    Raises:
        OproepError: the server's address or a mail cannot be used.
    """
    mails = [(step, content) for step, content in steps if step.kind.is_mail]
    if not mails or settings.smtp_url is None:
        return
    first = mails[0][0].draft
    server = server_of(settings.smtp_url.get_secret_value())
    try:
        most = SmtpChannel(Relay(server=server, timeouts=HASTY)).look().capabilities.size
    except CannotOpen as failure:
        if failure.auth:
            mend = "Correct user and password in OPROEP_SMTP_URL."
            yield error("relay-refused", first, failure.words, mend)
        else:
            mend = "`oproep doctor` looks again; a launch waits for it until its deadline."
            yield warning("relay-unreachable", first, failure.words, mend)
        return
    for step, content in mails:
        spec = mail_spec(campaign, content, list_=step.list or step.channel)
        if most is not None and (octets := compile_mail(spec).octets) > most:
            what = f"It is {_megabytes(octets)} with its attachments; "
            what += f"the mail server takes {_megabytes(most)}."
            mend = "Make the attachments smaller, or link to them instead."
            yield error("mail-too-large", step.draft, what, mend)


def _megabytes(octets: int) -> str:
    return f"{octets / _MEGABYTE:.1f} MB"

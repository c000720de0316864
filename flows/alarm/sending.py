"""How an alarm is mailed: through the same relay as everything else, at once."""

from __future__ import annotations

from flows import clock
from flows.channels.batch import Outcome, Outgoing
from flows.channels.opening import open_mail
from flows.compose.messages import Mail
from flows.compose.mime import MailSpec, compile_mail, message_id
from flows.compose.mime_headers import wire_address
from flows.compose.slots import literal
from flows.errors import OproepError
from flows.models import DeliveryState, Organisation
from flows.settings import Settings


async def mail_alarm(
    settings: Settings, organisation: Organisation, *, to: str, subject: str, body: str
) -> None:
    """Mail an alarm.

    Raises:
        OproepError: the relay did not take it.
    """
    sender = organisation.mail
    spec = MailSpec(
        subject=literal(subject),
        text=literal(body),
        language=organisation.language,
        sender_name=f"Oproep, {organisation.name}",
        sender_address=sender.from_address,
        auto_submitted="auto-generated",
    )
    now = clock.now()
    content = compile_mail(spec).cut(
        to_name="",
        to_address=to,
        message_id=message_id(
            secret=settings.secret_key.get_secret_value() if settings.secret_key else "",
            campaign=f"alarm {subject} {now.isoformat()}",
            step=0,
            recipient=to,
            host=sender.from_address.rpartition("@")[2],
        ),
        date=now.replace(microsecond=0),
        values={},
    )
    mail = Mail(sender=sender.from_address, recipient=wire_address(to), content=content, ready=True)
    waiting = [Outgoing(0, mail)]
    outcomes: list[Outcome] = []
    end = await open_mail(settings, step="alarm").deliver_many(
        lambda _most: [waiting.pop()] if waiting else [],
        record=lambda _begun, done: outcomes.extend(done),
        stop=lambda: False,
    )
    if not outcomes or outcomes[-1].state is not DeliveryState.SENT:
        reply = outcomes[-1].reply if outcomes else ""
        raise OproepError(
            f"The mail server did not take the mail to {to}: {reply or end.words}",
            where="OPROEP_SMTP_URL",
        )

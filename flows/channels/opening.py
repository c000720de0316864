"""Which channel carries a step under these settings. A rehearsal's lead nowhere but its outbox."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from flows.channels.batch import BatchChannel
from flows.channels.outbox import MailOutbox, PostOutbox
from flows.channels.smtp import Relay, SmtpChannel, server_of
from flows.channels.smtp_pace import Bound
from flows.channels.smtp_pool import Bounds
from flows.compose.messages import Mail, Post
from flows.errors import SettingsError
from flows.models import Receipt
from flows.settings import Settings


class PostDeliverer(Protocol):
    """The part of a post channel that hands over; see `flows.channels.base.PostChannel`."""

    def deliver(self, post: Post, *, delivery_id: str, first_tried: datetime) -> Receipt:
        """Make one attempt."""
        ...


def open_mail(settings: Settings, *, step: str) -> BatchChannel[Mail]:
    """Return what carries mail; `step` names the files of a rehearsal.

    Raises:
        SettingsError: no mail server is set, or its URL cannot be used.
    """
    if settings.rehearsal is not None:
        return MailOutbox(settings.outbox_in_progress, step=step)
    if settings.smtp_url is None:
        raise SettingsError(
            "There is no mail server to hand mail to.",
            where="OPROEP_SMTP_URL",
            mend="Write smtp+starttls://user:password@host:587, as your provider says.",
        )
    return SmtpChannel(
        Relay(
            server=server_of(settings.smtp_url.get_secret_value()),
            bounds=Bounds(connections=settings.smtp_connections),
            rates=[Bound(settings.smtp_rate, 1.0)] if settings.smtp_rate else (),
        )
    )


def open_posts(settings: Settings, *, step: str, account: str) -> PostDeliverer:  # noqa: ARG001
    """Return what carries posts to an account; `step` names the files of a rehearsal.

    Raises:
        SettingsError: there is no way to send yet.
    """
    if settings.rehearsal is not None:
        return PostOutbox(settings.outbox_in_progress, step=step)
    raise _only_rehearsals()


def _only_rehearsals() -> SettingsError:
    return SettingsError(
        "This version rehearses; it does not send yet.",
        mend="`oproep rehearse CAMPAIGN` shows everything that would go out.",
    )

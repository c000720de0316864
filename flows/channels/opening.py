"""Which channel carries a step under these settings. A rehearsal's lead nowhere but its outbox."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from flows.channels.batch import BatchChannel
from flows.channels.outbox import MailOutbox, PostOutbox
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
        SettingsError: there is no way to send yet.
    """
    if settings.rehearsal is not None:
        return MailOutbox(settings.outbox_in_progress, step=step)
    raise _only_rehearsals()


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

"""The channels a step may name, and what each of them sends, to whom, from which draft.

This table is the only list of channels; a new one is a line here and a carrier in `channels/`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from flows.models import MessageKind


class Whose(StrEnum):
    """Where the recipients of a channel come from."""

    SUBSCRIBERS = "subscribers"
    """The confirmed subscribers of a list, or a rehearsal's invented readers."""
    PARTNERS = "partners"
    """The contacts in `partners.csv`."""
    ACCOUNT = "account"
    """The one account of ours on which a post appears."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelKind:
    """What is the same for every step of one channel."""

    key: str
    label: str
    """Its name in sentences for people."""
    sends: MessageKind
    whose: Whose
    draft: str
    """The draft it sends when the step names none, within the campaign's folder."""
    by_hand: bool = False
    """Whether a person carries it over, because there is no usable API."""
    default_list: str | None = None
    """The list it goes to when the step names none; None where lists mean nothing."""

    @property
    def is_mail(self) -> bool:
        """Whether it goes out as mail."""
        return self.sends is not MessageKind.POST


def _network(key: str, label: str, *, by_hand: bool = False) -> ChannelKind:
    return ChannelKind(
        key=key,
        label=label,
        sends=MessageKind.POST,
        whose=Whose.ACCOUNT,
        draft="posts/oproep.md",
        by_hand=by_hand,
    )


_ALL = (
    ChannelKind(
        key="newsletter",
        label="newsletter",
        sends=MessageKind.ISSUE,
        whose=Whose.SUBSCRIBERS,
        draft="newsletter.md",
        default_list="nieuwsbrief",
    ),
    ChannelKind(
        key="mailout",
        label="partner mail-out",
        sends=MessageKind.MAILOUT,
        whose=Whose.PARTNERS,
        draft="mailout.md",
    ),
    _network("mastodon", "Mastodon"),
    _network("bluesky", "Bluesky"),
    _network("linkedin", "LinkedIn", by_hand=True),
    _network("instagram", "Instagram", by_hand=True),
    _network("facebook", "Facebook", by_hand=True),
    _network("x", "X", by_hand=True),
    _network("whatsapp", "WhatsApp", by_hand=True),
)

CHANNEL_KINDS: Mapping[str, ChannelKind] = MappingProxyType({kind.key: kind for kind in _ALL})
"""Every channel by its key, as `campaign.toml` writes it."""

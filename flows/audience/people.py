"""The audience in words: subscribers, their subscriptions and how they end, suppressions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class SubscriptionState(StrEnum):
    """Where one person stands on one list. Only the confirmed are mailed."""

    PENDING = "pending"
    """Asked for, by whoever filled in the address, and not confirmed by the address's owner."""
    CONFIRMED = "confirmed"
    """Consent was given and can be shown."""
    ENDED = "ended"
    """The person left, in the way that stands beside it."""


class Left(StrEnum):
    """How a subscription ended."""

    LINK = "link"
    """By the unsubscribe link in a mail."""
    ONE_CLICK = "one-click"
    """By the button of the mail program (RFC 8058)."""
    PREFERENCES = "preferences"
    """On the page with one's own preferences."""
    MAIL = "mail"
    """By a mail that asked for it."""
    COMPLAINT = "complaint"
    """The person reported a mail as unwanted."""
    STAFF = "staff"
    """A colleague took them off, as they had asked."""


class SuppressionReason(StrEnum):
    """Why an address must not be mailed, whatever list it is on."""

    GONE = "address-gone"
    """The mailbox or its domain does not exist."""
    FULL = "mailbox-full"
    """It could not be delivered to in several campaigns."""
    COMPLAINT = "complaint"
    """Its owner reported our mail as unwanted."""
    FORGOTTEN = "forgotten"
    """Its owner asked to be forgotten; only this mark is left."""
    STAFF = "staff"
    """A colleague decided it; only a colleague takes it back."""


SELF_LIFTED = frozenset(
    {SuppressionReason.GONE, SuppressionReason.FULL, SuppressionReason.FORGOTTEN}
    | {SuppressionReason.COMPLAINT}
)
"""Reasons that fall away when the owner confirms a new subscription: the mail arrived, and they
want it. What a colleague decided stays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """An address that must not be mailed."""

    reason: SuppressionReason
    at: datetime
    source: str
    """What brought it about, such as `bounce` or a colleague's words; never an address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """One person on one list, with the proof of consent."""

    id: int
    subscriber_id: int
    list: str
    state: SubscriptionState
    wording: str
    """Exactly what was agreed to."""
    purpose: str
    source: str
    """Where it was agreed to."""
    asked_at: datetime
    confirmed_at: datetime | None
    ended_at: datetime | None
    ended_how: Left | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriber:
    """One person, with all subscriptions."""

    id: int
    address: str
    address_hash: str
    name: str
    language: str
    fields: Mapping[str, str]
    created_at: datetime
    subscriptions: tuple[Subscription, ...] = ()
    suppression: Suppression | None = None

    @property
    def lists(self) -> tuple[str, ...]:
        """The lists of which this person gets mail, unless suppressed."""
        return tuple(
            each.list for each in self.subscriptions if each.state is SubscriptionState.CONFIRMED
        )

    def on(self, list_: str) -> Subscription | None:
        """Return the subscription to a list, whatever its state; None if there is none."""
        return next((each for each in self.subscriptions if each.list == list_), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """What somebody agrees to, as it is kept for proof."""

    wording: str
    """Exactly the words that were shown."""
    purpose: str
    """What the mail is for."""
    source: str
    """Where they were shown: a page, a form, an imported file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """What somebody says of themselves."""

    name: str = ""
    language: str = "nl"
    fields: Mapping[str, str] = field(default_factory=dict)

"""The words of the house as values: states, problems, the news item, recipients, receipts.

Values that are read from or written to files are pydantic models; values that only live while the
program runs are frozen dataclasses. All of them are immutable.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date as Date  # a field is called `date`, which would hide the type
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from pydantic import BaseModel, ConfigDict, Field

# --- deliveries --------------------------------------------------------------------------------


class DeliveryState(StrEnum):
    """Where one message to one recipient stands. Sent is not delivered is not read."""

    QUEUED = "queued"
    """Frozen for this step and not yet handed to anyone."""
    SENDING = "sending"
    """An attempt has been recorded and its outcome has not."""
    SENT = "sent"
    """The relay or server accepted it; whether it arrived is not known."""
    DELIVERED = "delivered"
    """The other side confirmed that it arrived or is visible."""
    DEFERRED = "deferred"
    """Refused for now; it is tried again until the deadline."""
    REJECTED = "rejected"
    """Refused for good at hand-over."""
    BOUNCED = "bounced"
    """Accepted first and returned later."""
    COMPLAINED = "complained"
    """The recipient reported it as unwanted."""
    FAILED = "failed"
    """We gave up: out of time, or it could not be made or carried."""
    SKIPPED = "skipped"
    """Deliberately not sent, for the reason that stands beside it."""
    UNCONFIRMED = "unconfirmed"
    """It may have gone out; it is never sent again without proof that it did not."""


_S = DeliveryState
TRANSITIONS: Mapping[DeliveryState, frozenset[DeliveryState]] = MappingProxyType(
    {
        _S.QUEUED: frozenset({_S.SENDING, _S.SKIPPED, _S.FAILED}),
        _S.SENDING: frozenset(
            {_S.SENT, _S.DELIVERED, _S.DEFERRED, _S.REJECTED, _S.FAILED, _S.UNCONFIRMED}
            # Back to the queue when it is certain that nothing left: a lost connection before the
            # message's last octet, or a stop between intent and request.
            | {_S.QUEUED}
        ),
        _S.DEFERRED: frozenset({_S.SENDING, _S.SKIPPED, _S.FAILED}),
        _S.SENT: frozenset({_S.DELIVERED, _S.BOUNCED, _S.COMPLAINED}),
        # Bounces arrive after "delivered" notices, and late complaints after bounces: both happen.
        _S.DELIVERED: frozenset({_S.BOUNCED, _S.COMPLAINED}),
        _S.BOUNCED: frozenset({_S.COMPLAINED}),
        _S.COMPLAINED: frozenset(),
        # Settled by proof, or by a late bounce or confirmation, which is proof as well.
        _S.UNCONFIRMED: frozenset(
            {_S.SENT, _S.DELIVERED, _S.QUEUED, _S.FAILED, _S.BOUNCED, _S.COMPLAINED}
        ),
        # `oproep retry` puts these back in the queue.
        _S.REJECTED: frozenset({_S.QUEUED}),
        _S.FAILED: frozenset({_S.QUEUED}),
        _S.SKIPPED: frozenset({_S.QUEUED}),
    }
)
"""Which state may follow which. Everything that is not in this table is refused."""


class SkipReason(StrEnum):
    """Why a delivery was deliberately not made."""

    SUPPRESSED = "suppressed"
    """The address must never be mailed again."""
    UNSUBSCRIBED = "unsubscribed"
    """The person left the list after the recipients were frozen."""
    DUPLICATE = "duplicate"
    """The same person already gets this campaign another way."""
    DEADLINE = "deadline"
    """Its time had passed; nothing goes out after the deadline."""
    CANCELLED = "cancelled"
    """A person stopped or withdrew it."""
    CONDITION = "condition"
    """What the step waited for did not come in time."""


class StepState(StrEnum):
    """Where one step of a campaign stands."""

    SCHEDULED = "scheduled"
    """Frozen and waiting for its time."""
    RUNNING = "running"
    """Its time has come and it is handing over."""
    PAUSED = "paused"
    """Held back by a person or because the other side is blocking us; it can go on."""
    STOPPED = "stopped"
    """Ended by a person before it was through."""
    DONE = "done"
    """Every delivery has an outcome."""
    SKIPPED = "skipped"
    """It did not start before its deadline, so it did not start."""


class CampaignState(StrEnum):
    """Where a campaign stands as a whole."""

    DRAFT = "draft"
    """Being written; nothing is frozen."""
    APPROVED = "approved"
    """A named person said yes to exactly this content."""
    SCHEDULED = "scheduled"
    """Launched: recipients are frozen and every step has its time."""
    IN_FLIGHT = "in flight"
    """At least one step has begun and at least one has not ended."""
    DONE = "done"
    """Every step has ended."""
    PAUSED = "paused"
    """Held back; it can go on."""
    STOPPED = "stopped"
    """Ended by a person."""


# --- problems ----------------------------------------------------------------------------------


class Severity(StrEnum):
    """How bad a problem is."""

    ERROR = "error"
    """The campaign cannot be launched like this."""
    WARNING = "warning"
    """Worth a look; it can be launched."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something that a check found before launch."""

    severity: Severity
    code: str
    """A short stable name, such as `alt-missing`."""
    where: str
    """File and field or line, relative to the content folder."""
    what: str
    mend: str


# --- the news item -----------------------------------------------------------------------------


class Value(BaseModel):
    """Base of everything that is read from or written to a file: immutable, no unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Document(Value):
    """A document that the item offers, with what the item says of it."""

    title: str
    url: str | None = None
    media_type: str | None = None
    pages: int | None = None
    date: Date | None = None
    size: int | None = None
    """Bytes: as the item states it, or as it was when it was opened."""


class RelatedItem(Value):
    """An earlier item that the item points to."""

    title: str
    url: str | None = None
    published: Date | None = None


class FoundDate(Value):
    """A date that the item mentions, with the words around it; a candidate for the event."""

    date: Date
    text: str


class Image(Value):
    """An image of the item and its alternative text (empty when the item gives none)."""

    url: str
    alt: str = ""
    caption: str | None = None


class NewsItem(Value):
    """One published article, as plain facts and Markdown."""

    title: str
    published: Date | None = None
    language: str = "nl"
    """BCP 47 tag."""
    lead: str = ""
    """Plain text, one paragraph."""
    body: str = ""
    """Markdown, paragraphs separated by a blank line; without title, lead, documents, related."""
    documents: tuple[Document, ...] = ()
    related: tuple[RelatedItem, ...] = ()
    organisations: tuple[str, ...] = ()
    dates: tuple[FoundDate, ...] = ()
    """Dates in the text that may be the event, best first."""
    images: tuple[Image, ...] = ()
    source: str = ""
    """The URL or file name it was read from."""
    author: str | None = None
    """Who wrote it, as it says."""


# --- who sends, and to whom --------------------------------------------------------------------


class SenderMail(Value):
    """How the organisation appears in a mail."""

    from_name: str
    from_address: str
    reply_to: str
    """A mailbox that a person reads."""
    return_domain: str | None = None
    """Domain of the per-delivery envelope senders; that of `from_address` if None."""


class Brand(Value):
    """What makes a mail or page recognisable."""

    color: str = Field(default="#1d4f91", pattern=r"#[0-9a-fA-F]{6}")
    """Background of headings and buttons; white text stands on it."""


class MailingList(Value):
    """A list that people can be on, as the public pages describe it."""

    title: Mapping[str, str] = Field(min_length=1)
    """Its name by language: `{ nl = "Nieuwsbrief", en = "Newsletter" }`."""
    about: Mapping[str, str] = {}
    """What one gets and how often, by language; also the purpose that is consented to."""
    public: bool = True
    """Whether people may put themselves on it."""

    def title_in(self, language: str) -> str:
        """Return its name in a language, or in the first one that there is."""
        return self.title.get(language) or next(iter(self.title.values()))

    def about_in(self, language: str) -> str:
        """Return what it brings in a language, or in the first one that there is."""
        return self.about.get(language) or next(iter(self.about.values()), "")


class Schedule(Value):
    """When the organisation does not want anything to begin."""

    quiet: str = Field(default="", pattern=r"^$|^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$")
    """Hours of the night, such as `22:00-07:00`, in the organisation's zone; empty for none."""
    working_days: bool = False
    """Whether weekends and public holidays are free."""
    country: str = Field(default="NL", pattern=r"^[A-Z]{2}$")
    """Whose public holidays: ISO 3166-1."""
    rule: Severity = Severity.WARNING
    """What it is when a step begins then all the same."""


class ReturnsPolicy(Value):
    """What is done about mail that comes back: `[returns]` in `content/organisation.toml`."""

    give_up_after: int = Field(default=3, ge=1)
    """In how many campaigns mail may come back from a full or unreachable mailbox before the
    address is suppressed."""


class Organisation(Value):
    """Who sends: `content/organisation.toml`."""

    name: str
    legal_name: str
    address: tuple[str, ...]
    """Postal address, a line each; stands under every mail."""
    website: str
    language: str = "nl"
    time_zone: str = "Europe/Amsterdam"
    mail: SenderMail
    brand: Brand = Brand()
    hashtags: tuple[str, ...] = ()
    """Without `#`, in CamelCase, so that screen readers read words."""
    accounts: Mapping[str, str] = {}
    """Public account names by network, such as `mastodon = "@naam@server.example"`."""
    retention_days: int = Field(default=90, ge=1)
    lists: Mapping[str, MailingList] = {}
    """The lists by key; none named means that there is one, `nieuwsbrief`."""
    schedule: Schedule = Schedule()
    returns: ReturnsPolicy = ReturnsPolicy()
    approvals: int = Field(default=1, ge=1, le=5)
    """How many different people must approve a campaign before it can be launched."""


class Partner(Value):
    """One contact at a partner organisation: a line of `content/partners.csv`."""

    organisation: str
    contact: str
    """Name for the greeting: a person or a team."""
    email: str
    language: str = "nl"
    signatory: bool = False
    """Whether it signed the call, so that it is thanked for that."""
    handles: Mapping[str, str] = {}
    """Account names by network, for mentions."""


# --- carrying ----------------------------------------------------------------------------------


class MessageKind(StrEnum):
    """What a step sends."""

    ISSUE = "issue"
    """A newsletter issue, to subscribers."""
    MAILOUT = "mail-out"
    """A personalised mail to partner organisations."""
    POST = "post"
    """One or more posts on an account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """One addressee: a subscriber, a partner contact or, for a post, the account it appears on."""

    address: str
    """E-mail address, or `account@network` for a post."""
    name: str = ""
    language: str = "nl"
    values: Mapping[str, str] = field(default_factory=dict)
    """What differs per recipient: the fields a draft may use, as plain text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What the other side answered to an accepted message."""

    at: datetime
    """Aware, UTC."""
    remote_id: str = ""
    """Queue id, record key or status id."""
    url: str = ""
    """Where it can be seen, for posts."""
    code: int | None = None
    enhanced: str | None = None
    reply: str = ""
    """The other side's own words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much one message may hold; None means the channel sets no bound."""

    characters: int | None = None
    bytes: int | None = None
    url_characters: int | None = None
    """What any link counts for, whatever its length."""
    images: int | None = None
    alt_characters: int | None = None
    image_bytes: int | None = None
    media_types: tuple[str, ...] = ()
    """Which images are taken; empty when the channel does not say."""

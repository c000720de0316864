"""What a returned message says of one recipient, in our own words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Kind(StrEnum):
    """What a returned message is."""

    BOUNCE = "bounce"
    """A mail system could not deliver it, or not yet."""
    COMPLAINT = "complaint"
    """The recipient reported it as unwanted."""
    AUTORESPONSE = "autoresponse"
    """A machine answered on the recipient's behalf."""
    DELIVERED = "delivered"
    """A mail system confirms that it arrived or went further."""
    REPLY = "reply"
    """A person wrote."""
    OTHER = "other"
    """None of these; it is kept and shown."""


class Action(StrEnum):
    """What is to be done about it."""

    ADDRESS_GONE = "address-gone"
    """Never mail this address again."""
    MAILBOX_FULL = "mailbox-full"
    """The mailbox takes nothing now: full or put out of use; give it up after several times."""
    LATER = "later"
    """Nothing is wrong with the address; another time may do."""
    WE_ARE_BLOCKED = "we-are-blocked"
    """They refuse us, not the recipient: hold the step, keep the address."""
    FIX_MESSAGE = "fix-message"
    """They refuse this message: its size, form or content."""
    UNSUBSCRIBE = "unsubscribe"
    """Take the recipient off the lists."""
    NONE = "none"
    """Nothing to do."""
    TO_A_PERSON = "to-a-person"
    """Only a person can tell."""


class Reason(StrEnum):
    """Why, more finely than what to do."""

    USER_UNKNOWN = "user-unknown"
    """No such mailbox."""
    HOST_UNKNOWN = "host-unknown"
    """No such domain."""
    TAKES_NO_MAIL = "takes-no-mail"
    """The domain says that it takes no mail at all (RFC 7504, 7505)."""
    MOVED = "moved"
    """The mailbox has gone elsewhere or to another owner."""
    FULL = "full"
    """No room in the mailbox."""
    INACTIVE = "inactive"
    """The mailbox is there, but put out of use."""
    RATE = "rate"
    """Too much at once."""
    EXPIRED = "expired"
    """They tried for days and gave up."""
    NETWORK = "network"
    """Their server cannot be reached or found at this time."""
    SYSTEM = "system"
    """Their system is in trouble."""
    MAILER = "mailer"
    """The program that puts mail into the mailbox failed."""
    DELAYED = "delayed"
    """Not yet; they go on trying."""
    AUTHENTICATION = "authentication"
    """SPF, DKIM, DMARC, or a login."""
    REVERSE_NAME = "reverse-name"
    """The sending host has no proper name in the DNS."""
    LISTED = "listed"
    """The sending host or domain is on a block list or has a bad name."""
    SPAM = "spam"
    """It looks like spam to them."""
    POLICY = "policy"
    """Against a rule of theirs."""
    SENDER = "sender"
    """They do not want mail from this sender's address."""
    UNWANTED = "unwanted"
    """This one recipient does not want our mail, or a group takes it from members only."""
    RELAY = "relay"
    """The server does not see itself as the recipient's."""
    TOO_BIG = "too-big"
    """More than they take."""
    VIRUS = "virus"
    """A scanner found something."""
    CONTENT = "content"
    """Its form or an attachment."""
    SYNTAX = "syntax"
    """The dialogue between the servers went wrong."""
    UNCLEAR = "unclear"
    """Nothing that we understand was said."""
    FEEDBACK = "feedback"
    """A report of abuse (RFC 5965)."""
    OPT_OUT = "opt-out"
    """The recipient asks by machine to be left out."""
    OUT_OF_OFFICE = "out-of-office"
    """Away, or a confirmation of receipt."""
    CHALLENGE = "challenge"
    """A person has to prove that a person sent it."""
    RECEIPT = "receipt"
    """Arrived, opened or thrown away, says a machine."""
    WRITTEN = "written"
    """Written by a person."""


ACTIONS: Mapping[Reason, Action] = MappingProxyType(
    {
        Reason.USER_UNKNOWN: Action.ADDRESS_GONE,
        Reason.HOST_UNKNOWN: Action.ADDRESS_GONE,
        Reason.TAKES_NO_MAIL: Action.ADDRESS_GONE,
        Reason.MOVED: Action.ADDRESS_GONE,
        Reason.FULL: Action.MAILBOX_FULL,
        Reason.INACTIVE: Action.MAILBOX_FULL,
        Reason.RATE: Action.LATER,
        Reason.EXPIRED: Action.LATER,
        Reason.NETWORK: Action.LATER,
        Reason.SYSTEM: Action.LATER,
        Reason.MAILER: Action.LATER,
        Reason.DELAYED: Action.LATER,
        Reason.AUTHENTICATION: Action.WE_ARE_BLOCKED,
        Reason.REVERSE_NAME: Action.WE_ARE_BLOCKED,
        Reason.LISTED: Action.WE_ARE_BLOCKED,
        Reason.SPAM: Action.WE_ARE_BLOCKED,
        Reason.POLICY: Action.WE_ARE_BLOCKED,
        Reason.SENDER: Action.WE_ARE_BLOCKED,
        Reason.UNWANTED: Action.WE_ARE_BLOCKED,
        Reason.RELAY: Action.WE_ARE_BLOCKED,
        Reason.TOO_BIG: Action.FIX_MESSAGE,
        Reason.VIRUS: Action.FIX_MESSAGE,
        Reason.CONTENT: Action.FIX_MESSAGE,
        Reason.SYNTAX: Action.FIX_MESSAGE,
        Reason.UNCLEAR: Action.LATER,
        Reason.FEEDBACK: Action.UNSUBSCRIBE,
        Reason.OPT_OUT: Action.UNSUBSCRIBE,
        Reason.OUT_OF_OFFICE: Action.NONE,
        Reason.CHALLENGE: Action.TO_A_PERSON,
        Reason.RECEIPT: Action.NONE,
        Reason.WRITTEN: Action.TO_A_PERSON,
    }
)
"""What each reason leads to, unless the mail system says that it goes on trying."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a returned message says of one recipient."""

    kind: Kind
    reason: Reason
    action: Action
    status: str | None = None
    """Enhanced status code (RFC 3463), such as `5.1.1`."""
    recipient: str | None = None
    """As the message names it; anybody can write anything here."""
    message_id: str | None = None
    """Of the mail that it is about, with its angle brackets."""
    words: str = ""
    """What the other side said, in one line."""
    final: bool = True
    """False while the other side goes on trying."""

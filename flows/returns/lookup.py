"""Which delivery a returned message is about, and what proves it.

Anybody can send a mail that names anybody. Only two things are known to nobody but the recipient
of one delivery and the servers on the way: its signed envelope sender (VERP), and its Message-ID,
which is derived under the secret key. Either proves a delivery; the recipient's address does not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Engine, Result, select

from flows import clock
from flows.audience.tokens import Purpose, Signer, verp_number
from flows.compose.mime import message_id
from flows.database import reading
from flows.ledger import tables as t
from flows.returns.classify import Return
from flows.returns.findings import Finding

BACK = timedelta(days=40)
"""How old the steps may be among which a Message-ID is looked for; mail queues keep mail a week."""

_OWN_ID = re.compile(r"<([0-9a-f]{30})@([^<>@\s]+)>", re.IGNORECASE)


class Proof(StrEnum):
    """How it is known which delivery something is about."""

    VERP = "verp"
    """By the signed envelope sender."""
    MESSAGE_ID = "message-id"
    """By our own Message-ID."""
    RELAY = "relay"
    """The relay refused it itself, at the hand-over."""
    RECIPIENT = "recipient"
    """By the address alone: shown, never acted on."""


PROVEN = (Proof.VERP, Proof.MESSAGE_ID, Proof.RELAY)
"""What may be acted on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A delivery, and how it was found."""

    delivery_id: int
    proof: Proof

    @property
    def proven(self) -> bool:
        """Whether it may be acted on."""
        return self.proof in PROVEN


class Lookup:
    """Finds deliveries in one ledger.

    Raises:
        InputError: the secret is empty.
    """

    def __init__(self, engine: Engine, secret: str) -> None:
        self._engine = engine
        self._secret = secret
        self._signer = Signer(secret, Purpose.BOUNCE)
        self._by_id: dict[str, int] | None = None

    def find(self, came_back: Return, finding: Finding) -> Match | None:
        """Return the delivery that a finding is about, with the best proof there is."""
        with reading(self._engine) as connection:
            for address in came_back.sent_to:
                number = verp_number(self._signer, address)
                if number is not None and _exists(connection, number):
                    return Match(delivery_id=number, proof=Proof.VERP)
            if (number := self._by_message_id(connection, finding)) is not None:
                return Match(delivery_id=number, proof=Proof.MESSAGE_ID)
            if (number := self._by_recipient(connection, finding)) is not None:
                return Match(delivery_id=number, proof=Proof.RECIPIENT)
        return None

    def _by_message_id(self, connection: Connection, finding: Finding) -> int | None:
        match = _OWN_ID.fullmatch((finding.message_id or "").strip())
        if match is None:
            return None
        wanted = match[1].lower()
        # Mostly the recipient is named as we wrote it; else all that went out lately is compared.
        for row in self._candidates(connection, finding.recipient):
            if self._digest(row.slug, row.number, row.recipient_key) == wanted:
                return int(row.id)
        if self._by_id is None:
            self._by_id = {
                self._digest(row.slug, row.number, row.recipient_key): row.id
                for row in self._candidates(connection, None)
            }
        return self._by_id.get(wanted)

    def _by_recipient(self, connection: Connection, finding: Finding) -> int | None:
        if not finding.recipient:
            return None
        rows = self._candidates(connection, finding.recipient)
        return max((row.id for row in rows), default=None)

    def _candidates(self, connection: Connection, recipient: str | None) -> Result[Any]:
        """Return the mails that went out lately, to one recipient or to all."""
        d, s = t.delivery.c, t.step.c
        steps = connection.scalars(
            select(s.id).where(s.started_at.is_not(None), s.started_at >= clock.now() - BACK)
        ).all()
        query = (
            select(d.id, d.recipient_key, s.number, t.campaign.c.slug)
            .join(t.step, s.id == d.step_id)
            .join(t.campaign, t.campaign.c.id == s.campaign_id)
            # Named one by one, so that the index on step and recipient is used.
            .where(d.step_id.in_(steps), s.account == "")
        )
        if recipient is not None:
            query = query.where(d.recipient_key == recipient.casefold())
        return connection.execute(query)

    def _digest(self, slug: str, step: int, recipient: str) -> str:
        own = message_id(
            secret=self._secret, campaign=slug, step=step, recipient=recipient, host="x"
        )
        return own[1:31]


def _exists(connection: Connection, number: int) -> bool:
    if number >= 2**63:
        return False
    query = select(t.delivery.c.id).where(t.delivery.c.id == number)
    return connection.scalar(query) is not None

"""Doubts about mail that the relay's own log ends.

A delivery that the log shows in the relay's queue was accepted. That one was *not* accepted is only
concluded from a log that proves itself complete: all deliveries that the ledger knows to have been
accepted shortly before and after must stand in it, and it must go on for long enough afterwards.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from statistics import median

from sqlalchemy import select

from flows.audience.tokens import Purpose, Signer, verp_number
from flows.campaign.channel_kinds import CHANNEL_KINDS
from flows.campaign.settling import Settled
from flows.channels.batch import Outcome
from flows.channels.postfix_log import Entry, Taken, entries, taken
from flows.compose.mime import message_id
from flows.database import reading
from flows.errors import LedgerError, OproepError
from flows.ledger import tables as t
from flows.ledger.book import Ledger
from flows.ledger.doubts import Doubt, doubts, settle
from flows.models import DeliveryState

AFTERWARDS = timedelta(minutes=15)
"""How long a relay may be at a message after its last octet, with everything that it asks."""
WITNESSES = 10
"""Accepted deliveries before a doubt, and as many after it, that the log must know."""
FEWEST = 5
"""Fewer of them prove nothing."""
_QUARTER = 900
"""Seconds: clocks that show another zone differ by a whole number of these."""
_SKEW = 120
"""Seconds by which a relay's clock may be wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Witness:
    """A delivery that the ledger knows to have been accepted."""

    id: int
    at: datetime


def settle_from_log(
    ledger: Ledger, slug: str, lines: Iterable[str], *, secret: str
) -> list[Settled]:
    """End the doubts about a campaign's mail that a Postfix's log can end.

    Args:
        ledger: The ledger.
        slug: The campaign.
        lines: Of the log; see `flows.channels.postfix_log`.
        secret: The installation's secret key, by which our messages are known.

    Returns:
        Every doubt about mail, with the state that it has now: `sent`; `queued` (or `skipped`,
        after the deadline) if it was certainly not accepted; or still `unconfirmed`, with a
        fault that says why the log does not tell.

    Raises:
        LedgerError: the campaign is not launched.
        InputError: the log cannot be read.
    """
    ledger.campaign(slug)
    open_doubts = [one for one in doubts(ledger.engine, slug) if CHANNEL_KINDS[one.channel].is_mail]
    if not open_doubts:
        return []
    evidence = _Evidence(ledger, slug, open_doubts, secret)
    evidence.read(lines)
    return [_settled(ledger, doubt, *evidence.verdict(doubt)) for doubt in open_doubts]


def _settled(
    ledger: Ledger, doubt: Doubt, outcome: Outcome | None, fault: OproepError | None
) -> Settled:
    if outcome is None:
        return Settled(doubt=doubt, state=DeliveryState.UNCONFIRMED, fault=fault)
    settle(ledger.engine, doubt.id, doubt.attempts, outcome)
    with reading(ledger.engine) as connection:
        state = connection.scalar(select(t.delivery.c.state).where(t.delivery.c.id == doubt.id))
    return Settled(doubt=doubt, state=DeliveryState(str(state)))


class _Evidence:
    """What a log says of some doubts and their witnesses."""

    def __init__(self, ledger: Ledger, slug: str, about: Sequence[Doubt], secret: str) -> None:
        self._slug = slug
        self._secret = secret
        self._signer = Signer(secret, Purpose.BOUNCE)
        self._doubts = {doubt.id: doubt for doubt in about}
        self._witnesses: dict[int, list[_Witness]] = {}
        """By doubt: what was accepted just before and just after it was tried."""
        for step in {doubt.step for doubt in about}:
            of_step = [doubt for doubt in about if doubt.step == step]
            self._witnesses |= _beside(of_step, _accepted(ledger, slug, step))
        self._wanted = {*self._doubts} | {
            witness.id for some in self._witnesses.values() for witness in some
        }
        self._found: dict[int, Taken] = {}
        self._own_ids: dict[str, dict[str, int]] = {}
        self._first: datetime | None = None
        self._last: datetime | None = None

    def read(self, lines: Iterable[str]) -> None:
        """Take in a log."""
        near = max(doubt.last_tried for doubt in self._doubts.values())
        for message in taken(self._watched(lines, near)):
            number = self._delivery(message)
            if number in self._wanted:
                self._found[number] = message

    def verdict(self, doubt: Doubt) -> tuple[Outcome | None, OproepError | None]:
        """Return what became of a delivery, or why the log does not tell."""
        if (message := self._found.get(doubt.id)) is not None:
            words = f"The relay's log: {message.words}"
            return Outcome(
                doubt.id, DeliveryState.SENT, reply=words, remote_id=message.queue_id
            ), None
        if (why := self._incomplete(doubt)) is not None:
            return None, LedgerError(why[0], where=doubt.recipient, mend=why[1])
        return Outcome(
            doubt.id, DeliveryState.QUEUED, reply="The relay's log shows that it never had it."
        ), None

    def _incomplete(self, doubt: Doubt) -> tuple[str, str] | None:
        """Return what keeps the log from proving that a delivery was not accepted, and the mend."""
        other = "Give the log of the mail server that OPROEP_SMTP_URL names, for that time."
        witnesses = self._witnesses[doubt.id]
        if self._first is None or self._last is None:
            return "This is no log of Postfix.", other
        missing = [one for one in witnesses if one.id not in self._found]
        if missing and len(missing) == len(witnesses):
            return "The log knows none of the mails that went out with it.", other
        if missing:
            return (
                f"The log lacks {len(missing)} of {len(witnesses)} mails that went out with it.",
                "Give the whole log, of all the machines behind the mail server's name.",
            )
        if len(witnesses) < FEWEST:
            return (
                "Too few mails went out with it to prove the log complete.",
                "Ask the recipient, and settle it by hand.",
            )
        shift = self._shift(witnesses)
        if shift is None:
            return "The log's times do not agree with the ledger's.", other
        if _utc(self._last) - shift < doubt.last_tried + AFTERWARDS:
            until = doubt.last_tried + AFTERWARDS
            return (
                "The log ends too soon after it.",
                f"Come back with a log that goes on after {until:%H:%M} UTC.",
            )
        if _utc(self._first) - shift > doubt.last_tried:
            return "The log begins after it.", other
        return None

    def _shift(self, witnesses: Sequence[_Witness]) -> timedelta | None:
        """Return by how much the log's clock differs from ours; None if it cannot be told."""
        seconds = median(
            (_utc(self._found[one.id].at) - one.at).total_seconds() for one in witnesses
        )
        zone = round(seconds / _QUARTER) * _QUARTER
        return timedelta(seconds=zone) if abs(seconds - zone) <= _SKEW else None

    def _watched(self, lines: Iterable[str], near: datetime) -> Iterator[Entry]:
        for entry in entries(lines, near=near):
            self._first = self._first or entry.at
            self._last = entry.at
            yield entry

    def _delivery(self, message: Taken) -> int | None:
        """Return the delivery that a message in the relay's queue belongs to, if it is ours."""
        if (number := verp_number(self._signer, message.sender)) is not None:
            return number
        host = message.message_id.rstrip(">").rpartition("@")[2]
        if not host:
            return None
        return self._ids_at(host).get(message.message_id)

    def _ids_at(self, host: str) -> dict[str, int]:
        """Return the Message-IDs of the doubts as they would be, were this our host."""
        if host not in self._own_ids:
            self._own_ids[host] = {
                message_id(
                    secret=self._secret,
                    campaign=self._slug,
                    step=doubt.step,
                    recipient=doubt.recipient.casefold(),
                    host=host,
                ): doubt.id
                for doubt in self._doubts.values()
            }
        return self._own_ids[host]


def _beside(about: Sequence[Doubt], accepted: Iterable[_Witness]) -> dict[int, list[_Witness]]:
    """Return, for each doubt, what was accepted just before and just after it was tried."""
    waiting = deque(sorted(about, key=attrgetter("last_tried")))
    before: deque[_Witness] = deque(maxlen=WITNESSES)
    found: dict[int, list[_Witness]] = {}
    filling: list[tuple[list[_Witness], int]] = []
    for witness in accepted:
        while waiting and waiting[0].last_tried < witness.at:
            some = found[waiting.popleft().id] = list(before)
            filling.append((some, len(some) + WITNESSES))
        for some, _ in filling:
            some.append(witness)
        filling = [(some, most) for some, most in filling if len(some) < most]
        before.append(witness)
    return found | {doubt.id: list(before) for doubt in waiting}


def _accepted(ledger: Ledger, slug: str, step: int) -> Iterator[_Witness]:
    """Yield what of a step the other side accepted, by time."""
    d = t.delivery.c
    query = (
        select(d.id, t.event.c.at)
        .join(t.event, t.event.c.delivery_id == d.id)
        .join(t.step, t.step.c.id == d.step_id)
        .join(t.campaign, t.campaign.c.id == t.step.c.campaign_id)
        .where(t.campaign.c.slug == slug, t.step.c.number == step)
        # Those settled by a log or a person have no reply code, and prove nothing.
        .where(t.event.c.state == DeliveryState.SENT, t.event.c.code.is_not(None))
        .order_by(t.event.c.at)
        .execution_options(yield_per=1000)
    )
    with reading(ledger.engine) as connection:
        for number, at in connection.execute(query):
            yield _Witness(id=number, at=at)


def _utc(at: datetime) -> datetime:
    """Return a moment of the log as if its clock showed UTC, unless it tells the zone."""
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at

"""What is done about a returned message: the ledger, the audience and the steps, in one go.

Only a proven delivery is acted on (see `lookup`), and only with regard to the address that it went
to, whatever address the message names.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, func, select, update

from flows import clock
from flows.audience.people import Left, SuppressionReason
from flows.audience.subscribers import Audience
from flows.channels.batch import Outcome
from flows.ledger import tables as t
from flows.ledger.journal import note
from flows.ledger.transitions import dialect, record
from flows.models import TRANSITIONS, DeliveryState, StepState
from flows.returns.blocked_words import blocked_words
from flows.returns.findings import Action, Finding, Kind, Reason
from flows.returns.lookup import PROVEN
from flows.returns.tables import returned

SOURCE = "returned mail"
"""What stands as the source of a suppression."""
SOFT = (Action.MAILBOX_FULL, Action.LATER)
_ALIVE = (Kind.REPLY, Kind.AUTORESPONSE, Kind.DELIVERED)
"""What shows that a mailbox works."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What was done about one finding."""

    state: DeliveryState | None = None
    """The state that the delivery went into; None if it stayed."""
    suppressed: bool = False
    unsubscribed: bool = False
    paused: str = ""
    """Why the step was paused, in words for people; empty if it was not."""


NOTHING = Done()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the organisation decides about returned mail."""

    give_up_after: int
    language: str
    own_addresses: frozenset[str] = frozenset()
    """In lower case: what comes from them is never forwarded to them."""


def act(
    connection: Connection, audience: Audience, finding: Finding, delivery_id: int, rules: Rules
) -> Done:
    """Do what one finding about one proven delivery asks for, in the caller's transaction.

    The finding must stand in `returned` already.
    """
    # A write that changes nothing: it holds the row until the transaction ends.
    delivery = connection.execute(
        update(t.delivery)
        .where(t.delivery.c.id == delivery_id)
        .values(updated_at=t.delivery.c.updated_at)
        .returning(t.delivery)
    ).one()
    joined = audience.within(connection)
    state = _move(connection, finding, delivery_id, DeliveryState(delivery.state))
    if finding.action is Action.ADDRESS_GONE:
        gone = joined.suppress(delivery.recipient, reason=SuppressionReason.GONE, source=SOURCE)
        return Done(state=state, suppressed=gone)
    if finding.action is Action.UNSUBSCRIBE:
        return _unsubscribe(joined, finding, delivery.recipient, state)
    # What one recipient refuses for themselves holds nobody else's mail back.
    if finding.action is Action.WE_ARE_BLOCKED and finding.reason is not Reason.UNWANTED:
        return Done(state=state, paused=_pause(connection, finding, delivery, rules.language))
    if finding.action in SOFT and finding.final:
        given_up = _campaigns_in_vain(connection, joined.hash(delivery.recipient))
        if given_up >= rules.give_up_after:
            full = SuppressionReason.FULL
            suppressed = joined.suppress(delivery.recipient, reason=full, source=SOURCE)
            return Done(state=state, suppressed=suppressed)
    return Done(state=state)


def _move(
    connection: Connection, finding: Finding, delivery_id: int, before: DeliveryState
) -> DeliveryState | None:
    """Bring the delivery to the state that the finding shows, if it may go there."""
    if finding.kind is Kind.BOUNCE and finding.final:
        after = DeliveryState.BOUNCED
    elif finding.kind is Kind.DELIVERED and finding.reason is Reason.RECEIPT:
        after = DeliveryState.DELIVERED
    elif finding.kind is Kind.COMPLAINT and finding.reason is Reason.FEEDBACK:
        after = DeliveryState.COMPLAINED
    else:
        return None
    if after not in TRANSITIONS[before]:
        return None
    outcome = Outcome(
        delivery_id=delivery_id,
        state=after,
        reason=finding.reason.value,
        enhanced=finding.status,
        reply=finding.words or None,
    )
    cursor = connection.connection.cursor()
    record(cursor, dialect(connection.dialect.name), [outcome], now=clock.now())
    return after


def _unsubscribe(
    audience: Audience, finding: Finding, recipient: str, state: DeliveryState | None
) -> Done:
    complaint = finding.reason is Reason.FEEDBACK
    how = Left.COMPLAINT if complaint else Left.MAIL
    left = audience.unsubscribe_address(audience.hash(recipient), how=how)
    suppressed = complaint and audience.suppress(
        recipient, reason=SuppressionReason.COMPLAINT, source=SOURCE
    )
    return Done(state=state, unsubscribed=bool(left), suppressed=suppressed)


def _campaigns_in_vain(connection: Connection, address_hash: str) -> int:
    """Count the campaigns that came back from an address since it last gave a sign of life."""
    r = returned.c
    mine = (r.address_hash == address_hash) & r.proof.in_(PROVEN)
    alive = select(func.coalesce(func.max(r.id), 0)).where(mine, r.kind.in_(_ALIVE))
    query = (
        select(func.count(t.step.c.campaign_id.distinct()))
        .select_from(returned)
        .join(t.delivery, t.delivery.c.id == r.delivery_id)
        .join(t.step, t.step.c.id == t.delivery.c.step_id)
        .where(mine, r.kind == Kind.BOUNCE, r.action.in_(SOFT), r.final)
        .where(r.id > alive.scalar_subquery())
    )
    return connection.scalar(query) or 0


def _pause(connection: Connection, finding: Finding, delivery: Row[Any], language: str) -> str:
    """Hold the delivery's step back; return why, or nothing if it was not held back by this.

    A domain that has blocked the step before does not hold it back again: whoever resumed the step
    knew of it.
    """
    r = returned.c
    domain = delivery.recipient_key.rpartition("@")[2]
    known = connection.scalar(
        select(func.count())
        .select_from(returned)
        .join(t.delivery, t.delivery.c.id == r.delivery_id)
        .where(t.delivery.c.step_id == delivery.step_id)
        .where(r.action == Action.WE_ARE_BLOCKED, r.reason != Reason.UNWANTED)
        .where(r.proof.in_(PROVEN))
        .where(t.delivery.c.recipient_key.endswith(f"@{domain}", autoescape=True))
    )
    if (known or 0) > 1:
        return ""
    reason = blocked_words(finding, domain=domain, language=language)
    paused = connection.execute(
        update(t.step)
        .where(t.step.c.id == delivery.step_id)
        .where(t.step.c.state.in_([StepState.SCHEDULED, StepState.RUNNING]))
        .values(state=StepState.PAUSED, reason=reason)
        .returning(t.step.c.campaign_id, t.step.c.number)
    ).first()
    if paused is None:
        return ""
    slug = connection.scalar(select(t.campaign.c.slug).where(t.campaign.c.id == paused.campaign_id))
    note(connection, str(slug), "paused", step=paused.number, words=reason)
    return reason

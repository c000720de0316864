"""What the relay refused at once is as good as a bounce, and is acted on like one.

Few relays know whether a mailbox elsewhere exists, but one that does says so at the hand-over, and
no bounce follows. A relay in trouble may say it of everybody: then nothing is done.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Row, exists, func, insert, select
from sqlalchemy.exc import IntegrityError

from flows import clock
from flows.audience.subscribers import Audience
from flows.channels.smtp_outcomes import BLOCKED
from flows.database import reading
from flows.ledger import tables as t
from flows.models import DeliveryState
from flows.returns.acting import Rules, act
from flows.returns.diagnosis import Said, diagnose
from flows.returns.findings import Action, Finding, Kind
from flows.returns.keeping import without_addresses
from flows.returns.lookup import Proof
from flows.returns.tables import returned

LOOK_BACK = timedelta(days=2)
"""How long after its end a step's refusals are looked at."""
FEW = 10
MOST = 0.2
"""So many refusals of one step may be true, or this share of it; more are the relay's trouble."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heeded:
    """What was done about the refusals of the steps that ended lately."""

    suppressed: int = 0
    doubted: tuple[str, ...] = ()
    """Of which steps nothing was believed, in words."""


def heed(engine: Engine, audience: Audience, rules: Rules) -> Heeded:
    """Act on what the relay refused at the hand-over; each refusal once."""
    suppressed, doubted = 0, []
    for step, rows in _by_step(engine):
        findings = [(row, _finding(row)) for row in rows]
        gone = sum(finding.action is Action.ADDRESS_GONE for _, finding in findings)
        if gone > max(FEW, MOST * step.planned):
            doubted.append(
                f"{step.slug}, step {step.number}: the relay says of {gone:,} of {step.planned:,} "
                "addresses that they do not exist. That may be its own trouble, so none of them "
                "was suppressed."
            )
            continue
        for row, finding in findings:
            suppressed += _heed(engine, audience, row, finding, rules)
    return Heeded(suppressed=suppressed, doubted=tuple(doubted))


def _by_step(engine: Engine) -> Iterator[tuple[Row[Any], list[Row[Any]]]]:
    """Yield the mail steps that ended lately, with what was refused and not looked at before."""
    d, s = t.delivery.c, t.step.c
    ended = (
        select(s.id, s.number, s.planned, t.campaign.c.slug)
        .join(t.campaign, t.campaign.c.id == s.campaign_id)
        .where(s.finished_at >= clock.now() - LOOK_BACK, s.account == "")
        .order_by(s.id)
    )
    with reading(engine) as connection:
        steps = connection.execute(ended).all()
        for step in steps:
            refused = (
                select(d.id, d.recipient, d.code, d.enhanced, d.reply)
                .where(d.step_id == step.id, d.state == DeliveryState.REJECTED)
                .where(func.coalesce(d.reason, "") != BLOCKED)
                .where(~exists().where(returned.c.delivery_id == d.id))
                .order_by(d.id)
            )
            if rows := list(connection.execute(refused)):
                yield step, rows


def _finding(row: Row[Any]) -> Finding:
    said = f"{row.code or ''} {row.enhanced or ''} {row.reply or ''}"
    diagnosis = diagnose(Said(diagnostic=said, status=row.enhanced or ""))
    return Finding(
        kind=Kind.BOUNCE,
        reason=diagnosis.reason,
        action=diagnosis.action,
        status=diagnosis.status,
        recipient=row.recipient,
        words=without_addresses(row.reply or ""),
    )


def _heed(
    engine: Engine, audience: Audience, row: Row[Any], finding: Finding, rules: Rules
) -> bool:
    try:
        with engine.begin() as connection:
            _note(connection, audience, row, finding)
            return act(connection, audience, finding, row.id, rules).suppressed
    except IntegrityError:
        return False  # another process was faster


def _note(connection: Connection, audience: Audience, row: Row[Any], finding: Finding) -> None:
    connection.execute(
        insert(returned).values(
            digest=f"refused {row.id}",
            place=0,
            at=clock.now(),
            kind=finding.kind,
            action=finding.action,
            status=finding.status,
            reason=finding.reason,
            words=finding.words,
            final=True,
            recipient=finding.recipient,
            address_hash=audience.hash(row.recipient),
            delivery_id=row.id,
            proof=Proof.RELAY,
        )
    )

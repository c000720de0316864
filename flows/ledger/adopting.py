"""Taking over what was changed and approved after the launch, for what has not gone out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, literal, update

from flows import clock
from flows.errors import LedgerError
from flows.ledger import tables as t
from flows.ledger.book import Ledger
from flows.ledger.control import ENDED, locked, raise_revision
from flows.ledger.frozen import FrozenCampaign, FrozenStep, Planned
from flows.ledger.journal import note
from flows.ledger.steps import delete_step, insert_step, plan_step
from flows.models import StepState


def adopt(
    ledger: Ledger, campaign: FrozenCampaign, deliveries: Sequence[Iterable[Planned]]
) -> FrozenCampaign:
    """Take over what was changed and approved since the launch, for steps that have not begun.

    Steps that have begun keep their recipients; those that have not ended get their new time.
    A step that waits for an approval goes on; one that a person stopped stays stopped.

    Args:
        ledger: Where it is frozen.
        campaign: As it would be frozen now.
        deliveries: For each of its steps, what is to be delivered.

    Returns:
        The campaign as the ledger holds it.

    Raises:
        LedgerError: a step that has begun is another one now, or is gone.
    """
    now = clock.now()
    with ledger.engine.begin() as connection:
        there = locked(connection, ledger, campaign.slug)
        _require_same_begun(there, campaign)
        connection.execute(
            update(t.campaign)
            .where(t.campaign.c.id == there.id)
            .values(
                title=campaign.title,
                language=campaign.language,
                time_zone=campaign.time_zone,
                event_name=campaign.event_name,
                event_at=campaign.event_at,
                fingerprint=campaign.fingerprint,
            )
        )
        for gone in {step.number for step in there.steps} - {s.number for s in campaign.steps}:
            delete_step(connection, there.step(gone))
        for step, planned in zip(campaign.steps, deliveries, strict=True):
            _adopt_step(connection, there, step, planned, now)
        raise_revision(connection, there)
        note(connection, campaign.slug, "adopted", words=campaign.fingerprint[:12])
    return ledger.campaign(campaign.slug)


def _require_same_begun(there: FrozenCampaign, now: FrozenCampaign) -> None:
    """Refuse to give a step that has begun another place, channel or draft.

    Raises:
        LedgerError: one has.
    """
    new = {step.number: _identity(step) for step in now.steps}
    for step in there.steps:
        begun = step.started_at is not None or step.state in ENDED
        if begun and new.get(step.number) != _identity(step):
            raise LedgerError(
                f"Step {step.number} ({step.channel}) has begun, so it must stay where it is.",
                where="campaign.toml",
                mend="Put it back at its place, with its channel, account, list and draft; "
                "add new steps at the end.",
            )


def _identity(step: FrozenStep) -> tuple[str, ...]:
    return (step.channel, step.account, step.list, step.draft)


def _adopt_step(
    connection: Connection,
    there: FrozenCampaign,
    step: FrozenStep,
    planned: Iterable[Planned],
    now: datetime,
) -> None:
    """Write one step as it is now."""
    known = {each.number: each for each in there.steps}.get(step.number)
    if known is None:
        insert_step(connection, there.id, step, planned, now)
        return
    if known.state in ENDED:
        return
    connection.execute(
        update(t.step).where(t.step.c.id == known.id).values(at=step.at, deadline=step.deadline)
    )
    if known.started_at is None:
        connection.execute(
            update(t.step)
            .where(t.step.c.id == known.id)
            .values(
                channel=step.channel,
                account=step.account,
                list=step.list,
                draft=step.draft,
                state=StepState.SCHEDULED
                if known.state is StepState.PAUSED
                else literal(known.state),
                reason=None if known.state is StepState.PAUSED else known.reason,
            )
        )
        connection.execute(delete(t.delivery).where(t.delivery.c.step_id == known.id))
        plan_step(connection, known.id, planned, now)

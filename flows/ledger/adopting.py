"""Taking over what was changed and approved after the launch, for what has not gone out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, select, update

from flows import clock
from flows.errors import LedgerError
from flows.ledger import tables as t
from flows.ledger.book import Ledger
from flows.ledger.control import locked, raise_revision, times_of
from flows.ledger.frozen import ENDED, FrozenCampaign, FrozenStep, Planned
from flows.ledger.journal import note
from flows.ledger.steps import begun, delete_step, forget_deliveries, insert_step, plan_step
from flows.ledger.transitions import move
from flows.models import DeliveryState, SkipReason, StepState


def adopt(
    ledger: Ledger,
    campaign: FrozenCampaign,
    deliveries: Sequence[Iterable[Planned]],
    *,
    lifted: str,
) -> FrozenCampaign:
    """Take over what was changed and approved since the launch, for steps that have not begun.

    Steps that have begun keep their recipients; those that have not ended get their new time.
    A step that was held back for want of an approval goes on, and no other that is held back.

    Args:
        ledger: Where it is frozen.
        campaign: As it would be frozen now.
        deliveries: For each of its steps, what is to be delivered.
        lifted: How the reason begins of steps that were held back for want of an approval.

    Returns:
        The campaign as the ledger holds it.

    Raises:
        LedgerError: a step that has begun is another one now, or is gone.
    """
    with ledger.engine.begin() as connection:
        there = locked(connection, ledger, campaign.slug)
        ended = {step.id for step in there.steps if step.state in ENDED}
        fixed = begun(connection, there) | ended
        _require_same_begun(there, campaign, fixed)
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
        known = {step.number: step for step in there.steps}
        for gone in known.keys() - {step.number for step in campaign.steps}:
            delete_step(connection, known[gone].id)
        for step, planned in zip(campaign.steps, deliveries, strict=True):
            if step.number not in known:
                insert_step(connection, there.id, step, planned, clock.now())
                continue
            _retime(connection, known[step.number], step, lifted)
            if known[step.number].id not in fixed:
                _plan_anew(connection, known[step.number].id, step, planned)
        _leave_out_reached(connection, there.id, fixed)
        raise_revision(connection, there)
        note(connection, campaign.slug, "adopted", words=campaign.fingerprint[:12])
    return ledger.campaign(campaign.slug)


def _require_same_begun(there: FrozenCampaign, now: FrozenCampaign, fixed: set[int]) -> None:
    """Refuse to give a step that has begun another place, channel or draft.

    Raises:
        LedgerError: one has.
    """
    new = {step.number: _identity(step) for step in now.steps}
    for step in there.steps:
        if step.id in fixed and new.get(step.number) != _identity(step):
            raise LedgerError(
                f"Step {step.number} ({step.channel}) has begun, so it must stay where it is.",
                where="campaign.toml",
                mend="Put it back at its place, with its channel, account, list and draft; "
                "add new steps at the end.",
            )


def _identity(step: FrozenStep) -> tuple[str, ...]:
    return (step.channel, step.account, step.list, step.draft)


def _retime(connection: Connection, known: FrozenStep, wanted: FrozenStep, lifted: str) -> None:
    """Give a step its new time and deadline; let it go on if it waited for an approval."""
    at, deadline = times_of(connection, known, wanted.at, wanted.deadline)
    change = update(t.step).where(t.step.c.id == known.id).values(at=at, deadline=deadline)
    if known.state is StepState.PAUSED and (known.reason or "").startswith(lifted):
        change = change.values(state=StepState.SCHEDULED, reason=None)
    connection.execute(change)


def _plan_anew(
    connection: Connection, step_id: int, step: FrozenStep, planned: Iterable[Planned]
) -> None:
    """Write a step that has not begun as it is now."""
    connection.execute(
        update(t.step)
        .where(t.step.c.id == step_id)
        .values(channel=step.channel, account=step.account, list=step.list, draft=step.draft)
    )
    forget_deliveries(connection, step_id)
    plan_step(connection, step_id, planned, clock.now())


def _leave_out_reached(connection: Connection, campaign_id: int, fixed: set[int]) -> None:
    """Skip in mail steps that have not begun whom one that has begun reaches already.

    Of those nobody was planned anew, so that the new plan does not know whom they reach.
    """
    mails = select(t.step.c.id).where(t.step.c.campaign_id == campaign_id, t.step.c.account == "")
    d, reached = t.delivery.c, t.delivery.alias().c
    twice = connection.scalars(
        select(d.id)
        .where(d.step_id.in_(mails), d.step_id.not_in(fixed), d.state == DeliveryState.QUEUED)
        .where(
            select(reached.id)
            .where(reached.step_id.in_(fixed), reached.step_id.in_(mails))
            .where(reached.recipient_key == d.recipient_key)
            .where(reached.state != DeliveryState.SKIPPED)
            .exists()
        )
    ).all()
    move(connection, twice, DeliveryState.SKIPPED, reason=SkipReason.DUPLICATE, now=clock.now())

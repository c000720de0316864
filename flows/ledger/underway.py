"""What is launched and has work left, for whatever has to see to it that it is done."""

from __future__ import annotations

from sqlalchemy import Engine, func, select, update

from flows.database import reading
from flows.ledger import tables as t
from flows.ledger.book import FrozenCampaign, Ledger
from flows.ledger.journal import note
from flows.models import StepState

WAITING = (StepState.SCHEDULED, StepState.RUNNING)
"""States of a step that somebody has to carry out."""


def underway(ledger: Ledger) -> list[FrozenCampaign]:
    """Return every launched campaign that has a step to carry out; rehearsals are none."""
    with reading(ledger.engine) as connection:
        slugs = connection.scalars(
            select(t.campaign.c.slug)
            .where(t.campaign.c.rehearsal.is_(False))
            .where(
                select(t.step.c.id)
                .where(t.step.c.campaign_id == t.campaign.c.id, t.step.c.state.in_(WAITING))
                .exists()
            )
            .order_by(t.campaign.c.id)
        ).all()
    found = (ledger.find(slug) for slug in slugs)
    return [campaign for campaign in found if campaign is not None]


def let_go(engine: Engine, step_id: int) -> bool:
    """Put a running step back to waiting, so that it is carried on later and nothing new begins.

    What hands it over sees within a second that the step runs no more, as it does after a stop.

    Returns:
        Whether it was running.
    """
    with engine.begin() as connection:
        put_back = connection.execute(
            update(t.step)
            .where(t.step.c.id == step_id, t.step.c.state == StepState.RUNNING)
            .values(state=StepState.SCHEDULED)
        )
        return put_back.rowcount == 1


def note_once(engine: Engine, slug: str, act: str, *, step: int | None, words: str) -> bool:
    """Write an act into the journal unless the very same stands there; return whether it did not.

    Of several that try at the same moment, one does it.
    """
    with engine.begin() as connection:
        # The first to come holds up the others until it is written.
        connection.execute(
            select(t.campaign.c.id).where(t.campaign.c.slug == slug).with_for_update()
        )
        there = connection.scalar(
            select(func.count())
            .select_from(t.journal)
            .where(t.journal.c.slug == slug, t.journal.c.act == act, t.journal.c.words == words)
            .where(t.journal.c.step.is_(None) if step is None else t.journal.c.step == step)
        )
        if not there:
            note(connection, slug, act, step=step, words=words)
    return not there

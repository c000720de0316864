"""What is launched and has work left, for whatever has to see to it that it is done."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Engine, func, literal, select, update

from flows import clock
from flows.database import reading
from flows.ledger import tables as t
from flows.ledger.book import Ledger
from flows.ledger.frozen import FrozenCampaign
from flows.ledger.journal import note
from flows.models import StepState

BROKE_OFF = "run broke off"
"""What the journal calls the end of a run before its work was done."""
CHANGED = "changed since the approval"
"""What the journal calls it that a launched campaign was seen to be another one than approved."""
ENDED_BADLY = "run ended badly"
"""What the journal calls it that a run failed or crashed which is no step of a campaign."""
NO_CAMPAIGN = ""
"""Under which the journal keeps what concerns no campaign."""
WAITING = (StepState.SCHEDULED, StepState.RUNNING)
"""States of a step that somebody has to carry out."""


def underway(ledger: Ledger) -> list[FrozenCampaign]:
    """Return every launched campaign that has a step to carry out; rehearsals are none."""
    to_do = (
        select(t.step.c.id)
        .where(t.step.c.campaign_id == t.campaign.c.id, t.step.c.state.in_(WAITING))
        .exists()
    )
    return _those(ledger, to_do)


def recent(ledger: Ledger, *, since: datetime) -> list[FrozenCampaign]:
    """Return every launched campaign whose event is not before `since`; rehearsals are none."""
    return _those(ledger, t.campaign.c.event_at >= literal(since, t.campaign.c.event_at.type))


def _those(ledger: Ledger, condition: ColumnElement[bool]) -> list[FrozenCampaign]:
    with reading(ledger.engine) as connection:
        slugs = connection.scalars(
            select(t.campaign.c.slug)
            .where(t.campaign.c.rehearsal.is_(False), condition)
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
        _hold_up_others(connection, slug)
        there = connection.scalar(
            select(func.count()).select_from(t.journal).where(*_very(slug, act, step, words))
        )
        if not there:
            note(connection, slug, act, step=step, words=words)
    return not there


def begin_once(
    engine: Engine, slug: str, act: str, *, step: int | None, words: str, again: timedelta
) -> bool:
    """Write down that an act is begun; return False if it is done, or was begun just now.

    Of several that try at the same moment, one begins; it writes the act itself when it is done.

    Args:
        engine: Of the ledger.
        slug: The campaign.
        act: As the journal calls it when it is done.
        step: The step that it concerns.
        words: What tells it from others of its kind.
        again: How long after a begin that came to nothing it may be begun anew.
    """
    begun = f"{act} begun"
    with engine.begin() as connection:
        _hold_up_others(connection, slug)
        done = connection.scalar(
            select(func.count()).select_from(t.journal).where(*_very(slug, act, step, words))
        )
        last = connection.scalar(
            select(func.max(t.journal.c.at)).where(*_very(slug, begun, step, words))
        )
        free = not done and (last is None or last + again <= clock.now())
        if free:
            note(connection, slug, begun, step=step, words=words)
    return free


def _hold_up_others(connection: Connection, slug: str) -> None:
    connection.execute(select(t.campaign.c.id).where(t.campaign.c.slug == slug).with_for_update())


def _very(slug: str, act: str, step: int | None, words: str) -> tuple[ColumnElement[bool], ...]:
    j = t.journal.c
    same_step = j.step.is_(None) if step is None else j.step == step
    return (j.slug == slug, j.act == act, j.words == words, same_step)

"""What people, and the program on their behalf, did to a campaign; kept for ever."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, insert, select

from flows import clock
from flows.database import reading
from flows.ledger import tables as t


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One act."""

    at: datetime
    act: str
    """A verb: `launched`, `approved`, `moved`, `stopped`, `resumed`, `paused`, …"""
    step: int | None
    """The number of the step that it concerns; None for the whole campaign."""
    who: str | None
    words: str
    """Why or how, in words for people."""


def note(
    connection: Connection,
    slug: str,
    act: str,
    *,
    step: int | None = None,
    who: str | None = None,
    words: str = "",
) -> None:
    """Write down an act, in the caller's transaction."""
    connection.execute(
        insert(t.journal).values(
            slug=slug, step=step, at=clock.now(), act=act, who=who, words=words
        )
    )


def entries(engine: Engine, slug: str) -> list[Entry]:
    """Return what was done to a campaign, oldest first."""
    with reading(engine) as connection:
        rows = connection.execute(
            select(t.journal).where(t.journal.c.slug == slug).order_by(t.journal.c.id)
        ).all()
    return [
        Entry(at=row.at, act=row.act, step=row.step, who=row.who, words=row.words) for row in rows
    ]

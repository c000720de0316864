"""Who said yes to what: each approval names one fingerprint of everything that will be sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, insert, select

from flows import clock
from flows.database import reading
from flows.ledger import tables as t
from flows.ledger.journal import note


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """A named person's yes to one fingerprint."""

    fingerprint: str
    approved_by: str
    at: datetime
    snapshot: Mapping[str, str]
    """What was approved, in readable parts; see `campaign.fingerprint.snapshot`."""


class Approvals:
    """The approvals of one campaign."""

    def __init__(self, engine: Engine, slug: str) -> None:
        self._engine = engine
        self._slug = slug

    def add(self, fingerprint: str, *, by: str, snapshot: Mapping[str, str]) -> bool:
        """Bind a person's yes to a fingerprint; return False if the same yes stands already."""
        if by.casefold() in {name.casefold() for name in self.names(fingerprint)}:
            return False
        with self._engine.begin() as connection:
            connection.execute(
                insert(t.approval).values(
                    slug=self._slug,
                    fingerprint=fingerprint,
                    approved_by=by,
                    at=clock.now(),
                    snapshot=dict(snapshot),
                )
            )
            note(connection, self._slug, "approved", who=by, words=fingerprint[:12])
        return True

    def names(self, fingerprint: str) -> tuple[str, ...]:
        """Return who approved exactly this, in the order in which they did."""
        return tuple(
            approval.approved_by for approval in self.all() if approval.fingerprint == fingerprint
        )

    def all(self) -> tuple[Approval, ...]:
        """Return every approval of the campaign, oldest first."""
        with reading(self._engine) as connection:
            rows = connection.execute(
                select(t.approval).where(t.approval.c.slug == self._slug).order_by(t.approval.c.id)
            ).all()
        return tuple(
            Approval(
                fingerprint=row.fingerprint,
                approved_by=row.approved_by,
                at=row.at,
                snapshot=row.snapshot,
            )
            for row in rows
        )

"""Who answered a step's mails: counted for readers, by name for partner organisations."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection, select

from flows.ledger import tables as t
from flows.returns.findings import Kind
from flows.returns.lookup import PROVEN
from flows.returns.tables import returned

ORGANISATION = "organisation"
"""The field of a partner's delivery that holds the organisation's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """Who answered one step."""

    number: int
    """Recipients of whom an answer came."""
    organisations: tuple[str, ...]
    """The partner organisations among them."""


def answered_in(connection: Connection, step_ids: Collection[int]) -> dict[int, Answered]:
    """Return who answered, by step; steps that nobody answered are left out."""
    d, r = t.delivery.c, returned.c
    rows = connection.execute(
        select(d.step_id, d.id, d.fields)
        .join(returned, r.delivery_id == d.id)
        # Not by the index of steps: few answer, and a step may have a million deliveries.
        .where((d.step_id + 0).in_(step_ids), r.kind == Kind.REPLY)
        .where(r.proof.in_(PROVEN))
        .order_by(r.id)
    ).all()
    by_step: dict[int, dict[int, str]] = {}
    for row in rows:
        by_step.setdefault(row.step_id, {})[row.id] = (row.fields or {}).get(ORGANISATION, "")
    return {
        step_id: Answered(
            number=len(found),
            organisations=tuple(dict.fromkeys(name for name in found.values() if name)),
        )
        for step_id, found in by_step.items()
    }

"""The report for a spreadsheet: a row per step, or a row per delivery."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter

from flows.models import DeliveryState
from flows.reporting.model import Report

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What makes a spreadsheet take a cell for a formula (OWASP, CSV injection)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRow:
    """One delivery as a line of the sheet."""

    step: int
    channel: str
    recipient: str
    name: str
    state: DeliveryState
    reason: str
    attempts: int
    updated_at: datetime
    code: int | None
    enhanced: str | None
    reply: str
    url: str


STEP_COLUMNS = (
    "step",
    "channel",
    "draft",
    "at",
    "deadline",
    "state",
    "started_at",
    "finished_at",
    "planned",
    *(state.value for state in DeliveryState),
    "balanced",
)
DELIVERY_COLUMNS = tuple(DeliveryRow.__dataclass_fields__)


def steps(report: Report) -> str:
    """Return a CSV file with one row per step and one column per state."""
    rows = []
    for step in report.steps:
        values = step.to_json()
        values = values | values["counts"] | {"step": step.number}
        rows.append([values[column] for column in STEP_COLUMNS])
    return "".join(_lines([STEP_COLUMNS, *rows]))


def deliveries(rows: Iterable[DeliveryRow]) -> Iterator[str]:
    """Yield a CSV file line by line, one per delivery; nothing is held in memory."""
    yield from _lines([DELIVERY_COLUMNS])
    yield from _lines(map(attrgetter(*DELIVERY_COLUMNS), rows))


def _lines(rows: Iterable[Sequence[object]]) -> Iterator[str]:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    for row in rows:
        writer.writerow(map(_cell, row))
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()


def _cell(value: object) -> str:
    """Return a value as text that no spreadsheet will run."""
    if isinstance(value, str):
        return f"'{value}" if value.lstrip(" ").startswith(FORMULA_STARTS) else value
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value).lower()

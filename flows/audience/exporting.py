"""People as a sheet: for a spreadsheet, without anything that it would run."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Select, select

from flows.audience import tables as t
from flows.audience.people import SubscriptionState
from flows.audience.subscribers import Audience
from flows.database import reading
from flows.errors import InputError

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What makes a spreadsheet take a cell for a formula (OWASP, CSV injection)."""


def defused(value: object) -> str:
    """Return a value as text that no spreadsheet will run."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat()
    text = str(value)
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA_STARTS) else text


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which subscriptions are meant."""

    list: str | None = None
    """None for every list."""
    language: str = ""
    where: Mapping[str, str] = field(default_factory=dict)
    everybody: bool = False
    """Also who left or never confirmed."""


_PERSON = ("address", "name", "language")
_PROOF = ("list", "state", "asked_at", "confirmed_at", "ended_at", "ended_how")
_WORDS = ("wording", "purpose", "source")


def subscriptions_sheet(audience: Audience, selection: Selection) -> Iterator[str]:
    """Yield subscriptions with their proof as a CSV file, each field in a column of its own."""
    names = sorted({name for row in _rows(audience, selection) for name in row.fields})
    columns = [*_PERSON, *names, *_PROOF, *_WORDS, "suppressed"]
    yield from sheet(
        columns,
        (
            [
                *(getattr(row, column) for column in _PERSON),
                *(row.fields.get(name) for name in names),
                *(getattr(row, column) for column in (*_PROOF, *_WORDS)),
                row.suppressed,
            ]
            for row in _rows(audience, selection)
        ),
    )


def json_lines(audience: Audience, selection: Selection) -> Iterator[str]:
    """Yield subscriptions with their proof, a line of JSON each."""
    for row in _rows(audience, selection):
        values = {
            name: value.isoformat() if isinstance(value, datetime) else value
            for name, value in row._mapping.items()
        }
        yield json.dumps(values, ensure_ascii=False) + "\n"


def _rows(audience: Audience, selection: Selection) -> Iterator[Any]:
    person, subscription = t.subscriber.c, t.subscription.c
    query: Select[Any] = (
        select(
            *(person[name] for name in _PERSON),
            person.fields,
            *(subscription[name] for name in (*_PROOF, *_WORDS)),
            t.suppression.c.reason.label("suppressed"),
        )
        .select_from(t.subscriber)
        .join(t.subscription, subscription.subscriber_id == person.id)
        .outerjoin(t.suppression, t.suppression.c.address_hash == person.address_hash)
        .order_by(person.id, subscription.list)
    )
    if selection.list is not None:
        query = query.where(subscription.list == selection.list)
    if not selection.everybody:
        query = query.where(subscription.state == SubscriptionState.CONFIRMED)
    if selection.language:
        query = query.where(person.language == selection.language)
    for name, value in selection.where.items():
        query = query.where(person.fields[name].as_string() == value)
    with reading(audience.engine) as connection:
        yield from connection.execution_options(yield_per=2_000).execute(query)


def write_private(path: Path, lines: Iterable[str]) -> None:
    """Write a file that only its owner may read, whole or not at all.

    Raises:
        InputError: it cannot be written.
    """
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        unfinished.touch(mode=0o600)
        with unfinished.open("w", encoding="utf-8", newline="") as file:
            file.writelines(lines)
        unfinished.replace(path)
    except OSError as error:
        raise InputError(
            f"{path} cannot be written: {error.strerror}.",
            where=str(path),
            mend="Check the folder's rights and the free space of the disk.",
        ) from error
    finally:
        unfinished.unlink(missing_ok=True)


def sheet(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """Yield a CSV file line by line; nothing is held in memory."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(map(defused, columns))
    for row in rows:
        writer.writerow(map(defused, row))
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue()

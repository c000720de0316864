"""A list of people from a file: all of it at once, or nothing.

The rows are checked as they are read, and laid aside in a temporary table; then one short
transaction says what becomes of each (`Verdict`) and does it. Killed at any moment, nothing of the
file is there, and the import can be begun again; imported twice, the second changes nothing.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from flows import clock
from flows.audience import laid_aside
from flows.audience.addresses import address_key, is_role
from flows.audience.exporting import defused
from flows.audience.incoming import (
    Refused,
    address_of,
    consented_of,
    fields_of,
    language_of,
    name_of,
)
from flows.audience.laid_aside import Laid, Verdict
from flows.audience.mapping import Mapped, map_columns
from flows.audience.people import Consent
from flows.audience.records import Record, Records, Unreadable
from flows.audience.subscribers import Audience
from flows.errors import InputError

ROWS_AT_ONCE = 5_000
MOST_SHOWN = 20

Told = Callable[[int, int], None]
"""Is told how many octets of how many have been read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a person asked to import."""

    path: Path
    list: str
    consent: Consent
    zone: ZoneInfo
    """In which the file's moments are local."""
    columns: Sequence[str] = ()
    """`column=field`, as `mapping.map_columns` takes them."""
    language: str = "nl"
    """Of rows that do not say."""
    consented: datetime | None = None
    """When consent was given, of rows that do not say; None when nobody knows."""
    encoding: str = "utf-8"
    update: bool = False
    """Whether what the file says of people who are on the list already takes the place of what is
    known of them."""
    dry_run: bool = False


@dataclass(slots=True, kw_only=True)
class Imported:
    """What became of the rows of a file."""

    rows: int = 0
    verdicts: dict[Verdict, int] = field(default_factory=dict)
    unreadable: int = 0
    """Rows that could not be read, or hold no person; they count among the refused."""
    roles: int = 0
    role_examples: list[str] = field(default_factory=list)
    """Addresses of a task, such as `info@`: a person's consent does not reach them."""
    ignored: tuple[str, ...] = ()
    """Columns that nothing was said about."""
    refused_file: Path | None = None

    @property
    def refused(self) -> int:
        """Rows that were not imported; each stands in the file with the reason."""
        return self.unreadable + sum(
            number for verdict, number in self.verdicts.items() if verdict.is_refusal
        )

    @property
    def mailed(self) -> int:
        """Rows whose person is on the list now, or would be."""
        return self.rows - self.refused


def import_file(audience: Audience, wanted: Wanted, *, refused_to: Path, told: Told) -> Imported:
    """Put the people of a CSV file on a list.

    Args:
        audience: The audience.
        wanted: What to import, and how.
        refused_to: Where the rows that are refused are written, with their reasons.
        told: Is told how far the reading is.

    Raises:
        InputError: the file cannot be used as a whole; nothing of it is imported.
    """
    records = Records(wanted.path, encoding=wanted.encoding)
    mapped = map_columns(records.names, wanted.columns, where=str(wanted.path))
    imported = Imported(ignored=mapped.ignored)
    with (
        _written_when_done(refused_to) as file,
        laid_aside.table(audience.engine) as connection,
    ):
        refusals = _Refusals(file, records.names)
        _lay_aside(connection, audience, wanted, records, mapped, imported, refusals, told)
        with laid_aside.deciding(connection, dry_run=wanted.dry_run):
            imported.verdicts = laid_aside.decide(connection, wanted.list)
            for line, cells, verdict in laid_aside.refused(connection):
                refusals.write(line, cells, verdict.sentence)
            if not wanted.dry_run:
                laid_aside.carry_out(
                    connection, wanted.list, wanted.consent, update_details=wanted.update
                )
        if refusals.number:
            imported.refused_file = refused_to
    if imported.refused_file is None:
        refused_to.unlink(missing_ok=True)
    return imported


def _lay_aside(
    connection: Connection,
    audience: Audience,
    wanted: Wanted,
    records: Records,
    mapped: Mapped,
    imported: Imported,
    refusals: _Refusals,
    told: Told,
) -> None:
    """Check the rows of a file and lay those aside that hold a person."""
    first: dict[str, int] = {}
    rows: list[Laid] = []
    now = clock.now()
    for record in records:
        imported.rows += 1
        if imported.rows % 1_000 == 0:
            told(records.read, records.size)
        if isinstance(record, Unreadable):
            imported.unreadable += 1
            refusals.write(record.line, [record.text], record.reason)
            continue
        try:
            row = _laid(audience, wanted, mapped, record, now)
            if (line := first.setdefault(row["key"], record.line)) != record.line:
                raise Refused(f"The same address stands in line {line}.")
        except Refused as refusal:
            imported.unreadable += 1
            refusals.write(record.line, record.cells, str(refusal))
            continue
        if is_role(row["address"]):
            imported.roles += 1
            if len(imported.role_examples) < MOST_SHOWN:
                imported.role_examples.append(row["address"])
        rows.append(row)
        if len(rows) >= ROWS_AT_ONCE:
            laid_aside.lay(connection, rows)
            rows = []
    laid_aside.lay(connection, rows)
    told(records.size, records.size)


def _laid(
    audience: Audience, wanted: Wanted, mapped: Mapped, record: Record, now: datetime
) -> Laid:
    """Return a row as it is laid aside.

    Raises:
        Refused: it cannot be imported.
    """
    cells = record.cells
    address = address_of(mapped, cells)
    return {
        "line": record.line,
        "cells": json.dumps(cells, ensure_ascii=False),
        "address": address,
        "key": address_key(address),
        "hash": audience.hash(address),
        "name": name_of(mapped, cells),
        "language": language_of(mapped, cells, wanted.language),
        "fields": dict(fields_of(mapped, cells)),
        "consented": consented_of(mapped, cells, wanted.consented, zone=wanted.zone, now=now),
    }


class _Refusals:
    """The rows that were refused, as a file that can be mended and imported again."""

    def __init__(self, file: IO[str], names: Sequence[str]) -> None:
        self._columns = len(names)
        self._writer = csv.writer(file)
        self._writer.writerow([*map(defused, names), "line", "reason"])
        self.number = 0

    def write(self, line: int, cells: Sequence[str], reason: str) -> None:
        """Write one row with its reason."""
        padded = [*cells, *[""] * (self._columns - len(cells))]
        self._writer.writerow([*map(defused, padded), line, reason])
        self.number += 1


@contextmanager
def _written_when_done(path: Path) -> Iterator[IO[str]]:
    """Yield a file that only its owner may read, and that takes its name when it is whole."""
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        unfinished.touch(mode=0o600)
        with unfinished.open("w", encoding="utf-8", newline="") as file:
            yield file
        unfinished.replace(path)
    except OSError as error:
        raise InputError(
            f"{path} cannot be written: {error.strerror}.",
            where=str(path),
            mend="Refused rows are written there; name another place with --refused.",
        ) from error
    finally:
        unfinished.unlink(missing_ok=True)

"""One way to read a CSV file that came out of a spreadsheet: suspiciously, and to the end.

Rows are refused for what spreadsheets and people do to them: another encoding, another separator,
a workbook under a wrong name, formulas, line breaks inside a name, a row with a cell too many.
All faults of a file come together, so that it is mended once.
"""

from __future__ import annotations

import csv
import difflib
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from flows.audience.faults import Faults
from flows.errors import InputError
from flows.files import read_bytes, read_text
from flows.models import Problem, Severity

MAX_LINE = 2_000
"""Characters; a line that is longer is not a line about one person."""

_NOT_CSV = {
    b"PK\x03\x04": "a zip file, such as an .xlsx workbook",
    b"\xd0\xcf\x11\xe0": "an old .xls workbook",
    b"\xff\xfe": "UTF-16 text",
    b"\xfe\xff": "UTF-16 text",
}
_FORMULA = ("=", "+", "-", "@")
_HANDLE = re.compile(r"@?[\w.-]+(@[\w-]+(\.[\w-]+)+)?")
_LINE_BREAKS = {"Cc", "Zl", "Zp"}
"""Unicode categories: control characters, line and paragraph separators."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """What a file holds: column names, in lower case."""

    required: Sequence[str]
    optional: Sequence[str] = ()
    handles: Sequence[str] = ()
    """Optional columns with account names, the only cells that may begin with an `@`."""

    @property
    def known(self) -> tuple[str, ...]:
        """Every column that the file may have."""
        return (*self.required, *self.optional, *self.handles)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the file, by column name; a column that the file lacks reads as empty."""

    line: int
    cells: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")


@dataclass(slots=True)
class Sheet:
    """The rows that could be read, and what is wrong so far."""

    path: Path
    rows: list[Row] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def blame(self, line: int, code: str, what: str, mend: str) -> None:
        """Note a fault in a line."""
        where = f"{self.path}:{line}"
        self.problems.append(
            Problem(severity=Severity.ERROR, code=code, where=where, what=what, mend=mend)
        )

    def raise_faults(self) -> None:
        """End the reading of a file that has faults.

        Raises:
            Faults: there are any.
        """
        if self.problems:
            in_order = sorted(self.problems, key=lambda each: int(each.where.rsplit(":", 1)[1]))
            count = len(in_order)
            raise Faults(f"{self.path.name} has {count} faults and cannot be used:", in_order)


def read_sheet(path: Path, columns: Columns) -> Sheet:
    """Read the rows of a CSV file, separated by commas or semicolons, with a line of names on top.

    Rows with a fault are left out of `rows`; the caller adds what it finds and raises all faults.

    Raises:
        InputError: the file is not there, not UTF-8 (with or without a byte order mark), or no CSV.
        Faults: the line of names lacks a column or has an unknown one.
    """
    text = _csv_text(path)
    sheet = Sheet(path)
    records = _records(sheet, text)
    first = next(records, None)
    if first is None:
        sheet.raise_faults()
        raise InputError(
            f"{path.name} is empty.",
            where=f"{path}:1",
            mend=f"Begin with a line of column names: {','.join(columns.known)}.",
        )
    names = [name.strip().casefold() for name in first[1]]
    if not _names_fit(sheet, names, columns):
        sheet.raise_faults()
    for line, cells in records:
        if len(cells) != len(names):
            sheet.blame(
                line,
                "csv-cells",
                f"This line has {len(cells)} cells, the first line has {len(names)}.",
                "Put text that holds the separator between double quotes.",
            )
            continue
        row = {name: cell.strip() for name, cell in zip(names, cells, strict=True)}
        faulty = [
            name for name, cell in row.items() if not _clean(sheet, line, name, cell, columns)
        ]
        if not faulty:
            sheet.rows.append(Row(line=line, cells=row))
    return sheet


def _csv_text(path: Path) -> str:
    start = read_bytes(path)[:4096]
    for magic, kind in _NOT_CSV.items():
        if start.startswith(magic):
            raise InputError(
                f"{path.name} is {kind}, not a CSV file.",
                where=str(path),
                mend="Open it in the spreadsheet program and save it as “CSV UTF-8”.",
            )
    try:
        return read_text(path)
    except InputError as error:
        # The usual cause, and the name that a spreadsheet gives to the cure.
        mend = "Was it saved as Windows-1252? Save it again as “CSV UTF-8”."
        raise InputError(
            error.what, where=error.where, mend=mend if "UTF-8" in error.what else error.mend
        ) from None


def _records(sheet: Sheet, text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the line number and the cells of each record that is not empty."""
    lines = text.split("\n")
    too_long = {number for number, line in enumerate(lines, 1) if len(line) > MAX_LINE}
    for number in sorted(too_long):
        what = f"This line has {len(lines[number - 1])} characters; at most {MAX_LINE} are read."
        sheet.blame(number, "csv-line-long", what, "Is a closing quote missing?")
    heading = next((line for line in lines if line.strip()), "")
    delimiter = ";" if heading.count(";") > heading.count(",") else ","
    # Too long lines are emptied, so that what comes after them keeps its line number.
    kept = ["" if number in too_long else line for number, line in enumerate(lines, 1)]
    reader = csv.reader(io.StringIO("\n".join(kept)), delimiter=delimiter, strict=True)
    line = 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            mend = "Check the double quotes in this line: each needs a partner."
            sheet.blame(line, "csv-quotes", f"The line cannot be read: {error}.", mend)
            return
        if any(cell.strip() for cell in cells):
            yield line, cells
        line = reader.line_num + 1


def _names_fit(sheet: Sheet, names: Sequence[str], columns: Columns) -> bool:
    before = len(sheet.problems)
    for name in columns.required:
        if name not in names:
            mend = f"The first line should read: {','.join(columns.known)}."
            sheet.blame(1, "csv-column", f"The column {name!r} is missing.", mend)
    for name in sorted(set(names)):
        if names.count(name) > 1:
            what = f"The column {name!r} is there {names.count(name)} times."
            sheet.blame(1, "csv-column", what, "Keep one of them.")
        if name not in columns.known:
            sheet.blame(
                1,
                "csv-column",
                f"The column {name!r} is unknown.",
                nearest(name, columns.known) or f"Known are: {', '.join(columns.known)}.",
            )
    return len(sheet.problems) == before


def _clean(sheet: Sheet, line: int, name: str, cell: str, columns: Columns) -> bool:
    """Note what is wrong with the form of one cell; return whether nothing is."""
    if any(unicodedata.category(character) in _LINE_BREAKS for character in cell):
        what = f"{name} holds a line break or a hidden character: {cell[:60]!r}."
        sheet.blame(line, "csv-line-break", what, "Write it on one line.")
        return False
    if name in columns.handles:
        if cell and not _HANDLE.fullmatch(cell):
            what = f"{name} is not an account name: {cell[:60]!r}."
            sheet.blame(line, "csv-handle", what, "Write it as `naam@server.example`.")
            return False
    elif cell.startswith(_FORMULA):
        what = f"{name} begins like a formula: {cell[:60]!r}."
        mend = "Text may not begin with =, +, - or @; write out what is meant."
        sheet.blame(line, "csv-formula", what, mend)
        return False
    return True


def nearest(word: str, known: Iterable[str]) -> str:
    """Return “Did you mean …?” with the known word nearest to `word`, or nothing."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"Did you mean {close[0]!r}?" if close else ""

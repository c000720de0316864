"""The records of a CSV file of any size, one at a time, whatever the file turns out to be.

A line that cannot be read costs that line only: what comes after it is read as if it began there.
No more is held in memory than one record may be long.
"""

from __future__ import annotations

import csv
import os
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from flows.errors import InputError

MAX_RECORD = 20_000
"""Octets; what is longer is no record about one person."""
MAX_RECORD_LINES = 50
"""Cells may hold line breaks between quotes; more of them mean that a quote is missing."""

_NOT_CSV = {
    b"PK\x03\x04": "a zip file, such as an .xlsx workbook",
    b"\xd0\xcf\x11\xe0": "an old .xls workbook",
    b"\xff\xfe": "UTF-16 text",
    b"\xfe\xff": "UTF-16 text",
    b"\x1f\x8b": "a gzip file",
    b"%PDF": "a PDF file",
}
_BOM = b"\xef\xbb\xbf"
_SKIP_AT_ONCE = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One record of as many cells as the file has columns."""

    line: int
    cells: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """A line that is no record."""

    line: int
    text: str
    """How it begins."""
    reason: str


class Records:
    """The records of one file.

    Args:
        path: The file.
        encoding: Of its text.

    Raises:
        InputError: it cannot be read, is no text, or has no line of column names.
    """

    def __init__(self, path: Path, *, encoding: str = "utf-8") -> None:
        self.path = path
        self.size = _size_of(path)
        self.read = 0
        """Octets read so far."""
        self._encoding = encoding
        self._lines: deque[tuple[int, bytes | None]] = deque()
        self._source = self._from_file()
        self.names = self._heading()

    def __iter__(self) -> Iterator[Record | Unreadable]:
        """Yield the records, and the lines that are none; empty lines are left out."""
        while (line := self._next()) is not None:
            number, raw = line
            if raw is None:
                reason = f"The line is longer than {MAX_RECORD} octets."
                yield Unreadable(line=number, text="", reason=reason)
            elif raw.strip(b"\r\n \t;,"):
                yield self._record(number, raw)

    def _record(self, number: int, raw: bytes) -> Record | Unreadable:
        taken = [(number, raw)]
        whole = raw
        while whole.count(b'"') % 2 and len(taken) < MAX_RECORD_LINES and len(whole) < MAX_RECORD:
            following = self._next()
            if following is None:
                break
            if following[1] is None:
                self._lines.appendleft(following)
                break
            taken.append((following[0], following[1]))
            whole += following[1]
        text = self._decoded(number, whole)
        try:
            cells = next(csv.reader([text], delimiter=self._delimiter, strict=True))
        except csv.Error:
            reason = "A double quote is missing, or is one too many."
        else:
            if len(cells) == len(self.names):
                return Record(line=number, cells=cells)
            reason = f"It has {len(cells)} cells, the first line has {len(self.names)}."
        # What a missing quote swallowed is read again, line by line.
        self._lines.extendleft(reversed(taken[1:]))
        return Unreadable(line=number, text=self._decoded(number, raw)[:200].strip(), reason=reason)

    def _heading(self) -> list[str]:
        first = self._next()
        while first is not None and first[1] is not None and not first[1].strip():
            first = self._next()
        if first is None:
            raise self._refused(
                "is empty", "Begin with a line of column names, such as email,name."
            )
        number, raw = first
        if raw is None:
            what = f"has a first line of more than {MAX_RECORD} octets, so it is no list of people"
            raise self._refused(what, "Is it the right file?", number)
        text = self._decoded(number, raw).strip("\r\n")
        if "\r" in text:
            what = "has the line ends of an old Macintosh"
            raise self._refused(what, "Save it again as “CSV UTF-8”.", number)
        self._delimiter = max(",;\t", key=text.count)
        try:
            cells = next(csv.reader([text], delimiter=self._delimiter, strict=True))
        except csv.Error as error:
            what = f"has a first line that cannot be read: {error}"
            raise self._refused(what, "Write the names of the columns there.", number) from None
        return [cell.strip().casefold() for cell in cells]

    def _next(self) -> tuple[int, bytes | None] | None:
        return self._lines.popleft() if self._lines else next(self._source, None)

    def _from_file(self) -> Iterator[tuple[int, bytes | None]]:
        """Yield the lines with their numbers; None in place of one that is too long."""
        with self.path.open("rb") as file:
            start = file.read(4)
            for magic, kind in _NOT_CSV.items():
                if start.startswith(magic):
                    mend = "Open it in the program that made it, and save it as “CSV UTF-8”."
                    raise self._refused(f"is {kind}, not a CSV file", mend)
            file.seek(len(_BOM) if start.startswith(_BOM) else 0)
            number = 0
            while raw := file.readline(MAX_RECORD + 1):
                number += 1
                self.read += len(raw)
                if b"\0" in raw:
                    what = "holds octets of zero, so it is no text"
                    raise self._refused(what, "Is it the right file?", number)
                if len(raw) <= MAX_RECORD or raw.endswith(b"\n"):
                    yield number, raw
                    continue
                while (more := file.readline(_SKIP_AT_ONCE)) and not more.endswith(b"\n"):
                    self.read += len(more)
                self.read += len(more)
                yield number, None

    def _decoded(self, number: int, raw: bytes) -> str:
        try:
            return raw.decode(self._encoding)
        except UnicodeDecodeError as error:
            octet = f"octet 0x{raw[error.start]:02x}"
            if self._encoding == "utf-8":
                mend = "Save it again as “CSV UTF-8”, or say --encoding windows-1252 if that is it."
            else:
                mend = "Leave --encoding out if it is UTF-8."
            raise self._refused(f"is not {self._encoding} text: {octet}", mend, number) from None

    def _refused(self, what: str, mend: str, line: int | None = None) -> InputError:
        where = f"{self.path}:{line}" if line else str(self.path)
        return InputError(f"{self.path.name} {what}.", where=where, mend=mend)


def _size_of(path: Path) -> int:
    """Return a file's size.

    Raises:
        InputError: it is not there, no file, or may not be read.
    """
    try:
        if not path.is_file():
            what = "is a folder" if path.is_dir() else "is not there"
            raise InputError(f"{path} {what}.", where=str(path), mend="Name a CSV file.")
        if not os.access(path, os.R_OK):
            raise InputError(
                f"{path} may not be read.", where=str(path), mend="Check the file's rights."
            )
        return path.stat().st_size
    except OSError as error:
        raise InputError(
            f"{path} cannot be read: {error.strerror}.", where=str(path), mend="Check the name."
        ) from None

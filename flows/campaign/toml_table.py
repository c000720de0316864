"""A TOML file whose faults are told with their lines, all at once."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from flows.audience.faults import Faults
from flows.audience.table import nearest
from flows.campaign.moments import Moment, read_moment
from flows.errors import InputError
from flows.files import read_text
from flows.models import Problem, Severity

_HEADING = re.compile(r"\s*\[(\[?)\s*([\w.-]+)\s*\]\]?\s*(?:#.*)?")
_KEY = re.compile(r"\s*\"?([\w-]+)\"?\s*=")


@dataclass(slots=True)
class TomlFile:
    """The file, where its keys stand, and what was found wrong with it so far."""

    path: Path
    values: Mapping[str, Any]
    lines: Mapping[tuple[str, int, str], int]
    """Line by table, number of the table (0 if it is no list) and key (empty for the table)."""
    found: list[Problem] = field(default_factory=list)

    @property
    def root(self) -> Table:
        """The keys that stand in no table."""
        return Table(file=self, values=self.values)

    def table(self, name: str) -> Table | None:
        """Return the table `[name]`, if there is one."""
        values = self.values.get(name)
        return Table(file=self, values=values, name=name) if isinstance(values, Mapping) else None

    def tables(self, name: str) -> list[Table]:
        """Return the tables `[[name]]`."""
        values = self.values.get(name)
        return [
            Table(file=self, values=each, name=name, number=number)
            for number, each in enumerate(values if isinstance(values, list) else [], 1)
            if isinstance(each, Mapping)
        ]

    def errors(self) -> list[Problem]:
        """Return what was found that is not only a warning."""
        return [each for each in self.found if each.severity is Severity.ERROR]

    def raise_faults(self) -> None:
        """End the reading of a file that has faults.

        Raises:
            Faults: there are any.
        """
        if errors := self.errors():
            count = len(errors)
            raise Faults(f"{self.path.name} has {count} faults and cannot be used:", errors)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table of a file: reads its fields, and notes what is wrong with them."""

    file: TomlFile
    values: Mapping[str, Any]
    name: str = ""
    number: int = 0

    @property
    def line(self) -> int | None:
        """Where it begins."""
        return self.file.lines.get((self.name, self.number, ""))

    def line_of(self, key: str) -> int | None:
        """Return where a key stands, or else where the table begins."""
        return self.file.lines.get((self.name, self.number, key)) or self.line

    def blame(
        self,
        code: str,
        what: str,
        mend: str,
        *,
        key: str = "",
        severity: Severity = Severity.ERROR,
    ) -> None:
        """Note a problem with a key, or with the table as a whole."""
        line = self.line_of(key)
        where = f"{self.file.path}:{line}" if line else str(self.file.path)
        self.file.found.append(
            Problem(severity=severity, code=code, where=where, what=what, mend=mend)
        )

    def only(self, known: Sequence[str]) -> None:
        """Note every key that is not one of `known`."""
        for key in self.values:
            if key not in known:
                mend = nearest(key, known) or f"Known are: {', '.join(known)}."
                self.blame("key-unknown", f"{key!r} is unknown here.", mend, key=key)

    def text(self, key: str, *, required: bool = False) -> str:
        """Return a field as text without white space around it; empty if it is not there."""
        value = self.values.get(key)
        if isinstance(value, str) and value.strip():
            return value.strip()
        if value is None and not required:
            return ""
        what = "is missing" if value is None else "is empty" if value == "" else "is not text"
        self.blame("field", f"{key} {what}.", f'Write `{key} = "…"`.', key=key)
        return ""

    def moment(self, key: str, *, zone: ZoneInfo, event: Moment | None) -> Moment | None:
        """Return a field as a moment, with a warning if it is only a date.

        Args:
            key: The field.
            zone: Where local times are local.
            event: What the moment may hang on.
        """
        try:
            moment = read_moment(self.values[key], zone=zone, event=event.at if event else None)
        except InputError as error:
            self.blame("moment", error.what, error.mend, key=key)
            return None
        if not moment.has_time:
            self.blame(
                f"{self.name}-without-time",
                f"{moment.written} has no time, so 00:00 that day is meant.",
                f"Write the time as well, such as {moment.at.astimezone(zone):%Y-%m-%d}T10:00.",
                key=key,
                severity=Severity.WARNING,
            )
        return moment


def read_toml_file(path: Path) -> TomlFile:
    """Read a TOML file and find the lines of its keys.

    Raises:
        InputError: the file is missing, is not UTF-8 or is not TOML.
    """
    text = read_text(path)
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        raise InputError(
            f"{path.name} is not valid TOML: {error}.",
            where=f"{path}:{line[1] if line else len(text.splitlines())}",
            mend="Correct that line; text goes between double quotes, a date does not.",
        ) from None
    return TomlFile(path=path, values=values, lines=_lines(text))


def _lines(text: str) -> dict[tuple[str, int, str], int]:
    """Find where each key stands, which the parser does not tell."""
    at: dict[tuple[str, int, str], int] = {}
    counts: dict[str, int] = {}
    table, number = "", 0
    for line, content in enumerate(text.split("\n"), 1):
        if heading := _HEADING.fullmatch(content):
            table = heading[2]
            counts[table] = counts.get(table, 0) + 1
            number = counts[table] if heading[1] else 0
            at.setdefault((table, number, ""), line)
            at.setdefault(("", 0, table), line)
        elif key := _KEY.match(content):
            at.setdefault((table, number, key[1]), line)
    return at

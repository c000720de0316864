"""Returned messages from files: single ones, folders, Maildirs, mbox files, a pipe."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from flows.errors import InputError
from flows.returns.parts import MOST_OCTETS

PIPE = "-"
_MOST_WHOLE = 100_000_000
"""A message of more octets than this is read in part: enough to say what it is."""
_ENVELOPE = re.compile(
    rb"From \S.{0,200}?(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\s+[A-Z][a-z]{2}\s+\d{1,2}\s"
)


@dataclass(frozen=True, slots=True)
class Found:
    """One message, and where it stands."""

    file: str
    """A path, or `-` for the pipe."""
    number: int
    """Which message of that file, from 1."""
    raw: bytes

    @property
    def place(self) -> str:
        """The path, with `#2` and so on behind it for the messages of an mbox after the first."""
        return self.file if self.number == 1 else f"{self.file}#{self.number}"


def messages(path: str) -> Iterator[Found]:
    """Yield the messages in a file, a folder and its folders, an mbox, or from a pipe (`-`).

    Raises:
        InputError: there is nothing of that name, or it cannot be read.
    """
    if path == PIPE:
        yield from _in_stream(sys.stdin.buffer, PIPE)
        return
    place = Path(path)
    if not place.exists():
        raise InputError(
            f"There is no file or folder {path}.",
            where="--from",
            mend="Name a message, a folder, a Maildir or an mbox; `-` reads from a pipe.",
        )
    files = [place] if place.is_file() else sorted(_files(place))
    for file in files:
        try:
            with file.open("rb") as stream:
                yield from _in_stream(stream, str(file))
        except OSError as error:
            raise InputError(
                f"{file} cannot be read: {error.strerror}.",
                where="--from",
                mend="Check that you may read it.",
            ) from error


def _files(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        # Nothing in a Maildir's `tmp` has been delivered yet.
        if path.is_file() and not hidden and path.parent.name != "tmp":
            yield path


def _in_stream(stream: BinaryIO, place: str) -> Iterator[Found]:
    first = stream.readline(MOST_OCTETS)
    if not _ENVELOPE.match(first):
        raw = first + stream.read(_MOST_WHOLE)
        if raw.strip():
            yield Found(place, 1, raw if len(raw) < _MOST_WHOLE else raw[:MOST_OCTETS])
        return
    for number, raw in enumerate(_in_mbox(stream, first), 1):
        yield Found(place, number, raw)


def _in_mbox(stream: BinaryIO, first: bytes) -> Iterator[bytes]:
    """Part an mbox at the lines that begin a message after a blank line."""
    lines, size, blank = [first], len(first), False
    while line := stream.readline(MOST_OCTETS):
        if blank and _ENVELOPE.match(line):
            yield b"".join(lines)
            lines, size = [], 0
        blank = not line.strip()
        if size < _MOST_WHOLE:
            lines.append(line)
            size += len(line)
    yield b"".join(lines)

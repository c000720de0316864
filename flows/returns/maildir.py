"""A Maildir of returned mail: what is in `new`, and in `cur` without the mark of being seen."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from flows.errors import InputError
from flows.returns.mailbox import MOST_WHOLE, Letter
from flows.returns.parts import MOST_OCTETS

_LOOK_EVERY = 2.0
"""Seconds between two looks while waiting."""


class Maildir:
    """A Maildir.

    Raises:
        InputError: there is none of that name.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        if not (folder / "new").is_dir():
            raise InputError(
                f"There is no Maildir {folder}.",
                where="OPROEP_RETURNS_URL",
                mend="It is a folder with the folders new, cur and tmp in it.",
            )

    def unread(self) -> Iterator[Letter]:
        """Yield the letters that are not marked as seen, oldest first."""
        for path in self._paths():
            try:
                with path.open("rb") as file:
                    raw = file.read(MOST_WHOLE + 1)
            except FileNotFoundError:
                continue  # somebody else has it
            except OSError as error:
                raise InputError(
                    f"{path} cannot be read: {error.strerror}.",
                    where=str(path),
                    mend="Let the user that runs Oproep read and write the Maildir.",
                ) from error
            whole = len(raw) <= MOST_WHOLE
            yield Letter(str(path), raw if whole else raw[:MOST_OCTETS])

    def mark(self, key: str) -> None:
        """Move a letter to `cur` and mark it as seen."""
        path = Path(key)
        name, _, flags = path.name.partition(":2,")
        flags = "".join(sorted({*flags, "S"}))
        (self._folder / "cur").mkdir(exist_ok=True)
        try:
            path.rename(self._folder / "cur" / f"{name}:2,{flags}")
        except FileNotFoundError:
            return  # somebody else has marked it

    def wait(self, seconds: float) -> None:
        """Return when something is unread, at the latest after `seconds`."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and not self._paths():
            time.sleep(min(_LOOK_EVERY, max(end - time.monotonic(), 0)))

    def describe(self) -> str:
        """Return what it is and holds."""
        return f"Maildir {self._folder}, {len(self._paths())} unread"

    def _paths(self) -> list[Path]:
        seen = [path for path in (self._folder / "cur").glob("*") if path.is_file()]
        unseen = [path for path in seen if "S" not in path.name.partition(":2,")[2]]
        new = [path for path in (self._folder / "new").glob("*") if path.is_file()]
        return sorted(unseen + new, key=lambda path: path.name)

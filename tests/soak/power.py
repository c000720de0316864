"""A power cut for SQLite: what was not synced is lost.

It is the worst that a disk may do which keeps its word: not one octet survives that the program
did not wait for. That a disk may also keep some of the rest, or lie about what it has synced, is
not tried here.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.parts import program

HERE = Path(__file__).resolve().parent


class Power:
    """Two folders: the files as programs see them, and what of them has been synced.

    Args:
        folder: Where both are made.
    """

    def __init__(self, folder: Path) -> None:
        self.live = folder / "live"
        self._synced = folder / "synced"
        self._library = folder / "power.so"
        self.live.mkdir()
        self._synced.mkdir()
        compiler = program("gcc", "gcc", "cc")
        source = HERE / "power.c"
        command = [str(compiler), "-shared", "-fPIC", "-O2", "-o", str(self._library), str(source)]
        subprocess.run(command, check=True)

    @property
    def environment(self) -> Mapping[str, str]:
        """What programs need that live and die by this power."""
        return {
            "LD_PRELOAD": str(self._library),
            "SYNCED_FROM": str(self.live.resolve()),
            "SYNCED_TO": str(self._synced),
        }

    def settle(self) -> None:
        """Take everything for synced; no program may be running."""
        _replace(self.live, self._synced)

    def cut(self) -> None:
        """Lose what was not synced; the programs must have been killed."""
        for unfinished in self._synced.glob("*.part"):
            unfinished.unlink()
        _replace(self._synced, self.live)


def _replace(source: Path, target: Path) -> None:
    for file in target.iterdir():
        file.unlink()
    for file in source.iterdir():
        # SQLite's index of the write-ahead log lives in memory that programs share.
        if not file.name.endswith("-shm"):
            shutil.copy(file, target)

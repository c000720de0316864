"""A time of day that tests set as they like, for this process and for real programs at once."""

from __future__ import annotations

import asyncio
import mmap
import struct
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.parts import program

SOURCE = Path(__file__).with_name("faked_time.c")


class FakedTime:
    """The machine's time, shifted: a `Clock` here, and a library that programs are started with.

    It goes on by itself. What counts seconds, and not the time of day, notices nothing.

    Args:
        folder: Where the library and the shift are kept.
    """

    def __init__(self, folder: Path) -> None:
        self._library = folder / "faked_time.so"
        self._file = folder / "shift"
        compiler = str(program("gcc", "gcc", "cc"))
        command = [compiler, "-shared", "-fPIC", "-O2", "-o", str(self._library), str(SOURCE)]
        subprocess.run(command, check=True)
        self._file.write_bytes(bytes(8))
        with self._file.open("r+b") as file:
            self._shift = mmap.mmap(file.fileno(), 8)

    @property
    def environment(self) -> Mapping[str, str]:
        """What programs need that live in this time."""
        return {"LD_PRELOAD": str(self._library), "SHIFTED_BY": str(self._file)}

    def now(self) -> datetime:
        (nanoseconds,) = struct.unpack("=q", self._shift)
        return datetime.now(UTC) + timedelta(microseconds=nanoseconds // 1000)

    async def sleep_until(self, moment: datetime) -> None:
        while self.now() < moment:
            await asyncio.sleep(0.1)

    def set(self, moment: datetime) -> None:
        """Set the clocks."""
        self.move(moment - self.now())

    def move(self, by: timedelta) -> None:
        """Set the clocks forward, or back."""
        (nanoseconds,) = struct.unpack("=q", self._shift)
        self._shift[:] = struct.pack("=q", nanoseconds + by // timedelta(microseconds=1) * 1000)

    def be_real(self) -> None:
        """Set the clocks to the machine's time."""
        self._shift[:] = bytes(8)

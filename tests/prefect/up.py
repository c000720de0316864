"""A running `oproep up`, for tests and measurements."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.ports import free_port
from tests.prefect.house import House, until

OPROEP = str(Path(sys.executable).parent / "oproep")


@dataclass
class Up:
    """A running `oproep up`."""

    house: House
    process: subprocess.Popen[bytes]

    @property
    def out(self) -> str:
        return (self.house.folder / "out").read_text("utf-8")

    @property
    def err(self) -> str:
        return (self.house.folder / "err").read_text("utf-8")

    def parts(self, words: str) -> list[int]:
        """The processes of this installation whose command line holds these words."""
        found = []
        for entry in Path("/proc").iterdir():
            try:
                line = (entry / "cmdline").read_bytes().decode()
                here = (entry / "cwd").resolve() == self.house.folder
            except OSError:
                continue
            if here and words in line:
                found.append(int(entry.name))
        return found

    def memory(self) -> float:
        """What all its processes hold together, in MB, shared pages counted once."""
        total = 0
        for process in self.parts(""):
            try:
                text = Path(f"/proc/{process}/smaps_rollup").read_text("ascii")
            except OSError:  # it has just ended
                continue
            total += int(re.findall(r"^Pss:\s+(\d+)", text, re.M)[0])
        return total / 1024


@contextmanager
def running_up(there: House, *options: str) -> Iterator[Up]:
    """Run `oproep up` in an installation that has no server of its own; yield it when it is ready.

    Args:
        there: The installation.
        options: Of the command.
    """
    port = free_port()
    there.environment = {
        name: value for name, value in there.environment.items() if not name.startswith("PREFECT_")
    } | {"OPROEP_PREFECT_PORT": str(port)}
    there.url = f"http://127.0.0.1:{port}/api"
    with (there.folder / "out").open("wb") as out, (there.folder / "err").open("wb") as err:
        process = subprocess.Popen(
            [OPROEP, "up", *options],
            cwd=there.folder,
            env=there.environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
        )
    running = Up(there, process)
    try:
        until(lambda: "Ready" in running.out or process.poll() is not None, 200)
        yield running
    finally:
        process.kill()
        process.communicate()

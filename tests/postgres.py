"""A PostgreSQL of our own for the tests: a private cluster on a Unix socket, gone afterwards."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


def programs() -> Path | None:
    """Return the folder with PostgreSQL's server programs, or None if it is not installed."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    return max(Path("/usr/lib/postgresql").glob("*/bin"), default=None)


@contextmanager
def cluster(bin_dir: Path) -> Iterator[str]:
    """Run a server for the duration of the block; yield the URL of its `postgres` database."""
    folder = Path(tempfile.mkdtemp(prefix="oproep-pg-"))
    data = folder / "data"
    as_user: list[str] = []
    if os.geteuid() == 0:  # the server refuses to run as root
        shutil.chown(folder, "postgres")
        as_user = ["runuser", "-u", "postgres", "--"]
    options = f"-k {folder} -c listen_addresses= -c max_connections=100"

    def run(*command: str) -> None:
        subprocess.run([*as_user, *command], check=True, capture_output=True, cwd=folder)

    try:
        initdb = str(bin_dir / "initdb")
        run(initdb, "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")
        log = str(folder / "log")
        control = str(bin_dir / "pg_ctl")
        run(control, "-D", str(data), "-o", options, "-l", log, "-w", "start")
        try:
            yield f"postgresql+psycopg://postgres@/postgres?host={folder}"
        finally:
            run(control, "-D", str(data), "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def controller(bin_dir: Path, url: str) -> Callable[..., None]:
    """Return what stops and starts the server behind `url` while its block runs.

    Args:
        bin_dir: The folder with its programs.
        url: As `cluster` yielded it.
    """
    folder = Path(url.partition("host=")[2])
    as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    options = f"-k {folder} -c listen_addresses= -c max_connections=100"

    def control(*arguments: str) -> None:
        command = [str(bin_dir / "pg_ctl"), "-D", str(folder / "data"), "-o", options]
        command += ["-l", str(folder / "log"), "-w", *arguments]
        subprocess.run([*as_user, *command], check=True, cwd=folder, stdout=subprocess.DEVNULL)

    return control

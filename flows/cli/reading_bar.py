"""How far the reading of a large file is: a bar for people, nothing for a log."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def octets_shown(name: str) -> Iterator[Callable[[int, int], None]]:
    """Yield what is to be told how many octets of how many were read."""
    if not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    # rich is imported only where a bar is shown: it takes a tenth of a second.
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True)) as bars:
        task = bars.add_task(name, total=None)
        yield lambda done, total: bars.update(task, completed=done, total=total)

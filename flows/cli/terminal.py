"""What the terminal shows while something runs: a bar for people, nothing for a log."""

from __future__ import annotations

import sys
from types import TracebackType
from zoneinfo import ZoneInfo

from flows.progress import Progress


class ProgressBar:
    """One line per step on stderr; silent when stderr is no terminal."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        # rich is imported only where a bar is shown: it takes a tenth of a second.
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
        from rich.progress import Progress as Bars

        self._bars = Bars(
            TextColumn("{task.description:<12}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[moment]}"),
            console=Console(stderr=True),
            disable=not sys.stderr.isatty(),
        )
        self._tasks: dict[int, object] = {}

    def __enter__(self) -> ProgressBar:
        self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._bars.stop()

    def update(self, progress: Progress) -> None:
        """Show where a step stands."""
        moment = f"{progress.at.astimezone(self._zone):%d-%m-%Y %H:%M}"
        if progress.step not in self._tasks:
            self._tasks[progress.step] = self._bars.add_task(
                progress.channel, total=progress.planned, moment=moment
            )
        task = self._tasks[progress.step]
        self._bars.update(task, completed=progress.done, moment=moment)  # type: ignore[arg-type]

"""What the terminal shows while something runs: a bar for people, lines of JSON for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import click

from flows.progress import Listener, Progress

LINE_EVERY = timedelta(seconds=1)
"""How often a program is told where a step stands, besides its beginning and its end."""


class Pace:
    """How fast a step goes, and what that means for its end."""

    def __init__(self, first: Progress) -> None:
        self._first = first

    def rate(self, progress: Progress) -> float | None:
        """Return deliveries per second since the step was first seen; None before that is known."""
        seconds = (progress.at - self._first.at).total_seconds()
        done = progress.done - self._first.done
        return done / seconds if seconds > 0 and done > 0 else None

    def left(self, progress: Progress) -> timedelta | None:
        """Return how long the rest takes at this rate; None before that is known."""
        rate = self.rate(progress)
        return timedelta(seconds=(progress.planned - progress.done) / rate) if rate else None


@contextmanager
def progress_shown(zone: ZoneInfo, *, as_json: bool = False) -> Iterator[Listener]:
    """Yield what is to be told how far each step is.

    Args:
        zone: In which moments are shown.
        as_json: A line of JSON per second and step on stdout, instead of bars on stderr.
    """
    if as_json:
        yield JsonLines().update
    elif sys.stderr.isatty():
        with _bars() as bars:
            yield _Bars(bars, zone).update
    else:
        yield _Plain().update


class JsonLines:
    """Tells a program how far each step is, a line of JSON at a time."""

    def __init__(self) -> None:
        self._paces: dict[int, Pace] = {}
        self._told: dict[int, datetime] = {}

    def update(self, progress: Progress) -> None:
        """Print a line, unless one was printed less than a second ago."""
        pace = self._paces.setdefault(progress.step, Pace(progress))
        told = self._told.get(progress.step)
        ended = progress.done >= progress.planned or progress.waiting
        if told is not None and not ended and progress.at - told < LINE_EVERY:
            return
        self._told[progress.step] = progress.at
        rate, left = pace.rate(progress), pace.left(progress)
        line = {
            "step": progress.step,
            "channel": progress.channel,
            "done": progress.done,
            "planned": progress.planned,
            "at": progress.at.isoformat(),
            "deadline": progress.deadline.isoformat(),
            "per_second": None if rate is None else round(rate, 1),
            "waiting": progress.waiting,
            "seconds_left": None if left is None else round(left.total_seconds(), 1),
        }
        click.echo(json.dumps(line))


class _Plain:
    """Says in a log what stands in the way, once each time; what goes well needs no words."""

    def __init__(self) -> None:
        self._said: dict[int, str] = {}

    def update(self, progress: Progress) -> None:
        """Say why a step waits, if it has not been said."""
        if progress.waiting and progress.waiting != self._said.get(progress.step):
            click.echo(f"Step {progress.step}: {progress.waiting}", err=True)
        self._said[progress.step] = progress.waiting


class _Bars:
    """One line per step on stderr: done, rate, time left, time to the deadline."""

    def __init__(self, bars: Any, zone: ZoneInfo) -> None:  # noqa: ANN401 (rich is imported late)
        self._bars = bars
        self._zone = zone
        self._tasks: dict[int, tuple[Any, Pace]] = {}

    def update(self, progress: Progress) -> None:
        """Show where a step stands."""
        if progress.step not in self._tasks:
            task = self._bars.add_task(progress.channel, total=progress.planned, words="")
            self._tasks[progress.step] = (task, Pace(progress))
        task, pace = self._tasks[progress.step]
        self._bars.update(task, completed=progress.done, words=self._words(progress, pace))

    def _words(self, progress: Progress, pace: Pace) -> str:
        if progress.waiting:
            return progress.waiting
        words = [f"{progress.at.astimezone(self._zone):%d-%m-%Y %H:%M}"]
        rate, left = pace.rate(progress), pace.left(progress)
        if rate is not None and left is not None and progress.done < progress.planned:
            words.append(f"{rate:,.0f}/s, {span(left)} left")
        words.append(f"deadline in {span(progress.deadline - progress.at)}")
        return ", ".join(words)


def span(length: timedelta) -> str:
    """Return a length of time in its two largest units, such as `2 d 3 h` or `4 s`."""
    seconds = max(0, round(length.total_seconds()))
    units = (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))
    parts: list[str] = []
    for name, size in units:
        number, seconds = divmod(seconds, size)
        if number or parts:
            parts.append(f"{number} {name}")
    return " ".join(parts[:2]) or "0 s"


def _bars() -> Any:  # noqa: ANN401 (rich is imported late)
    # rich is imported only where a bar is shown: it takes a tenth of a second.
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
    from rich.progress import Progress as Bars

    return Bars(
        TextColumn("{task.description:<12}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[words]}"),
        console=Console(stderr=True),
    )

"""The only place that asks what time it is, so that a rehearsal can run days in seconds."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Something that knows the time and can wait for it."""

    def now(self) -> datetime:
        """Return the time, aware, in UTC."""
        ...

    async def sleep_until(self, moment: datetime) -> None:
        """Return when `moment` has come; at once when it has passed."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the machine's time in UTC."""
        return datetime.now(UTC)

    async def sleep_until(self, moment: datetime) -> None:
        """Wait for `moment` in short naps, so that a clock that is set does not oversleep it."""
        while (left := (moment - self.now()).total_seconds()) > 0:
            await asyncio.sleep(min(left, 1.0))


class SimulatedClock:
    """A clock that stands still until it is told to move."""

    def __init__(self, start: datetime) -> None:
        self._now = aware(start)

    def now(self) -> datetime:
        """Return the simulated time in UTC."""
        return self._now

    def advance(self, by: timedelta) -> None:
        """Move the clock forward."""
        self._now += by

    async def sleep_until(self, moment: datetime) -> None:
        """Jump to `moment`; the clock never goes back."""
        self._now = max(self._now, aware(moment))


_current: Clock = SystemClock()


def now() -> datetime:
    """Return the time by the clock in use, aware, in UTC."""
    return _current.now()


async def sleep_until(moment: datetime) -> None:
    """Wait for `moment` by the clock in use.

    Raises:
        ValueError: `moment` has no time zone.
    """
    await _current.sleep_until(aware(moment))


@contextmanager
def use(clock: Clock) -> Iterator[Clock]:
    """Use `clock` within the block: in a rehearsal, or in tests."""
    global _current
    before, _current = _current, clock
    try:
        yield clock
    finally:
        _current = before


def aware(moment: datetime) -> datetime:
    """Return `moment` in UTC.

    Raises:
        ValueError: it has no time zone, so that nobody could know which moment is meant.
    """
    if moment.tzinfo is None:
        raise ValueError(f"a moment without a time zone: {moment.isoformat()}")
    return moment.astimezone(UTC)

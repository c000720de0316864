"""One clock, real or simulated, that never goes back and never guesses a zone."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from flows import clock
from flows.clock import SimulatedClock

NOON = datetime(2026, 2, 11, 12, tzinfo=UTC)


def test_a_simulated_day_passes_at_once() -> None:
    with clock.use(SimulatedClock(NOON)):
        asyncio.run(clock.sleep_until(NOON + timedelta(days=1)))
        assert clock.now() == NOON + timedelta(days=1)
        asyncio.run(clock.sleep_until(NOON))
        assert clock.now() == NOON + timedelta(days=1)


def test_after_the_block_the_machine_s_clock_is_back() -> None:
    with pytest.raises(RuntimeError), clock.use(SimulatedClock(NOON)):
        raise RuntimeError
    assert clock.now() > NOON


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        SimulatedClock(datetime(2026, 2, 11))  # noqa: DTZ001
    with pytest.raises(ValueError, match="time zone"):
        asyncio.run(clock.sleep_until(datetime(2026, 2, 11)))  # noqa: DTZ001


def test_nobody_else_asks_what_time_it_is() -> None:
    from pathlib import Path

    import flows

    room = Path(str(flows.__file__)).parent
    calls = (
        *("datetime.now(", "datetime.today(", "utcnow(", "date.today(", "time.time(", "time_ns("),
        *("localtime(", "gmtime(", "func.now(", "CURRENT_TIMESTAMP", "formatdate(", "make_msgid("),
    )
    askers = [
        path.name
        for path in room.rglob("*.py")
        if any(call in path.read_text("utf-8") for call in calls)
    ]
    assert askers == ["clock.py"]

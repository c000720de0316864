"""Asked to end, every step at work finishes what is on its way, whichever began last."""

from __future__ import annotations

import asyncio
import os
import signal
import threading

import pytest
from prefect.utilities.engine import capture_sigterm

from flows.termination import Terminated, run_in_foreground, unless_terminated


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_flow_that_begins_later_takes_the_signal_from_none_at_work(
    number: signal.Signals,
) -> None:
    """Prefect takes SIGTERM for itself at the beginning of every flow, nested ones included."""
    let_go: list[str] = []

    async def step(name: str, begun: asyncio.Event, after: asyncio.Event | None = None) -> str:
        if after is not None:
            await after.wait()
        ended = asyncio.Event()

        def end() -> None:
            let_go.append(name)
            ended.set()

        async def hand_over() -> str:
            begun.set()
            await ended.wait()
            return name

        with capture_sigterm():
            return await unless_terminated(hand_over(), let_go=end, grace=10)

    async def loading(after: asyncio.Event) -> None:
        # A third flow, which has nothing on its way yet when the signal comes.
        await after.wait()
        with capture_sigterm():
            os.kill(os.getpid(), number)
            await asyncio.sleep(0.05)

    async def everything() -> tuple[str, str, None]:
        first, second = asyncio.Event(), asyncio.Event()
        with capture_sigterm():
            return await asyncio.gather(
                step("first", first), step("second", second, after=first), loading(second)
            )

    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    ended, asked = run_in_foreground(everything())
    assert list(ended) == ["first", "second", None]
    assert asked
    assert sorted(let_go) == ["first", "second"]
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before


def test_a_second_signal_does_not_wait_for_what_is_on_its_way() -> None:
    async def endless() -> None:
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGINT)
            await asyncio.sleep(0.01)
        await asyncio.Event().wait()

    async def work() -> str:
        with pytest.raises(Terminated):
            await unless_terminated(endless(), grace=1000)
        return "ended"

    assert run_in_foreground(work()) == ("ended", True)


def test_what_begins_after_the_signal_ends_at_once() -> None:
    async def forever() -> None:
        await asyncio.Event().wait()

    async def work() -> str:
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.sleep(0.01)
        with pytest.raises(Terminated):
            await unless_terminated(forever())
        return "ended"

    assert run_in_foreground(work()) == ("ended", True)


def test_a_signal_is_heard_though_the_main_thread_sleeps_through_it() -> None:
    """As when it comes the moment before the main thread falls asleep."""

    async def forever() -> None:
        await asyncio.sleep(0.1)  # until it sleeps
        signal.pthread_kill(threading.get_ident(), signal.SIGTERM)
        await asyncio.Event().wait()

    async def work() -> str:
        with pytest.raises(Terminated):
            await asyncio.wait_for(unless_terminated(forever()), 10)
        return "ended"

    assert run_in_foreground(work()) == ("ended", True)

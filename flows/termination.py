"""What SIGTERM means to a step at work: begin nothing new, finish what is on its way, and go.

It comes when `oproep up` is ended, and when somebody cancels the run in Prefect. Left to itself it
would cut off messages whose last octet is out and whose answer is not in: each `unconfirmed`. To
`oproep launch --now` Ctrl-C means the same; a second one does not wait.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from contextvars import copy_context
from typing import Any, TypeVar

GRACE = 20.0
"""Seconds that what is on its way gets. What only waits is cut short then, which costs nothing."""
_ENDING = (signal.SIGTERM, signal.SIGINT)
_AWAKE_EVERY = 0.2
"""Seconds: a signal that comes just before the main thread falls asleep does not wake it."""

T = TypeVar("T")


class Terminated(Exception):
    """The process was asked to end before the work was done."""


class _Foreground:
    """Several pieces of work in this process, all of which end when it is asked to."""

    def __init__(self) -> None:
        self.asked = False
        self._at_work: list[tuple[asyncio.AbstractEventLoop, Callable[[], None]]] = []

    def ask(self, *_signal: object) -> None:
        """Ask all of them to end."""
        self.asked = True
        for loop, terminate in list(self._at_work):
            loop.call_soon_threadsafe(terminate)

    @contextmanager
    def listening(self, terminate: Callable[[], None]) -> Iterator[None]:
        """Have `terminate` called when the process is asked to end, or has been already."""
        entry = (asyncio.get_running_loop(), terminate)
        self._at_work.append(entry)
        if self.asked:
            terminate()
        try:
            yield
        finally:
            self._at_work.remove(entry)


_foreground: _Foreground | None = None


def run_in_foreground(work: Coroutine[Any, Any, T]) -> tuple[T, bool]:
    """Run `work` to its end; Ctrl-C and SIGTERM end what it does as gently as may be.

    It runs in a thread of its own. In the main thread Prefect would take SIGTERM for itself
    whenever a flow begins, and cut off what another one has on its way.

    Returns:
        What `work` returns, and whether the process was asked to end.
    """
    global _foreground
    _foreground = foreground = _Foreground()
    before = {number: signal.signal(number, foreground.ask) for number in _ENDING}
    try:
        with ThreadPoolExecutor(max_workers=1) as beside:
            ended = beside.submit(copy_context().run, asyncio.run, work)
            while not ended.done():
                wait([ended], timeout=_AWAKE_EVERY)
        return ended.result(), foreground.asked
    finally:
        _foreground = None
        for number, handler in before.items():
            signal.signal(number, handler)


def _nothing() -> None:
    """Let go of nothing: it has not begun."""


async def unless_terminated(
    work: Coroutine[Any, Any, T], *, let_go: Callable[[], object] = _nothing, grace: float = 0.0
) -> T:
    """Return what `work` returns.

    Args:
        work: What is done.
        let_go: Called when the process is asked to end: the work then ends by itself, soon.
        grace: Seconds in which it may.

    Raises:
        Terminated: the process was asked to end, and the work did not end by itself in time.
    """
    if _foreground is not None:
        listening = _foreground.listening
    elif "PREFECT__FLOW_RUN_ID" in os.environ:
        listening = _own_process
    else:
        # Not a process of its own for one run: whose signals they are is for others to say.
        return await work
    loop = asyncio.get_running_loop()
    asked = False
    task = asyncio.ensure_future(work)

    def terminate() -> None:
        nonlocal asked
        if asked:
            task.cancel()
            return
        asked = True
        let_go()
        loop.call_later(grace, task.cancel)

    with listening(terminate):
        try:
            return await task
        except asyncio.CancelledError:
            if asked:
                raise Terminated from None
            task.cancel()
            raise


@contextmanager
def _own_process(terminate: Callable[[], None]) -> Iterator[None]:
    """Have `terminate` called at SIGTERM: this process does nothing but this one run."""
    loop = asyncio.get_running_loop()
    before = signal.getsignal(signal.SIGTERM)
    loop.add_signal_handler(signal.SIGTERM, terminate)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGTERM)
        signal.signal(signal.SIGTERM, before)

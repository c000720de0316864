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
from contextlib import contextmanager
from typing import Any, TypeVar

GRACE = 20.0
"""Seconds that what is on its way gets. What only waits is cut short then, which costs nothing."""

T = TypeVar("T")
_at_work: list[Callable[[], None]] = []
"""For each piece of work in this process, what asks it to end."""
_before: dict[signal.Signals, Any] = {}
"""What the signals meant before the work began."""
_foreground = False
_asked = False


class Terminated(Exception):
    """The process was asked to end before the work was done."""


@contextmanager
def in_foreground() -> Iterator[Callable[[], bool]]:
    """Let Ctrl-C and SIGTERM end the work within the block as gently as may be.

    Yields:
        What tells whether the process was asked to end.
    """
    global _foreground, _asked
    _foreground, _asked = True, False
    try:
        yield lambda: _asked
    finally:
        _foreground = False


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
    if not _foreground and "PREFECT__FLOW_RUN_ID" not in os.environ:
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

    with _signals_to(terminate, loop):
        if _asked:
            terminate()
        try:
            return await task
        except asyncio.CancelledError:
            if asked:
                raise Terminated from None
            task.cancel()
            raise


@contextmanager
def _signals_to(terminate: Callable[[], None], loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """Have `terminate` called at a signal, beside what other work in this process wants called."""
    if not _at_work:
        for number in (signal.SIGTERM, signal.SIGINT) if _foreground else (signal.SIGTERM,):
            _before[number] = signal.getsignal(number)
            loop.add_signal_handler(number, _ask)
    _at_work.append(terminate)
    try:
        yield
    finally:
        _at_work.remove(terminate)
        if not _at_work:
            for number, handler in _before.items():
                loop.remove_signal_handler(number)
                signal.signal(number, handler)
            _before.clear()


def _ask() -> None:
    global _asked
    _asked = True
    for terminate in list(_at_work):
        terminate()

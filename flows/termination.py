"""What SIGTERM means to a step at work: begin nothing new, finish what is on its way, and go.

It comes when `oproep up` is ended, and when somebody cancels the run in Prefect. Left to itself it
would cut off messages whose last octet is out and whose answer is not in: each `unconfirmed`.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

GRACE = 20.0
"""Seconds that what is on its way gets. What only waits is cut short then, which costs nothing."""

T = TypeVar("T")


class Terminated(Exception):
    """The process was asked to end before the work was done."""


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
    if "PREFECT__FLOW_RUN_ID" not in os.environ:
        # Not a process of its own for one run: whose signals they are is for others to say.
        return await work
    loop = asyncio.get_running_loop()
    asked = asyncio.Event()
    task = asyncio.ensure_future(work)

    def terminate() -> None:
        if not asked.is_set():
            asked.set()
            let_go()
            loop.call_later(grace, task.cancel)

    before = signal.getsignal(signal.SIGTERM)
    loop.add_signal_handler(signal.SIGTERM, terminate)
    try:
        return await task
    except asyncio.CancelledError:
        if asked.is_set():
            raise Terminated from None
        task.cancel()
        raise
    finally:
        loop.remove_signal_handler(signal.SIGTERM)
        signal.signal(signal.SIGTERM, before)

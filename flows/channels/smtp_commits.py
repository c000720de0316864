"""Group commits: one for all lanes that are ready, together with the outcomes so far.

That is what makes a synced ledger cheap. The order is kept by the caller of `record`: a lane sends
its content only after the commit that holds its intent, and that commit holds the outcome of the
message before it on the same lane.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from flows.channels.batch import Outcome, Record
from flows.channels.smtp_lane import Lane

GROUP = 100
"""Outcomes that are committed at once, without waiting for another message to begin."""
LINGER = 0.02
"""Seconds that an outcome may wait for others to be committed with."""


class Commits:
    """Gathers intents and outcomes and commits them.

    Args:
        record: Commits; see `flows.channels.batch.Record`.
        go: Called with each lane whose intent is committed.
        failed: Called with what `record` raised; the lanes that were ready are aborted then.
    """

    def __init__(
        self,
        record: Record,
        *,
        go: Callable[[Lane], None],
        failed: Callable[[BaseException], None],
    ) -> None:
        self._record = record
        self._go = go
        self._failed = failed
        self._loop = asyncio.get_running_loop()
        self._ready: list[Lane] = []
        self._begun: list[int] = []
        self._outcomes: list[Outcome] = []
        self._soon = False
        self._timer: asyncio.TimerHandle | None = None
        self.closed = False
        """No lane may go any more; outcomes are still committed."""
        self._broken = False

    def ready(self, lane: Lane) -> None:
        """Take the message announced on `lane` into the next commit."""
        self._ready.append(lane)
        self._commit_soon()

    def forget(self, lane: Lane) -> None:
        """Leave a lane out that was lost before the commit."""
        if lane in self._ready:
            self._ready.remove(lane)

    def keep(self, outcome: Outcome, *, begun: bool = True) -> None:
        """Take an outcome into the next commit.

        Args:
            outcome: What became of a delivery.
            begun: Whether its intent is committed already; if not, it is with the outcome.
        """
        if not begun:
            self._begun.append(outcome.delivery_id)
        self._outcomes.append(outcome)
        if len(self._outcomes) >= GROUP:
            self._commit_soon()
        elif self._timer is None:
            self._timer = self._loop.call_later(LINGER, self._lingered)

    def last(self) -> None:
        """Commit what is left, when no lane is open any more.

        Raises:
            BaseException: what `record` raised.
        """
        self.closed = True
        self._stop_timer()
        if self._outcomes:
            self._record(self._begun, self._outcomes)
            self._begun, self._outcomes = [], []

    def _commit_soon(self) -> None:
        if not self._soon:
            self._soon = True
            # After all sockets that can be read now have been read.
            self._loop.call_soon(self._commit)

    def _lingered(self) -> None:
        self._timer = None
        self._commit()

    def _commit(self) -> None:
        self._soon = False
        lanes, self._ready = self._ready, []
        if self.closed:
            _abort(lanes)
            lanes = []
        if self._broken or not (lanes or self._outcomes):
            return
        intents = [*self._begun, *(lane.next_id for lane in lanes)]
        try:
            self._record(intents, self._outcomes)
        except Exception as error:  # noqa: BLE001 (given back to the caller of `Pool.run`)
            self.closed = self._broken = True
            _abort(lanes)
            self._failed(error)
            return
        self._begun, self._outcomes = [], []
        for lane in lanes:
            self._go(lane)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _abort(lanes: list[Lane]) -> None:
    for lane in lanes:
        lane.connection.abort()

"""Group commits: one for all lanes that are ready, together with the outcomes so far.

That is what makes a synced ledger cheap. The order is kept by the caller of `record`: a lane ends
its message only after the commit that holds its intent, and that commit holds the outcome of the
message before it on the same lane.

Where the server is quick, lanes that went together come back nearly together, and a sync of the
disk costs the same for ten as for one. So those that are back wait a little for the others;
meanwhile the server is given all of their messages but the end. Where it is slow, its time is what
limits us, and there is time for a sync more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from flows.channels.batch import Outcome, Record
from flows.channels.smtp_lane import Lane

GROUP = 100
"""Outcomes that are committed at once, without waiting for another message to begin."""
LINGER = 0.02
"""Seconds that an outcome may wait for others to be committed with."""
PATIENCE = 0.001
"""Seconds that a lane may wait for those that went with it."""
QUICK = 0.02
"""Seconds that a server may take for a message to be called quick."""


class Commits:
    """Gathers intents and outcomes and commits them.

    Args:
        record: Commits; see `flows.channels.batch.Record`.
        go: Called with the lanes whose intents are committed.
        failed: Called with what `record` raised; the lanes that were ready are aborted then.
    """

    def __init__(
        self,
        record: Record,
        *,
        go: Callable[[Sequence[Lane]], None],
        failed: Callable[[BaseException], None],
    ) -> None:
        self._record = record
        self._go = go
        self._failed = failed
        self._loop = asyncio.get_running_loop()
        self._arrived: list[Lane] = []
        """Ready, in this turn of the loop."""
        self._waiting: list[Lane] = []
        """Ready since an earlier turn, and all but the end of their messages is out."""
        self._away: dict[Lane, float] = {}
        """When each went that has not come back; those of the last commit stand last."""
        self._went = 0.0
        """When those of the last commit went."""
        self._turn = 0.0
        """Seconds that the last lane to come back was away."""
        self._begun: list[int] = []
        self._outcomes: list[Outcome] = []
        self._soon = False
        self._patience: asyncio.TimerHandle | None = None
        self._timer: asyncio.TimerHandle | None = None
        self.closed = False
        """No lane may go any more; outcomes are still committed."""
        self._broken = False

    def ready(self, lane: Lane) -> None:
        """Take the message announced on `lane` into the next commit."""
        self._arrived.append(lane)
        if went := self._away.pop(lane, None):
            self._turn = self._loop.time() - went
        self._look_soon()

    def forget(self, lane: Lane) -> None:
        """Leave a lane out that was lost, or whose message was refused, before the commit."""
        for ready in (self._arrived, self._waiting):
            if lane in ready:
                ready.remove(lane)
        self._away.pop(lane, None)
        if self._waiting:
            self._look_soon()

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
            self._look_soon()
        elif self._timer is None:
            self._timer = self._loop.call_later(LINGER, self._lingered)

    def last(self) -> None:
        """Commit what is left, when no lane is open any more.

        Raises:
            BaseException: what `record` raised.
        """
        self.closed = True
        self._stop_timers()
        if self._outcomes:
            self._record(self._begun, self._outcomes)
            self._begun, self._outcomes = [], []

    def _look_soon(self) -> None:
        if not self._soon:
            self._soon = True
            # After all sockets that can be read now have been read.
            self._loop.call_soon(self._look)

    def _look(self) -> None:
        """Commit, unless it is better to wait for lanes that will soon be back."""
        self._soon = False
        if not self._others_are_near() or len(self._outcomes) >= GROUP:
            self._commit()
            return
        if self._patience is None and (self._arrived or self._waiting):
            self._patience = self._loop.call_later(PATIENCE, self._commit)
        for lane in self._arrived:
            lane.begin()
        self._waiting += self._arrived
        self._arrived = []

    def _others_are_near(self) -> bool:
        if not self._away or self._turn > QUICK:
            return False
        last = next(reversed(self._away.values()))
        return last == self._went and self._went + self._turn - self._loop.time() < PATIENCE

    def _lingered(self) -> None:
        self._timer = None
        self._commit()

    def _commit(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
        lanes, self._waiting, self._arrived = [*self._waiting, *self._arrived], [], []
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
        if lanes:
            self._went = self._loop.time()
            self._away |= dict.fromkeys(lanes, self._went)
            self._go(lanes)

    def _stop_timers(self) -> None:
        for timer in (self._timer, self._patience):
            if timer is not None:
                timer.cancel()
        self._timer = self._patience = None


def _abort(lanes: Sequence[Lane]) -> None:
    for lane in lanes:
        lane.connection.abort()

"""Messages taken from the source and not begun: in order, but for those whose domain must wait."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from heapq import heappop, heappush

from flows.channels.batch import Outgoing, Source
from flows.channels.smtp_pace import Pace
from flows.compose.messages import Mail

PARKED = 500
"""Messages that may wait for their domain before we take no more from the source."""


class Queue:
    """Takes from the source a little at a time, so that a stop finds little taken.

    Args:
        source: Where messages come from.
        pace: Says how long a domain must wait.
        chunk: How many to ask the source for at once.
    """

    def __init__(self, source: Source[Mail], pace: Pace, *, chunk: int) -> None:
        self._source = source
        self._pace = pace
        self._chunk = chunk
        self._here: deque[Outgoing[Mail]] = deque()
        self._parked: list[tuple[float, int, Outgoing[Mail]]] = []
        self._dry = False

    @property
    def empty(self) -> bool:
        """Tell whether the source has no more and nothing waits here."""
        return self._dry and not self._here and not self._parked

    def fill(self) -> None:
        """Take from the source if nothing is here."""
        if not self._here and not self._dry and len(self._parked) < PARKED:
            self._here.extend(self._source(self._chunk))
            self._dry = not self._here

    def take(self, now: float) -> Outgoing[Mail] | None:
        """Return the next message that may go at `now`, if there is one."""
        if self._here and not self._parked and self._pace.free:
            return self._here.popleft()
        while True:
            outgoing = self._candidate(now)
            if outgoing is None:
                return None
            delay = self._pace.domain_delay(outgoing.message.recipient, now)
            if delay <= 0:
                return outgoing
            heappush(self._parked, (now + delay, outgoing.delivery_id, outgoing))

    def wait(self, now: float) -> float | None:
        """Return the seconds until a parked message may go, or None if none is parked."""
        return max(0.0, self._parked[0][0] - now) if self._parked else None

    def give_back(self, outgoing: Outgoing[Mail]) -> None:
        """Put a message that was taken and not begun in front again."""
        self._here.appendleft(outgoing)

    def ids(self) -> Iterator[int]:
        """Yield the deliveries that were taken and are still here."""
        yield from (outgoing.delivery_id for outgoing in self._here)
        yield from (outgoing.delivery_id for _, _, outgoing in self._parked)

    def _candidate(self, now: float) -> Outgoing[Mail] | None:
        if self._parked and self._parked[0][0] <= now:
            return heappop(self._parked)[2]
        self.fill()
        return self._here.popleft() if self._here else None

"""Sends the few mails that the pages ask for, apart from answering the pages.

So no answer's time tells whether a mail went out, and to whom.
What waits is in memory only: if the process is killed, people ask once more. Stopped in order, it
sends first what waits.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from flows import clock
from flows.channels.batch import BatchChannel, HandOver, Outcome, Outgoing
from flows.compose.messages import Mail
from flows.models import DeliveryState

Job = Callable[[], Mail | None]
"""Does what was asked for and returns the mail that follows from it, if any."""

CAPACITY = 1_000
"""Jobs that may wait; with more than that something is wrong, and nothing more is taken on."""
WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60))
"""How long after each refusal it is tried again; then we give up, and people ask again."""
HEAD_START = 0.2
"""Seconds that the answer gets before the job begins, so that its work cannot slow the answer."""
_PATIENCE = 1.0
_AGAIN = frozenset({DeliveryState.DEFERRED, DeliveryState.QUEUED})

_log = logging.getLogger("oproep.public")


@dataclass(slots=True)
class _Letter:
    mail: Mail
    due: datetime
    refusals: int = 0


@dataclass(slots=True)
class _Round:
    """One connection's worth of letters."""

    waiting: dict[int, _Letter]
    given: list[int] = field(default_factory=list)
    settled: set[int] = field(default_factory=set)

    def source(self, most: int) -> list[Outgoing[Mail]]:
        ready = [number for number in self.waiting if number not in self.given][:most]
        self.given += ready
        return [Outgoing(number, self.waiting[number].mail) for number in ready]

    def record(self, intents: Sequence[int], outcomes: Sequence[Outcome]) -> None:
        # What may have gone out is not sent again, unless it is certain that it did not.
        self.settled.update(intents)
        for outcome in outcomes:
            if outcome.state in _AGAIN:
                self.settled.discard(outcome.delivery_id)
            else:
                self.settled.add(outcome.delivery_id)


class Mailroom:
    """Takes on jobs and hands their mails to the relay, one thread for all.

    Args:
        channel: What carries mail.
    """

    def __init__(self, channel: BatchChannel[Mail]) -> None:
        self._channel = channel
        self._jobs: queue.Queue[Job | None] = queue.Queue(CAPACITY)
        self._letters: list[_Letter] = []
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._work, name="mailroom", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def put(self, job: Job) -> bool:
        """Take on a job; return False if there are too many."""
        try:
            self._jobs.put_nowait(job)
        except queue.Full:
            return False
        return not self._ending.is_set()

    def close(self, *, within: float = 10.0) -> int:
        """Do what waits and end; return how many mails were left.

        Args:
            within: Seconds that it may take.
        """
        self._ending.set()
        with contextlib.suppress(queue.Full):
            self._jobs.put_nowait(None)
        self._thread.join(within)
        if left := self._jobs.qsize() + len(self._letters):
            _log.warning("%d mails that pages asked for were not sent", left)
        return left

    def _work(self) -> None:
        while True:
            self._take()
            now = clock.now()
            # When it ends, what waits for a better time gets a last chance.
            due = [letter for letter in self._letters if letter.due <= now or self._ending.is_set()]
            if due:
                self._carry(due)
            if self._ending.is_set() and self._jobs.empty():
                return

    def _take(self) -> None:
        """Do the jobs there are, or wait a moment for one."""
        try:
            job = self._jobs.get(timeout=_PATIENCE)
            self._ending.wait(HEAD_START)
            while job is not None:
                self._do(job)
                job = self._jobs.get_nowait()
        except queue.Empty:
            pass

    def _do(self, job: Job) -> None:
        try:
            mail = job()
        except Exception:  # noqa: BLE001 (one that fails must not take the others along)
            _log.exception("what a page asked for could not be done")
            return
        if mail is not None:
            self._letters.append(_Letter(mail, due=clock.now()))

    def _carry(self, due: Sequence[_Letter]) -> None:
        round_ = _Round(dict(enumerate(due)))
        try:
            end: HandOver | None = asyncio.run(
                self._channel.deliver_many(round_.source, record=round_.record, stop=lambda: False)
            )
        except Exception:  # noqa: BLE001 (the thread must outlive whatever a server does)
            _log.exception("mails that pages asked for could not be sent")
            end = None
        if end is not None and end.words:
            _log.warning("the mail server: %s", end.words)
        for number, letter in round_.waiting.items():
            if number in round_.settled or letter.refusals >= len(WAITS):
                self._letters.remove(letter)
                continue
            letter.due = clock.now() + WAITS[letter.refusals]
            letter.refusals += 1

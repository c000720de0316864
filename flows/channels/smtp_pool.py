"""The pool: several lanes to one server, and nothing lost or sent twice on any of them.

A message is, in this order: taken from the source; announced on a lane; committed as an intent
when the server waits for its content; in flight, once its end may have left; committed as an
outcome. When its lane is lost before the intent it goes to another lane; after it, it is in doubt,
unless it is certain that its end never left this machine.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from flows.channels.batch import Ended, HandOver, Outcome, Outgoing, Record, Source
from flows.channels.smtp_commits import Commits
from flows.channels.smtp_connection import CannotOpen, Server, Timeouts, open_connection
from flows.channels.smtp_lane import Announcement, Lane
from flows.channels.smtp_outcomes import (
    Blockade,
    Trust,
    about_us,
    asks_to_slow_down,
    in_doubt,
    needs_credentials,
    outcome,
)
from flows.channels.smtp_pace import Pace
from flows.channels.smtp_queue import Queue
from flows.channels.smtp_session import Step
from flows.channels.smtp_wire import Refused, Reply, envelope
from flows.compose.messages import Mail
from flows.models import DeliveryState

TRIES = 3
"""Lanes that one message may lose, before its end, until we take it for the cause."""
FAILURES = 3
"""Connections in a row that may fail to open, or end without an answer, until we give up."""
FAREWELL = 1.0
"""Seconds that closing connections may take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How much of the server we may use, and how patiently we come back to it."""

    connections: int = 10
    per_connection: int | None = None
    """Messages after which a connection is closed and another opened."""
    first_pause: float = 0.5
    """Seconds until a connection that could not be opened is tried again; doubled each time."""
    longest_pause: float = 30.0
    beat: float = 0.25
    """Seconds between two looks at time-outs and at `stop`."""


class Pool:
    """Hands over one batch; used once, in a running event loop."""

    def __init__(
        self,
        server: Server,
        source: Source[Mail],
        *,
        record: Record,
        stop: Callable[[], bool],
        bounds: Bounds,
        timeouts: Timeouts,
        pace: Pace,
    ) -> None:
        self._server = server
        self._stop = stop
        self._bounds = bounds
        self._timeouts = timeouts
        self._pace = pace
        self._loop = asyncio.get_running_loop()
        self._queue = Queue(source, pace, chunk=bounds.connections)
        self._commits = Commits(record, go=self._end_messages, failed=self._fail)
        self._lanes: set[Lane] = set()
        self._idle: set[Lane] = set()
        self._parting: set[Lane] = set()
        self._opening: set[asyncio.Task[None]] = set()
        self._most = 1
        self._failures = 0
        self._barren = 0
        self._open_after = 0.0
        self._drops: Counter[int] = Counter()
        self._trust = Trust(most_doubts=max(FAILURES, bounds.connections))
        self._blockade = Blockade()
        self._end: HandOver | None = None
        self._error: BaseException | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._finished = self._loop.create_future()

    async def run(self) -> HandOver:
        """Hand over until the source is empty or something ends it.

        Raises:
            Exception: what `record` or `source` raised, after what was in flight has finished.
        """
        beat = self._loop.create_task(self._beat())
        self._fill_queue()
        self._fill()
        try:
            await self._finished
        except asyncio.CancelledError:
            self._halt(Ended.STOPPED, "Interrupted.")
            for lane in tuple(self._lanes):
                lane.connection.abort()
                self.lane_lost(lane)
                self._parting.add(lane)
            raise
        finally:
            beat.cancel()
            self._close()
            if self._error is None:
                self._commits.last()
            await self._farewell()
        if self._error is not None:
            self._commit_despite(self._error)
        return replace(self._end or HandOver(why=Ended.EMPTY), returned=tuple(self._queue.ids()))

    # --- what lanes tell

    def lane_ready(self, lane: Lane) -> None:
        """Take the lane's message into the next commit."""
        self._commits.ready(lane)

    def lane_refused(self, lane: Lane, outgoing: Outgoing[Mail], step: Step, reply: Reply) -> None:
        """Record a message that was refused before its end; or stop, if it is about us."""
        self._commits.forget(lane)
        if needs_credentials(reply):
            self._queue.give_back(outgoing)
            self._halt(Ended.AUTH_LOST, f"The mail server wants us to log in: {reply}", reply)
            return
        self._note(outgoing, reply, step, begun=False)

    def lane_answered(self, lane: Lane, outgoing: Outgoing[Mail], reply: Reply) -> None:  # noqa: ARG002
        """Record what became of a message."""
        self._trust.answered()
        if reply.code < 300 and self._pace.free:
            self._commits.keep(outcome(outgoing.delivery_id, reply))
            self._blockade.accepted()
            return
        self._note(outgoing, reply, Step.DOT, begun=True)

    def lane_idle(self, lane: Lane) -> None:
        """Give the lane its next message, or let it wait or go."""
        if self._end is not None or self._worn(lane):
            self._part_with(lane)
        elif announcement := self._next(lane):
            lane.announce(announcement)
        else:
            self._idle.add(lane)
            self._finish_if_done()

    def lane_lost(self, lane: Lane) -> None:
        """Settle what was on the lane, and open another if there is work for it."""
        self._parting.discard(lane)
        if lane not in self._lanes:
            return
        self._lanes.discard(lane)
        self._idle.discard(lane)
        self._commits.forget(lane)
        words = lane.farewell or "The connection was lost."
        if lane.session.in_flight is not None:
            self._left_in_flight(lane, lane.session.in_flight, words)
        if lane.session.announced is not None:
            self._left_announced(lane.session.announced, words)
        if lane.busy:
            self._barren = 0 if lane.answers else self._barren + 1
        if self._barren >= max(FAILURES, self._bounds.connections):
            self._halt(Ended.UNREACHABLE, f"The mail server closes every connection. {words}")
        self._fill_in(0.0)

    # --- messages

    def _worn(self, lane: Lane) -> bool:
        most = self._bounds.per_connection
        return most is not None and lane.session.begun >= most

    def _next(self, lane: Lane) -> Announcement | None:
        """Return the next message that may begin now, or None and come back when one may."""
        while self._end is None:
            free = self._pace.free
            now = 0.0 if free else self._loop.time()
            if not free and (delay := self._pace.delay(now)) > 0:
                self._fill_in(delay)
                return None
            try:
                outgoing = self._queue.take(now)
            except Exception as error:  # noqa: BLE001 (raised again by `run`)
                self._fail(error)
                return None
            if outgoing is None:
                if (wait := self._queue.wait(now)) is not None:
                    self._fill_in(wait)
                return None
            mail = outgoing.message
            try:
                commands = envelope(mail, outgoing.delivery_id, lane.session.offered)
            except Refused as refusal:
                self._note(outgoing, refusal.reply, Step.DATA, begun=False)
                continue
            if not free:
                self._pace.count(mail.recipient, now)
            return outgoing, commands
        return None

    def _end_messages(self, lanes: Sequence[Lane]) -> None:
        """Send the ends of what is committed as intents, and announce the next messages behind."""
        for lane in lanes:
            more = lane.session.offered.pipelining and not self._worn(lane)
            lane.end(self._next(lane) if more else None)
        if self._end is None:
            self._fill_queue()

    def _fill_queue(self) -> None:
        """Make the next messages, while the server is busy with those it has."""
        try:
            self._queue.fill()
        except Exception as error:  # noqa: BLE001 (raised again by `run`)
            self._fail(error)

    def _note(self, outgoing: Outgoing[Mail], reply: Reply, step: Step, *, begun: bool) -> None:
        self._commits.keep(outcome(outgoing.delivery_id, reply, step), begun=begun)
        if reply.code < 300:
            self._blockade.accepted()
            if not self._pace.free:
                self._pace.relieve(outgoing.message.recipient)
            return
        if asks_to_slow_down(reply):
            self._pace.brake(outgoing.message.recipient)
        if self._blockade.note(blocked=about_us(reply, step)):
            self._halt(Ended.BLOCKED, f"The mail server refuses us: {reply}", reply)

    def _left_in_flight(self, lane: Lane, outgoing: Outgoing[Mail], words: str) -> None:
        number = outgoing.delivery_id
        if lane.surely_unsent():
            self._commits.keep(Outcome(number, DeliveryState.QUEUED, reply=words))
            return
        self._commits.keep(in_doubt(number, f"No reply to the end of the message. {words}"))
        if self._trust.lost():
            self._halt(Ended.UNREACHABLE, f"The mail server leaves messages in doubt. {words}")

    def _left_announced(self, outgoing: Outgoing[Mail], words: str) -> None:
        """Put a message whose lane was lost before its end on another lane."""
        self._drops[outgoing.delivery_id] += 1
        if self._drops[outgoing.delivery_id] < TRIES or self._end is not None:
            self._queue.give_back(outgoing)
        else:
            deferred = Outcome(outgoing.delivery_id, DeliveryState.DEFERRED, reply=words)
            self._commits.keep(deferred, begun=False)

    # --- lanes

    def _fill(self) -> None:
        """Give idle lanes work, and open more if there is still some."""
        self._timer = None
        while self._idle and self._end is None:
            lane = self._idle.pop()
            if (announcement := self._next(lane)) is None:
                self._idle.add(lane)
                break
            lane.announce(announcement)
        self._grow()
        self._finish_if_done()

    def _fill_in(self, seconds: float) -> None:
        if self._finished.done():
            return
        when = self._loop.time() + seconds
        if self._timer is not None:
            if self._timer.when() <= when:
                return
            self._timer.cancel()
        self._timer = self._loop.call_at(when, self._fill)

    def _part_with(self, lane: Lane) -> None:
        """Let go of a lane that nothing is waiting on."""
        lane.leave()
        self._parting.add(lane)
        self._lanes.discard(lane)
        self._idle.discard(lane)
        self._fill_in(0.0)

    def _grow(self) -> None:
        """Open lanes while there is work for them: one to learn from, then as many as allowed."""
        if self._end is not None or self._idle or self._queue.empty:
            return
        now = self._loop.time()
        if now < self._open_after:
            self._fill_in(self._open_after - now)
            return
        while len(self._lanes) + len(self._opening) < self._most:
            self._opening.add(self._loop.create_task(self._open()))

    async def _open(self) -> None:
        task: asyncio.Task[None] = asyncio.current_task()  # type: ignore[assignment]
        try:
            connection, offered = await open_connection(self._server, self._timeouts)
        except CannotOpen as failure:
            self._opening.discard(task)
            self._not_opened(failure)
            return
        except Exception as error:  # noqa: BLE001 (raised again by `run`, which waits for it)
            self._opening.discard(task)
            self._fail(error)
            return
        self._opening.discard(task)
        if self._end is not None or self._finished.done():
            connection.abort()
            return
        lane = Lane(connection, offered, self)
        self._lanes.add(lane)
        self._failures = 0
        if self._most == 1:
            self._most = self._bounds.connections
        self.lane_idle(lane)
        if connection.gone:
            self.lane_lost(lane)
        self._grow()

    def _not_opened(self, failure: CannotOpen) -> None:
        self._failures += 1
        reply = failure.reply
        if failure.auth:
            self._halt(Ended.AUTH_LOST, failure.words, reply)
        elif self._lanes:
            # It has enough of us: go on with the connections that it lets us have.
            self._most = len(self._lanes)
        elif self._failures >= FAILURES:
            self._halt(Ended.UNREACHABLE, failure.words, reply)
        else:
            pause = self._bounds.first_pause * 2 ** (self._failures - 1)
            self._open_after = self._loop.time() + min(pause, self._bounds.longest_pause)
        self._fill_in(0.0)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self._bounds.beat)
            now = self._loop.time()
            for lane in tuple(self._lanes):
                lane.check(now, self._timeouts)
            if self._end is None and self._stop():
                self._halt(Ended.STOPPED, "")

    # --- the end

    def _halt(self, why: Ended, words: str, reply: Reply | None = None) -> None:
        """Begin nothing more. What is in flight finishes; what is only announced is dropped."""
        if self._end is not None:
            return
        self._end = HandOver(why=why, words=words, code=reply.code if reply else None)
        self._commits.closed = True
        for lane in tuple(self._lanes):
            if not lane.busy:
                self._part_with(lane)
            elif lane.session.in_flight is None:
                lane.connection.abort()
        self._fill_in(0.0)

    def _fail(self, error: BaseException) -> None:
        self._error = self._error or error
        self._halt(Ended.STOPPED, str(error))

    def _finish_if_done(self) -> None:
        if self._finished.done():
            return
        busy = any(lane.busy for lane in self._lanes)
        if not self._lanes if self._end else not busy and self._queue.empty:
            self._finished.set_result(None)

    def _close(self) -> None:
        for task in self._opening:
            task.cancel()
        for lane in tuple(self._lanes):
            self._part_with(lane)
        if self._timer is not None:
            self._timer.cancel()

    async def _farewell(self) -> None:
        """Wait until every connection is closed; not for long, since nothing depends on it."""
        await asyncio.gather(*self._opening, return_exceptions=True)
        until = self._loop.time() + FAREWELL
        while self._parting and self._loop.time() < until:
            await asyncio.sleep(0.001)
        for lane in self._parting:
            lane.connection.abort()
        await asyncio.sleep(0)

    def _commit_despite(self, error: BaseException) -> None:
        """Try once more to commit the outcomes that came after an error, and raise that error."""
        try:
            self._commits.last()
        except Exception as again:
            raise error from again
        raise error

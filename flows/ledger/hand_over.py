"""Handing over, as the ledger sees it: claim, intend, settle, and what a crash leaves behind.

A worker claims deliveries, commits its intent before a message's last octet can leave, and records
the outcome. It lives as long as its lease, which it renews. When a lease runs out the worker is
taken for dead: what it had only claimed goes back, and what it had begun is `unconfirmed`.
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple
from weakref import finalize

from sqlalchemy import Connection, Engine, insert, select, update
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor
from sqlalchemy.exc import OperationalError

from flows import clock
from flows.channels.batch import Outcome
from flows.errors import LedgerError
from flows.ledger import tables as t
from flows.ledger.transitions import dialect, move, record
from flows.models import DeliveryState

LEASE = timedelta(seconds=60)
"""How long a silent worker counts as alive."""


class Claim(NamedTuple):
    """One delivery that this worker, and nobody else, may hand over."""

    id: int
    part: int
    recipient: str
    name: str
    language: str
    values: Mapping[str, str]
    attempts: int
    """Attempts made before this one."""


class Worker:
    """One process, or one connection to the ledger, that hands over deliveries.

    It keeps a connection of its own, whose statements the database has read once and for all.
    """

    def __init__(self, engine: Engine, *, lease: timedelta = LEASE) -> None:
        self._engine = engine
        self._lease = lease
        self._dialect = dialect(engine.dialect.name)
        self._driver_error: type[Exception] = engine.dialect.loaded_dbapi.Error
        self._kept: DBAPIConnection | None = None
        self._close: Callable[[], object] = _nothing
        self._claimed: set[int] = set()
        self._begun: set[int] = set()
        with engine.begin() as connection:
            self.id: int = connection.execute(
                insert(t.worker)
                .values(name=f"{_this_machine()}:{os.getpid()}", lease_until=clock.now() + lease)
                .returning(t.worker.c.id)
            ).scalar_one()

    def renew(self) -> None:
        """Say that this worker is alive.

        Raises:
            LedgerError: the lease had run out, so that others may have taken over its work.
        """
        now = clock.now()
        with self._transaction() as cursor:
            if not self._dialect.renew(cursor, self.id, now=now, until=now + self._lease):
                raise _lease_lost()

    def claim(self, step_id: int, most: int) -> list[Claim]:
        """Return up to `most` deliveries of a step that are now this worker's to hand over.

        Those never tried go first, in the order in which they were frozen.

        Raises:
            LedgerError: the database cannot be written; nothing is claimed then.
        """
        with self._transaction() as cursor:
            rows = self._dialect.claim(cursor, self.id, step_id, most, clock.now())
        # The database returns updated rows in no order; a thread of posts needs its own.
        claims = sorted((_claim(row) for row in rows), key=itemgetter(0))
        self._claimed.update(claim.id for claim in claims)
        return claims

    def record(self, intents: Sequence[int], outcomes: Sequence[Outcome]) -> None:
        """Commit intents and outcomes together: one sync of the disk serves them all.

        Args:
            intents: Deliveries at which an attempt begins. Only after this may a message leave.
            outcomes: What became of deliveries; one may stand among the intents as well.

        Raises:
            IllegalTransition: the ledger holds something that an outcome cannot follow.
            LedgerError: an intent is about a delivery that is no longer this worker's, or the
                database cannot be written.
            In each case nothing of it is kept.
        """
        now = clock.now()
        with self._transaction() as cursor:
            if intents:
                begun, leased = self._dialect.begin(cursor, intents, self.id, now)
                if begun != len(intents) or not leased:
                    raise _lease_lost()
            record(cursor, self._dialect, outcomes, now=now)
        self._begun.update(intents)
        settled = [outcome.delivery_id for outcome in outcomes]
        self._begun.difference_update(settled)
        self._claimed.difference_update(intents, settled)

    def give_back(self, ids: Sequence[int]) -> None:
        """Let others have deliveries that were claimed and not begun."""
        if not ids:
            return
        with self._transaction() as cursor:
            self._dialect.give_back(cursor, ids, self.id)
        self._claimed.difference_update(ids)

    @contextmanager
    def _transaction(self) -> Iterator[DBAPICursor]:
        """Yield the driver's own cursor in a transaction that is kept if the block succeeds."""
        try:
            connection = self._kept or self._connect()
            cursor = connection.cursor()
            if self._dialect.opening:
                cursor.execute(self._dialect.opening)
            yield cursor
            connection.commit()
        except (self._driver_error, OperationalError) as error:
            self._let_go()
            raise LedgerError(
                f"The ledger cannot be written: {getattr(error, 'orig', error)}.",
                mend="Check the disk's free space and that the database runs, then start again.",
            ) from error
        except BaseException:
            self._let_go()
            raise

    def _connect(self) -> DBAPIConnection:
        lent = self._engine.raw_connection()
        lent.detach()
        connection = self._kept = lent.dbapi_connection
        assert connection is not None  # noqa: S101 (it has just been opened)
        self._close = finalize(self, connection.close)
        return connection

    def _let_go(self) -> None:
        """Undo what is not committed, and close; the next use opens another connection."""
        kept, self._kept = self._kept, None
        with suppress(self._driver_error):
            # Closed alone, SQLite would hold its lock for as long as anybody holds a cursor.
            if kept is not None:
                kept.rollback()
        with suppress(self._driver_error):
            self._close()

    def release(self) -> None:
        """Give back what was claimed and not begun, and end this worker's lease."""
        now = clock.now()
        with self._transaction() as cursor:
            self._dialect.give_back(cursor, list(self._claimed), self.id)
            # What was begun and has no outcome is for `recover` to name.
            self._dialect.end(cursor, self.id, now=now, all_settled=not self._begun)
        self._claimed.clear()
        self._let_go()


def recover(engine: Engine) -> list[int]:
    """Take over from workers whose lease has run out, or whose process here has ended.

    Returns:
        The deliveries that are `unconfirmed` now: begun, with no outcome known.
    """
    now = clock.now()
    with engine.begin() as connection:
        workers = connection.execute(
            select(t.worker)
            .where(t.worker.c.ended_at.is_(None))
            # Two that come back at the same time must not both take over from the same one; what
            # a live worker is renewing at this moment needs no taking over.
            .with_for_update(skip_locked=True)
        ).all()
        dead = [
            worker.id for worker in workers if worker.lease_until <= now or _has_ended(worker.name)
        ]
        doubtful: list[int] = []
        for worker_id in dead:
            doubtful.extend(_take_over(connection, worker_id, now))
    return doubtful


def _take_over(connection: Connection, worker_id: int, now: datetime) -> Sequence[int]:
    """Free what a dead worker had claimed; return what it had begun, which is in doubt now."""
    begun = connection.scalars(
        select(t.delivery.c.id).where(
            t.delivery.c.worker_id == worker_id, t.delivery.c.state == DeliveryState.SENDING
        )
    ).all()
    move(connection, begun, DeliveryState.UNCONFIRMED, now=now)
    connection.execute(
        update(t.delivery)
        .where(t.delivery.c.worker_id == worker_id)
        .where(t.delivery.c.state.in_([DeliveryState.QUEUED, DeliveryState.DEFERRED]))
        .values(worker_id=None)
    )
    connection.execute(
        update(t.worker)
        .where(t.worker.c.id == worker_id)
        # Were it alive after all, it could begin nothing any more.
        .values(ended_at=now, lease_until=now)
    )
    return begun


def _claim(row: Sequence[Any]) -> Claim:
    number, part, recipient, name, language, fields, attempts = row
    # One driver returns JSON as text, the other reads it; most recipients have nothing there.
    values = fields
    if isinstance(fields, str):
        values = json.loads(fields) if fields != "{}" else {}
    return Claim(number, part, recipient, name, language, values, attempts)


def _this_machine() -> str:
    """Return what tells machines, their starts and their containers apart."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
        processes = Path("/proc/self/ns/pid").stat().st_ino
    except OSError:
        return platform.node()
    return f"{platform.node()}/{boot}/{processes}"


def _has_ended(name: str) -> bool:
    """Return whether a worker was a process of this machine that is no more.

    Were it wrong, the worker taken for dead could begin nothing any more, but tell what became
    of what it had begun; so nothing is sent twice even then.
    """
    machine, _, process = name.rpartition(":")
    if machine != _this_machine():
        return False
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False


def _nothing() -> None:
    """Close what is not open."""


def _lease_lost() -> LedgerError:
    return LedgerError(
        "This process was silent for too long and another one may have taken over its work.",
        mend="Nothing was sent twice. Start it again; it goes on with what is left.",
    )

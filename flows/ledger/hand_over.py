"""Handing over, as the ledger sees it: claim, intend, settle, and what a crash leaves behind.

A worker claims deliveries, commits its intent before a message's last octet can leave, and records
the outcome. It lives as long as its lease, which it renews. When a lease runs out the worker is
taken for dead: what it had only claimed goes back, and what it had begun is `unconfirmed`.
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter
from pathlib import Path

from sqlalchemy import Connection, Engine, insert, select, update
from sqlalchemy.engine.interfaces import DBAPICursor

from flows import clock
from flows.channels.batch import Outcome
from flows.errors import LedgerError
from flows.ledger import tables as t
from flows.ledger.transitions import dialect, move, record
from flows.models import DeliveryState

LEASE = timedelta(seconds=60)
"""How long a silent worker counts as alive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
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
    """One process, or one connection to the ledger, that hands over deliveries."""

    def __init__(self, engine: Engine, *, lease: timedelta = LEASE) -> None:
        self._engine = engine
        self._lease = lease
        self._dialect = dialect(engine.dialect.name)
        self._driver_error: type[Exception] = engine.dialect.loaded_dbapi.Error
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
        with self._engine.begin() as connection:
            renewed = connection.execute(
                update(t.worker)
                .where(t.worker.c.id == self.id, t.worker.c.lease_until > now)
                .values(lease_until=now + self._lease)
            )
            if renewed.rowcount != 1:
                raise _lease_lost()

    def claim(self, step_id: int, most: int) -> list[Claim]:
        """Return up to `most` deliveries of a step that are now this worker's to hand over.

        Those never tried go first, in the order in which they were frozen.

        Raises:
            LedgerError: the database cannot be written; nothing is claimed then.
        """
        statements = self._dialect.statements
        parameters: dict[str, object] = {"worker": self.id, "step": step_id, "most": most}
        with self._transaction() as cursor:
            cursor.execute(statements.claim_queued, parameters)
            rows = cursor.fetchall()
            if not rows:
                now = self._dialect.moment(clock.now())
                cursor.execute(statements.claim_deferred, parameters | {"now": now})
                rows = cursor.fetchall()
        # The database returns updated rows in no order; a thread of posts needs its own.
        return sorted((_claim(*row) for row in rows), key=attrgetter("id"))

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
                self._begin(cursor, intents, now)
            record(cursor, self._dialect, outcomes, now=now)

    def _begin(self, cursor: DBAPICursor, ids: Sequence[int], now: datetime) -> None:
        statements = self._dialect.statements
        parameters = {
            "ids": json.dumps(list(ids)),
            "worker": self.id,
            "now": self._dialect.moment(now),
        }
        cursor.execute(statements.begin_attempts, parameters)
        if cursor.rowcount != len(ids):
            raise _lease_lost()
        cursor.execute(statements.log_attempts, {"ids": parameters["ids"]})

    def give_back(self, ids: Sequence[int]) -> None:
        """Let others have deliveries that were claimed and not begun."""
        with self._engine.begin() as connection:
            connection.execute(
                update(t.delivery)
                .where(t.delivery.c.id.in_(ids), t.delivery.c.worker_id == self.id)
                .values(worker_id=None)
            )

    @contextmanager
    def _transaction(self) -> Iterator[DBAPICursor]:
        """Yield the driver's own cursor in a transaction that is kept if the block succeeds."""
        connection = self._engine.raw_connection()
        cursor = connection.cursor()
        try:
            if self._dialect.name == "sqlite":
                cursor.execute("BEGIN IMMEDIATE")
            yield cursor
            connection.commit()
        except self._driver_error as error:
            connection.rollback()
            raise LedgerError(
                f"The ledger cannot be written: {error}.",
                mend="Check the disk's free space and that the database runs, then start again.",
            ) from error
        except BaseException:
            connection.rollback()
            raise
        finally:
            cursor.close()
            connection.close()

    def release(self) -> None:
        """Give back what was claimed and not begun, and end this worker's lease."""
        with self._engine.begin() as connection:
            _give_back(connection, self.id)
            connection.execute(
                update(t.worker).where(t.worker.c.id == self.id).values(lease_until=clock.now())
            )


def recover(engine: Engine) -> list[int]:
    """Take over from workers whose lease has run out, or whose process here has ended.

    Returns:
        The deliveries that are `unconfirmed` now: begun, with no outcome known.
    """
    now = clock.now()
    with engine.begin() as connection:
        workers = connection.execute(
            select(t.worker)
            .where(select(t.delivery.c.id).where(t.delivery.c.worker_id == t.worker.c.id).exists())
            # Two that come back at the same time must not both take over from the same one; what
            # a live worker is renewing at this moment needs no taking over.
            .with_for_update(skip_locked=True)
        ).all()
        dead = [
            worker.id for worker in workers if worker.lease_until <= now or _has_ended(worker.name)
        ]
        doubtful: list[int] = []
        for worker_id in dead:
            begun = connection.scalars(
                select(t.delivery.c.id).where(
                    t.delivery.c.worker_id == worker_id,
                    t.delivery.c.state == DeliveryState.SENDING,
                )
            ).all()
            move(connection, begun, DeliveryState.UNCONFIRMED, now=now)
            doubtful.extend(begun)
            _give_back(connection, worker_id)
    return doubtful


def _claim(
    number: int,
    part: int,
    recipient: str,
    name: str,
    language: str,
    fields: str | dict[str, str],
    attempts: int,
) -> Claim:
    # One driver returns JSON as text, the other reads it.
    values = json.loads(fields) if isinstance(fields, str) else fields
    return Claim(
        id=number,
        part=part,
        recipient=recipient,
        name=name,
        language=language,
        values=values,
        attempts=attempts,
    )


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


def _give_back(connection: Connection, worker_id: int) -> None:
    """Free what a worker claimed and did not begin."""
    connection.execute(
        update(t.delivery)
        .where(t.delivery.c.worker_id == worker_id)
        .where(t.delivery.c.state.in_([DeliveryState.QUEUED, DeliveryState.DEFERRED]))
        .values(worker_id=None)
    )


def _lease_lost() -> LedgerError:
    return LedgerError(
        "This process was silent for too long and another one may have taken over its work.",
        mend="Nothing was sent twice. Start it again; it goes on with what is left.",
    )

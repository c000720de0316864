"""The ledger's writing while messages go out, in the words of each database.

These few statements stand between every message and the next, so they go to the driver itself:
through SQLAlchemy's layers they cost ten times as much. SQLite runs in this process, where prepared
statements with lists of ids are the fastest; PostgreSQL is a round trip away, and takes a whole
group as one JSON parameter.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any, ClassVar, cast

from sqlalchemy.engine.interfaces import DBAPICursor

from flows.channels.batch import Outcome
from flows.clock import aware
from flows.models import TRANSITIONS, DeliveryState

_CLAIM = """
UPDATE delivery SET worker_id = {worker}
WHERE id IN (
    SELECT id FROM delivery
    WHERE step_id = {step} AND state = {waiting} AND worker_id IS NULL
    ORDER BY id LIMIT {most} {lock}
)
RETURNING id, part, recipient, name, language, fields, attempts
"""

_BEGIN = """
UPDATE delivery SET state = 'sending', attempts = attempts + 1, due_at = NULL, updated_at = {now}
WHERE id {ids} AND worker_id = {worker} AND state IN ('queued', 'deferred')
"""

_LOG_ATTEMPTS = """
INSERT INTO attempt (delivery_id, number, worker_id, at)
SELECT id, attempts, {worker}, {now} FROM delivery WHERE id {ids}
"""

_LEASED = "SELECT 1 FROM worker WHERE id = {worker} AND lease_until > {now}"
"""Nobody may take the worker for dead between this and the end of the transaction."""

_GIVE_BACK = """
UPDATE delivery SET worker_id = NULL
WHERE id {ids} AND worker_id = {worker} AND state IN ('queued', 'deferred')
"""

_RENEW = "UPDATE worker SET lease_until = {until} WHERE id = {worker} AND lease_until > {now}"

_END = "UPDATE worker SET lease_until = {now}, ended_at = {until} WHERE id = {worker}"

PLANNED = (
    *("step_id", "part", "recipient", "recipient_key", "name", "language", "fields"),
    *("state", "reason", "attempts", "updated_at"),
)
"""The columns of a delivery that is being planned."""
_COLUMNS = ", ".join(PLANNED)
_ONCE = "ON CONFLICT (step_id, recipient_key, part) DO NOTHING"


class Dialect(ABC):
    """How one database is told what happens while messages go out.

    Every function writes within the caller's transaction.
    """

    name: ClassVar[str]
    opening: ClassVar[str]
    """The statement that opens a writing transaction; empty if the driver does so by itself."""
    _lock: ClassVar[str]

    @abstractmethod
    def moment(self, moment: datetime) -> str:
        """Return a moment as `database.Moment` stores it."""

    @abstractmethod
    def begin(
        self, cursor: DBAPICursor, ids: Sequence[int], worker: int, now: datetime
    ) -> tuple[int, bool]:
        """Begin an attempt at each of these deliveries.

        Returns:
            How many could be begun, and whether the worker's lease still runs.
        """

    @abstractmethod
    def settle(self, cursor: DBAPICursor, outcomes: Sequence[Outcome], now: datetime) -> int:
        """Write outcomes and log them; return how many could follow the state that stood there."""

    def give_back(self, cursor: DBAPICursor, ids: Sequence[int], worker: int) -> None:
        """Free deliveries that the worker claimed and has not begun."""
        numbers = ", ".join(str(int(number)) for number in ids)
        given = {"worker": worker}
        cursor.execute(self._words(_GIVE_BACK.replace("{ids}", f"IN ({numbers or 'NULL'})")), given)

    def renew(self, cursor: DBAPICursor, worker: int, *, now: datetime, until: datetime) -> bool:
        """Let a worker's lease run on; return whether it still ran."""
        given = {"worker": worker, "now": self.moment(now), "until": self.moment(until)}
        cursor.execute(self._words(_RENEW), given)
        return bool(cursor.rowcount == 1)

    def end(self, cursor: DBAPICursor, worker: int, *, now: datetime, all_settled: bool) -> None:
        """End a worker's lease, and note that nothing is left of its work if that is so."""
        at = self.moment(now)
        given = {"worker": worker, "now": at, "until": at if all_settled else None}
        cursor.execute(self._words(_END), given)

    @abstractmethod
    def plan(self, cursor: DBAPICursor, rows: Sequence[Sequence[object]]) -> int:
        """Write new deliveries, each with what stands in `PLANNED`; return how many.

        A recipient that has the same part of the step already is left out.
        """

    def claim(
        self, cursor: DBAPICursor, worker: int, step: int, most: int, now: datetime
    ) -> list[tuple[object, ...]]:
        """Claim up to `most` deliveries: those never tried, or else those that are due again."""
        given: dict[str, object] = {"worker": worker, "step": step, "most": most}
        cursor.execute(self._claim("'queued'"), given)
        rows = cursor.fetchall()
        if not rows:
            given["now"] = self.moment(now)
            cursor.execute(self._claim("'deferred' AND due_at <= {now}"), given)
            rows = cursor.fetchall()
        return list(rows)

    def _claim(self, waiting: str) -> str:
        return self._words(_CLAIM.replace("{waiting}", waiting).replace("{lock}", self._lock))

    @abstractmethod
    def _words(self, text: str) -> str:
        """Return a statement with its parameters as the driver wants them."""


class Sqlite(Dialect):
    """In this process: prepared statements, for as many rows at a time as say the same."""

    name = "sqlite"
    opening = "BEGIN IMMEDIATE"
    _lock = ""

    def moment(self, moment: datetime) -> str:
        """Return UTC without a zone, which SQLite has no type for."""
        return aware(moment).astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")

    def plan(self, cursor: DBAPICursor, rows: Sequence[Sequence[object]]) -> int:
        """Write new deliveries."""
        cursor.executemany(_SQLITE_PLAN, rows)
        return int(cursor.rowcount)

    def begin(
        self, cursor: DBAPICursor, ids: Sequence[int], worker: int, now: datetime
    ) -> tuple[int, bool]:
        """Begin an attempt at each of these deliveries."""
        at = self.moment(now)
        cursor.execute(_SQLITE_LEASED, (worker, at))
        leased = cursor.fetchone() is not None
        begun = 0
        for some in _filled_up(ids):
            begin, log = _sqlite_begin(len(some))
            cursor.execute(begin, (at, *some, worker))
            begun += cursor.rowcount
            cursor.execute(log, (worker, at, *some))
        return begun, leased

    def settle(self, cursor: DBAPICursor, outcomes: Sequence[Outcome], now: datetime) -> int:
        """Write outcomes, those with the same state together."""
        at = self.moment(now)
        kinds: dict[DeliveryState, list[Outcome]] = {}
        for outcome in outcomes:
            kinds.setdefault(outcome.state, []).append(outcome)
        settled = 0
        for state, group in kinds.items():
            cursor.executemany(
                _sqlite_settle(state),
                [
                    (
                        *(o.reason, o.code, o.enhanced, o.reply, o.remote_id, o.url),
                        *(self.moment(o.due_at) if o.due_at else None, at, o.delivery_id),
                    )
                    for o in group
                ],
            )
            settled += cursor.rowcount
            for some in _filled_up([outcome.delivery_id for outcome in group]):
                cursor.execute(_sqlite_log(len(some)), some)
        return settled

    def _words(self, text: str) -> str:
        return text.format(worker=":worker", step=":step", most=":most", now=":now", until=":until")


_SQLITE_PLAN = f"INSERT INTO delivery ({_COLUMNS}) VALUES ({', '.join('?' * len(PLANNED))}) {_ONCE}"
_SQLITE_LEASED = _LEASED.format(worker="?", now="?")
_FEW, _MANY = 10, 200


def _filled_up(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    """Yield the ids some at a time, the last one repeated so that few lengths come about.

    For each length there is a statement, and the driver keeps a hundred of them prepared.
    """
    for first in range(0, len(ids), _MANY):
        some = ids[first : first + _MANY]
        yield [*some, *[some[-1]] * (-len(some) % _FEW)]


@cache
def _sqlite_begin(length: int) -> tuple[str, str]:
    """Return what begins attempts at so many deliveries, and what logs them."""
    ids = f"IN ({', '.join('?' * length)})"
    return (
        _BEGIN.format(now="?", ids=ids, worker="?"),
        _LOG_ATTEMPTS.format(worker="?", now="?", ids=ids),
    )


@cache
def _sqlite_settle(state: DeliveryState) -> str:
    """Return what writes an outcome to its delivery."""
    before = ", ".join(f"'{one}'" for one in sorted(_states_before(state)))
    return f"""
        UPDATE delivery SET state = '{state.value}', reason = ?, code = ?, enhanced = ?, reply = ?,
            remote_id = ?, url = ?, due_at = ?, worker_id = NULL, updated_at = ?
        WHERE id = ? AND state IN ({before})
    """


@cache
def _sqlite_log(length: int) -> str:
    """Return what logs so many outcomes, as they have just been written to their deliveries."""
    return f"""
        INSERT INTO event (delivery_id, at, state, reason, code, enhanced, reply, remote_id, url)
        SELECT id, updated_at, state, reason, code, enhanced, reply, remote_id, url FROM delivery
        WHERE id IN ({", ".join("?" * length)})
    """


def _states_before(state: DeliveryState) -> list[DeliveryState]:
    return [before for before, afters in TRANSITIONS.items() if state in afters]


class Postgresql(Dialect):
    """A round trip away: one statement for a whole group, which travels as JSON."""

    name = "postgresql"
    opening = ""
    _lock = "FOR UPDATE SKIP LOCKED"

    def moment(self, moment: datetime) -> str:
        """Return a moment with its zone."""
        return aware(moment).isoformat()

    def plan(self, cursor: DBAPICursor, rows: Sequence[Sequence[object]]) -> int:
        """Write new deliveries."""
        cursor.execute(
            "CREATE TEMPORARY TABLE IF NOT EXISTS planned ON COMMIT DROP AS "
            f"SELECT {_COLUMNS} FROM delivery WITH NO DATA"
        )
        # Not in the interface that drivers share, and ten times as fast as what is.
        with cast("Any", cursor).copy(f"COPY planned ({_COLUMNS}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        ordered = f"SELECT {_COLUMNS} FROM planned ORDER BY ctid"
        cursor.execute(f"INSERT INTO delivery ({_COLUMNS}) {ordered} {_ONCE}")
        planned = cursor.rowcount
        cursor.execute("TRUNCATE planned")
        return int(planned)

    def begin(
        self, cursor: DBAPICursor, ids: Sequence[int], worker: int, now: datetime
    ) -> tuple[int, bool]:
        """Begin an attempt at each of these deliveries."""
        given = {"ids": json.dumps(list(ids)), "worker": worker, "now": self.moment(now)}
        cursor.execute(_PG_LEASED, given)
        leased = cursor.fetchone() is not None
        cursor.execute(_PG_BEGIN, given)
        begun = cursor.rowcount
        cursor.execute(_PG_LOG_ATTEMPTS, given)
        return begun, leased

    def settle(self, cursor: DBAPICursor, outcomes: Sequence[Outcome], now: datetime) -> int:
        """Write outcomes."""
        rows = json.dumps(
            [(*one[:-1], self.moment(one.due_at) if one.due_at else None) for one in outcomes]
        )
        given = {"outcomes": rows, "now": self.moment(now)}
        cursor.execute(_PG_SETTLE, given)
        settled = cursor.rowcount
        cursor.execute(_PG_LOG_OUTCOMES, given)
        return settled

    def _words(self, text: str) -> str:
        return text.format(**_PG_NAMES)


_PG_NAMES = {name: f"%({name})s" for name in ("worker", "step", "most", "now", "until")} | {
    "ids": "IN (SELECT CAST(value AS bigint) FROM json_array_elements_text(CAST(%(ids)s AS json)))"
}
_PG_TYPES = (
    "bigint text text integer text text text text timestamptz".split()  # noqa: SIM905
)
_PG_COLUMNS = ", ".join(
    f"CAST(value ->> {place} AS {kind}) AS {'id' if place == 0 else name}"
    for place, (name, kind) in enumerate(zip(Outcome._fields, _PG_TYPES, strict=True))
)
_PG_OUTCOMES = f"SELECT {_PG_COLUMNS} FROM json_array_elements(CAST(%(outcomes)s AS json))"
_PG_TRANSITIONS = ", ".join(
    f"'{before}>{after}'" for before, afters in TRANSITIONS.items() for after in sorted(afters)
)
_PG_LEASED = _LEASED.format(**_PG_NAMES) + " FOR KEY SHARE"
_PG_BEGIN = _BEGIN.format(**_PG_NAMES)
_PG_LOG_ATTEMPTS = _LOG_ATTEMPTS.format(**_PG_NAMES)
_PG_SETTLE = f"""
UPDATE delivery
SET state = o.state, reason = o.reason, code = o.code, enhanced = o.enhanced, reply = o.reply,
    remote_id = o.remote_id, url = o.url, due_at = o.due_at, worker_id = NULL,
    updated_at = %(now)s
FROM ({_PG_OUTCOMES}) AS o
WHERE delivery.id = o.id AND delivery.state || '>' || o.state IN ({_PG_TRANSITIONS})
"""
_PG_LOG_OUTCOMES = f"""
INSERT INTO event (delivery_id, at, state, reason, code, enhanced, reply, remote_id, url)
SELECT o.id, %(now)s, o.state, o.reason, o.code, o.enhanced, o.reply, o.remote_id, o.url
FROM ({_PG_OUTCOMES}) AS o
"""


def dialect(name: str) -> Dialect:
    """Return the dialect of `sqlite` or `postgresql`."""
    return _DIALECTS[name]


_DIALECTS: dict[str, Dialect] = {one.name: one for one in (Sqlite(), Postgresql())}

"""The rows of an import, laid aside in a temporary table: what becomes of each, and doing it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from typing import Any, TypedDict

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    Engine,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    and_,
    case,
    cast,
    delete,
    exists,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB

from flows import clock
from flows.audience import tables as t
from flows.audience.people import Consent, SubscriptionState
from flows.audience.rows import insert_or
from flows.database import Moment

_laid = Table(
    "laid_aside",
    MetaData(),
    Column("line", Integer, primary_key=True, autoincrement=False),
    Column("cells", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("hash", String(64), nullable=False),
    Column("name", Text, nullable=False),
    Column("language", String(35), nullable=False),
    Column("fields", JSON, nullable=False),
    Column("consented", Moment),
    Column("verdict", String(12)),
    prefixes=["TEMPORARY"],
)


class Laid(TypedDict):
    """A row as it is laid aside."""

    line: int
    cells: str
    """As they were read, in JSON."""
    address: str
    key: str
    hash: str
    name: str
    language: str
    fields: dict[str, str]
    consented: datetime | None


class Verdict(StrEnum):
    """What becomes of one row."""

    ADDED = "added"
    """New on the list."""
    CONFIRMED = "confirmed"
    """Had asked for the list and not confirmed it; the consent given here stands for that."""
    RETURNED = "returned"
    """Had left the list, and consented again since, as the row says."""
    UNCHANGED = "unchanged"
    """On the list already."""
    LEFT = "left"
    """Left the list, and the row names no later consent."""
    SUPPRESSED = "suppressed"
    """Must never be mailed; no import changes that."""

    @property
    def is_refusal(self) -> bool:
        """Whether the row is not imported."""
        return self in (Verdict.LEFT, Verdict.SUPPRESSED)

    @property
    def sentence(self) -> str:
        """Why the row is refused."""
        if self is Verdict.LEFT:
            return "They left this list, and the row names no later consent (a column consented)."
        return "The address is suppressed; `oproep audience show` says why."


@contextmanager
def table(engine: Engine) -> Iterator[Connection]:
    """Yield a connection with an empty table to lay rows aside in; it holds up no other writer."""
    with engine.connect().execution_options(read_only=True) as connection:
        with connection.begin():
            if engine.dialect.name == "sqlite":
                # 64 MB: hashes come in no order; with the usual 2 MB each is a look at the disk.
                connection.exec_driver_sql("PRAGMA cache_size = -65536")
            # A connection is used again, and with it what was left behind.
            if _is_there(connection):
                _laid.drop(connection, checkfirst=False)
            _laid.create(connection, checkfirst=False)
        try:
            yield connection
        finally:
            if connection.in_transaction():
                connection.rollback()
            with connection.begin():
                _laid.drop(connection, checkfirst=False)


def lay(connection: Connection, rows: Sequence[Laid]) -> None:
    """Lay rows aside."""
    if rows:
        with connection.begin():
            connection.execute(insert(_laid), rows)


@contextmanager
def deciding(connection: Connection, *, dry_run: bool) -> Iterator[None]:
    """Keep what is known as it is while it is decided about, and unless it is a dry run, done."""
    connection.execution_options(read_only=dry_run)
    with connection.begin():
        yield


def decide(connection: Connection, list_: str) -> dict[Verdict, int]:
    """Say what becomes of each row; return how many rows there are of each verdict."""
    barred = exists().where(t.suppression.c.address_hash == _laid.c.hash)
    gone = and_(t.departure.c.address_hash == _laid.c.hash, t.departure.c.list == list_)
    state = (
        select(t.subscription.c.state)
        .join(t.subscriber, t.subscriber.c.id == t.subscription.c.subscriber_id)
        .where(t.subscriber.c.address_key == _laid.c.key, t.subscription.c.list == list_)
        .scalar_subquery()
    )
    since = and_(_laid.c.consented.is_not(None), t.departure.c.at < _laid.c.consented)
    verdict = case(
        (barred, Verdict.SUPPRESSED),
        (state == SubscriptionState.CONFIRMED, Verdict.UNCHANGED),
        (exists().where(gone, ~since), Verdict.LEFT),
        (exists().where(gone), Verdict.RETURNED),
        (state == SubscriptionState.PENDING, Verdict.CONFIRMED),
        else_=Verdict.ADDED,
    )
    connection.execute(update(_laid).values(verdict=verdict))
    counted = connection.execute(
        select(_laid.c.verdict, func.count()).group_by(_laid.c.verdict)
    ).all()
    return {Verdict(name): number for name, number in counted}


def refused(connection: Connection) -> Iterator[tuple[int, list[str], Verdict]]:
    """Yield the line, the cells and the verdict of the rows that are refused."""
    query = (
        select(_laid.c.line, _laid.c.cells, _laid.c.verdict)
        .where(_laid.c.verdict.in_([each for each in Verdict if each.is_refusal]))
        .order_by(_laid.c.line)
    )
    for line, cells, verdict in connection.execute(query):
        yield line, json.loads(cells), Verdict(verdict)


def carry_out(
    connection: Connection, list_: str, consent: Consent, *, update_details: bool
) -> None:
    """Put the people on the list who are to be put there."""
    now = literal(clock.now(), Moment())
    new = _laid.c.verdict.in_([Verdict.ADDED, Verdict.CONFIRMED, Verdict.RETURNED])
    connection.execute(
        insert_or(connection, t.subscriber)
        .from_select(
            ["address", "address_key", "address_hash", "name", "language", "fields", "created_at"],
            select(
                *(_laid.c.address, _laid.c.key, _laid.c.hash),
                *(_laid.c.name, _laid.c.language, _laid.c.fields, now),
            )
            .where(new)
            .order_by(_laid.c.line),
        )
        .on_conflict_do_nothing()
    )
    given = func.coalesce(_laid.c.consented, now)
    proof = {
        "state": literal(SubscriptionState.CONFIRMED.value),
        "wording": literal(consent.wording),
        "purpose": literal(consent.purpose),
        "source": literal(consent.source),
        "asked_at": given,
        "confirmed_at": given,
    }
    putting = insert_or(connection, t.subscription).from_select(
        ["subscriber_id", "list", *proof],
        select(t.subscriber.c.id, literal(list_), *proof.values())
        .join(_laid, _laid.c.key == t.subscriber.c.address_key)
        .where(new)
        .order_by(_laid.c.line),
    )
    taken_over = {name: putting.excluded[name] for name in proof}
    connection.execute(
        putting.on_conflict_do_update(
            index_elements=["subscriber_id", "list"],
            set_=taken_over | {"ended_at": None, "ended_how": None},
        )
    )
    connection.execute(
        delete(t.departure).where(
            t.departure.c.list == list_,
            t.departure.c.address_hash.in_(
                select(_laid.c.hash).where(_laid.c.verdict == Verdict.RETURNED)
            ),
        )
    )
    if update_details:
        _update_details(connection)


def _update_details(connection: Connection) -> None:
    """Let what the file says take the place of what is known; what it does not say stays."""
    known, said = t.subscriber.c.fields, _laid.c.fields
    merged: Any = (
        func.json_patch(known, said)
        if connection.dialect.name == "sqlite"
        else cast(cast(known, JSONB).concat(cast(said, JSONB)), JSON)
    )
    connection.execute(
        update(t.subscriber)
        .where(t.subscriber.c.address_key == _laid.c.key)
        .where(_laid.c.verdict.not_in([each for each in Verdict if each.is_refusal]))
        .values(
            name=case((_laid.c.name != "", _laid.c.name), else_=t.subscriber.c.name),
            language=_laid.c.language,
            fields=merged,
        )
    )


def _is_there(connection: Connection) -> bool:
    if connection.dialect.name == "sqlite":
        query = "SELECT 1 FROM sqlite_temp_master WHERE name = 'laid_aside'"
    else:
        query = "SELECT 1 FROM pg_class WHERE oid = to_regclass('pg_temp.laid_aside')"
    return connection.exec_driver_sql(query).first() is not None

"""The database engine and its migrations: SQLite by default, PostgreSQL by URL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Connection,
    DateTime,
    Dialect,
    Engine,
    MetaData,
    TypeDecorator,
    create_engine,
    event,
    inspect,
    make_url,
    text,
)
from sqlalchemy.exc import ArgumentError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

from flows.clock import aware
from flows.errors import LedgerError, SettingsError

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

MIGRATIONS = Path(__file__).parent / "ledger" / "migrations"
BUSY_SECONDS = 30
"""How long a writer waits for another one before it gives up."""


class Moment(TypeDecorator[datetime]):
    """An aware datetime, kept in UTC; SQLite has no zone of its own to remember."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Store UTC; refuse a moment without a zone."""
        if value is None:
            return None
        utc = aware(value)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(
        self,
        value: datetime | None,
        dialect: Dialect,  # noqa: ARG002 (the base class names it)
    ) -> datetime | None:
        """Return UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def open_database(url: str) -> Engine:
    """Return an engine whose schema is up to date.

    Raises:
        SettingsError: the URL cannot be understood.
        LedgerError: the database cannot be reached or was made by a newer version.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise SettingsError(
            "OPROEP_DATABASE_URL is not a database URL.",
            mend="Write sqlite:///var/ledger.sqlite or postgresql+psycopg://user@host/name.",
        ) from None
    if parsed.get_backend_name() == "sqlite":
        engine = _sqlite(url, Path(parsed.database or ""))
    else:
        engine = create_engine(parsed, pool_pre_ping=True)
    try:
        migrate(engine)
    except LedgerError:
        engine.dispose()
        raise
    except OperationalError as error:
        engine.dispose()
        raise LedgerError(
            f"The ledger cannot be opened: {error.orig}.",
            where=parsed.render_as_string(hide_password=True),
            mend="Check that the database runs, the folder can be written and the disk has room.",
        ) from error
    return engine


def _sqlite(url: str, file: Path) -> Engine:
    file.parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS})

    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _entry: ConnectionPoolEntry) -> None:  # noqa: ANN401
        # The driver must not open transactions by itself; `_on_begin` does, and says which kind.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode = WAL")
        # FULL, since an intent must be on the disk before a message's last octet leaves.
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        # A deferred transaction that reads first and writes later fails at once when another
        # writer came in between; an immediate one waits its turn.
        read_only = connection.get_execution_options().get("read_only", False)
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")

    return engine


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Yield a connection whose reads all see the same state and hold up no writer."""
    with engine.connect().execution_options(read_only=True) as connection, connection.begin():
        yield connection


def migrate(engine: Engine) -> None:
    """Bring the schema up to date.

    Raises:
        LedgerError: it was made by a newer version of Oproep.
    """
    newest = _newest_revision()
    with engine.connect() as connection:
        has_version = inspect(connection).has_table("alembic_version")
        found = (
            connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
            if has_version
            else None
        )
    if found == newest:
        return
    if found is not None and found > newest:
        raise LedgerError(
            f"The ledger was made by a newer version (schema {found}, this one knows {newest}).",
            where=engine.url.render_as_string(hide_password=True),
            mend="Update Oproep, or point OPROEP_DATABASE_URL at another database.",
        )
    # Alembic takes a third of a second to import; most runs do not need it.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _newest_revision() -> str:
    """Return the number of the newest migration: its file name begins with it."""
    return max(path.name.split("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))

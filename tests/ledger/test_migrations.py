"""A ledger of any age is brought up to date with all that is in it."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, MetaData, Table

import flows.audience.tables
import flows.ledger.tables
import flows.returns.tables  # noqa: F401 (each describes its tables)
from flows.database import MIGRATIONS, metadata, open_database
from tests.conftest import START

REVISIONS = sorted(path.name.split("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))
Row = dict[str, object]


def migrations() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


def make(url: str, revision: str) -> Engine:
    """Return an empty database as the version with this revision made it."""
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        config = migrations()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    return engine


def fill(connection: Connection) -> dict[str, list[Row]]:
    """Write a row into every table; return what then stands in each."""
    there = MetaData()
    there.reflect(connection)
    tables = [table for table in there.sorted_tables if table.name != "alembic_version"]
    for table in tables:
        connection.execute(table.insert().values({c.name: _value(c) for c in table.columns}))
    return {table.name: _rows(connection, table) for table in tables}


def _value(column: sa.Column[object]) -> object:
    kind = column.type
    if isinstance(kind, sa.DateTime):
        return START.replace(tzinfo=None if not kind.timezone else UTC)
    if isinstance(kind, sa.Boolean):
        return False
    if isinstance(kind, sa.JSON):
        return {"naam": "Bo"}
    if isinstance(kind, sa.Integer):
        return 1
    return f"{column.name[:6]}é"


def _rows(connection: Connection, table: Table) -> list[Row]:
    return [dict(row._mapping) for row in connection.execute(table.select())]


@pytest.mark.parametrize("revision", REVISIONS)
def test_a_ledger_of_any_age_keeps_all_that_is_in_it(database_url: str, revision: str) -> None:
    old = make(database_url, revision)
    with old.begin() as connection:
        before = fill(connection)
    old.dispose()
    engine = open_database(database_url)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        there = MetaData()
        there.reflect(connection)
        for name, rows in before.items():
            (now,), (then,) = _rows(connection, there.tables[name]), rows
            assert {column: now[column] for column in then} == then
    engine.dispose()


def test_a_ledger_that_was_half_migrated_is_as_it_was_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An upgrade that breaks off leaves the old version, and can be repeated."""
    url = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    make(url, REVISIONS[0]).dispose()
    scripts = ScriptDirectory.from_config(migrations())
    last = scripts.get_revision(REVISIONS[-1])
    assert last is not None

    def break_off() -> None:
        raise OSError("no room")

    with monkeypatch.context() as broken:
        broken.setattr(ScriptDirectory, "from_config", lambda config: scripts)
        broken.setattr(last.module, "upgrade", break_off)
        with pytest.raises(OSError, match="no room"):
            open_database(url)
    with sa.create_engine(url).connect() as connection:
        found = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
        assert found == REVISIONS[0]
        assert "journal" not in sa.inspect(connection).get_table_names()
    engine = open_database(url)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()

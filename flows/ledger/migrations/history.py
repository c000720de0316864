"""What the migrations share: column types, and tables whose rows are never rewritten."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

IDENTITY = sa.BigInteger().with_variant(sa.Integer, "sqlite")
MOMENT = sa.DateTime(timezone=True)


def create_refusal() -> None:
    """Create what PostgreSQL calls to refuse; SQLite's triggers need nothing."""
    if op.get_context().dialect.name != "sqlite":
        op.execute(
            "CREATE FUNCTION refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
        )


def make_append_only(*tables: str) -> None:
    """Let the database itself refuse to rewrite history."""
    for table in tables:
        if op.get_context().dialect.name == "sqlite":
            for verb in ("UPDATE", "DELETE"):
                op.execute(
                    f"CREATE TRIGGER {table}_keeps_{verb.lower()} BEFORE {verb} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
                )
        else:
            op.execute(
                f"CREATE TRIGGER {table}_is_append_only BEFORE UPDATE OR DELETE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting()"
            )


def let_forget(table: str, *, kept: tuple[str, ...], forgotten: tuple[str, ...]) -> None:
    """Let an append-only table lose what it says of people, and nothing else.

    An update may empty the columns `forgotten` and must leave those in `kept` as they are: what
    happened, and when, cannot be rewritten even so.
    """
    if op.get_context().dialect.name == "sqlite":
        same = " AND ".join(f"NEW.{name} IS OLD.{name}" for name in kept)
        empty = " AND ".join(f"NEW.{name} IS NULL" for name in forgotten)
        op.execute(f"DROP TRIGGER {table}_keeps_update")
        op.execute(
            f"CREATE TRIGGER {table}_keeps_update BEFORE UPDATE ON {table} "
            f"WHEN NOT ({same} AND {empty}) "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )
        return
    same = " AND ".join(f"NEW.{name} IS NOT DISTINCT FROM OLD.{name}" for name in kept)
    empty = " AND ".join(f"NEW.{name} IS NULL" for name in forgotten)
    op.execute(f"DROP TRIGGER {table}_is_append_only ON {table}")
    op.execute(
        f"CREATE TRIGGER {table}_is_append_only BEFORE DELETE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting()"
    )
    op.execute(
        f"CREATE TRIGGER {table}_may_only_forget BEFORE UPDATE ON {table} "
        f"FOR EACH ROW WHEN (NOT ({same} AND {empty})) EXECUTE FUNCTION refuse_rewriting()"
    )


def let_take_back(table: str, *, states: tuple[str, ...]) -> None:
    """Let rows of an append-only table be deleted whose `state` is one of these, and no others."""
    listed = ", ".join(f"'{state}'" for state in states)
    if op.get_context().dialect.name == "sqlite":
        op.execute(f"DROP TRIGGER {table}_keeps_delete")
        op.execute(
            f"CREATE TRIGGER {table}_keeps_delete BEFORE DELETE ON {table} "
            f"WHEN OLD.state NOT IN ({listed}) "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )
        return
    op.execute(f"DROP TRIGGER {table}_is_append_only ON {table}")
    op.execute(
        f"CREATE TRIGGER {table}_is_append_only BEFORE DELETE ON {table} "
        f"FOR EACH ROW WHEN (OLD.state NOT IN ({listed})) EXECUTE FUNCTION refuse_rewriting()"
    )

"""The ledger: campaigns, steps, deliveries, attempts, events.

Revision: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_identity = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Build every table, and close attempts and events against being rewritten."""
    op.create_table(
        "campaign",
        sa.Column("id", _identity, primary_key=True),
        sa.Column("slug", sa.String(100), nullable=False, unique=True),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("language", sa.String(35), nullable=False),
        sa.Column("time_zone", sa.String(64), nullable=False),
        sa.Column("event_name", sa.Text, nullable=False),
        sa.Column("event_at", _moment, nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("rehearsal", sa.Boolean, nullable=False),
        sa.Column("frozen_at", _moment, nullable=False),
    )
    op.create_table(
        "step",
        sa.Column("id", _identity, primary_key=True),
        sa.Column("campaign_id", _identity, sa.ForeignKey("campaign.id"), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("channel", sa.String(80), nullable=False),
        sa.Column("draft", sa.Text, nullable=False),
        sa.Column("at", _moment, nullable=False),
        sa.Column("deadline", _moment, nullable=False),
        sa.Column("planned", sa.Integer, nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("started_at", _moment),
        sa.Column("finished_at", _moment),
        sa.UniqueConstraint("campaign_id", "number"),
    )
    op.create_table(
        "worker",
        sa.Column("id", _identity, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("lease_until", _moment, nullable=False),
    )
    op.create_table(
        "delivery",
        sa.Column("id", _identity, primary_key=True),
        sa.Column("step_id", _identity, sa.ForeignKey("step.id"), nullable=False),
        sa.Column("part", sa.Integer, nullable=False),
        sa.Column("recipient", sa.Text, nullable=False),
        sa.Column("recipient_key", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("language", sa.String(35), nullable=False),
        sa.Column("fields", sa.JSON, nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("reason", sa.String(40)),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("worker_id", _identity, sa.ForeignKey("worker.id")),
        sa.Column("due_at", _moment),
        sa.Column("code", sa.Integer),
        sa.Column("enhanced", sa.String(12)),
        sa.Column("reply", sa.Text),
        sa.Column("remote_id", sa.Text),
        sa.Column("url", sa.Text),
        sa.Column("updated_at", _moment, nullable=False),
        sa.UniqueConstraint("step_id", "recipient_key", "part"),
    )
    op.create_index("ix_delivery_step_id_state", "delivery", ["step_id", "state", "id"])
    op.create_table(
        "attempt",
        sa.Column("delivery_id", _identity, sa.ForeignKey("delivery.id"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("worker_id", _identity, sa.ForeignKey("worker.id"), nullable=False),
        sa.Column("at", _moment, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "event",
        sa.Column("id", _identity, primary_key=True),
        sa.Column("delivery_id", _identity, sa.ForeignKey("delivery.id"), nullable=False),
        sa.Column("at", _moment, nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("reason", sa.String(40)),
        sa.Column("code", sa.Integer),
        sa.Column("enhanced", sa.String(12)),
        sa.Column("reply", sa.Text),
        sa.Column("remote_id", sa.Text),
        sa.Column("url", sa.Text),
    )
    op.create_index("ix_event_delivery_id", "event", ["delivery_id"])
    _make_append_only("attempt", "event")


def _make_append_only(*tables: str) -> None:
    """Let the database itself refuse to rewrite history."""
    if op.get_context().dialect.name == "sqlite":
        for table in tables:
            for verb in ("UPDATE", "DELETE"):
                op.execute(
                    f"CREATE TRIGGER {table}_keeps_{verb.lower()} BEFORE {verb} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
                )
        return
    op.execute(
        "CREATE FUNCTION refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
    )
    for table in tables:
        op.execute(
            f"CREATE TRIGGER {table}_is_append_only BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting()"
        )

"""The ledger: campaigns, steps, deliveries, attempts, events.

Revision: 0001
"""

import sqlalchemy as sa
from alembic import op

from flows.ledger.migrations.history import IDENTITY, MOMENT, create_refusal, make_append_only

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Build every table, and close attempts and events against being rewritten."""
    op.create_table(
        "campaign",
        sa.Column("id", IDENTITY, primary_key=True),
        sa.Column("slug", sa.String(100), nullable=False, unique=True),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("language", sa.String(35), nullable=False),
        sa.Column("time_zone", sa.String(64), nullable=False),
        sa.Column("event_name", sa.Text, nullable=False),
        sa.Column("event_at", MOMENT, nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("rehearsal", sa.Boolean, nullable=False),
        sa.Column("frozen_at", MOMENT, nullable=False),
    )
    op.create_table(
        "step",
        sa.Column("id", IDENTITY, primary_key=True),
        sa.Column("campaign_id", IDENTITY, sa.ForeignKey("campaign.id"), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("channel", sa.String(80), nullable=False),
        sa.Column("draft", sa.Text, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("deadline", MOMENT, nullable=False),
        sa.Column("planned", sa.Integer, nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("started_at", MOMENT),
        sa.Column("finished_at", MOMENT),
        sa.UniqueConstraint("campaign_id", "number"),
    )
    op.create_table(
        "worker",
        sa.Column("id", IDENTITY, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("lease_until", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT),
    )
    op.create_table(
        "delivery",
        sa.Column("id", IDENTITY, primary_key=True),
        sa.Column("step_id", IDENTITY, sa.ForeignKey("step.id"), nullable=False),
        sa.Column("part", sa.Integer, nullable=False),
        sa.Column("recipient", sa.Text, nullable=False),
        sa.Column("recipient_key", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("language", sa.String(35), nullable=False),
        sa.Column("fields", sa.JSON, nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("reason", sa.String(40)),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("worker_id", IDENTITY, sa.ForeignKey("worker.id")),
        sa.Column("due_at", MOMENT),
        sa.Column("code", sa.Integer),
        sa.Column("enhanced", sa.String(12)),
        sa.Column("reply", sa.Text),
        sa.Column("remote_id", sa.Text),
        sa.Column("url", sa.Text),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.UniqueConstraint("step_id", "recipient_key", "part"),
    )
    op.create_index("ix_delivery_step_id_state", "delivery", ["step_id", "state", "id"])
    op.create_index(
        "ix_delivery_step_id_reason",
        "delivery",
        ["step_id", "reason"],
        sqlite_where=sa.text("state = 'skipped'"),
        postgresql_where=sa.text("state = 'skipped'"),
    )
    op.create_table(
        "attempt",
        sa.Column("delivery_id", IDENTITY, sa.ForeignKey("delivery.id"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("worker_id", IDENTITY, sa.ForeignKey("worker.id"), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "event",
        sa.Column("id", IDENTITY, primary_key=True),
        sa.Column("delivery_id", IDENTITY, sa.ForeignKey("delivery.id"), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("reason", sa.String(40)),
        sa.Column("code", sa.Integer),
        sa.Column("enhanced", sa.String(12)),
        sa.Column("reply", sa.Text),
        sa.Column("remote_id", sa.Text),
        sa.Column("url", sa.Text),
    )
    op.create_index("ix_event_delivery_id", "event", ["delivery_id"])
    create_refusal()
    make_append_only("attempt", "event")

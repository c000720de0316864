"""Subscribers, their subscriptions with proof of consent, suppression, sign-ups.

Revision: 0003
"""

import sqlalchemy as sa
from alembic import op

from flows.ledger.migrations.history import IDENTITY, MOMENT, let_forget

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the tables, and let events lose what they say of people when that is long ago."""
    op.create_table(
        "subscriber",
        sa.Column("id", IDENTITY, primary_key=True),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("address_key", sa.Text, nullable=False, unique=True),
        sa.Column("address_hash", sa.String(64), nullable=False, unique=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("language", sa.String(35), nullable=False),
        sa.Column("fields", sa.JSON, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "subscription",
        sa.Column("id", IDENTITY, primary_key=True),
        sa.Column("subscriber_id", IDENTITY, sa.ForeignKey("subscriber.id"), nullable=False),
        sa.Column("list", sa.String(100), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("wording", sa.Text, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("confirmed_at", MOMENT),
        sa.Column("ended_at", MOMENT),
        sa.Column("ended_how", sa.String(40)),
        sa.UniqueConstraint("subscriber_id", "list"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_subscription_list_state", "subscription", ["list", "state", "subscriber_id"]
    )
    op.create_table(
        "departure",
        sa.Column("address_hash", sa.String(64), primary_key=True),
        sa.Column("list", sa.String(100), primary_key=True),
        sa.Column("at", MOMENT, nullable=False),
    )
    op.create_table(
        "suppression",
        sa.Column("address_hash", sa.String(64), primary_key=True),
        sa.Column("reason", sa.String(40), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
    )
    op.create_table(
        "signup",
        sa.Column("id", IDENTITY, primary_key=True),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
    )
    op.create_index("ix_signup_key_at", "signup", ["key", "at"])
    op.create_table(
        "secret_mark",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("mark", sa.String(32), nullable=False),
    )
    let_forget(
        "event",
        kept=("id", "delivery_id", "at", "state", "reason", "code", "enhanced", "url"),
        forgotten=("reply", "remote_id"),
    )

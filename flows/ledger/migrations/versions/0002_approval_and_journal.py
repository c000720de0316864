"""Approvals, what people did to a campaign, why a step stands where it stands.

Revision: 0002
"""

import sqlalchemy as sa
from alembic import op

from flows.ledger.migrations.history import IDENTITY, MOMENT, make_append_only

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the tables and columns."""
    op.add_column("campaign", sa.Column("revision", sa.Integer, nullable=False, server_default="1"))
    op.add_column("step", sa.Column("account", sa.String(80), nullable=False, server_default=""))
    op.add_column("step", sa.Column("list", sa.String(100), nullable=False, server_default=""))
    op.add_column("step", sa.Column("reason", sa.Text))
    op.create_table(
        "approval",
        sa.Column("id", IDENTITY, primary_key=True),
        sa.Column("slug", sa.String(100), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("approved_by", sa.Text, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("snapshot", sa.JSON, nullable=False),
    )
    op.create_index("ix_approval_slug", "approval", ["slug"])
    op.create_table(
        "journal",
        sa.Column("id", IDENTITY, primary_key=True),
        sa.Column("slug", sa.String(100), nullable=False),
        sa.Column("step", sa.Integer),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("act", sa.String(40), nullable=False),
        sa.Column("who", sa.Text),
        sa.Column("words", sa.Text, nullable=False, server_default=""),
    )
    op.create_index("ix_journal_slug", "journal", ["slug"])
    make_append_only("approval", "journal")

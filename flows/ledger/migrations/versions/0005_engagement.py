"""What posts said when they were tried, and what happened to them after they appeared.

Revision: 0005
"""

import sqlalchemy as sa
from alembic import op

from flows.ledger.migrations.history import IDENTITY, MOMENT, make_append_only

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "wording",
        sa.Column("delivery_id", IDENTITY, sa.ForeignKey("delivery.id"), primary_key=True),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("content_warning", sa.Text, nullable=False),
        sa.Column("pictures", sa.Integer, nullable=False),
    )
    op.create_table(
        "engagement",
        sa.Column("id", IDENTITY, primary_key=True),
        sa.Column("delivery_id", IDENTITY, sa.ForeignKey("delivery.id"), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("number", sa.Integer),
        sa.Column("who", sa.Text),
    )
    op.create_index("ix_engagement_delivery_id", "engagement", ["delivery_id", "kind", "at"])
    make_append_only("engagement")

"""What came back: bounces, complaints, autoresponses, replies.

Revision: 0004
"""

import sqlalchemy as sa
from alembic import op

from flows.ledger.migrations.history import IDENTITY, MOMENT

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "returned",
        sa.Column("id", IDENTITY, primary_key=True),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("action", sa.String(20), nullable=False),
        sa.Column("status", sa.String(12)),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("words", sa.Text, nullable=False, server_default=""),
        sa.Column("final", sa.Boolean, nullable=False),
        sa.Column("recipient", sa.Text),
        sa.Column("address_hash", sa.String(64)),
        sa.Column("message_id", sa.Text),
        sa.Column("delivery_id", IDENTITY, sa.ForeignKey("delivery.id")),
        sa.Column("proof", sa.String(12), nullable=False, server_default=""),
        sa.Column("forward", sa.String(10), nullable=False, server_default=""),
        sa.UniqueConstraint("digest", "place"),
    )
    op.create_index("ix_returned_delivery_id", "returned", ["delivery_id"])
    op.create_index("ix_returned_address_hash", "returned", ["address_hash"])
    op.create_index("ix_returned_forward", "returned", ["forward"])

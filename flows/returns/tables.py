"""The table of what came back; the migrations in `ledger/` build it."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from flows.database import Moment, metadata
from flows.ledger.tables import Identity

returned = Table(
    "returned",
    metadata,
    Column("id", Identity, primary_key=True),
    # Of the message as it came, so that it is processed once, whatever crashes.
    Column("digest", String(64), nullable=False),
    # Which of the recipients that the message names, from 0.
    Column("place", Integer, nullable=False),
    Column("at", Moment, nullable=False),
    Column("kind", String(20), nullable=False),
    Column("action", String(20), nullable=False),
    Column("status", String(12)),
    Column("reason", Text, nullable=False),
    # What the other side said, without addresses.
    Column("words", Text, nullable=False, server_default=""),
    # False while the other side goes on trying.
    Column("final", Boolean, nullable=False),
    Column("recipient", Text),
    Column("address_hash", String(64)),
    Column("message_id", Text),
    Column("delivery_id", ForeignKey("delivery.id")),
    # How the delivery was found: `verp` or `message-id`, which nobody else can know; `relay`, if it
    # was refused; or `recipient`, which anybody can write and which therefore changes nothing.
    Column("proof", String(12), nullable=False, server_default=""),
    # For what a person is to read: `wanted`, `begun`, `done`, or `kept` for what is only shown.
    Column("forward", String(10), nullable=False, server_default=""),
    UniqueConstraint("digest", "place"),
    Index("ix_returned_delivery_id", "delivery_id"),
    Index("ix_returned_address_hash", "address_hash"),
    Index("ix_returned_forward", "forward"),
)

"""The ledger's tables. `migrations/` builds them; a test keeps the two the same."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
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

Identity = BigInteger().with_variant(Integer, "sqlite")
"""SQLite counts up by itself only in a column called INTEGER."""

campaign = Table(
    "campaign",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("slug", String(100), nullable=False, unique=True),
    Column("title", Text, nullable=False),
    Column("language", String(35), nullable=False),
    Column("time_zone", String(64), nullable=False),
    Column("event_name", Text, nullable=False),
    Column("event_at", Moment, nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("rehearsal", Boolean, nullable=False),
    Column("frozen_at", Moment, nullable=False),
    # Counts the times its schedule was made anew, so that what is scheduled can be told from what
    # was scheduled before.
    Column("revision", Integer, nullable=False, server_default="1"),
)

approval = Table(
    "approval",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("slug", String(100), nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("approved_by", Text, nullable=False),
    Column("at", Moment, nullable=False),
    # What was approved, readable, so that a later change can be shown beside it.
    Column("snapshot", JSON, nullable=False),
    Index("ix_approval_slug", "slug"),
)

step = Table(
    "step",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("campaign_id", ForeignKey("campaign.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("channel", String(80), nullable=False),
    Column("account", String(80), nullable=False, server_default=""),
    Column("list", String(100), nullable=False, server_default=""),
    Column("draft", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("deadline", Moment, nullable=False),
    Column("planned", Integer, nullable=False),
    Column("state", String(12), nullable=False),
    Column("started_at", Moment),
    Column("finished_at", Moment),
    # Why it is held back, stopped or skipped, in words for people.
    Column("reason", Text),
    UniqueConstraint("campaign_id", "number"),
)

journal = Table(
    "journal",
    metadata,
    Column("id", Identity, primary_key=True),
    # Not a reference: what people did stays readable when a launch is taken back.
    Column("slug", String(100), nullable=False),
    Column("step", Integer),
    Column("at", Moment, nullable=False),
    Column("act", String(40), nullable=False),
    Column("who", Text),
    Column("words", Text, nullable=False, server_default=""),
    Index("ix_journal_slug", "slug"),
)

worker = Table(
    "worker",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("name", Text, nullable=False),
    Column("lease_until", Moment, nullable=False),
    # When nothing was left of its work: given back by itself, or taken over by others.
    Column("ended_at", Moment),
)

delivery = Table(
    "delivery",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("step_id", ForeignKey("step.id"), nullable=False),
    Column("part", Integer, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("recipient_key", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("language", String(35), nullable=False),
    Column("fields", JSON, nullable=False),
    Column("state", String(12), nullable=False),
    Column("reason", String(40)),
    Column("attempts", Integer, nullable=False, default=0),
    Column("worker_id", ForeignKey("worker.id")),
    Column("due_at", Moment),
    Column("code", Integer),
    Column("enhanced", String(12)),
    Column("reply", Text),
    Column("remote_id", Text),
    Column("url", Text),
    Column("updated_at", Moment, nullable=False),
    UniqueConstraint("step_id", "recipient_key", "part"),
    # Claims walk along it and counts are read from it alone.
    Index("ix_delivery_step_id_state", "step_id", "state", "id"),
)
# The report counts by it why people were left out; few are, so it costs the sending nothing.
Index(
    "ix_delivery_step_id_reason",
    delivery.c.step_id,
    delivery.c.reason,
    sqlite_where=delivery.c.state == "skipped",
    postgresql_where=delivery.c.state == "skipped",
)

attempt = Table(
    "attempt",
    metadata,
    Column("delivery_id", ForeignKey("delivery.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("worker_id", ForeignKey("worker.id"), nullable=False),
    Column("at", Moment, nullable=False),
    sqlite_with_rowid=False,
)

event = Table(
    "event",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("delivery_id", ForeignKey("delivery.id"), nullable=False),
    Column("at", Moment, nullable=False),
    Column("state", String(12), nullable=False),
    Column("reason", String(40)),
    Column("code", Integer),
    Column("enhanced", String(12)),
    Column("reply", Text),
    Column("remote_id", Text),
    Column("url", Text),
    Index("ix_event_delivery_id", "delivery_id"),
)

wording = Table(
    "wording",
    metadata,
    # What a post said when it was last tried: a draft may change before its answer is looked for.
    Column("delivery_id", ForeignKey("delivery.id"), primary_key=True),
    Column("text", Text, nullable=False),
    Column("content_warning", Text, nullable=False),
    Column("pictures", Integer, nullable=False),
)

engagement = Table(
    "engagement",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("delivery_id", ForeignKey("delivery.id"), nullable=False),
    Column("at", Moment, nullable=False),
    Column("kind", String(20), nullable=False),
    Column("number", Integer),
    Column("who", Text),
    Index("ix_engagement_delivery_id", "delivery_id", "kind", "at"),
)

"""The audience's tables; the migrations in `ledger/` build them, since they share one database."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
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

_Identity = BigInteger().with_variant(Integer, "sqlite")

subscriber = Table(
    "subscriber",
    metadata,
    Column("id", _Identity, primary_key=True),
    Column("address", Text, nullable=False),
    # Equal for two spellings of one address.
    Column("address_key", Text, nullable=False, unique=True),
    # Keyed; what is left of an address in deliveries after the retention period leads here.
    Column("address_hash", String(64), nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("language", String(35), nullable=False),
    Column("fields", JSON, nullable=False),
    Column("created_at", Moment, nullable=False),
    # A number that a signed link names must never come to mean somebody else.
    sqlite_autoincrement=True,
)

subscription = Table(
    "subscription",
    metadata,
    Column("id", _Identity, primary_key=True),
    Column("subscriber_id", ForeignKey("subscriber.id"), nullable=False),
    Column("list", String(100), nullable=False),
    Column("state", String(12), nullable=False),
    # The proof of consent: exactly what was agreed to, for what, where, and when.
    Column("wording", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("asked_at", Moment, nullable=False),
    Column("confirmed_at", Moment),
    Column("ended_at", Moment),
    Column("ended_how", String(40)),
    UniqueConstraint("subscriber_id", "list"),
    Index("ix_subscription_list_state", "list", "state", "subscriber_id"),
    sqlite_autoincrement=True,
)

departure = Table(
    "departure",
    metadata,
    # Who left which list, so that no import puts them back; outlives the subscription itself.
    Column("address_hash", String(64), primary_key=True),
    Column("list", String(100), primary_key=True),
    Column("at", Moment, nullable=False),
)

suppression = Table(
    "suppression",
    metadata,
    Column("address_hash", String(64), primary_key=True),
    Column("reason", String(40), nullable=False),
    Column("at", Moment, nullable=False),
    Column("source", Text, nullable=False),
)

signup = Table(
    "signup",
    metadata,
    Column("id", _Identity, primary_key=True),
    # A keyed hash of an address or network: how often it was used, not whose it is.
    Column("key", String(64), nullable=False),
    Column("at", Moment, nullable=False),
    Index("ix_signup_key_at", "key", "at"),
)

secret_mark = Table(
    "secret_mark",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    # Of the key under which the hashes were made: with another one nobody would be suppressed.
    Column("mark", String(32), nullable=False),
)

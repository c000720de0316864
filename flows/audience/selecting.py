"""Who of a list is mailed, and who of some hundred recipients must not be: one query each."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, TextClause, select, text

from flows.audience import tables as t
from flows.audience.people import SubscriptionState
from flows.models import Recipient, SkipReason

ROWS_AT_ONCE = 2_000

_ASKED = {
    "sqlite": "SELECT value AS hash FROM json_each(:hashes)",
    "postgresql": "SELECT value AS hash FROM json_array_elements_text(CAST(:hashes AS json))",
}
"""All hashes travel as one parameter, so that a question about 500 costs little more than one."""

_SUPPRESSED = "EXISTS (SELECT 1 FROM suppression s WHERE s.address_hash = asked.hash)"
_CONFIRMED = """EXISTS (
    SELECT 1 FROM subscriber p JOIN subscription b ON b.subscriber_id = p.id
    WHERE p.address_hash = asked.hash AND b.list = :list AND b.state = 'confirmed'
)"""


def selected(
    list_: str, *, language: str, where: Mapping[str, str], fields: Collection[str] = ()
) -> Select[Any]:
    """Return the query for the confirmed subscribers of a list, or of a part of it."""
    person = t.subscriber.c
    # The database takes the fields out: reading all of each person's costs twice the time.
    known = [person.fields[name].as_string() for name in fields]
    query = (
        select(person.address, person.name, person.language, *known)
        .join(t.subscription, t.subscription.c.subscriber_id == person.id)
        .where(t.subscription.c.list == list_)
        .where(t.subscription.c.state == SubscriptionState.CONFIRMED)
    )
    if language:
        query = query.where(person.language == language)
    for name, value in where.items():
        query = query.where(person.fields[name].as_string() == value)
    return query


def confirmed_recipients(
    connection: Connection,
    list_: str,
    *,
    language: str,
    where: Mapping[str, str],
    fields: Collection[str],
) -> Iterator[Recipient]:
    """Yield the confirmed subscribers of a list (`Audience.confirmed`)."""
    query = selected(list_, language=language, where=where, fields=fields)
    streamed = connection.execution_options(yield_per=ROWS_AT_ONCE)
    for address, name, spoken, *known in streamed.execute(query.order_by(t.subscriber.c.id)):
        values = {each: value for each, value in zip(fields, known, strict=True) if value}
        yield Recipient(address=address, name=name, language=spoken, values=values)


def kept_out(
    connection: Connection, asked: Mapping[str, str], *, list_: str | None
) -> dict[str, SkipReason]:
    """Return who must not be mailed (`Audience.keep_out`).

    Args:
        connection: The database.
        asked: Address keys by address hash.
        list_: As in `Audience.keep_out`.
    """
    # Of who was forgotten after being frozen only the hash is left, which is no address.
    out = {key: SkipReason.SUPPRESSED for key in asked.values() if "@" not in key}
    if not asked:
        return out
    query = _question(connection.dialect.name, of_list=list_ is not None)
    parameters = {"hashes": json.dumps(list(asked))} | ({} if list_ is None else {"list": list_})
    for address_hash, suppressed in connection.execute(query, parameters):
        reason = SkipReason.SUPPRESSED if suppressed else SkipReason.UNSUBSCRIBED
        out.setdefault(asked[address_hash], reason)
    return out


@cache
def _question(dialect: str, *, of_list: bool) -> TextClause:
    wanted = f"{_SUPPRESSED} OR NOT {_CONFIRMED}" if of_list else _SUPPRESSED
    return text(
        f"SELECT asked.hash, {_SUPPRESSED} FROM ({_ASKED[dialect]}) AS asked WHERE {wanted}"  # noqa: S608
    )

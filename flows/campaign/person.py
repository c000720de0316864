"""Everything that is kept of one person, so that they can be told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, or_, select

from flows.audience import tables as t
from flows.audience.addresses import address_key
from flows.audience.people import Subscriber, Subscription, Suppression
from flows.audience.subscribers import Audience
from flows.database import reading
from flows.ledger.forgetting import deliveries_to
from flows.returns.tables import returned


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is kept of one person."""

    address: str
    subscriber: Subscriber | None
    suppression: Suppression | None
    left: tuple[tuple[str, datetime], ...]
    """Lists they left, and when."""
    deliveries: tuple[dict[str, Any], ...]
    """What was to go to them, newest first."""
    returned: tuple[dict[str, Any], ...]
    """What came back from them or about them."""

    @property
    def is_nothing(self) -> bool:
        """Whether nothing is kept."""
        return not any(
            (self.subscriber, self.suppression, self.left, self.deliveries, self.returned)
        )

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON knows it."""
        person = self.subscriber
        return {
            "address": person.address if person else self.address,
            "subscriber": None
            if person is None
            else {
                "name": person.name,
                "language": person.language,
                "fields": dict(person.fields),
                "since": person.created_at.isoformat(),
                "subscriptions": [_subscription(each) for each in person.subscriptions],
            },
            "suppressed": None
            if self.suppression is None
            else {
                "reason": self.suppression.reason,
                "at": self.suppression.at.isoformat(),
                "source": self.suppression.source,
            },
            "left": {list_: at.isoformat() for list_, at in self.left},
            "deliveries": list(self.deliveries),
            "returned": list(self.returned),
        }

    def lines(self, zone: ZoneInfo) -> Iterator[str]:
        """Yield it in words, moments as they are in `zone`."""

        def local(moment: datetime | str) -> str:
            found = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
            return f"{found.astimezone(zone):%d-%m-%Y %H:%M}"

        if self.is_nothing:
            yield f"Nothing is kept of {self.address}."
            return
        person = self.subscriber
        yield f"{person.address if person else self.address}"
        if person is not None:
            yield f"  name: {person.name or '(none)'}, language: {person.language}"
            for name, value in person.fields.items():
                yield f"  {name}: {value}"
            for each in person.subscriptions:
                yield from _in_words(each, local)
        for list_, at in self.left:
            yield f"  left {list_} on {local(at)}"
        if self.suppression is not None:
            barred = self.suppression
            yield f"  not to be mailed: {barred.reason}, {local(barred.at)} ({barred.source})"
        for sent in self.deliveries:
            reason = f" ({sent['reason']})" if sent["reason"] else ""
            yield (
                f"  {local(sent['at'])}  {sent['state']}{reason}: {sent['campaign']}, "
                f"step {sent['step']}, {sent['channel']}"
            )
        for back in self.returned:
            where = f"; it lies in {back['letter']}" if back.get("letter") else ""
            yield f"  {local(back['at'])}  came back: {back['kind']}, {back['reason']}{where}"


def known_of(audience: Audience, address: str, *, letters: Path | None = None) -> Known:
    """Return everything that is kept of the person with an address.

    Args:
        audience: The audience, in the ledger's database.
        address: The person's, in any spelling.
        letters: The folder with the returned messages that a person was to read, for colleagues.
    """
    address_hash, key = audience.hash(address), address_key(address)
    with reading(audience.engine) as connection:
        left = connection.execute(
            select(t.departure.c.list, t.departure.c.at)
            .where(t.departure.c.address_hash == address_hash)
            .order_by(t.departure.c.list)
        ).all()
        deliveries = [
            {
                "delivery": row.id,
                "campaign": row.slug,
                "step": row.number,
                "channel": row.channel,
                "list": row.list,
                "state": row.state,
                "reason": row.reason,
                "at": row.updated_at.isoformat(),
                "name": row.name,
                "fields": row.fields,
                "reply": row.reply,
            }
            for row in deliveries_to(connection, keys=(key, address_hash))
        ]
        numbers = [each["delivery"] for each in deliveries]
        back = connection.execute(
            select(returned)
            .where(
                or_(returned.c.address_hash == address_hash, returned.c.delivery_id.in_(numbers))
            )
            .order_by(returned.c.id.desc())
        ).all()
    return Known(
        address=address,
        subscriber=audience.find(address),
        suppression=audience.suppression(address),
        left=tuple((row.list, row.at) for row in left),
        deliveries=tuple(deliveries),
        returned=tuple(_returned(row, letters) for row in back),
    )


def _returned(row: Row[Any], letters: Path | None) -> dict[str, Any]:
    told = {"at": row.at.isoformat(), "kind": row.kind, "reason": row.reason}
    if letters is None:
        return told
    path = letters / f"{row.digest}.eml"
    return told | {"letter": str(path) if path.exists() else None}


def _subscription(each: Subscription) -> dict[str, Any]:
    moments = {"asked_at": each.asked_at, "confirmed_at": each.confirmed_at}
    moments["ended_at"] = each.ended_at
    return {
        "list": each.list,
        "state": each.state,
        "wording": each.wording,
        "purpose": each.purpose,
        "source": each.source,
        **{name: moment.isoformat() if moment else None for name, moment in moments.items()},
        "ended_how": each.ended_how,
    }


def _in_words(each: Subscription, local: Any) -> Iterator[str]:  # noqa: ANN401 (a local function)
    yield f"  {each.list}: {each.state}"
    yield f"    agreed to: “{each.wording}”"
    yield f"    for: {each.purpose}; where: {each.source}; asked: {local(each.asked_at)}"
    if each.confirmed_at:
        yield f"    confirmed: {local(each.confirmed_at)}"
    if each.ended_at:
        yield f"    ended: {local(each.ended_at)}, by {each.ended_how}"

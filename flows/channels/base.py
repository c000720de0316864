"""The protocol that every channel follows.

A channel carries one message and answers with a receipt or raises one of four errors. It never
touches the ledger, the settings or another channel, and it never retries: that is decided above.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Protocol, TypeVar

from flows.models import Limits, Problem, Receipt


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened to a delivery after it was handed over."""

    delivery_id: str
    kind: str
    at: datetime
    detail: str = ""


M = TypeVar("M", contravariant=True)


class Channel(Protocol[M]):
    """One way to carry messages of one kind."""

    key: ClassVar[str]

    def limits(self) -> Limits:
        """Return the bounds of one message; live where the server tells them."""
        ...

    def validate(self, message: M) -> list[Problem]:
        """Return what would keep this message from being carried. Pure."""
        ...

    def deliver(self, message: M, *, delivery_id: str) -> Receipt:
        """Make one attempt.

        Raises:
            Rejected: refused for good.
            Deferred: refused for now.
            Unconfirmed: it may have gone out.
            AuthLost: our credentials are no longer accepted.
        """
        ...

    def find(self, delivery_id: str) -> Receipt | None:
        """Return the receipt of an earlier attempt, if the other side knows of one."""
        ...

    def track(self, receipts: Iterable[tuple[str, Receipt]]) -> Iterable[Event]:
        """Return what happened since to deliveries, given their ids and receipts."""
        ...

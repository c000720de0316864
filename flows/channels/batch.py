"""The batch form of a channel: many messages over connections that stay open.

The channel knows nothing of the ledger. It is given three functions: where messages come from,
where intents and outcomes are committed, and whether to stop.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Generic, NamedTuple, Protocol, TypeAlias, TypeVar

from flows.models import DeliveryState

T = TypeVar("T")


class Outgoing(NamedTuple, Generic[T]):
    """One message on its way, and the delivery it belongs to."""

    delivery_id: int
    message: T


class Outcome(NamedTuple):
    """What became of one attempt, with the other side's own words.

    The states are those an attempt can end in: `sent`, `rejected`, `deferred`, `unconfirmed`, and
    `queued` when an intent was recorded and it is certain that nothing left after all.
    """

    delivery_id: int
    state: DeliveryState
    reason: str | None = None
    code: int | None = None
    enhanced: str | None = None
    reply: str | None = None
    remote_id: str | None = None
    url: str | None = None
    due_at: datetime | None = None


class Ended(StrEnum):
    """Why a channel stopped handing over."""

    EMPTY = "empty"
    """Everything that was offered has an outcome."""
    STOPPED = "stopped"
    """It was asked to stop."""
    BLOCKED = "blocked"
    """The other side refuses us as such, not single messages: hold the step."""
    UNREACHABLE = "unreachable"
    """No connection can be had, or not one that is safe."""
    AUTH_LOST = "auth lost"
    """Our credentials are not accepted; every further attempt would fail too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOver:
    """How a batch ended. Every message taken has one outcome or stands in `returned`."""

    why: Ended
    words: str = ""
    """One sentence for people, with the other side's own words; empty if all is well."""
    code: int | None = None
    returned: Sequence[int] = ()
    """Deliveries that were taken and never begun: no intent, no outcome, back into the queue."""


Source: TypeAlias = Callable[[int], Sequence[Outgoing[T]]]
"""Hands over up to so many messages more; none means that there are no more now."""

Record: TypeAlias = Callable[[Sequence[int], Sequence[Outcome]], None]
"""Commits intents and outcomes in one transaction, intents first; an id may stand in both.

When it returns, both survive a power cut. When it raises, nothing of it is kept and no message
it named as intent leaves.
"""


class BatchChannel(Protocol[T]):
    """A channel that carries many messages over connections that stay open."""

    async def deliver_many(
        self, source: Source[T], *, record: Record, stop: Callable[[], bool]
    ) -> HandOver:
        """Hand over what `source` gives, making one attempt at each.

        Args:
            source: Asked for more whenever there is room.
            record: Called before any message's last octet leaves, with the outcomes so far. At
                most one message per connection is between its intent and its outcome.
            stop: Asked often; once it is true no new message begins, and those begun finish.

        Raises:
            Exception: whatever `record` or `source` raised; nothing new begins after it.
        """
        ...

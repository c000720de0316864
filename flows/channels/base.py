"""The protocol that every account for posts follows; `batch` holds the one for mail.

A channel carries one message and answers with a receipt or raises one of four errors. It never
touches the ledger, the settings or another channel, and it never retries: that is decided above.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Protocol

from flows.compose.messages import Post
from flows.models import Limits, Problem, Receipt, Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened to a delivery after it was handed over."""

    delivery_id: str
    kind: str
    at: datetime
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that a look at the other side found, for `oproep doctor`."""

    name: str
    """What was looked at: `token`, `account`, `scopes`, `limits`, `clock` or `media`."""
    what: str
    severity: Severity | None = None
    """None when all is well."""
    mend: str = ""


Gate = Callable[[], None]
"""Asked right before the request that makes a post visible; what it raises ends the attempt.

Pictures may take minutes. In that time a person may stop the step, or its deadline may pass.
"""


def open_gate() -> None:
    """Let every request through."""


class PostCarrier(Protocol):
    """What handing over a post takes.

    A post's idempotency key, record key and time are derived from `delivery_id` and `first_tried`,
    both of which the ledger holds before the first request. So every further try is the same one.
    """

    key: ClassVar[str]
    in_order: ClassVar[bool]
    """Whether a post answers the one before it, so that it has to wait for that one's receipt."""
    settle_after: ClassVar[timedelta]
    """How long after an attempt `find` can be believed: a slow server may still be at it."""

    def deliver(
        self, post: Post, *, delivery_id: str, first_tried: datetime, gate: Gate = open_gate
    ) -> Receipt:
        """Make one attempt.

        Args:
            post: With the receipts of the posts before it, if it is part of a thread.
            delivery_id: Unlike that of any other delivery, here or in another installation.
            first_tried: When the first attempt at this delivery was begun.
            gate: Asked right before the post becomes visible.

        Raises:
            Rejected: refused for good.
            Deferred: refused for now.
            Unconfirmed: it may have gone out.
            AuthLost: our credentials are no longer accepted.
        """
        ...

    def find(
        self,
        post: Post,
        *,
        delivery_id: str,
        first_tried: datetime,
        taken: Collection[str] = (),
    ) -> Receipt | None:
        """Return the receipt of an earlier attempt; None is proof that the post is not out.

        Args:
            post: As it was given to `deliver`.
            delivery_id: As it was given to `deliver`.
            first_tried: As it was given to `deliver`.
            taken: Remote ids of other deliveries, so that two equal posts stay two.

        Raises:
            Deferred: the other side cannot be asked now.
            Unconfirmed: it cannot tell; a person has to look.
            AuthLost: our credentials are no longer accepted.
        """
        ...


class PostChannel(PostCarrier, Protocol):
    """One account on a network, on which posts appear, with all that can be done there."""

    def limits(self) -> Limits:
        """Return the bounds of one post; live where the server tells them."""
        ...

    def validate(self, post: Post) -> list[Problem]:
        """Return what would keep this post from being carried. Pure."""
        ...

    def edit(self, post: Post, receipt: Receipt) -> Receipt | None:
        """Give a post that is out the text of `post`; doing it twice does no harm.

        Returns:
            None if it stood there like that already.

        Raises:
            Rejected: the network does not allow it, or refused.
            Deferred: refused for now, or the answer was lost.
            AuthLost: our credentials are no longer accepted.
        """
        ...

    def withdraw(self, receipt: Receipt) -> None:
        """Delete a post; one that is gone already is fine.

        Raises:
            Rejected: the network does not allow it, or refused.
            Deferred: refused for now, or the answer was lost.
            AuthLost: our credentials are no longer accepted.
        """
        ...

    def track(self, receipts: Iterable[tuple[str, Receipt]]) -> Iterable[Event]:
        """Yield what happened since to posts, given their delivery ids and receipts.

        Raises:
            Deferred: the other side cannot be asked further now; what was yielded stands.
            AuthLost: our credentials are no longer accepted.
        """
        ...

    def check_online(self, post: Post) -> list[Problem]:
        """Return what only the other side can tell of a post, such as a handle that is unknown.

        Raises:
            Deferred: the other side cannot be asked now.
            AuthLost: our credentials are no longer accepted.
        """
        ...

    def name(self) -> str:
        """Return the account's public name as the network has it; empty where it has none.

        Raises:
            Deferred: the other side cannot be asked now.
            Rejected: what answers is not such a server.
            AuthLost: our credentials are no longer accepted.
        """
        ...

    def probe(self) -> list[Finding]:
        """Look at token, account, scopes, limits and clock; never raises, never writes."""
        ...

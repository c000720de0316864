"""What others did with our posts: asked often while they are young, seldom when they are old."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby

from flows import clock
from flows.audience.partners import read_partners
from flows.campaign.channel_kinds import CHANNEL_KINDS
from flows.campaign.folder import PARTNERS_FILE
from flows.channels.base import PostChannel
from flows.channels.opening import open_account
from flows.errors import InputError, OproepError
from flows.ledger.book import Ledger
from flows.ledger.engagement import OutPost, keep, posts_out, receptions
from flows.settings import Settings

RHYTHM = (
    (timedelta(hours=1), timedelta(minutes=5)),
    (timedelta(days=1), timedelta(minutes=30)),
    (timedelta(days=7), timedelta(hours=6)),
    (timedelta(days=30), timedelta(days=1)),
)
"""Up to which age a post is asked for how often; after the last, no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """One account that was asked about its posts."""

    network: str
    account: str
    posts: int
    """How many were looked at."""
    gone: tuple[str, ...] = ()
    """Addresses of posts that are not there any more."""
    fault: OproepError | None = None
    """Why the others were not."""

    def __str__(self) -> str:
        """Return it in one line."""
        line = f"{self.network}:{self.account}: {self.posts} posts looked at"
        if self.gone:
            line += f", {len(self.gone)} not there any more"
        return f"{line}; then: {self.fault}" if self.fault else line


def due(age: timedelta, since: timedelta | None) -> bool:
    """Return whether a post is to be asked for again.

    Args:
        age: How long it has been out.
        since: How long ago it was asked for; None if it never was.
    """
    for until, rhythm in RHYTHM:
        if age < until:
            return since is None or since >= rhythm
    return False


def track_posts(
    ledger: Ledger, settings: Settings, *, slug: str | None = None, all_now: bool = False
) -> list[Looked]:
    """Ask every account how its posts stand, and keep what is new in the ledger.

    One account that cannot be asked keeps no other from being asked.

    Args:
        ledger: The ledger.
        settings: Where the accounts are.
        slug: Only the posts of this campaign.
        all_now: Whether those are asked for as well whose time has not come.
    """
    now = clock.now()
    out = [
        post
        for post in posts_out(ledger.engine, slug)
        if not CHANNEL_KINDS[post.channel].by_hand and post.receipt.remote_id
    ]
    known = receptions(ledger.engine, [post.id for post in out])

    def is_due(post: OutPost) -> bool:
        looked = known[post.id].looked_at if post.id in known else None
        return due(now - post.sent_at, now - looked if looked else None)

    wanted = sorted((post for post in out if all_now or is_due(post)), key=_account)
    handles = _partner_handles(settings) if wanted else {}
    return [
        _ask(ledger, settings, network, account, list(posts), handles)
        for (network, account), posts in groupby(wanted, key=_account)
    ]


def _account(post: OutPost) -> tuple[str, str]:
    return post.channel, post.account


def _ask(
    ledger: Ledger,
    settings: Settings,
    network: str,
    account: str,
    posts: list[OutPost],
    handles: Mapping[tuple[str, str], str],
) -> Looked:
    """Ask one account, and keep what it told, even if it stopped in the middle."""
    seen = _Seen(network, handles)
    fault: OproepError | None = None
    try:
        channel = open_account(settings, network=network, account=account)
        seen.take(channel, posts)
    except OproepError as error:
        fault = error
    keep(ledger.engine, seen.looked_at, seen.counts, seen.passed_on, seen.gone)
    by_id = {post.id: post for post in posts}
    return Looked(
        network=network,
        account=account,
        posts=len(seen.looked_at),
        gone=tuple(by_id[number].receipt.url for number in sorted(seen.gone)),
        fault=fault,
    )


class _Seen:
    """What one account told of its posts."""

    def __init__(self, network: str, handles: Mapping[tuple[str, str], str]) -> None:
        self._network = network
        self._handles = handles
        self.looked_at: list[int] = []
        self.counts: dict[int, Mapping[str, int]] = {}
        self.passed_on: dict[int, list[str]] = {}
        self.gone: set[int] = set()

    def take(self, channel: PostChannel, posts: Iterable[OutPost]) -> None:
        """Ask, and take what comes.

        Raises:
            DeliveryError: the account cannot be asked (any further).
        """
        asked = [(str(post.id), post.receipt) for post in posts]
        for event in channel.track(asked):
            number = int(event.delivery_id)
            if number not in self.looked_at:
                self.looked_at.append(number)
            if event.kind == "counts":
                self.counts[number] = json.loads(event.detail)
            elif event.kind == "gone":
                self.gone.add(number)
            elif partner := self._handles.get((self._network, _handle(event.detail))):
                self.passed_on.setdefault(number, []).append(partner)


def _partner_handles(settings: Settings) -> dict[tuple[str, str], str]:
    """Return the organisation behind each handle, by network."""
    try:
        partners = read_partners(settings.content_dir / PARTNERS_FILE)
    except InputError:
        # Counting goes on without knowing who is a partner; `oproep check` tells of the file.
        return {}
    return {
        (network, _handle(handle)): partner.organisation
        for partner in partners
        for network, handle in partner.handles.items()
    }


def _handle(text: str) -> str:
    return text.lstrip("@").casefold()

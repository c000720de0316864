"""What became of posts on Bluesky, and whether the account is ready for more."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

from flows import clock
from flows.channels import web
from flows.channels.base import Event, Finding
from flows.channels.bluesky_record import COLLECTION, key_in, reference
from flows.errors import Deferred, DeliveryError, Rejected
from flows.models import Receipt, Severity

if TYPE_CHECKING:
    from flows.channels.bluesky import Bluesky
    from flows.channels.bluesky_session import Talk

MOST_AT_ONCE = 25
"""How many posts `getPosts` answers for at a time (its lexicon)."""
PAGES = 5
"""Pages of those who reposted a post that are read."""
_BEHIND = (500, 501, 502, 503, 504)
"""What a server answers when the one behind it does not."""


def track(talk: Talk, receipts: Iterable[tuple[str, Receipt]]) -> Iterator[Event]:
    """Yield one `counts` event per post, one `passed on` per account that reposted it, or `gone`.

    The counts are the network's own: likes, reposts, quotes, replies. There are no views.
    """
    rest, asked = iter(receipts), False
    while share := list(islice(rest, MOST_AT_ONCE)):
        if asked:
            web.leave_room(talk.wire, server=talk.url)
        asked = True
        uris = [reference(receipt)["uri"] for _, receipt in share]
        posts, unanswered = _shown(talk, uris)
        for (delivery_id, receipt), uri in zip(share, uris, strict=True):
            if uri in posts:
                yield from _of_post(talk, delivery_id, posts[uri], uri)
            elif not _stands(talk, receipt):
                yield Event(delivery_id=delivery_id, kind="gone", at=clock.now())
        if unanswered:
            raise unanswered


def _shown(talk: Talk, uris: list[str]) -> tuple[Mapping[str, Mapping[str, Any]], Deferred | None]:
    """Return what the network shows of posts, and why it does not if it cannot be asked.

    What counts runs behind the server that holds the account; that one is there all the same.

    Raises:
        Deferred: that server itself asks to come back later.
    """
    try:
        answer = talk.get("app.bsky.feed.getPosts", uris=uris)
    except Rejected:
        return {}, None
    except Deferred as error:
        if error.code not in _BEHIND:
            raise
        return {}, error
    return {str(post["uri"]): post for post in answer["posts"]}, None


def _stands(talk: Talk, receipt: Receipt) -> bool:
    """Return whether a post is there: what shows posts runs behind what holds them."""
    try:
        talk.get(
            "com.atproto.repo.getRecord",
            repo=talk.did,
            collection=COLLECTION,
            rkey=key_in(receipt),
        )
    except Rejected:
        return talk.error != "RecordNotFound"
    return True


def probe(channel: Bluesky) -> list[Finding]:
    """Look at login, account, limits and clock, telling failures as findings."""
    talk = channel.talk()
    try:
        session = talk.get("com.atproto.server.getSession")
    except DeliveryError as error:
        return [Finding(name="token", what=error.what, severity=Severity.ERROR, mend=error.mend)]
    limits = channel.limits()
    headers = dict(talk.wire.answer.headers) if talk.wire.answer is not None else {}
    return [
        Finding(name="token", what="The app password is accepted."),
        _account(channel, session),
        Finding(name="scopes", what="An app password may post; it needs nothing more."),
        Finding(name="limits", what=f"{limits.characters} characters, {limits.bytes} bytes."),
        Finding(
            name="media",
            what=f"{limits.images} pictures a post, each up to 1 MB, alternative text up to "
            f"{limits.alt_characters} characters.",
        ),
        web.clock_finding(headers),
    ]


def _of_post(talk: Talk, delivery_id: str, post: Mapping[str, Any], uri: str) -> Iterator[Event]:
    counts = {
        "likes": post.get("likeCount", 0),
        "reposts": post.get("repostCount", 0),
        "quotes": post.get("quoteCount", 0),
        "replies": post.get("replyCount", 0),
    }
    yield Event(delivery_id=delivery_id, kind="counts", at=clock.now(), detail=json.dumps(counts))
    if counts["reposts"]:
        for handle in _reposted_by(talk, uri):
            yield Event(
                delivery_id=delivery_id, kind="passed on", at=clock.now(), detail=f"@{handle}"
            )


def _reposted_by(talk: Talk, uri: str) -> Iterator[str]:
    """Yield who reposted a post; beyond some hundreds it is not asked."""
    further: dict[str, str] = {}
    for _ in range(PAGES):
        page = talk.get("app.bsky.feed.getRepostedBy", uri=uri, limit=100, **further)
        yield from (str(account["handle"]) for account in page["repostedBy"])
        if not page.get("cursor") or not page["repostedBy"]:
            return
        further = {"cursor": str(page["cursor"])}


def _account(channel: Bluesky, session: Mapping[str, Any]) -> Finding:
    handle = str(session.get("handle"))
    if session.get("active") is False:
        return Finding(
            name="account",
            what=f"The account @{handle} is {session.get('status') or 'not active'}.",
            severity=Severity.ERROR,
            mend="Log in there as a person and see what is the matter.",
        )
    if handle.lower() != channel.handle.lower():
        return Finding(
            name="account",
            what=f"The account is now called @{handle}, not @{channel.handle}.",
            severity=Severity.WARNING,
            mend="Correct the handle in secrets.env.",
        )
    return Finding(name="account", what=f"Posts appear on @{handle}.")

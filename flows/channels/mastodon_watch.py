"""What became of posts on Mastodon, and whether the account is ready for more."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flows import clock
from flows.channels import web
from flows.channels.base import Event, Finding
from flows.compose.length import mastodon_mentions
from flows.compose.messages import Post
from flows.errors import DeliveryError, Rejected
from flows.models import Problem, Receipt, Severity

if TYPE_CHECKING:
    from flows.channels.mastodon import Mastodon
    from flows.channels.mastodon_talk import Talk

PAGES = 5
"""Pages of those who passed a post on that are read."""
SCOPES = ("read:accounts", "read:statuses", "read:search", "write:media", "write:statuses")
"""What our token must be allowed; `read` and `write` hold them all."""


def track(talk: Talk, receipts: Iterable[tuple[str, Receipt]], *, host: str) -> Iterator[Event]:
    """Yield one `counts` event per post, one `passed on` per account that boosted it, or `gone`.

    The counts are the server's own: favourites, boosts, replies. There are no views to tell of.
    """
    for place, (delivery_id, receipt) in enumerate(receipts):
        if place:
            web.leave_room(talk.wire, server=talk.url)
        try:
            status = _status(talk, receipt.remote_id)
        except Rejected as error:
            if error.code not in (404, 410):
                raise
            yield Event(delivery_id=delivery_id, kind="gone", at=clock.now())
            continue
        yield Event(delivery_id=delivery_id, kind="counts", at=clock.now(), detail=_counts(status))
        if status.get("reblogs_count"):
            for handle in _passed_on_by(talk, receipt.remote_id, host):
                yield Event(
                    delivery_id=delivery_id, kind="passed on", at=clock.now(), detail=handle
                )


def unknown_handles(talk: Talk, post: Post) -> list[Problem]:
    """Return a warning for each mentioned account that the server cannot find."""
    found = []
    for handle in dict.fromkeys(mastodon_mentions(post.text)):
        accounts = _found(talk, handle)
        if not accounts:
            found.append(
                Problem(
                    severity=Severity.WARNING,
                    code="handle-unknown",
                    where=f"post {post.number} of {post.of}",
                    what=f"{talk.url} knows no account {handle}.",
                    mend="Correct the handle, or write the plain name.",
                )
            )
    return found


def probe(channel: Mastodon) -> list[Finding]:
    """Look at token, account, scopes, limits, media and clock, telling failures as findings."""
    talk = channel.talk()
    try:
        me = talk.ask(lambda api: api.account_verify_credentials())
    except DeliveryError as error:
        return [_bad("token", error)]
    headers = dict(talk.wire.answer.headers) if talk.wire.answer is not None else {}
    findings = [
        Finding(name="token", what="The token is accepted."),
        Finding(name="account", what=f"Posts appear on {me.get('url') or me.get('acct')}."),
        web.clock_finding(headers),
        _rate(headers),
    ]
    for look in (_scopes, _limits):
        try:
            findings += look(channel, talk)
        except DeliveryError as error:
            findings.append(_bad(look.__name__.strip("_"), error))
    return findings


def _status(talk: Talk, status_id: str) -> Any:  # noqa: ANN401 - a foreign document
    return talk.ask(lambda api: api.status(status_id))


def _passed_on_by(talk: Talk, status_id: str, host: str) -> Iterator[str]:
    """Yield who boosted a post, the last ones first; beyond some hundreds it is not asked."""
    query = "limit=80"
    for _ in range(PAGES):
        # The library has no words for another page of this.
        accounts = talk.get(f"/api/v1/statuses/{status_id}/reblogged_by?{query}")
        yield from (full_handle(str(account["acct"]), host) for account in accounts)
        following = talk.wire.answer.links.get("next", {}) if talk.wire.answer is not None else {}
        query = urlsplit(following.get("url", "")).query
        if not query or not accounts:
            return


def _found(talk: Talk, handle: str) -> Any:  # noqa: ANN401 - a foreign document
    found = talk.ask(lambda api: api.search_v2(handle, resolve=True, result_type="accounts"))
    return found["accounts"]


def _counts(status: dict[str, Any]) -> str:
    told = {
        "favourites": status.get("favourites_count", 0),
        "boosts": status.get("reblogs_count", 0),
        "replies": status.get("replies_count", 0),
    }
    return json.dumps(told)


def full_handle(acct: str, host: str) -> str:
    """Return `@user@server` for an account as a server names it: its own without the server."""
    return f"@{acct}" if "@" in acct else f"@{acct}@{host}"


def _scopes(_: Mastodon, talk: Talk) -> list[Finding]:
    try:
        told = talk.ask(lambda api: api.app_verify_credentials()).get("scopes")
    except Rejected as error:
        # A compatible server may have no such page.
        if error.code != 404:
            raise
        told = None
    if told is None:
        return [
            Finding(
                name="scopes",
                what="The server does not tell what the token may do.",
                severity=Severity.WARNING,
                mend=f"It needs {', '.join(SCOPES)}.",
            )
        ]
    given = set(told.split() if isinstance(told, str) else told)
    missing = [scope for scope in SCOPES if not {scope, scope.split(":")[0]} & given]
    if missing:
        return [
            Finding(
                name="scopes",
                what=f"The token lacks {', '.join(missing)}.",
                severity=Severity.ERROR,
                mend=f"Make a token with {', '.join(SCOPES)}.",
            )
        ]
    return [Finding(name="scopes", what="The token has the scopes it needs.")]


def _limits(channel: Mastodon, _: Talk) -> list[Finding]:
    limits = channel.limits()
    size = (limits.image_bytes or 0) / 1e6
    return [
        Finding(
            name="limits",
            what=f"{limits.characters} characters a post, a link counts {limits.url_characters}.",
        ),
        Finding(
            name="media",
            what=f"{limits.images} pictures a post, each up to {size:.0f} MB, alternative text "
            f"up to {limits.alt_characters} characters.",
        ),
    ]


def _rate(headers: dict[str, str]) -> Finding:
    low = {name.lower(): value for name, value in headers.items()}
    left, most = low.get("x-ratelimit-remaining"), low.get("x-ratelimit-limit")
    told = f"{left} of {most} requests left in this period." if left else "It tells no rate limit."
    return Finding(name="limits", what=told)


def _bad(name: str, error: DeliveryError) -> Finding:
    return Finding(name=name, what=error.what, severity=Severity.ERROR, mend=error.mend)

"""Posts on one Bluesky account, straight over the AT Protocol.

The record key and time of a post are fixed before the first request, and `putRecord` with a null
swap writes only where nothing stands: however often it is repeated, one post comes of it. The
protocol's Python library leaves that null out, and then overwrites; hence plain requests.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, ClassVar

from flows.channels import bluesky_watch as watch
from flows.channels import posts, web
from flows.channels.base import Event, Finding, Gate, open_gate
from flows.channels.bluesky_record import (
    COLLECTION,
    key_in,
    mentioned,
    record_key,
    record_of,
    remote_id,
)
from flows.channels.bluesky_session import SessionStore, Talk
from flows.compose.length import graphemes
from flows.compose.messages import Post
from flows.compose.networks import NETWORKS
from flows.errors import Rejected, Unconfirmed
from flows.models import Limits, Problem, Receipt, Severity

LIMITS = replace(NETWORKS["bluesky"].limits, media_types=("image/jpeg", "image/png", "image/webp"))
"""The bounds in the network's lexicons, which no server tells."""


class Bluesky:
    """One account on one server."""

    key: ClassVar[str] = "bluesky"
    in_order: ClassVar[bool] = True
    settle_after: ClassVar[timedelta] = timedelta(seconds=60)

    def __init__(
        self,
        *,
        url: str,
        handle: str,
        app_password: str,
        session: SessionStore,
        timeout: float = web.TIMEOUT,
    ) -> None:
        """Name the account.

        Args:
            url: Address of the server that holds the account.
            handle: Its handle, with or without `@`.
            app_password: Made in the account's settings for this program alone.
            session: Where tokens are kept between runs.
            timeout: Seconds without an octet before an answer counts as lost.
        """
        self.url = url.rstrip("/")
        self.handle = handle.removeprefix("@")
        self._password = app_password
        self._store = session
        self._timeout = timeout

    def limits(self) -> Limits:
        """Return the bounds of the network's lexicons."""
        return LIMITS

    def validate(self, post: Post) -> list[Problem]:
        """Return what would keep this post from being carried, or lose something on the way."""
        length = graphemes(post.text)
        found = posts.problems_of(post, LIMITS, network="Bluesky", length=length)
        if post.visibility != "public":
            found.append(
                _problem(
                    Severity.ERROR,
                    "always-public",
                    "Everything on Bluesky is public; this post is not meant to be.",
                    "Leave Bluesky out, or make the post public.",
                )
            )
        if post.content_warning:
            found.append(
                _problem(
                    Severity.WARNING,
                    "no-content-warning",
                    "Bluesky has no content warning in words; it is not shown there.",
                    "Begin the text for Bluesky with it.",
                )
            )
        thumbnail = post.card.thumbnail if post.card and not post.pictures else None
        if thumbnail and len(thumbnail.content) > (LIMITS.image_bytes or 0):
            found.append(
                _problem(
                    Severity.ERROR,
                    "picture-too-large",
                    f"{thumbnail.file_name}, the picture of the link card, is larger than 1 MB.",
                    "Save it smaller.",
                )
            )
        if thumbnail and thumbnail.media_type not in LIMITS.media_types:
            found.append(
                _problem(
                    Severity.ERROR,
                    "picture-type",
                    f"{thumbnail.file_name}, the picture of the link card, is "
                    f"{thumbnail.media_type}, which Bluesky does not take.",
                    "Save it as JPEG or PNG.",
                )
            )
        return found

    def deliver(
        self, post: Post, *, delivery_id: str, first_tried: datetime, gate: Gate = open_gate
    ) -> Receipt:
        """Make one attempt; see `PostChannel.deliver`."""
        posts.refuse(post, self.validate(post))
        talk = self.talk()
        dids = {handle: _did_of(talk, handle) for handle in mentioned(post.text)}
        images = [talk.upload(picture.content, picture.media_type) for picture in post.pictures]
        record = record_of(
            post,
            first_tried=first_tried,
            dids=dids,
            images=images,
            thumbnail=_thumbnail(talk, post),
        )
        key = record_key(delivery_id, first_tried)
        gate()
        try:
            answer = talk.do(
                "com.atproto.repo.putRecord",
                {
                    "repo": talk.did,
                    "collection": COLLECTION,
                    "rkey": key,
                    "record": record,
                    # Only where nothing stands, or exactly this.
                    "swapRecord": None,
                },
                publishing=True,
            )
        except Rejected:
            if talk.error == "InvalidSwap" and (there := _standing(talk, key)):
                return _same_or_refused(there, post, talk, first_tried)
            raise
        return _receipt(answer, talk, first_tried)

    def find(
        self,
        post: Post,
        *,
        delivery_id: str,
        first_tried: datetime,
        taken: Collection[str] = (),  # noqa: ARG002 - a record key belongs to one delivery
    ) -> Receipt | None:
        """Look at the delivery's own record key; see `PostChannel.find`."""
        talk = self.talk()
        try:
            there = _standing(talk, record_key(delivery_id, first_tried))
            return _same_or_refused(there, post, talk, first_tried) if there else None
        except Rejected as error:
            raise posts.not_settled(error) from error

    def edit(self, post: Post, receipt: Receipt) -> Receipt:  # noqa: ARG002 - never possible
        """Refuse: Bluesky shows the first text, whatever is written over it.

        Raises:
            Rejected: always.
        """
        raise Rejected(
            "Bluesky does not show corrections.",
            where=receipt.url,
            mend="Withdraw the post and make a new one, or reply to it with the correction.",
        )

    def withdraw(self, receipt: Receipt) -> None:
        """Delete a post; one that is gone already is fine."""
        talk = self.talk()
        talk.do(
            "com.atproto.repo.deleteRecord",
            {"repo": talk.did, "collection": COLLECTION, "rkey": key_in(receipt)},
        )

    def track(self, receipts: Iterable[tuple[str, Receipt]]) -> Iterator[Event]:
        """Yield counts, who passed it on, and what is gone; see `PostChannel.track`."""
        return watch.track(self.talk(), receipts)

    def check_online(self, post: Post) -> list[Problem]:
        """Return the handles mentioned that nobody has."""
        talk = self.talk()
        found = []
        for handle in mentioned(post.text):
            try:
                _did_of(talk, handle)
            except Rejected as error:
                found.append(_problem(Severity.ERROR, "handle-unknown", error.what, error.mend))
        return found

    def name(self) -> str:
        """Return `@handle`; see `PostChannel.name`."""
        session = self.talk().get("com.atproto.server.getSession")
        return f"@{session.get('handle') or self.handle}"

    def probe(self) -> list[Finding]:
        """Look at login, account, limits and clock."""
        return watch.probe(self)

    def talk(self) -> Talk:
        """Return a fresh conversation with the server."""
        return Talk(
            url=self.url,
            handle=self.handle,
            app_password=self._password,
            store=self._store,
            timeout=self._timeout,
        )


def _did_of(talk: Talk, handle: str) -> str:
    try:
        return str(talk.get("com.atproto.identity.resolveHandle", handle=handle)["did"])
    except Rejected as error:
        raise Rejected(
            f"Bluesky knows no account @{handle}.",
            where=talk.url,
            mend="Correct the handle, or write the plain name.",
            code=error.code,
            reply=error.reply,
        ) from None


def _thumbnail(talk: Talk, post: Post) -> Any:  # noqa: ANN401 - a foreign document
    thumbnail = post.card.thumbnail if post.card and not post.pictures else None
    return talk.upload(thumbnail.content, thumbnail.media_type) if thumbnail else None


def _standing(talk: Talk, key: str) -> Mapping[str, Any] | None:
    """Return the record at a key of ours; None if there is none."""
    try:
        answer: Mapping[str, Any] = talk.get(
            "com.atproto.repo.getRecord", repo=talk.did, collection=COLLECTION, rkey=key
        )
    except Rejected:
        if talk.error == "RecordNotFound":
            return None
        raise
    return answer


def _same_or_refused(
    there: Mapping[str, Any], post: Post, talk: Talk, first_tried: datetime
) -> Receipt:
    if there.get("value", {}).get("text") != post.text:
        raise Rejected(
            "This post went out before with another text.",
            where=str(there.get("uri")),
            mend="Withdraw that one first if it has to change.",
        )
    return _receipt(there, talk, first_tried)


def _receipt(answer: Mapping[str, Any], talk: Talk, first_tried: datetime) -> Receipt:
    if not {"uri", "cid"} <= answer.keys():
        raise Unconfirmed(f"{talk.url} answered, but not with a post.", where=talk.url)
    uri = str(answer["uri"])
    return Receipt(
        at=first_tried,
        remote_id=remote_id(uri, str(answer["cid"])),
        url=f"https://bsky.app/profile/{talk.handle}/post/{uri.rpartition('/')[2]}",
        code=200,
    )


def _problem(severity: Severity, code: str, what: str, mend: str) -> Problem:
    return Problem(severity=severity, code=code, where="post", what=what, mend=mend)

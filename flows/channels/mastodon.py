"""Posts on one Mastodon account, or on a server that speaks the same API.

The idempotency key keeps a repeated request from posting twice, where the server knows it and for
an hour. For everything else there is `find`, which reads the account's own recent posts.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, ClassVar
from urllib.parse import urlsplit

from flows import clock
from flows.channels import mastodon_watch as watch
from flows.channels import posts, web
from flows.channels.base import Event, Finding, Gate, open_gate
from flows.channels.mastodon_talk import Talk
from flows.compose.length import URL_CHARACTERS, mastodon_length
from flows.compose.messages import Picture, Post
from flows.compose.networks import NETWORKS
from flows.errors import Deferred, DeliveryError, Rejected, Unconfirmed
from flows.models import Limits, Problem, Receipt

DOCUMENTED = replace(NETWORKS["mastodon"].limits, image_bytes=16 * 1024 * 1024)
"""What Mastodon takes unless a server says otherwise (docs.joinmastodon.org/user/posting)."""
MEDIA_PATIENCE = timedelta(seconds=60)
"""How long a picture may take to be processed before we come back later."""
CLOCK_MARGIN = timedelta(minutes=5)
"""How far a server's clock may be behind ours and a post of ours still be found."""
PAGES = 10
"""How many pages of 40 own posts are read before `find` says that it cannot tell."""


class Mastodon:
    """One account on one server."""

    key: ClassVar[str] = "mastodon"
    in_order: ClassVar[bool] = True
    settle_after: ClassVar[timedelta] = timedelta(seconds=60)

    def __init__(self, *, url: str, token: str, timeout: float = web.TIMEOUT) -> None:
        """Name the account.

        Args:
            url: Address of the server, such as `https://sociaal.example`.
            token: Access token with the scopes in `mastodon_watch.SCOPES`.
            timeout: Seconds without an octet before an answer counts as lost.
        """
        self.url = url.rstrip("/")
        self._token = token
        self._timeout = timeout
        self._limits: Limits | None = None
        self._uploaded: dict[tuple[str, int], str] = {}
        """Ids of pictures that no post shows yet, by delivery and place."""

    def limits(self) -> Limits:
        """Return the server's own bounds, asked once.

        Raises:
            Deferred: it cannot be asked now.
            Rejected: what answers is not such a server.
            AuthLost: our credentials are no longer accepted.
        """
        if self._limits is None:
            talk = self.talk()
            try:
                instance = talk.get("/api/v2/instance")
            except Rejected as error:
                # Some compatible servers have only the first version of this page.
                if error.code != 404:
                    raise
                instance = talk.get("/api/v1/instance")
            self._limits = _limits_in(instance)
        return self._limits

    def validate(self, post: Post) -> list[Problem]:
        """Return what would keep this post from being carried, by the limits known so far."""
        limits = self._limits or DOCUMENTED
        length = mastodon_length(
            post.text,
            content_warning=post.content_warning,
            url_characters=limits.url_characters or URL_CHARACTERS,
        )
        return posts.problems_of(post, limits, network="Mastodon", length=length)

    def deliver(
        self, post: Post, *, delivery_id: str, first_tried: datetime, gate: Gate = open_gate
    ) -> Receipt:
        """Make one attempt; see `PostChannel.deliver`."""
        self.limits()
        posts.refuse(post, self.validate(post))
        talk = self.talk()
        media = [
            self._ready(talk, picture, name=(delivery_id, number))
            for number, picture in enumerate(post.pictures)
        ]
        gate()
        try:
            status = talk.ask(
                lambda api: api.status_post(
                    post.text,
                    in_reply_to_id=_parent(post),
                    media_ids=media or None,
                    sensitive=bool(post.content_warning and media),
                    visibility=post.visibility,
                    spoiler_text=post.content_warning or None,
                    language=post.language.split("-")[0] or None,
                    idempotency_key=_key(delivery_id, first_tried),
                ),
                publishing=True,
            )
        except DeliveryError as error:
            if not isinstance(error, Deferred):
                self._uploaded.clear()
            raise
        self._uploaded.clear()
        return _receipt(status, server=self.url)

    def find(
        self,
        post: Post,
        *,
        delivery_id: str,  # noqa: ARG002 - the server does not give the key back
        first_tried: datetime,
        taken: Collection[str] = (),
    ) -> Receipt | None:
        """Look among the account's own posts since the first attempt; see `PostChannel.find`."""
        try:
            ours = self._matching(post, first_tried - CLOCK_MARGIN, taken)
        except Rejected as error:
            raise posts.not_settled(error) from error
        # Newest first. Should there be several, all the same, the first is the one we made first.
        return _receipt(ours[-1], server=self.url) if ours else None

    def edit(self, post: Post, receipt: Receipt) -> Receipt | None:
        """Give a post another text, warning and alternative texts; its pictures stay.

        Returns:
            None if it stood there like that already, so that nobody is told of a change.

        Raises:
            Rejected: it is gone, or has another number of pictures.
            Deferred: refused for now, or the answer was lost.
            AuthLost: our credentials are no longer accepted.
        """
        self.limits()
        posts.refuse(post, self.validate(post))
        talk = self.talk()
        there = talk.ask(lambda api: api.status(receipt.remote_id))
        media = there["media_attachments"]
        if len(media) != len(post.pictures):
            raise Rejected(
                "The pictures of a post that is out cannot be exchanged.",
                where=receipt.url,
                mend="Withdraw the post and make a new one.",
            )
        alts = [str(was.get("description") or "") for was in media]
        wanted = _as_ordered(alts, [picture.alt for picture in post.pictures])
        if alts == wanted and _is_same(talk, there, post):
            return None
        # With `media_ids` beside it the library fails; the attributes name the media as well.
        attributes = [
            {"id": str(was["id"]), "description": alt}
            for was, alt in zip(media, wanted, strict=True)
        ]
        status = talk.ask(
            lambda api: api.status_update(
                receipt.remote_id,
                post.text,
                spoiler_text=post.content_warning,
                media_attributes=attributes or None,
            )
        )
        return _receipt(status, server=self.url)

    def withdraw(self, receipt: Receipt) -> None:
        """Delete a post; one that is gone already is fine."""
        try:
            self.talk().ask(lambda api: api.status_delete(receipt.remote_id))
        except Rejected as error:
            if error.code != 404:
                raise

    def track(self, receipts: Iterable[tuple[str, Receipt]]) -> Iterator[Event]:
        """Yield counts, who passed it on, and what is gone; see `PostChannel.track`."""
        return watch.track(self.talk(), receipts, host=urlsplit(self.url).hostname or "")

    def check_online(self, post: Post) -> list[Problem]:
        """Return the accounts mentioned that the server cannot find."""
        return watch.unknown_handles(self.talk(), post)

    def name(self) -> str:
        """Return `@user@server`; see `PostChannel.name`."""
        me = self.talk().ask(lambda api: api.account_verify_credentials())
        return watch.full_handle(str(me.get("acct") or ""), urlsplit(self.url).hostname or "")

    def probe(self) -> list[Finding]:
        """Look at token, account, scopes, limits, media and clock."""
        return watch.probe(self)

    def talk(self) -> Talk:
        """Return a fresh conversation with the server."""
        return Talk(url=self.url, token=self._token, timeout=self._timeout)

    def _ready(self, talk: Talk, picture: Picture, *, name: tuple[str, int]) -> str:
        """Return the id of a picture that may be attached: uploaded, and processed.

        What an earlier attempt uploaded and did not attach is gone on with, or a server that needs
        longer than we wait would never be done, and every attempt would count as uploads.
        """
        media = self._earlier(talk, name) or self._upload(talk, picture)
        self._uploaded[name] = str(media["id"])
        patience, pause = clock.now() + MEDIA_PATIENCE, timedelta(seconds=1)
        while talk.wire.status in (202, 206) and not media.get("url"):
            if clock.now() >= patience:
                raise Deferred(
                    f"{self.url} is still processing {picture.file_name}.", where=self.url
                )
            web.wait_until(clock.now() + pause)
            pause = min(pause * 2, timedelta(seconds=8))
            media = _media(talk, str(media["id"]))
        return str(media["id"])

    def _earlier(self, talk: Talk, name: tuple[str, int]) -> Any:  # noqa: ANN401
        """Return what an earlier attempt uploaded, if it is still there."""
        if name not in self._uploaded:
            return None
        try:
            return _media(talk, self._uploaded[name])
        except Rejected:
            return None

    def _upload(self, talk: Talk, picture: Picture) -> Any:  # noqa: ANN401
        return talk.ask(
            lambda api: api.media_post(
                picture.content,
                mime_type=picture.media_type,
                description=picture.alt,
                focus=picture.focus,
                file_name=picture.file_name,
            )
        )

    def _matching(
        self, post: Post, since: datetime, taken: Collection[str]
    ) -> list[Mapping[str, Any]]:
        """Return the account's own posts since then that are this one, newest first."""
        talk = self.talk()
        me = talk.ask(lambda api: api.account_verify_credentials())
        return [
            status
            for status in self._own_since(talk, str(me["id"]), since)
            if str(status["id"]) not in taken and _is_same(talk, status, post)
        ]

    def _own_since(self, talk: Talk, account: str, since: datetime) -> Iterator[Mapping[str, Any]]:
        """Yield the account's own posts, newest first, until they are older than `since`.

        Raises:
            Unconfirmed: there are too many to read.
        """
        last: str | None = None
        for _ in range(PAGES):
            page = _page(talk, account, before=last)
            for status in page:
                # A post that was pinned or fetched late may stand out of order: judge each.
                if _moment(status["created_at"]) >= since:
                    yield status
            if not page or _moment(page[-1]["created_at"]) < since:
                return
            last = str(page[-1]["id"])
        raise Unconfirmed(
            f"The account has more than {PAGES * 40} posts since then; too many to look through.",
            where=self.url,
            mend="Look yourself, then `oproep settle`.",
        )


def _as_ordered(there: Sequence[str], wanted: Sequence[str]) -> list[str]:
    """Return the wanted alternative texts in the order of those that are there.

    Not every server keeps the order of pictures. What is there already stays with its picture; of
    the others each takes the next.
    """
    new = list(wanted)
    stays = []
    for alt in there:
        stays.append(alt in new)
        if stays[-1]:
            new.remove(alt)
    return [alt if stay else new.pop(0) for alt, stay in zip(there, stays, strict=True)]


def _media(talk: Talk, media_id: str) -> Any:  # noqa: ANN401 - a foreign document
    return talk.ask(lambda api: api.media(media_id))


def _page(talk: Talk, account: str, *, before: str | None) -> Any:  # noqa: ANN401
    return talk.ask(
        lambda api: api.account_statuses(account, exclude_reblogs=True, limit=40, max_id=before)
    )


def _key(delivery_id: str, first_tried: datetime) -> str:
    """Return the idempotency key: the same for every try, unlike any other delivery's."""
    return sha256(f"{delivery_id} {clock.aware(first_tried).isoformat()}".encode()).hexdigest()


def _parent(post: Post) -> str | None:
    return post.reply_to.remote_id if post.reply_to else None


def _receipt(status: object, *, server: str) -> Receipt:
    if not isinstance(status, dict) or not {"id", "created_at"} <= status.keys():
        raise Unconfirmed(f"{server} answered, but not with a post.", where=server)
    return Receipt(
        at=_moment(status["created_at"]),
        remote_id=str(status["id"]),
        url=str(status.get("url") or status.get("uri") or ""),
        code=200,
    )


def _limits_in(instance: Mapping[str, Any]) -> Limits:
    told = instance.get("configuration") or {}
    statuses, media = told.get("statuses") or {}, told.get("media_attachments") or {}
    return Limits(
        # Older servers that allow more than 500 say so in a field of their own.
        characters=statuses.get("max_characters")
        or instance.get("max_toot_chars")
        or DOCUMENTED.characters,
        url_characters=statuses.get("characters_reserved_per_url") or URL_CHARACTERS,
        images=statuses.get("max_media_attachments") or DOCUMENTED.images,
        alt_characters=media.get("description_limit") or DOCUMENTED.alt_characters,
        image_bytes=media.get("image_size_limit") or DOCUMENTED.image_bytes,
        media_types=tuple(media.get("supported_mime_types") or ()),
    )


def _is_same(talk: Talk, status: Mapping[str, Any], post: Post) -> bool:
    """Return whether a post on the server is this one: place in the thread, pictures, words."""
    if str(status.get("in_reply_to_id") or "") != (_parent(post) or ""):
        return False
    if len(status.get("media_attachments") or ()) != len(post.pictures):
        return False
    if _bare(status.get("spoiler_text") or "") != _bare(post.content_warning):
        return False
    with suppress(Rejected):
        # The text as it was written, where the server keeps it; else what it made of it.
        source = talk.ask(lambda api: api.status_source(str(status["id"])))
        return _bare(str(source.get("text", ""))) == _bare(post.text)
    return _bare(_shown(str(status.get("content") or ""))) == _bare(_without_hosts(post.text))


def _shown(html: str) -> str:
    from bs4 import BeautifulSoup

    return _without_hosts(BeautifulSoup(html, "html.parser").get_text())


def _without_hosts(text: str) -> str:
    """Return a text with `@user@server` as `@user`, as servers show it."""
    return re.sub(r"@(\w+)@[\w.:-]*\w", r"@\1", text)


def _bare(text: str) -> str:
    """Return a text without white space, which servers trim and turn into mark-up."""
    return re.sub(r"\s+", "", text)


def _moment(value: str) -> datetime:
    return clock.aware(datetime.fromisoformat(value))

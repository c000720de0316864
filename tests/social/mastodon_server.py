"""A server that speaks the part of Mastodon's API that posts need, and misbehaves when told to.

It follows docs.joinmastodon.org; where it keeps to itself what a real server may do differently
(ignore the idempotency key, show no source, write the reset header in another form), a switch
turns it. Time is `flows.clock`'s, so that an hour passes without waiting.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from html import escape
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import regex

from flows import clock
from flows.compose.length import mastodon_length
from tests.social.mastodon_http import Answer, Handler, Http, Refused

KEY_KEPT = timedelta(hours=1)
LINK = regex.compile(r"https?://\S+")
MENTION = regex.compile(r"@(\w+)@([\w.-]+\w)")


@dataclass
class Media:
    id: str
    description: str
    focus: str
    size: int
    answers: list[int]
    """The status codes that are still to come when it is asked for."""


@dataclass
class Status:
    id: str
    text: str
    spoiler_text: str
    language: str | None
    visibility: str
    in_reply_to_id: str | None
    media: list[Media]
    created_at: datetime
    sensitive: bool
    favourites: int = 0
    replies: int = 0
    boosted_by: list[str] = field(default_factory=list)
    edits: int = 0


class FakeMastodon:
    """The server. Use it as a context manager; `url` says where it listens."""

    def __init__(self) -> None:
        self.statuses: dict[str, Status] = {}
        self.media: dict[str, Media] = {}
        self.keys: dict[str, tuple[str, datetime]] = {}
        self.requests: list[str] = []
        self.faults: dict[str, list[str]] = defaultdict(list)
        self.ignores_keys = False
        self.fails_replays = False
        self.keeps_source = True
        self.keeps_order = True
        self.first_version: dict[str, Any] = {}
        self.revoked = False
        self.scopes: list[str] | None = ["read", "write"]
        self.media_answers = [200]
        self.reset_form = "iso"
        self.reset_after = timedelta(minutes=3)
        self.left = 299
        self.configuration: dict[str, Any] = {
            "statuses": {
                "max_characters": 500,
                "max_media_attachments": 4,
                "characters_reserved_per_url": 23,
            },
            "media_attachments": {
                "supported_mime_types": ["image/jpeg", "image/png"],
                "image_size_limit": 10_000_000,
                "description_limit": 1500,
            },
        }
        self.ahead = timedelta()
        self.known = {"@org@partner.example"}
        self.released = threading.Event()
        self.at_work = 0
        self.connected = 0
        self._busy = threading.Condition()
        self._lock = threading.RLock()
        self._next = 110_000_000_000_000_000

    def __enter__(self) -> FakeMastodon:
        self._http = Http(("127.0.0.1", 0), Handler)
        self._http.fake = self
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"
        return self

    def __exit__(self, *_: object) -> None:
        self.release()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    # --- told to misbehave ----------------------------------------------------------------------

    def misbehave(self, route: str, *faults: str) -> None:
        """Let the next requests to `route` go wrong, one fault each.

        `POST /api/v1/statuses` is the route of a post. Faults: `lost` (carried out, no answer),
        `hold` (carried out, the answer waits for `release`), `cut` (no answer, not carried out),
        `closing` (answered, and the connection lost with the next request on it), `slow` (carried
        out after `release`), `500`, `503`, `500 after` (carried out), `429`, `422`, `403`, `html`,
        `html after`, `page 404`, `ok`.
        """
        self.faults[route] += faults

    def release(self) -> None:
        """Let requests that hang be carried out, and wait until they are."""
        self.released.set()

    def wait_until_idle(self) -> None:
        """Return when no request is being carried out."""
        with self._busy:
            assert self._busy.wait_for(lambda: self.at_work == 0, timeout=10)

    def wait_until_left(self) -> None:
        """Return when nobody is connected, and what a process that was killed asked for is done."""
        # Connections are taken in order: once this one was, those before it are counted.
        with closing(HTTPConnection(urlsplit(self.url).netloc, timeout=10)) as connection:
            connection.request("GET", "/")
            connection.getresponse().read()
        with self._busy:
            assert self._busy.wait_for(lambda: self.connected == 0, timeout=10)

    def come(self) -> None:
        """Count a connection."""
        with self._busy:
            self.connected += 1

    def go(self) -> None:
        """Count a connection no more."""
        with self._busy:
            self.connected -= 1
            self._busy.notify_all()

    @contextmanager
    def working(self) -> Iterator[None]:
        """Count a request while it is carried out."""
        with self._busy:
            self.at_work += 1
        try:
            yield
        finally:
            with self._busy:
                self.at_work -= 1
                self._busy.notify_all()

    def texts(self) -> list[str]:
        return [status.text for status in self.statuses.values()]

    def posts(self) -> int:
        return sum(1 for request in self.requests if request == "POST /api/v1/statuses")

    # --- answers --------------------------------------------------------------------------------

    def now(self) -> datetime:
        return clock.now() + self.ahead

    def answer(self, method: str, path: str, form: dict[str, Any], key: str | None) -> Answer:
        """Carry out one request. No documented path ends with a slash; some servers mind it."""
        with self._lock:
            if path.endswith("/"):
                raise Refused(404, "The page you are looking for isn't here.")
            parts = [part for part in path.split("/") if part][1:]
            match method, parts:
                case "GET", ["v2", "instance"]:
                    return 200, {"domain": "127.0.0.1", "configuration": self.configuration}
                case "GET", ["v1", "instance"]:
                    return 200, {"uri": "127.0.0.1", **self.first_version}
                case "GET", ["v1", "accounts", "verify_credentials"]:
                    return 200, {"id": "7", "acct": "ons", "url": f"{self.url}/@ons"}
                case "GET", ["v1", "apps", "verify_credentials"]:
                    return 200, {"name": "Oproep"} | (
                        {} if self.scopes is None else {"scopes": self.scopes}
                    )
                case "GET", ["v1", "accounts", "7", "statuses"]:
                    return 200, self._own(form)
                case "GET", ["v2", "search"]:
                    hit = form["q"] in self.known
                    return 200, {"accounts": [{"id": "9"}] if hit else []}
                case "POST", ["v2", "media"]:
                    return self._upload(form)
                case "GET", ["v1", "media", media_id] if media_id in self.media:
                    return self._processed(self.media[media_id])
                case "POST", ["v1", "statuses"]:
                    return self._post(form, key)
                case _, ["v1", "statuses", status_id, *rest]:
                    if status_id not in self.statuses:
                        raise Refused(404, "Record not found")
                    return self._of_status(method, self.statuses[status_id], rest, form)
            raise Refused(404, "The page you are looking for isn't here.")

    def _of_status(
        self, method: str, status: Status, rest: list[str], form: dict[str, Any]
    ) -> Answer:
        match method, rest:
            case "GET", []:
                return 200, self._shown(status)
            case "GET", ["source"] if self.keeps_source:
                return 200, {
                    "id": status.id,
                    "text": status.text,
                    "spoiler_text": status.spoiler_text,
                }
            case "GET", ["reblogged_by"]:
                return self._boosted(status, form)
            case "PUT", []:
                return 200, self._edit(status, form)
            case "DELETE", []:
                del self.statuses[status.id]
                return 200, self._shown(status)
        raise Refused(404, "The page you are looking for isn't here.")

    def _boosted(self, status: Status, form: dict[str, Any]) -> Answer:
        """Return a page of those who boosted a post, the last ones first."""
        most, before = min(int(form.get("limit", 40)), 80), int(form.get("max_id", 1_000_000))
        everybody = list(enumerate(status.boosted_by))[::-1]
        page = [(number, acct) for number, acct in everybody if number < before][:most]
        here = f"{self.url}/api/v1/statuses/{status.id}/reblogged_by"
        more = page and page[-1][0] > 0
        link = f'<{here}?limit={most}&max_id={page[-1][0]}>; rel="next"' if more else ""
        headers = {"Link": f'{link}, <{here}?since_id=1>; rel="prev"'} if link else {}
        return 200, [{"id": acct, "acct": acct} for _, acct in page], headers

    def _post(self, form: dict[str, Any], key: str | None) -> Answer:
        if key and not self.ignores_keys and key in self.keys:
            status_id, at = self.keys[key]
            if self.now() - at < KEY_KEPT:
                if self.fails_replays:
                    raise Refused(500, "An unexpected error occurred")
                if status_id not in self.statuses:
                    raise Refused(404, "Record not found")
                return 200, self._shown(self.statuses[status_id])
        parent = form.get("in_reply_to_id")
        if parent and parent not in self.statuses:
            raise Refused(404, "The post you are trying to reply to does not appear to exist.")
        media = [self._attachable(media_id) for media_id in form.get("media_ids", [])]
        if len(media) > self.configuration["statuses"]["max_media_attachments"]:
            raise Refused(422, "Validation failed: Cannot attach more than 4 files")
        text, spoiler = str(form.get("status", "")).strip(), str(form.get("spoiler_text", ""))
        longest = self.configuration["statuses"]["max_characters"]
        if mastodon_length(text, content_warning=spoiler) > longest:
            raise Refused(422, f"Validation failed: Text character limit of {longest} exceeded")
        if not text and not media:
            raise Refused(422, "Validation failed: Text can't be blank")
        self._next += 65_536
        status = Status(
            id=str(self._next),
            text=text,
            spoiler_text=spoiler,
            language=form.get("language"),
            visibility=form.get("visibility", "public"),
            in_reply_to_id=parent,
            media=media,
            created_at=self.now(),
            sensitive=form.get("sensitive") in ("1", "true", True),
        )
        self.statuses[status.id] = status
        if parent:
            self.statuses[parent].replies += 1
        if key:
            self.keys[key] = status.id, self.now()
        return 200, self._shown(status)

    def _attachable(self, media_id: str) -> Media:
        media = self.media.get(media_id)
        if media is None or media.answers:
            raise Refused(422, "Cannot attach files that have not finished processing. Try again!")
        return media

    def _upload(self, form: dict[str, Any]) -> Answer:
        content = form["file"]
        if len(content) > self.configuration["media_attachments"]["image_size_limit"]:
            raise Refused(422, "Validation failed: File file size must be less than 10 MB")
        self._next += 65_536
        first, *rest = self.media_answers
        media = Media(
            id=str(self._next),
            description=str(form.get("description", "")),
            focus=str(form.get("focus", "")),
            size=len(content),
            answers=list(rest),
        )
        self.media[media.id] = media
        return first, self._media(media, ready=first == 200)

    def _processed(self, media: Media) -> Answer:
        code = media.answers.pop(0) if media.answers else 200
        if code == 422:
            raise Refused(422, "Error processing thumbnail for uploaded media")
        if code == 206 and not media.answers:
            media.answers.append(206)
        return code, self._media(media, ready=code == 200)

    def _edit(self, status: Status, form: dict[str, Any]) -> dict[str, Any]:
        status.text = str(form["status"]).strip()
        status.spoiler_text = str(form.get("spoiler_text", ""))
        # Media that an edit does not name are taken off the post.
        kept = {media.id: media for media in status.media}
        status.media = [kept[media_id] for media_id in form.get("media_ids", [])]
        for change in form.get("media_attributes", []):
            kept[change["id"]].description = change["description"]
        if not self.keeps_order:
            status.media.reverse()
        status.edits += 1
        return self._shown(status)

    def _own(self, form: dict[str, Any]) -> list[dict[str, Any]]:
        newest = sorted(self.statuses.values(), key=lambda status: int(status.id), reverse=True)
        if "max_id" in form:
            newest = [status for status in newest if int(status.id) < int(form["max_id"])]
        return [self._shown(status) for status in newest[: min(int(form.get("limit", 20)), 40)]]

    def _media(self, media: Media, *, ready: bool) -> dict[str, Any]:
        url = f"{self.url}/media/{media.id}.png" if ready else None
        return {"id": media.id, "type": "image", "url": url, "description": media.description}

    def _shown(self, status: Status) -> dict[str, Any]:
        return {
            "id": status.id,
            "created_at": status.created_at.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z",
            "in_reply_to_id": status.in_reply_to_id,
            "sensitive": status.sensitive,
            "spoiler_text": status.spoiler_text,
            "visibility": status.visibility,
            "language": status.language,
            "uri": f"{self.url}/users/ons/statuses/{status.id}",
            "url": f"{self.url}/@ons/{status.id}",
            "content": _html(status.text),
            "replies_count": status.replies,
            "reblogs_count": len(status.boosted_by),
            "favourites_count": status.favourites,
            "media_attachments": [self._media(media, ready=True) for media in status.media],
            "account": {"id": "7", "acct": "ons"},
        }


def _html(text: str) -> str:
    """Return a text as a server shows it: hidden ends of links, mentions without their server."""
    shown = escape(text, quote=False)
    shown = LINK.sub(
        lambda link: (
            f'<a href="{link[0]}"><span class="invisible">{link[0][:8]}</span>'
            f"<span>{link[0][8:]}</span></a>"
        ),
        shown,
    )
    shown = MENTION.sub(
        r'<span class="h-card"><a href="https://\2/@\1">@<span>\1</span></a></span>', shown
    )
    return "".join(f"<p>{part.replace(chr(10), '<br />')}</p>" for part in shown.split("\n\n"))

"""Threads of posts, carried the way the ledger carries them: settle first, then send again."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from flows import clock
from flows.channels.base import PostChannel
from flows.compose.messages import Picture, Post
from flows.errors import Deferred, Unconfirmed
from flows.models import Receipt
from tests.social.faults import Faults, Killed

START = clock.aware(datetime.fromisoformat("2026-02-11T17:00:00+01:00"))


def picture(alt: str = "Een lege gang met een dichte deur", shade: int = 90) -> Picture:
    """A real PNG of 8 by 8 grey pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        check = zlib.crc32(kind + body)
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", check)

    header = struct.pack(">IIBBBBB", 8, 8, 8, 0, 0, 0, 0)
    rows = zlib.compress(b"".join(b"\x00" + bytes([shade]) * 8 for _ in range(8)))
    content = (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )
    return Picture(file_name=f"grijs-{shade}.png", media_type="image/png", content=content, alt=alt)


def post(text: str = "Morgen spreekt de Kamer over kinderen in de cel.", **fields: object) -> Post:
    return replace(Post(account="ons", text=text, language="nl"), **fields)  # type: ignore[arg-type]


def thread(texts: Iterable[str], *, pictures: int = 0) -> list[Post]:
    """A thread without receipts yet."""
    every = list(texts)
    return [
        post(
            text,
            number=number,
            of=len(every),
            pictures=tuple(picture(shade=10 * number + shade) for shade in range(pictures)),
        )
        for number, text in enumerate(every, start=1)
    ]


@dataclass
class Runner:
    """What ledger and flow do with one thread: one post after another, never twice."""

    channel: PostChannel
    faults: Faults | None = None
    delivery: str = "oproep/1"
    receipts: list[Receipt] = field(default_factory=list)
    deferred: list[Deferred] = field(default_factory=list)
    settled: int = 0

    def run(self, posts: list[Post], *, tries: int = 60) -> list[Receipt]:
        for the_post in posts[len(self.receipts) :]:
            self.receipts.append(self._carry(self._in_its_place(the_post), tries=tries))
        return self.receipts

    def _in_its_place(self, the_post: Post) -> Post:
        if not self.receipts:
            return the_post
        return replace(the_post, reply_to=self.receipts[-1], root=self.receipts[0])

    def _carry(self, the_post: Post, *, tries: int) -> Receipt:
        delivery_id = f"{self.delivery}/{the_post.number}"
        self._wait(timedelta(seconds=1))
        first_tried = clock.now()
        doubtful = False
        for _ in range(tries):
            try:
                if doubtful:
                    found = self._settle(the_post, delivery_id, first_tried)
                    if found:
                        return found
                    doubtful = False
                return self.channel.deliver(
                    the_post, delivery_id=delivery_id, first_tried=first_tried
                )
            except Deferred as error:
                self.deferred.append(error)
                self._wait(error.retry_after or timedelta(minutes=5))
            except (Unconfirmed, Killed):
                doubtful = True
        raise AssertionError(f"post {the_post.number} never got out")

    def _settle(self, the_post: Post, delivery_id: str, first_tried: datetime) -> Receipt | None:
        self._wait(self.channel.settle_after)
        if self.faults:
            self.faults.let_late_requests_arrive()
        self.settled += 1
        return self.channel.find(
            the_post,
            delivery_id=delivery_id,
            first_tried=first_tried,
            taken={receipt.remote_id for receipt in self.receipts},
        )

    def _wait(self, how_long: timedelta) -> None:
        current = clock._current
        assert isinstance(current, clock.SimulatedClock)
        current.advance(how_long)

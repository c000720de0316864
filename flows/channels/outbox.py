"""The rehearsal's channels: everything goes into a folder, nothing goes outside."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from pathlib import Path
from typing import ClassVar

from flows import clock
from flows.channels.base import Gate, open_gate
from flows.channels.batch import Ended, HandOver, Outcome, Record, Source
from flows.compose.messages import LinkCard, Mail, Post
from flows.files import write_bytes, write_text
from flows.models import DeliveryState, Receipt

_UNSAFE = re.compile(r"[^a-z0-9@._-]+")
ACCEPTED = "Accepted by the rehearsal's outbox; nothing left this machine."
SHARE = 50


class MailOutbox:
    """Writes each mail to `mail/<step>-<delivery>-<address>.eml`, as any mail program opens it."""

    key: ClassVar[str] = "outbox"

    def __init__(self, folder: Path, *, step: str) -> None:
        self._folder = folder
        self._step = step

    async def deliver_many(
        self, source: Source[Mail], *, record: Record, stop: Callable[[], bool]
    ) -> HandOver:
        """Write what `source` gives; see `flows.channels.batch.BatchChannel`."""
        while not stop():
            share = source(SHARE)
            if not share:
                return HandOver(why=Ended.EMPTY)
            record([outgoing.delivery_id for outgoing in share], [])
            outcomes = [
                Outcome(
                    outgoing.delivery_id,
                    DeliveryState.SENT,
                    code=250,
                    reply=ACCEPTED,
                    remote_id=self._write(outgoing.message, outgoing.delivery_id),
                )
                for outgoing in share
            ]
            record([], outcomes)
        return HandOver(why=Ended.STOPPED)

    def _write(self, mail: Mail, number: int) -> str:
        """Write one mail and return the name of its file."""
        address = _UNSAFE.sub("_", mail.recipient.lower())[:80]
        name = f"{self._step}-{number:04}-{address}.eml"
        write_bytes(self._folder / "mail" / name, mail.content)
        return name


class PostOutbox:
    """Writes each post to `posts/<step>-<part>.json`."""

    key: ClassVar[str] = "outbox"
    in_order: ClassVar[bool] = True
    settle_after: ClassVar[timedelta] = timedelta()

    def __init__(self, folder: Path, *, step: str) -> None:
        self._folder = folder
        self._step = step

    def deliver(
        self,
        post: Post,
        *,
        delivery_id: str,  # noqa: ARG002 (as PostCarrier has it)
        first_tried: datetime,  # noqa: ARG002
        gate: Gate = open_gate,
    ) -> Receipt:
        """Write one post with all that the network would be given."""
        gate()
        name = f"{self._step}-{post.number:02}"
        url = f"https://rehearsal.invalid/{name}"
        content = {
            "rehearsal": True,
            "account": post.account,
            "number": post.number,
            "of": post.of,
            "text": post.text,
            "language": post.language,
            "link": post.link,
            "card": _card(post.card),
            "content_warning": post.content_warning,
            "pictures": [
                {"file_name": picture.file_name, "alt": picture.alt} for picture in post.pictures
            ],
            "reply_to": post.reply_to.url if post.reply_to else None,
            "url": url,
        }
        text = json.dumps(content, ensure_ascii=False, indent=2)
        write_text(self._folder / "posts" / f"{name}.json", f"{text}\n")
        return Receipt(at=clock.now(), remote_id=name, url=url, code=200, reply=ACCEPTED)

    def find(
        self,
        post: Post,
        *,
        delivery_id: str,
        first_tried: datetime,
        taken: Collection[str] = (),
    ) -> None:
        """Say that it may be written again, which gives the same file."""


def _card(card: LinkCard | None) -> dict[str, str | None] | None:
    if card is None:
        return None
    return {
        "url": card.url,
        "title": card.title,
        "description": card.description,
        "thumbnail": card.thumbnail.file_name if card.thumbnail else None,
    }

"""The rehearsal's channel: everything goes into a folder, nothing goes outside."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar

from flows import clock
from flows.channels.base import Event
from flows.compose.messages import Mail, Post
from flows.files import write_bytes, write_text
from flows.models import Limits, Problem, Receipt

_UNSAFE = re.compile(r"[^a-z0-9@._-]+")
ACCEPTED = "Accepted by the rehearsal's outbox; nothing left this machine."


class _Outbox:
    """What both outboxes share: no limits, nothing to find, nothing to track."""

    key: ClassVar[str] = "outbox"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def limits(self) -> Limits:
        """Return no bounds; the checks know those of the real channel."""
        return Limits()

    def validate(self, message: object) -> list[Problem]:  # noqa: ARG002 (the protocol names it)
        """Return nothing: a folder takes everything."""
        return []

    def find(self, delivery_id: str) -> Receipt | None:  # noqa: ARG002
        """Return None: a rehearsal leaves nothing unconfirmed."""
        return None

    def track(self, receipts: Iterable[tuple[str, Receipt]]) -> Iterable[Event]:  # noqa: ARG002
        """Return nothing: nobody answers a rehearsal."""
        return ()


class MailOutbox(_Outbox):
    """Writes each mail to `mail/<delivery>-<address>.eml`, as any mail program opens it."""

    def deliver(self, message: Mail, *, delivery_id: str) -> Receipt:
        """Write one mail."""
        address = _UNSAFE.sub("_", message.recipient.lower())[:80]
        write_bytes(self._folder / "mail" / f"{delivery_id}-{address}.eml", message.content)
        return Receipt(at=clock.now(), remote_id=delivery_id, code=250, reply=ACCEPTED)


class PostOutbox(_Outbox):
    """Writes each post to `posts/<delivery>.json`."""

    def deliver(self, message: Post, *, delivery_id: str) -> Receipt:
        """Write one post with all that the network would be given."""
        url = f"https://rehearsal.invalid/{delivery_id}"
        content = {
            "rehearsal": True,
            "account": message.account,
            "number": message.number,
            "of": message.of,
            "text": message.text,
            "language": message.language,
            "link": message.link,
            "content_warning": message.content_warning,
            "pictures": [
                {"file_name": picture.file_name, "alt": picture.alt} for picture in message.pictures
            ],
            "reply_to": message.reply_to.url if message.reply_to else None,
            "url": url,
        }
        text = json.dumps(content, ensure_ascii=False, indent=2)
        write_text(self._folder / "posts" / f"{delivery_id}.json", f"{text}\n")
        return Receipt(at=clock.now(), remote_id=delivery_id, url=url, code=200, reply=ACCEPTED)

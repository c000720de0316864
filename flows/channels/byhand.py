"""Networks without a usable API: everything is laid ready, a person posts it and says so.

`deliver` writes a folder with the text, the pictures and a page to copy from, and then raises
`Deferred`: nothing is out by our doing, and from here on it waits for a person, who says where it
stands or that it was not done. Until the deadline it is waited for; after it, it is a miss.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar
from urllib.parse import urlsplit

from flows import clock
from flows.channels import posts
from flows.channels.base import Event, Finding, Gate, open_gate
from flows.channels.byhand_page import page_to_copy
from flows.compose.messages import Post
from flows.compose.networks import NETWORKS
from flows.errors import Deferred, InputError, OproepError, Rejected
from flows.files import write_bytes, write_text
from flows.models import Limits, Problem, Receipt, Severity

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


OPENS: Mapping[str, str] = MappingProxyType(
    {
        "linkedin": "https://www.linkedin.com/feed/",
        "instagram": "https://www.instagram.com/",
        "facebook": "https://www.facebook.com/",
        "x": "https://x.com/compose/post",
        "whatsapp": "https://web.whatsapp.com/",
    }
)
"""Every network that is served by hand, and where a person begins a post there."""
WITHOUT_ADDRESS = frozenset({"whatsapp"})
"""Those of them on which a post cannot be linked to."""


class ByHand:
    """One network, as a folder in which posts wait for a person."""

    key: ClassVar[str] = "by hand"
    in_order: ClassVar[bool] = False
    settle_after: ClassVar[timedelta] = timedelta()

    def __init__(self, network: str, *, folder: Path) -> None:
        """Name the network.

        Args:
            network: A key of `OPENS`.
            folder: Where posts are laid ready, in a folder each.
        """
        self.network = NETWORKS[network]
        self._opens = OPENS[network]
        self._folder = folder

    def limits(self) -> Limits:
        """Return the bounds of the network."""
        return self.network.limits

    def validate(self, post: Post) -> list[Problem]:
        """Return what would keep a person from posting this there."""
        name, limits = self.network.label, self.network.showing(len(post.pictures)).limits
        length = self.network.length(post.text)
        found = posts.problems_of(post, limits, network=name, length=length)
        if self.network.key == "instagram" and not post.pictures:
            found.append(
                Problem(
                    severity=Severity.ERROR,
                    code="picture-missing",
                    where="post",
                    what=f"{name} takes no post without a picture.",
                    mend="Add one, or leave this network out.",
                )
            )
        return found

    def deliver(
        self,
        post: Post,
        *,
        delivery_id: str,
        first_tried: datetime,  # noqa: ARG002
        gate: Gate = open_gate,
    ) -> Receipt:
        """Lay the post ready; doing it twice gives the same folder.

        Raises:
            Rejected: it cannot be posted there as it is, or the folder cannot be written.
            Deferred: always when it is ready, since a person has to go on.
        """
        posts.stop_at_errors(self.validate(post))
        gate()
        try:
            folder = self._lay_ready(post, delivery_id)
        except InputError as error:
            raise Rejected(error.what, where=error.where, mend=error.mend) from error
        raise Deferred(
            f"It waits for a person to post it on {self.network.label}.",
            where=str(folder / "post.html"),
            mend="Post it, then give its address with `oproep done`.",
        )

    def _lay_ready(self, post: Post, delivery_id: str) -> Path:
        """Write what a person needs, and return the folder.

        Raises:
            InputError: it cannot be written.
        """
        folder = self.folder_of(delivery_id)
        names = [
            f"{number}-{_UNSAFE.sub('_', Path(picture.file_name).name)}"
            for number, picture in enumerate(post.pictures, start=1)
        ]
        for name, picture in zip(names, post.pictures, strict=True):
            write_bytes(folder / name, picture.content)
            write_text(folder / f"{name}.txt", f"{picture.alt}\n")
        write_text(folder / "tekst.txt", f"{post.text}\n")
        page = page_to_copy(
            post,
            names,
            self.network,
            opens=self._opens,
            command=_command(delivery_id, post),
            has_address=self.network.key not in WITHOUT_ADDRESS,
        )
        write_text(folder / "post.html", page)
        return folder

    def find(
        self,
        post: Post,
        *,
        delivery_id: str,
        first_tried: datetime,
        taken: Collection[str] = (),
    ) -> None:
        """Say that nothing went out: laying ready is all there is to it, and may be done again."""

    def confirmed(self, url: str) -> Receipt:
        """Return the receipt of a post that a person made.

        Args:
            url: Where it stands; empty where posts have no address, as in a WhatsApp group.

        Raises:
            InputError: it is not an address.
        """
        parts = urlsplit(url)
        if url and (parts.scheme not in ("http", "https") or "." not in (parts.hostname or "")):
            raise InputError(
                f"{url!r} is not the address of a post.",
                where="--url",
                mend="Copy the whole address, with https:// before it.",
            )
        return Receipt(
            at=clock.now(), remote_id=url, url=url, reply=f"Posted by hand on {self.network.label}."
        )

    def edit(self, post: Post, receipt: Receipt) -> Receipt:  # noqa: ARG002
        """Leave it to a person.

        Raises:
            Rejected: always.
        """
        raise self._your_turn("Change", receipt)

    def withdraw(self, receipt: Receipt) -> None:
        """Leave it to a person.

        Raises:
            Rejected: always.
        """
        raise self._your_turn("Delete", receipt)

    def track(self, receipts: Iterable[tuple[str, Receipt]]) -> Iterable[Event]:  # noqa: ARG002
        """Return nothing: nobody can be asked."""
        return ()

    def check_online(self, post: Post) -> list[Problem]:  # noqa: ARG002
        """Return nothing: nobody can be asked."""
        return []

    def name(self) -> str:
        """Return nothing: whoever posts it knows where."""
        return ""

    def probe(self) -> list[Finding]:
        """Say that it goes by hand, and whether the folder can be written."""
        try:
            write_text(self._folder / ".proef", "")
            (self._folder / ".proef").unlink()
        except OproepError as error:
            return [
                Finding(name="media", what=error.what, severity=Severity.ERROR, mend=error.mend)
            ]
        return [Finding(name="account", what=f"{self.network.label} is done by hand.")]

    def folder_of(self, delivery_id: str) -> Path:
        """Return the folder in which a delivery waits."""
        return self._folder / (_UNSAFE.sub("-", delivery_id).strip(".-") or "post")

    def _your_turn(self, act: str, receipt: Receipt) -> Rejected:
        return Rejected(
            f"{self.network.label} is done by hand.",
            where=receipt.url,
            mend=f"{act} it there yourself.",
        )


def _command(delivery_id: str, post: Post) -> str:
    """Return what a person types to say that a post is out, as far as its id tells.

    Args:
        delivery_id: `campaign/step/part`.
        post: The post.
    """
    campaign, _, place = delivery_id.partition("/")
    step, _, _ = place.partition("/")
    part = f" --part {post.number}" if post.of > 1 else ""
    return f"oproep done {campaign} {step}{part}"


def calendar_entry(*, summary: str, at: datetime, uid: str, description: str = "") -> bytes:
    """Return an iCalendar file (RFC 5545) that reminds a person at the step's time.

    Args:
        summary: One line, such as `Op LinkedIn zetten: Geen kind in de cel`.
        at: When the post is due.
        uid: The same for the same reminder, so that a moved one replaces the old.
        description: Where the post lies ready.
    """
    moment = f"{clock.aware(at):%Y%m%dT%H%M%SZ}"
    lines = [
        *("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Oproep//NL", "BEGIN:VEVENT"),
        f"UID:{_ical(uid)}",
        f"DTSTAMP:{clock.now():%Y%m%dT%H%M%SZ}",
        *(f"DTSTART:{moment}", "DURATION:PT15M"),
        *(f"SUMMARY:{_ical(summary)}", f"DESCRIPTION:{_ical(description)}"),
        *("BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER:PT0M", f"DESCRIPTION:{_ical(summary)}"),
        *("END:VALARM", "END:VEVENT", "END:VCALENDAR"),
    ]
    return b"".join(_folded(line) for line in lines)


def _ical(text: str) -> str:
    return re.sub(r"([\\;,])", r"\\\1", text).replace("\r", "").replace("\n", "\\n")


def _folded(line: str) -> bytes:
    """Return a content line in pieces of at most 75 octets, none cut within a letter."""
    pieces, rest = [], line
    while len(rest.encode()) > 74:
        cut = 74
        while len(rest[:cut].encode()) > 74:
            cut -= 1
        pieces.append(rest[:cut])
        rest = rest[cut:]
    return "\r\n ".join([*pieces, rest]).encode() + b"\r\n"

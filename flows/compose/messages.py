"""What compose hands to a channel: ready messages that only need carrying."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flows.models import Receipt


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One message to one mailbox, ready for the wire."""

    sender: str
    """Envelope sender; one per delivery, so that a bounce names its delivery."""
    recipient: str
    """Envelope recipient."""
    content: bytes
    """The whole message with CRLF line ends, not dot-stuffed."""
    ready: bool = False
    """Made by `compose.mime`: CRLF only, ends with one, no line begins with a dot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """An image that goes with a post."""

    file_name: str
    media_type: str
    content: bytes
    alt: str
    focus: tuple[float, float] | None = None
    """The point that must stay visible when it is cropped: x and y from -1 to 1, y upwards."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkCard:
    """What a network that does not read the linked page itself shows of it."""

    url: str
    title: str
    description: str = ""
    thumbnail: Picture | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One post of a thread."""

    account: str
    text: str
    language: str
    link: str = ""
    card: LinkCard | None = None
    """Shown where the network has the client make the card, if there are no pictures."""
    visibility: str = "public"
    """`public`, `unlisted` or `private`, where the network knows the difference."""
    pictures: Sequence[Picture] = ()
    content_warning: str = ""
    left_out: str = ""
    """What of the draft there was no room for on a network without threads."""
    number: int = 1
    """Place in the thread, from 1."""
    of: int = 1
    """Length of the thread."""
    reply_to: Receipt | None = None
    """The receipt of the post before it in the thread."""
    root: Receipt | None = None
    """The receipt of the thread's first post."""

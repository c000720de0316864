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


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """An image that goes with a post."""

    file_name: str
    media_type: str
    content: bytes
    alt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One post of a thread."""

    account: str
    text: str
    language: str
    link: str = ""
    pictures: Sequence[Picture] = ()
    content_warning: str = ""
    number: int = 1
    """Place in the thread, from 1."""
    of: int = 1
    """Length of the thread."""
    reply_to: Receipt | None = None
    """The receipt of the post before it in the thread."""
    root: Receipt | None = None
    """The receipt of the thread's first post."""

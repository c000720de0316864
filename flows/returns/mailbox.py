"""Where returned mail arrives: an IMAP mailbox or a Maildir. A letter stays until it is dealt with.

A letter that was processed is marked, not deleted. The marks only save work: that none is
processed twice is the ledger's doing, so a crash before the mark costs nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from flows.errors import SettingsError

MOST_WHOLE = 25_000_000
"""A letter of more octets is read in part: enough to say what it is."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One message in a mailbox."""

    key: str
    raw: bytes


class Mailbox(Protocol):
    """What a mailbox can do, while it is open."""

    def unread(self) -> Iterator[Letter]:
        """Yield the letters that are not marked as dealt with, oldest first."""

    def mark(self, key: str) -> None:
        """Mark a letter as dealt with."""

    def wait(self, seconds: float) -> None:
        """Return when something may have arrived, at the latest after `seconds`."""

    def describe(self) -> str:
        """Return what it is and holds, in a sentence for people, without a password."""


@contextmanager
def open_mailbox(url: str) -> Iterator[Mailbox]:
    """Open `imaps://user:pass@host/INBOX`, `imap+starttls://…` or `maildir:///path`.

    An IMAP server on this machine may be reached without TLS, by `imap://`. `?ca=FILE` names
    certificates to trust instead of the system's.

    Raises:
        SettingsError: the URL cannot be used, or it would send the password in the clear.
        AuthLost: the server does not take the password.
        InputError: there is no such Maildir, or it cannot be read.
        Deferred: the server cannot be reached now.
    """
    parts = urlsplit(url)
    if parts.scheme == "maildir":
        from flows.returns.maildir import Maildir

        yield Maildir(Path(unquote(parts.path)))
        return
    if parts.scheme not in ("imap", "imaps", "imap+starttls") or not parts.hostname:
        raise SettingsError(
            "OPROEP_RETURNS_URL does not name a mailbox.",
            where="OPROEP_RETURNS_URL",
            mend="Write imaps://user:password@host/INBOX or maildir:///path/to/Maildir.",
        )
    from flows.returns.imap import opened_imap

    with opened_imap(url) as mailbox:
        yield mailbox

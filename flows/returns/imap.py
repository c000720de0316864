"""An IMAP mailbox of returned mail."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientError, LoginError

from flows.errors import AuthLost, Deferred, SettingsError
from flows.returns.mailbox import MOST_WHOLE, Letter
from flows.returns.parts import MOST_OCTETS

MARK = b"$OproepRead"
"""The keyword that a letter gets when it is dealt with; people may read it before or after."""
SEEN = b"\\Seen"
TIMEOUT = 60
"""Seconds that the server may take for an answer."""
SOON = 1.0
"""Seconds before what is there already is read."""
_AT_ONCE = 50
_HERE = ("127.0.0.1", "::1", "localhost")


class Imap:
    """An open IMAP mailbox."""

    def __init__(self, client: IMAPClient, *, host: str, folder: str) -> None:
        self._client = client
        self._host = host
        selected = client.select_folder(folder)
        self._folder = folder
        allowed = selected.get(b"PERMANENTFLAGS", ())
        # Not every server keeps keywords; seen is the next best mark.
        self._mark = MARK if b"\\*" in allowed or MARK in allowed else SEEN

    def unread(self) -> Iterator[Letter]:
        """Yield the letters without the mark, oldest first."""
        uids = self._unread_uids()
        for start in range(0, len(uids), _AT_ONCE):
            batch = uids[start : start + _AT_ONCE]
            sizes = self._client.fetch(batch, [b"RFC822.SIZE"])
            for uid in batch:
                if uid in sizes:  # else somebody has deleted it meanwhile
                    yield from self._letter(uid, int(sizes[uid].get(b"RFC822.SIZE", 0)))

    def _letter(self, uid: int, size: int) -> Iterator[Letter]:
        part = f"<0.{MOST_OCTETS}>" if size > MOST_WHOLE else ""
        fetched = self._client.fetch([uid], [f"BODY.PEEK[]{part}".encode()])
        for name, raw in fetched.get(uid, {}).items():
            if name.startswith(b"BODY[]") and raw is not None:
                yield Letter(str(uid), raw)

    def mark(self, key: str) -> None:
        """Mark a letter as dealt with and seen."""
        self._client.add_flags([int(key)], {self._mark, SEEN})

    def wait(self, seconds: float) -> None:
        """Wait by IDLE where the server offers it, else for the time alone.

        What has come before is not waited for: IDLE tells only of what comes after it began.
        """
        if self._unread_uids():
            # A server that keeps no marks would have us go round without a rest.
            _pause(min(seconds, SOON))
            return
        if b"IDLE" not in self._client.capabilities():
            socket_timeout = min(seconds, 60.0)
            _pause(socket_timeout)
            self._client.noop()
            return
        self._client.idle()
        try:
            self._client.idle_check(timeout=seconds)
        finally:
            self._client.idle_done()

    def describe(self) -> str:
        """Return what it is and holds."""
        idle = "tells when mail comes" if b"IDLE" in self._client.capabilities() else "is asked"
        return f"{self._folder} at {self._host}, {len(self._unread_uids())} unread; it {idle}"

    def _unread_uids(self) -> list[int]:
        criterion: list[bytes | str] = (
            ["UNSEEN"] if self._mark == SEEN else ["UNKEYWORD", self._mark]
        )
        return sorted(self._client.search(criterion))


def _pause(seconds: float) -> None:
    import time

    time.sleep(seconds)


@contextmanager
def opened_imap(url: str) -> Iterator[Imap]:
    """Log in and select the mailbox; see `mailbox.open_mailbox` for the URL and what is raised."""
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query))
    host = parts.hostname or ""
    folder = unquote(parts.path.lstrip("/")) or "INBOX"
    if parts.scheme == "imap" and host not in _HERE:
        raise SettingsError(
            "OPROEP_RETURNS_URL would send the password in the clear.",
            where="OPROEP_RETURNS_URL",
            mend="Write imaps:// or imap+starttls://.",
        )
    try:
        trust = ssl.create_default_context(cafile=options.get("ca"))
    except OSError as error:
        raise SettingsError(
            f"The certificates in {options.get('ca')} cannot be read.",
            where="OPROEP_RETURNS_URL",
            mend="Name a file with certificates in PEM form behind ca=.",
        ) from error
    try:
        client = _logged_in(parts, host, trust)
    except LoginError as error:
        raise AuthLost(
            "The mailbox does not take our password.",
            where=host,
            mend="Correct the user and password in OPROEP_RETURNS_URL.",
        ) from error
    except (OSError, IMAPClientError, ValueError) as error:
        raise _unreachable(host, error) from error
    try:
        yield Imap(client, host=host, folder=folder)
    except (OSError, IMAPClientError) as error:
        raise _unreachable(f"{host}, {folder}", error) from error
    finally:
        _leave(client)


def _logged_in(parts: Any, host: str, trust: ssl.SSLContext) -> IMAPClient:  # noqa: ANN401
    secure = parts.scheme == "imaps"
    client = IMAPClient(
        host,
        port=parts.port or (993 if secure else 143),
        ssl=secure,
        ssl_context=trust if secure else None,
        timeout=TIMEOUT,
    )
    try:
        if parts.scheme == "imap+starttls":
            client.starttls(trust)
        client.login(unquote(parts.username or ""), unquote(parts.password or ""))
    except BaseException:
        client.shutdown()
        raise
    return client


def _leave(client: IMAPClient) -> None:
    try:
        client.logout()
    except (OSError, IMAPClientError):
        return  # the connection was lost; there is nothing to leave


def _unreachable(where: str, error: Exception) -> Deferred:
    # What a server or the operating system says may come as octets.
    said = str(error).removeprefix("b'").strip("'") or type(error).__name__
    if isinstance(error, socket.timeout):
        said = "it does not answer"
    return Deferred(
        f"The mailbox of returned mail cannot be read: {said}.",
        where=where,
        mend="Check OPROEP_RETURNS_URL and the server; nothing is lost, it is read again later.",
    )

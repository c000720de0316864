"""A session with a Bluesky server (PDS), kept between runs.

Logging in is allowed 30 times in five minutes and 300 times a day, so it is done seldom.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol

from flows.channels import web
from flows.errors import AuthLost, DeliveryError, Rejected

_TOKEN_OLD = frozenset({"ExpiredToken", "InvalidToken"})
_ACCOUNT_CLOSED = frozenset(
    {"AccountTakedown", "AccountSuspended", "AccountDeactivated", "AuthMissing"}
)
"""Error names of the AT Protocol that come with status 400 and mean: not with these credentials."""


class SessionStore(Protocol):
    """Where tokens are kept between runs."""

    def load(self) -> str | None:
        """Return what was saved last, or None."""
        ...

    def save(self, session: str) -> None:
        """Keep `session`, which holds secrets."""
        ...


class SessionFile:
    """Tokens in a file that only its owner may read."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> str | None:
        """Return what was saved last; None if there is nothing, or nothing that can be read."""
        try:
            return self._path.read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            return None

    def save(self, session: str) -> None:
        """Replace the file at once, so that a reader sees the old tokens or the new ones.

        Where that cannot be, nothing is lost but a login.
        """
        with suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(
                dir=self._path.parent, prefix=f".{self._path.name}."
            )
            try:
                with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                    file.write(session)
                Path(name).replace(self._path)
            finally:
                Path(name).unlink(missing_ok=True)


class Talk:
    """Calls to one server as one account, logging in or renewing the session where needed."""

    def __init__(
        self, *, url: str, handle: str, app_password: str, store: SessionStore, timeout: float
    ) -> None:
        self.url = url
        self.wire = web.Wire()
        self._handle = handle
        self._password = app_password
        self._store = store
        self._timeout = timeout
        self._tokens = self._kept()

    @property
    def did(self) -> str:
        """The account's permanent name.

        Raises:
            DeliveryError: there is no session and none can be had.
        """
        if not self._tokens:
            self._log_in()
        return self._tokens["did"]

    @property
    def handle(self) -> str:
        """The account's present handle, without `@`."""
        return self._tokens.get("handle", self._handle)

    def get(self, method: str, **parameters: object) -> Any:  # noqa: ANN401 - a foreign document
        """Ask something.

        Raises:
            DeliveryError: there was no usable answer.
        """
        return self._as_us("GET", method, {"params": parameters})

    def do(self, method: str, body: Mapping[str, object], *, publishing: bool = False) -> Any:  # noqa: ANN401
        """Let something be done.

        Raises:
            DeliveryError: there was no usable answer.
        """
        return self._as_us("POST", method, {"json": dict(body)}, publishing=publishing)

    def upload(self, content: bytes, media_type: str) -> Any:  # noqa: ANN401
        """Store a picture and return the reference to it.

        Raises:
            DeliveryError: there was no usable answer.
        """
        request = {"data": content, "headers": {"Content-Type": media_type}}
        answer = self._as_us("POST", "com.atproto.repo.uploadBlob", request)
        return answer["blob"]

    @property
    def error(self) -> str:
        """The error name in the last answer, such as `InvalidSwap`; empty if there is none."""
        body = self.wire.json()
        return str(body.get("error") or "") if isinstance(body, dict) else ""

    def _as_us(
        self, verb: str, method: str, request: Mapping[str, Any], *, publishing: bool = False
    ) -> Any:  # noqa: ANN401
        """Make a request with our token; once more if the server says that the token is old."""
        if not self._tokens:
            self._log_in()
        try:
            return self._send(
                verb, method, request, token=self._tokens["accessJwt"], publishing=publishing
            )
        except (AuthLost, Rejected):
            # Refused before anything was done, so that repeating it is no second try.
            if self.error not in _TOKEN_OLD:
                raise
        self._renew()
        return self._send(
            verb, method, request, token=self._tokens["accessJwt"], publishing=publishing
        )

    def _renew(self) -> None:
        method, token = "com.atproto.server.refreshSession", self._tokens["refreshJwt"]
        try:
            self._keep(self._send("POST", method, {}, token=token))
        except (AuthLost, Rejected):
            self._log_in()

    def _log_in(self) -> None:
        self._tokens = {}
        login = {"identifier": self._handle, "password": self._password}
        self._keep(self._send("POST", "com.atproto.server.createSession", {"json": login}))

    def _send(
        self,
        verb: str,
        method: str,
        request: Mapping[str, Any],
        *,
        token: str | None = None,
        publishing: bool = False,
    ) -> Any:  # noqa: ANN401
        import requests

        headers = {"User-Agent": web.USER_AGENT, **request.get("headers", {})}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        self.wire.prepare(publishing=publishing)
        fault: Exception | None = None
        try:
            self.wire.session.request(
                verb,
                f"{self.url}/xrpc/{method}",
                **{**request, "headers": headers},
                timeout=self._timeout,
                # Else a .netrc of the user's would take the place of our token.
                auth=lambda prepared: prepared,
            )
        except requests.RequestException as error:
            fault = error
        body = self.wire.json()
        if 200 <= self.wire.status < 300 and isinstance(body, dict):
            return body
        raise self._failure(fault, publishing=publishing)

    def _failure(self, fault: Exception | None, *, publishing: bool) -> DeliveryError:
        error = web.failure(self.wire, fault, server=self.url, publishing=publishing)
        if self.error in _ACCOUNT_CLOSED | _TOKEN_OLD and not isinstance(error, AuthLost):
            return AuthLost(
                f"{self.url} does not let this account in: {error.reply}",
                where=self.url, code=error.code, reply=error.reply,
                mend="Log in there as a person and see what is the matter.",
            )  # fmt: skip
        return error

    def _kept(self) -> dict[str, str]:
        """Return the tokens of an earlier run, if they are this account's."""
        try:
            tokens = json.loads(self._store.load() or "{}")
            wanted = {"did", "handle", "accessJwt", "refreshJwt", "for"}
            if not wanted <= tokens.keys() or tokens["for"] != self._owner:
                return {}
            return {name: str(tokens[name]) for name in wanted}
        except (ValueError, AttributeError):
            return {}

    @property
    def _owner(self) -> str:
        """What a session belongs to: another app password, perhaps a withdrawn one, ends it."""
        digest = sha256(f"{self._handle} {self.url} {self._password}".encode())
        return digest.hexdigest()

    def _keep(self, session: Mapping[str, Any]) -> None:
        try:
            tokens = {name: str(session[name]) for name in ("did", "accessJwt", "refreshJwt")}
        except KeyError:
            raise Rejected(
                f"{self.url} did not answer as a Bluesky server.", where=self.url
            ) from None
        tokens |= {
            "handle": str(session.get("handle") or self._handle),
            "for": self._owner,
        }
        self._tokens = tokens
        self._store.save(json.dumps(tokens))

"""Requests to a Mastodon server, through the library or past it, and the answers as they came."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from flows.channels import web

if TYPE_CHECKING:
    import mastodon


class Talk:
    """One conversation with one server as one account."""

    def __init__(self, *, url: str, token: str, timeout: float) -> None:
        import mastodon

        self.url = url
        self.wire = web.Wire()
        self._api = mastodon.Mastodon(
            api_base_url=url,
            access_token=token,
            ratelimit_method="throw",
            request_timeout=timeout,
            session=self.wire.session,
            user_agent=web.USER_AGENT,
            # Else the library asks the server, and fails oddly on some; in mode "none" it would
            # take the server for version 1.0 and use the old media endpoint.
            mastodon_version="4.3.0",
            version_check_mode="created",
        )
        self._token = token
        self._timeout = timeout

    def get(self, path: str) -> Any:  # noqa: ANN401 - a foreign document
        """Read a page, by its path exactly as documented.

        The library writes a slash behind some paths, which not every compatible server knows.

        Raises:
            DeliveryError: nothing usable came back; which one, `web.failure` decides.
        """
        return self.ask(
            lambda _: self.wire.session.get(
                f"{self.url}{path}",
                headers={"User-Agent": web.USER_AGENT, "Authorization": f"Bearer {self._token}"},
                timeout=self._timeout,
            )
        )

    def ask(
        self, request: Callable[[mastodon.Mastodon], object], *, publishing: bool = False
    ) -> Any:  # noqa: ANN401 - a foreign document
        """Make one request and return the JSON that came back.

        Raises:
            DeliveryError: nothing usable came back; which one, `web.failure` decides.
        """
        from mastodon.errors import MastodonError
        from requests import RequestException

        self.wire.prepare(publishing=publishing)
        fault: Exception | None = None
        try:
            request(self._api)
        # The library turns odd answers into RecursionError, ValueError and more, and takes an
        # odd reset header of a good answer for a rate limit. What counts is what came back.
        except Exception as error:  # noqa: BLE001
            fault = error
        known = MastodonError | RequestException
        if self.wire.status == 0 and fault is not None and not isinstance(fault, known):
            raise fault
        body = self.wire.json()
        if 200 <= self.wire.status < 300 and isinstance(body, dict | list):
            return body
        raise web.failure(self.wire, fault, server=self.url, publishing=publishing)

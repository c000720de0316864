"""What stands on a Mastodon account, read over the documented API alone.

Tests that look through these eyes hold for any server that speaks the API. Another one is tried as
well where its address and a token for an empty account of its own are given:

    OPROEP_TEST_MASTODON_URL=http://127.0.0.1:… OPROEP_TEST_MASTODON_TOKEN=… pytest tests/social

All posts of that account are deleted.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests

ELSEWHERE = "OPROEP_TEST_MASTODON_URL"


@dataclass(frozen=True)
class Seen:
    """One post."""

    id: str
    text: str
    parent: str | None
    alts: list[str]


@dataclass(frozen=True)
class Onlooker:
    """Somebody who reads an account."""

    url: str
    token: str

    def posts(self) -> list[Seen]:
        """Return the account's posts, oldest first."""
        return [
            Seen(
                id=status["id"],
                text=self._call("GET", f"statuses/{status['id']}/source")["text"],
                parent=status["in_reply_to_id"],
                alts=[media["description"] for media in status["media_attachments"]],
            )
            for status in reversed(self._statuses())
        ]

    def texts(self) -> list[str]:
        return [post.text for post in self.posts()]

    def clear(self) -> None:
        """Delete everything."""
        for status in self._statuses():
            self._call("DELETE", f"statuses/{status['id']}")

    def _statuses(self) -> list[dict[str, Any]]:
        account = self._call("GET", "accounts/verify_credentials")["id"]
        found: list[dict[str, Any]] = []
        while True:
            before = f"&max_id={found[-1]['id']}" if found else ""
            page = self._call("GET", f"accounts/{account}/statuses?limit=40{before}")
            if not page:
                return found
            found += page

    def _call(self, verb: str, path: str) -> Any:
        answer = requests.request(
            verb,
            f"{self.url}/api/v1/{path}",
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=20,
        )
        answer.raise_for_status()
        return answer.json()


def elsewhere() -> Onlooker:
    """Return the account on the other server that was given, emptied."""
    url = os.environ[ELSEWHERE].rstrip("/")
    if urlsplit(url).hostname not in ("127.0.0.1", "localhost"):
        raise ValueError("Tests post on this machine only.")
    account = Onlooker(url, os.environ["OPROEP_TEST_MASTODON_TOKEN"])
    account.clear()
    return account

"""A real Bluesky server (PDS) from npm, on 127.0.0.1 only, for as long as the tests run."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import requests

from tests.parts import missing, program

HERE = Path(__file__).resolve().parent
INSTALLED = HERE.parent.parent / "var" / "pds"
"""Where `tests/social/pds_server/install.sh` puts it."""


class Pds:
    """The server, and what a test does there as a person would."""

    def __init__(self, folder: Path) -> None:
        if not (INSTALLED / "node_modules" / ".ready").exists():
            missing("pds")
        self._process = subprocess.Popen(
            [program("node", "node"), HERE / "pds_server" / "start.mjs"],
            cwd=INSTALLED,
            env={**os.environ, "TMPDIR": str(folder), "LOG_ENABLED": "false"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout
        self.url = json.loads(self._process.stdout.readline())["ready"]
        self._accounts = 0

    def close(self) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.wait(20)
        self._process.stdout.close()

    def account(self) -> tuple[str, str]:
        """Make an account; return its handle and an app password for it."""
        self._accounts += 1
        handle = f"ons{self._accounts}.test"
        made = self.call(
            "com.atproto.server.createAccount",
            handle=handle,
            email=f"ons{self._accounts}@ons.example",
            password="een-wachtwoord",
        )
        app = self.call(
            "com.atproto.server.createAppPassword", token=made["accessJwt"], name="oproep"
        )
        return handle, str(app["password"])

    def call(self, method: str, *, token: str = "", **body: object) -> Any:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = requests.post(f"{self.url}/xrpc/{method}", json=body, headers=headers, timeout=20)
        answer.raise_for_status()
        return answer.json()

    def posts(self, handle: str) -> list[dict[str, Any]]:
        """Return the records of an account's posts, oldest first, as anybody can read them."""
        answer = requests.get(
            f"{self.url}/xrpc/com.atproto.repo.listRecords",
            params={"repo": handle, "collection": "app.bsky.feed.post", "limit": "100"},
            timeout=20,
        )
        answer.raise_for_status()
        records: list[dict[str, Any]] = answer.json()["records"]
        return records[::-1]

"""Faults between a channel and its server, whatever the server: injected where requests leaves."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter

from flows import clock

KINDS = (
    *("kill before", "kill after", "kill late", "lost before", "lost after"),
    *("timeout before", "timeout after", "timeout late", "500 before", "500 after", "429"),
)
"""`before`: the server never saw it. `after`: it was carried out. `late`: it is, afterwards."""
LATE = timedelta(seconds=45)
"""How much later: less than what a channel waits before it believes what it finds."""


FOREVER = datetime.max.replace(tzinfo=UTC)


class Killed(BaseException):
    """The process is gone: nothing catches this but the test that plays the next process."""


Send = Callable[..., requests.Response]


@dataclass
class Faults:
    """Decides for each request whether and how it goes wrong."""

    choose: Callable[[requests.PreparedRequest], str | None]
    happened: list[str] = field(default_factory=list)
    at_publishing: list[str] = field(default_factory=list)
    """Those of them that hit a request that makes a post visible."""
    late: list[tuple[datetime, Callable[[], object]]] = field(default_factory=list)

    def send(self, send: Send, request: requests.PreparedRequest, **options: Any) -> Any:
        self.let_late_requests_arrive(clock.now())
        kind = self.choose(request)
        if kind is None:
            return send(request, **options)
        self.happened.append(kind)
        if is_publishing(request):
            self.at_publishing.append(kind)
        what, *when = kind.split()
        if when == ["after"]:
            send(request, **options)
        if when == ["late"]:
            self.late.append((clock.now() + LATE, lambda: send(request, **options)))
        return _spoil(what, request)

    def let_late_requests_arrive(self, until: datetime = FOREVER) -> None:
        """Let the server carry out what it was still at when we stopped listening."""
        while self.late and self.late[0][0] <= until:
            self.late.pop(0)[1]()


def _spoil(what: str, request: requests.PreparedRequest) -> requests.Response:
    match what:
        case "kill":
            raise Killed
        case "lost":
            raise requests.ConnectionError("the connection was closed without an answer")
        case "timeout":
            raise requests.ReadTimeout("no answer in time")
    answer = requests.Response()
    answer.status_code = int(what)
    answer.reason = "told to misbehave"
    answer.request = request
    answer.url = str(request.url)
    answer.headers["Content-Type"] = "application/json"
    if what == "429":
        answer.headers["Retry-After"] = "7"
    answer._content = json.dumps({"error": "told to misbehave"}).encode()
    return answer


@contextmanager
def between(monkeypatch: pytest.MonkeyPatch, faults: Faults) -> Iterator[Faults]:
    """Let `faults` stand between every channel and its server."""
    real = HTTPAdapter.send
    with monkeypatch.context() as patch:
        patch.setattr(
            HTTPAdapter,
            "send",
            lambda self, request, **options: faults.send(
                lambda *given, **named: real(self, *given, **named), request, **options
            ),
        )
        yield faults


def is_publishing(request: requests.PreparedRequest) -> bool:
    """Return whether a request makes a post visible, on either network."""
    path = str(request.path_url).partition("?")[0]
    return request.method == "POST" and path.endswith(("/api/v1/statuses", ".putRecord"))


def seeded(seed: int, *, share: float, at_publishing: float, most: int) -> Faults:
    """Random faults, the same for the same seed.

    Args:
        seed: Tells one row of faults from another.
        share: How many requests go wrong.
        at_publishing: How many of those that make a post visible.
        most: After so many everything goes well.
    """
    dice = random.Random(seed)

    def choose(request: requests.PreparedRequest) -> str | None:
        chance = at_publishing if is_publishing(request) else share
        if len(faults.happened) < most and dice.random() < chance:
            return dice.choice(KINDS)
        return None

    faults = Faults(choose=choose)
    return faults


def once(kind: str, where: Callable[[requests.PreparedRequest], bool]) -> Faults:
    """One fault, at the first request for which `where` holds."""

    def choose(request: requests.PreparedRequest) -> str | None:
        return kind if not faults.happened and where(request) else None

    faults = Faults(choose=choose)
    return faults


@contextmanager
def answering(
    monkeypatch: pytest.MonkeyPatch, part: str, answer: Callable[[str], object]
) -> Iterator[None]:
    """Let `answer` give what requests to URLs with `part` in them return, as JSON."""
    real = HTTPAdapter.send

    def send(self: HTTPAdapter, request: requests.PreparedRequest, **options: Any) -> Any:
        if part not in str(request.url):
            return real(self, request, **options)
        made = requests.Response()
        made.status_code = 200
        made.request, made.url = request, str(request.url)
        made._content = json.dumps(answer(str(request.url))).encode()
        return made

    with monkeypatch.context() as patch:
        patch.setattr(HTTPAdapter, "send", send)
        yield

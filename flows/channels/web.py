"""What an answer over HTTP, or none, means for a post: one of the four errors of `deliver`."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from flows import clock
from flows.channels.base import Finding
from flows.errors import AuthLost, Deferred, DeliveryError, Rejected, Unconfirmed
from flows.models import Severity

if TYPE_CHECKING:
    from requests import Response

TIMEOUT = 30.0
"""Seconds without an octet before we stop listening."""
SKEW_TOLERATED = timedelta(seconds=60)
USER_AGENT = "Oproep"
KEPT_FOR_POSTING = 0.2
"""Which part of a server's rate limit counting reactions leaves alone."""

_LATER = {408, 425, 429}
_EPOCH_AT_LEAST = 1_000_000_000
"""A whole number below this in a reset header counts seconds from now, not since 1970."""


class Wire:
    """One session with a server, which remembers the last answer and follows no redirect.

    A client library may turn an odd answer into any exception; what counts is what came back.
    """

    def __init__(self) -> None:
        import requests

        self.session = requests.Session()
        # A redirected POST is repeated as a GET: it would look like success and post nothing.
        self.session.max_redirects = 0
        self.session.hooks["response"].append(self._remember)
        self.answer: Response | None = None

    def prepare(self, *, publishing: bool) -> None:
        """Forget the last answer, before the next request.

        The one that makes a post visible goes over a connection of its own: on one that the server
        has just closed it would be lost, and nobody could tell whether it had been carried out.
        """
        self.answer = None
        if publishing:
            self.session.close()

    @property
    def status(self) -> int:
        """The status code of the last answer; 0 if there was none."""
        return 0 if self.answer is None else self.answer.status_code

    def _remember(self, answer: Response, *_: object, **__: object) -> None:
        self.answer = answer

    def json(self) -> Any:  # noqa: ANN401 - a foreign document
        """Return the last answer as JSON; None if it was cut off or is something else."""
        import requests

        if self.answer is None:
            return None
        try:
            return self.answer.json()
        except (ValueError, RuntimeError, requests.RequestException):
            return None


def failure(wire: Wire, fault: Exception | None, *, server: str, publishing: bool) -> DeliveryError:
    """Translate what came of a request.

    Args:
        wire: Holds the answer, if there was one.
        fault: What the client raised, if it did.
        server: Address of the server, for people.
        publishing: Whether this was the request that makes the post visible.
    """
    answer = wire.answer
    if answer is None:
        return _no_answer(fault, server=server, publishing=publishing)
    status, words = answer.status_code, _words(wire)
    given: dict[str, Any] = {"where": server, "code": status, "reply": words}
    if status == 429 or status in _LATER:
        return Deferred(
            f"{server} asks to come back later.", retry_after=retry_after(answer.headers), **given
        )
    is_page = not isinstance(wire.json(), dict | list)
    if status in (401, 403) and not (status == 403 and is_page):
        return AuthLost(
            f"{server} does not accept our credentials ({status}): {words}",
            mend="Make a new token (with the scopes that `oproep doctor` names) or app password, "
            "put it in secrets.env, and let held steps go on with `oproep resume`.",
            **given,
        )
    # 409: a server may say so while it is still at an earlier request with the same key.
    if status >= 500 or (publishing and (status < 300 or status == 409)):
        if publishing:
            return Unconfirmed(f"{server} failed ({status}); the post may be out.", **given)
        return Deferred(f"{server} failed ({status}).", **given)
    if is_page and status not in (404, 413, 422):
        return Rejected(
            f"{server} answered with a page and not as an API ({status}).",
            mend="Is the address in the settings right, and is nothing standing in between?",
            **given,
        )
    return Rejected(f"{server} refused it ({status}): {words}", **given)


def retry_after(headers: Mapping[str, str]) -> timedelta | None:
    """Return how long a server asks us to stay away.

    It reads `Retry-After` (seconds or a date) and `(X-)RateLimit-Reset` (an ISO time, or whole
    seconds since 1970 or from now), against the server's own clock where it shows it.
    """
    their_now = _moment(headers.get("Date", "")) or clock.now()
    for name in ("Retry-After", "X-RateLimit-Reset", "RateLimit-Reset"):
        value = headers.get(name, "").strip()
        if value.isascii() and value.isdigit() and int(value) < _EPOCH_AT_LEAST:
            return timedelta(seconds=max(int(value), 1))
        if moment := _moment(value):
            return max(moment - their_now, timedelta(seconds=1))
    return None


def leave_room(wire: Wire, *, server: str) -> None:
    """Stop asking while what is left of a rate limit is better kept for posting.

    Raises:
        Deferred: less than a fifth of the requests are left, as far as the server tells.
    """
    headers = wire.answer.headers if wire.answer is not None else {}
    for prefix in ("X-RateLimit-", "RateLimit-"):
        left, most = headers.get(f"{prefix}Remaining", ""), headers.get(f"{prefix}Limit", "")
        if left.isdecimal() and most.isdecimal() and int(left) < int(most) * KEPT_FOR_POSTING:
            raise Deferred(
                f"{server} takes {left} more requests for now; they are kept for posting.",
                where=server,
                retry_after=retry_after(headers),
            )


def clock_finding(headers: Mapping[str, str]) -> Finding:
    """Return whether our clock and the server's agree, by the time in its answer."""
    theirs = _moment({name.lower(): value for name, value in headers.items()}.get("date", ""))
    if theirs is None:
        return Finding(
            name="clock", what="The server does not show its time.", severity=Severity.WARNING
        )
    apart = abs(theirs - clock.now())
    if apart > SKEW_TOLERATED:
        return Finding(
            name="clock",
            what=f"This machine's clock and the server's are {apart.total_seconds():.0f} "
            "seconds apart.",
            severity=Severity.ERROR,
            mend="Set this machine's clock by a time server (NTP).",
        )
    return Finding(name="clock", what="This machine's clock agrees with the server's.")


def wait_until(moment: datetime) -> None:
    """Wait by the clock in use, from code that is not asynchronous itself."""
    # In a thread of its own: the caller's may be running an event loop already.
    with ThreadPoolExecutor(max_workers=1) as thread:
        thread.submit(lambda: asyncio.run(clock.sleep_until(moment))).result()


def _moment(value: str) -> datetime | None:
    try:
        if value.isascii() and value.isdigit():
            return datetime.fromtimestamp(int(value), UTC)
        if value[:1].isdigit():
            return clock.aware(datetime.fromisoformat(value))
        return clock.aware(parsedate_to_datetime(value))
    except (ValueError, OverflowError, OSError):
        return None


def _no_answer(fault: Exception | None, *, server: str, publishing: bool) -> DeliveryError:
    if publishing and not (fault and _never_left(fault)):
        return Unconfirmed(f"{server} did not answer; the post may be out.", where=server)
    return Deferred(f"{server} cannot be reached.", where=server, reply=str(fault or "")[:300])


def _never_left(fault: Exception) -> bool:
    """Return whether a connection was never made, so that the request cannot have arrived."""
    from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

    return any(isinstance(cause, ConnectTimeoutError | NewConnectionError) for cause in _why(fault))


def _why(fault: BaseException) -> Iterator[object]:
    """Yield an exception, what it wraps, and what it was raised from."""
    link: BaseException | None = fault
    while link is not None:
        yield link
        for inner in link.args:
            yield inner
            yield getattr(inner, "reason", None)
        link = link.__cause__ or link.__context__


def _words(wire: Wire) -> str:
    """Return the server's own words, short."""
    body = wire.json()
    if isinstance(body, dict):
        told = [body.get("error"), body.get("message"), body.get("error_description")]
        if words := ": ".join(str(part) for part in told if part):
            return words[:300]
    return str(wire.answer.reason if wire.answer is not None else "")[:300]

"""Pages from the web: bounded in size and time, polite, and only from where they may come."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from urllib.parse import urljoin, urlsplit, urlunsplit

import requests
from urllib3.exceptions import HTTPError

from flows import clock
from flows.errors import InputError
from flows.files import MAX_TEXT_BYTES
from flows.news.guard import Deadline, NoPage, NotPublic, guarded_session

MAX_SECONDS = 20.0
"""For everything: all redirects, the last byte, and one retry."""
MAX_REDIRECTS = 5
_POLITE_SECONDS = 1.0
_LONGEST_WAIT = 5.0
_RETRIED = frozenset({429, 502, 503, 504})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PAGE_TYPES = re.compile(r"text/|application/(?:xhtml|xml|rss|atom|rdf|[\w.-]+\+xml|json)|$")
_LOGIN = re.compile(r"/(?:login|log-in|signin|sign-in|inloggen|wp-login|sso|auth)(?=[/.]|$)", re.I)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What an address gave."""

    url: str
    """After redirects."""
    content: bytes
    """Decompressed."""
    media_type: str = ""
    encoding: str | None = None
    """As the server declared it; None if it did not."""
    etag: str | None = None
    last_modified: str | None = None
    at: datetime
    """Aware, UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How far a fetch may go."""

    seconds: float = MAX_SECONDS
    bytes: int = MAX_TEXT_BYTES
    redirects: int = MAX_REDIRECTS


def fetch(
    url: str,
    *,
    allow_private: bool = False,
    contact: str = "",
    known: Fetched | None = None,
    types: re.Pattern[str] = _PAGE_TYPES,
    bounds: Bounds = Bounds(),
    wait: Callable[[float], None] = time.sleep,
) -> Fetched | None:
    """Fetch what is at a web address.

    Args:
        url: http or https.
        allow_private: Whether it may lead to an address that is not public.
        contact: Web or mail address for the user agent, so that a site can reach us.
        known: What was there last time; the server is asked whether it changed.
        types: Media types that are taken.
        bounds: How far to go.
        wait: Takes the place of sleeping, in tests.

    Returns:
        What is there; None if it is what was `known`.

    Raises:
        InputError: it cannot be had; says why and what to do.
    """
    headers = _headers(contact, known)
    with Deadline(bounds.seconds) as deadline:
        session = guarded_session(allow_private=allow_private, deadline=deadline)
        with session:
            try:
                page = _follow(session, url, headers, types=types, bounds=bounds, wait=wait)
            except (requests.RequestException, HTTPError, OSError, ValueError) as error:
                raise _in_words(error, url, deadline=deadline, bounds=bounds) from None
        # A connection that we cut looks like a page that ended.
        if deadline.passed:
            raise _too_slow(url, bounds)
    return page


def _headers(contact: str, known: Fetched | None) -> dict[str, str]:
    about = f" (+{contact})" if contact else ""
    headers = {
        "User-Agent": f"Oproep/{version('oproep')}{about}",
        "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.5",
        "Accept-Encoding": "gzip, deflate",
    }
    if known is not None and known.etag:
        headers["If-None-Match"] = known.etag
    if known is not None and known.last_modified:
        headers["If-Modified-Since"] = known.last_modified
    return headers


def _follow(
    session: requests.Session,
    url: str,
    headers: dict[str, str],
    *,
    types: re.Pattern[str],
    bounds: Bounds,
    wait: Callable[[float], None],
) -> Fetched | None:
    seen: list[str] = []
    retried = False
    while True:
        _check_scheme(url)
        response = session.get(
            url, headers=headers, stream=True, allow_redirects=False, timeout=bounds.seconds
        )
        with response:
            if response.status_code == 304:
                return None
            if response.status_code in _REDIRECTS and "location" in response.headers:
                seen.append(url)
                url = _next(url, response.headers["location"], seen=seen, bounds=bounds)
                continue
            if response.status_code in _RETRIED and not retried:
                retried = True
                if (pause := _pause(response)) <= _LONGEST_WAIT:
                    wait(pause)
                    continue
            _check_status(response, url)
            return _read(response, url, types=types, bounds=bounds)


def _check_scheme(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme.lower() not in ("http", "https") or not parts.hostname:
        raise InputError(
            f"{url} is no web address.",
            where=url,
            mend="Give an address that begins with https:// or http://.",
        )


def _next(url: str, location: str, *, seen: list[str], bounds: Bounds) -> str:
    following = urlunsplit(urlsplit(urljoin(url, location))._replace(fragment=""))
    if following in seen or len(seen) > bounds.redirects:
        raise InputError(
            "The page sends its readers round in circles."
            if following in seen
            else f"The page sends its readers on more than {bounds.redirects} times.",
            where=seen[0],
            mend="Open it in a browser and give the address that it ends at.",
        )
    return following


def _pause(response: requests.Response) -> float:
    """Return how long the server asks us to wait, in seconds."""
    asked = response.headers.get("retry-after", "").strip()
    if asked.isdecimal():
        return float(asked)
    try:
        return max(0.0, (parsedate_to_datetime(asked) - clock.now()).total_seconds())
    except (ValueError, TypeError):
        return _POLITE_SECONDS


def _check_status(response: requests.Response, url: str) -> None:
    status = response.status_code
    if status == 200 and not _LOGIN.search(urlsplit(url).path):
        return
    if status in (200, 401, 403, 407):
        raise InputError(
            "The page asks for a login or keeps programs out"
            + (f" (the server answered {status})." if status != 200 else "."),
            where=url,
            mend="Open it in a browser, save it as HTML and import that file.",
        )
    reason = {404: "There is no such page", 410: "The page is gone"}.get(
        status, "The server did not give the page" if status < 500 else "The server is in trouble"
    )
    raise InputError(
        f"{reason} (it answered {status}).",
        where=url,
        mend="Check the address in a browser." if status < 500 else "Try again later.",
    )


def _read(
    response: requests.Response, url: str, *, types: re.Pattern[str], bounds: Bounds
) -> Fetched:
    kind, _, parameters = response.headers.get("content-type", "").partition(";")
    media_type = kind.strip().lower()
    if not types.match(media_type):
        what = "a PDF" if "pdf" in media_type else f"not a page but {media_type}"
        raise InputError(
            f"The address leads to {what}.",
            where=url,
            mend="Give the address of the page that offers it, or save its text as a .txt file.",
        )
    declared = response.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > bounds.bytes:
        raise _too_large(url, int(declared), bounds)
    content = bytearray()
    # read1 gives what is there; read would wait for the whole of what was asked.
    while chunk := response.raw.read1(65_536, decode_content=True):
        content += chunk
        if len(content) > bounds.bytes:
            raise _too_large(url, len(content), bounds)
    charset = re.search(r"charset\s*=\s*[\"']?([\w-]+)", parameters, re.IGNORECASE)
    return Fetched(
        url=url,
        content=bytes(content),
        media_type=media_type,
        encoding=charset[1] if charset else None,
        etag=response.headers.get("etag"),
        last_modified=response.headers.get("last-modified"),
        at=clock.now(),
    )


def _too_large(url: str, size: int, bounds: Bounds) -> InputError:
    return InputError(
        f"The page is larger than {bounds.bytes / 1e6:.0f} MB ({size / 1e6:.1f} MB or more).",
        where=url,
        mend="Is it the right address? Save the text of the item as a .txt file otherwise.",
    )


def _too_slow(url: str, bounds: Bounds) -> InputError:
    return InputError(
        f"The server did not give the page within {bounds.seconds:.0f} seconds.",
        where=url,
        mend="Try again later, or save the page from a browser and import that file.",
    )


def _in_words(error: Exception, url: str, *, deadline: Deadline, bounds: Bounds) -> InputError:
    if deadline.passed:
        return _too_slow(url, bounds)
    try:
        host = urlsplit(url).hostname or url
    except ValueError:
        host = url
    causes = [error]
    while (cause := causes[-1].__cause__ or causes[-1].__context__) and cause not in causes:
        causes.append(cause)  # type: ignore[arg-type]
    text = " ".join(f"{type(each).__name__} {each}" for each in causes)
    if any(isinstance(each, NoPage) for each in causes) or "NoPage" in text:
        what = "The address leads to where no page lies: machines tell each other secrets there."
        mend = "Check the address; who gave it may mean harm."
    elif any(isinstance(each, NotPublic) for each in causes) or "NotPublic" in text:
        what = "The address leads to a machine that is not on the public internet."
        mend = "For a page of your own intranet, add --allow-private."
    elif "gaierror" in text or "getaddrinfo" in text:
        what = f"There is no server called {host}, or it cannot be found from here."
        mend = "Check the address and the connection."
    elif "SSL" in text or "certificate" in text.lower():
        what = f"{host} cannot prove that it is {host}: its certificate does not hold."
        mend = "Tell the site's maker; or save the page from a browser and import that file."
    elif isinstance(error, (requests.exceptions.InvalidURL, ValueError)):
        what, mend = f"{url} is no web address.", "Check it; it begins with https:// or http://."
    elif "imeout" in text:
        what, mend = f"{host} does not answer.", "Try again later."
    else:
        what, mend = f"{host} refused or broke the connection.", "Try again later."
    return InputError(what, where=url, mend=mend)

"""Forms as they arrive: small, of one kind, and proof that they were given out by us.

A form holds a seal: when it was given out, signed. There are no cookies, so no other site can act
in a visitor's name; the seal keeps programs from posting what they never looked at.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from urllib.parse import parse_qs

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

from flows import clock
from flows.audience.addresses import checked_address
from flows.compose.slots import one_line

MAX_BODY = 16_384
"""Octets of a form; ours need a few hundred."""
MAX_FIELDS = 60
PATIENCE = 15.0
"""Seconds that a body may take to arrive."""
LONGEST_NAME = 120
"""Characters of a person's name."""
LONGEST_ADDRESS = 254
"""Octets of an address; RFC 5321, 4.5.3.1.3 allows a path of 256 with its brackets."""
_KIND = "application/x-www-form-urlencoded"
_SEAL = re.compile(r"([0-9]{1,12})\.([0-9a-f]{32})")

Form = Mapping[str, Sequence[str]]


class Seal(StrEnum):
    """What the seal of a form says."""

    WHOLE = "whole"
    """We gave it out, some seconds to a day ago."""
    HASTY = "hasty"
    """It came back faster than a person fills it in."""
    OLD = "old"
    """The page stood open for too long."""
    NONE = "none"
    """It is not ours."""


class Seals:
    """Puts seals on forms and looks at them.

    Args:
        secret: The installation's secret key.
    """

    LEAST = timedelta(seconds=2)
    MOST = timedelta(hours=24)

    def __init__(self, secret: str) -> None:
        self._key = hashlib.blake2b(secret.encode(), person=b"oproep form").digest()

    def new(self) -> str:
        """Return a seal for a form that is given out now."""
        at = str(int(clock.now().timestamp()))
        return f"{at}.{self._tag(at)}"

    def look(self, seal: str) -> Seal:
        """Return what a seal says."""
        found = _SEAL.fullmatch(seal)
        if found is None or not hmac.compare_digest(found[2], self._tag(found[1])):
            return Seal.NONE
        age = clock.now() - datetime.fromtimestamp(int(found[1]), UTC)
        if age > self.MOST:
            return Seal.OLD
        return Seal.WHOLE if age >= self.LEAST else Seal.HASTY

    def _tag(self, at: str) -> str:
        return hashlib.blake2b(at.encode(), key=self._key, digest_size=16).hexdigest()


async def read_form(request: Request) -> Form:
    """Return the fields of a form.

    Raises:
        HTTPException: 408, 413, 415 or 400: too slow, too large, of another kind, or not UTF-8.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != _KIND:
        raise HTTPException(415)
    body = await read_body(request)
    try:
        return parse_qs(
            body.decode("ascii"),
            keep_blank_values=True,
            encoding="utf-8",
            errors="strict",
            max_num_fields=MAX_FIELDS,
        )
    except ValueError:  # UnicodeDecodeError is one
        raise HTTPException(400) from None


async def read_body(request: Request) -> bytes:
    """Return a request's body.

    Raises:
        HTTPException: it is too large (413), too slow (408), or broke off (400).
    """
    length = request.headers.get("content-length", "0")
    if not length.isdigit() or len(length) > 12:
        raise HTTPException(400)
    if int(length) > MAX_BODY:
        raise HTTPException(413)
    body = bytearray()
    try:
        async with asyncio.timeout(PATIENCE):
            async for part in request.stream():
                body += part
                if len(body) > MAX_BODY:
                    raise HTTPException(413)
    except TimeoutError:
        raise HTTPException(408) from None
    except ClientDisconnect:
        raise HTTPException(400) from None
    return bytes(body)


def line(form: Form, name: str) -> str:
    """Return a field as one line without control characters; empty if it is not there."""
    return one_line(next(iter(form.get(name, ())), ""))


def checked_mailbox(text: str) -> str:
    """Return an address as we keep it.

    Raises:
        ValueError: it is not one; `args[0]` is `missing`, `long` or `wrong`.
    """
    if not text:
        raise ValueError("missing")
    if len(text.encode("utf-8", "replace")) > LONGEST_ADDRESS:
        raise ValueError("long")
    try:
        return checked_address(text)
    except ValueError:
        raise ValueError("wrong") from None

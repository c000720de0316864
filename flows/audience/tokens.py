"""Signed tokens: what stands in a link or an envelope sender instead of an address.

A token names one integer, a delivery's or a subscriber's id, for one purpose. Nobody without the
secret key can make one, read the number in it, or use it for another purpose; the same number
always gives the same token, so that a second attempt carries the same links as the first.

A token is 18 octets: ten of a keyed BLAKE2b over the number, and the number, masked by a keyed
BLAKE2b over those ten. They are written in hexadecimal, because mail servers change the case of
local parts. Keyed BLAKE2b (RFC 7693) is a MAC, like HMAC, at a sixth of its cost.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from flows import clock
from flows.errors import InputError

UNSUBSCRIBE_PATH = "/afmelden/"
"""Where, below the public URL, the page of an unsubscribe link answers."""

_TAG = 10
_NUMBER = 8
_HOUR = timedelta(hours=1)
_HOUR_BITS = 24
"""Enough for nineteen centuries of hours; forty bits are left for the number."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_VERP = re.compile(r"bounce\+([0-9a-f]+)@", re.IGNORECASE)


class Purpose(StrEnum):
    """What a token is good for, and nothing else."""

    UNSUBSCRIBE = "unsubscribe"
    """Takes the recipient off the list."""
    BOUNCE = "bounce"
    """Names the delivery in an envelope sender."""
    CONFIRM = "confirm"
    """Confirms a subscription."""
    PREFERENCES = "preferences"
    """Opens the page on which people change what they receive."""


class Signer:
    """Makes and reads the tokens of one purpose.

    Args:
        secret: The installation's secret key.
        purpose: What the tokens are good for.

    Raises:
        InputError: the secret is empty.
    """

    def __init__(self, secret: str | bytes, purpose: Purpose) -> None:
        raw = secret.encode("utf-8") if isinstance(secret, str) else secret
        if not raw:
            raise InputError(
                "There is no secret key to sign links with.",
                where="OPROEP_SECRET_KEY",
                mend="Give a long random text; every link of mails already out depends on it.",
            )
        key = hashlib.blake2b(raw, person=b"oproep token", salt=purpose.encode()[:16]).digest()
        self.purpose = purpose
        self._tag = hashlib.blake2b(key=key, digest_size=_TAG, person=b"tag")
        self._mask = hashlib.blake2b(key=key, digest_size=_NUMBER, person=b"mask")

    def token(self, number: int) -> str:
        """Return the token of `number`, from 0 to 2^64 - 1."""
        plain = number.to_bytes(_NUMBER, "big")
        tag = self._digest(self._tag, plain)
        masked = (number ^ int.from_bytes(self._digest(self._mask, tag), "big")).to_bytes(
            _NUMBER, "big"
        )
        return (tag + masked).hex()

    def number(self, token: str) -> int:
        """Return the number that `token` names; upper and lower case are the same.

        Raises:
            InputError: it is not a token of this purpose made with this key.
        """
        try:
            raw = bytes.fromhex(token)
        except ValueError:
            raw = b""
        tag, masked = raw[:_TAG], raw[_TAG:]
        mask = self._digest(self._mask, tag)
        number = int.from_bytes(masked, "big") ^ int.from_bytes(mask, "big")
        genuine = len(raw) == _TAG + _NUMBER and hmac.compare_digest(
            tag, self._digest(self._tag, number.to_bytes(_NUMBER, "big"))
        )
        if not genuine:
            raise InputError(
                "This link is not one of ours, or it was cut off.",
                where=self.purpose.value,
                mend="Copy the whole link from the mail.",
            )
        return number

    def token_until(self, number: int, until: datetime) -> str:
        """Return a token of `number`, below 2^40, that is good until the hour of `until` ends."""
        hours = (clock.aware(until) - _EPOCH) // _HOUR
        return self.token(number << _HOUR_BITS | hours)

    def number_until(self, token: str) -> int:
        """Return the number that a token made by `token_until` names.

        Raises:
            InputError: as `number`, or its time has passed.
        """
        number, hours = divmod(self.number(token), 1 << _HOUR_BITS)
        if clock.now() >= _EPOCH + (hours + 1) * _HOUR:
            raise InputError(
                "This link was good for a while only, and that has passed.",
                where=self.purpose.value,
                mend="Ask for a new one.",
            )
        return number

    @staticmethod
    def _digest(keyed: hashlib.blake2b, data: bytes) -> bytes:
        state = keyed.copy()
        state.update(data)
        return state.digest()


def unsubscribe_url(signer: Signer, number: int, *, public_url: str) -> str:
    """Return the one-click unsubscribe URL (RFC 8058) of delivery `number`."""
    return f"{public_url.rstrip('/')}{UNSUBSCRIBE_PATH}{signer.token(number)}"


def verp_sender(signer: Signer, number: int, *, domain: str) -> str:
    """Return the envelope sender of delivery `number`: `bounce+<token>@domain`.

    The local part is 43 octets, within the 64 of RFC 5321, 4.5.3.1.1.
    """
    return f"bounce+{signer.token(number)}@{domain}"


def verp_number(signer: Signer, address: str) -> int | None:
    """Return the delivery that a returned mail's recipient names, or None if it names none."""
    match = _VERP.search(address)
    if match is None:
        return None
    try:
        return signer.number(match.group(1))
    except InputError:
        return None

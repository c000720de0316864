"""Links that work for some time, and what a link says when it is opened."""

from __future__ import annotations

from datetime import timedelta

from flows import clock
from flows.audience.tokens import Signer
from flows.errors import InputError

PREFERENCES_FOR = timedelta(hours=24)
"""How long a link to a person's own page works; another one is mailed on request."""
LONGEST_TOKEN = 100


class Expired(InputError):
    """A link of ours whose time has passed."""


def timed_token(signer: Signer, row: int, *, good_for: timedelta) -> str:
    """Return the token of a row that works for at least `good_for`, at most an hour longer."""
    return signer.token_until(row, clock.now() + good_for)


def row_of(signer: Signer, token: str) -> int:
    """Return the row that a timed token names.

    Raises:
        Expired: its time has passed.
        InputError: it is not a token of this purpose made with this key.
    """
    if len(token) > LONGEST_TOKEN:
        raise InputError("This link is not one of ours.", where=signer.purpose.value)
    try:
        return signer.number_until(token)
    except InputError as error:
        # What is genuine and yet refused is too old.
        signer.number(token)
        raise Expired(error.what, where=error.where, mend=error.mend) from None

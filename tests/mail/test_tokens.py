"""Tokens say nothing, cannot be made by others, and are good for one purpose."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.audience.tokens import (
    Purpose,
    Signer,
    unsubscribe_url,
    verp_number,
    verp_sender,
)
from flows.clock import SimulatedClock, use
from flows.errors import InputError

NUMBERS = st.integers(min_value=0, max_value=2**64 - 1)
UNSUBSCRIBE = Signer("key", Purpose.UNSUBSCRIBE)
BOUNCE = Signer("key", Purpose.BOUNCE)


@given(NUMBERS)
def test_a_token_gives_its_number_back_whatever_the_case(number: int) -> None:
    token = BOUNCE.token(number)
    assert token == BOUNCE.token(number)
    assert BOUNCE.number(token) == BOUNCE.number(token.upper()) == number
    sender = verp_sender(BOUNCE, number, domain="mail.example")
    assert len(sender.split("@")[0]) <= 64
    assert verp_number(BOUNCE, f"<{sender.upper()}>") == number


@given(NUMBERS)
def test_a_token_of_one_purpose_opens_nothing_else(number: int) -> None:
    with pytest.raises(InputError):
        UNSUBSCRIBE.number(BOUNCE.token(number))
    with pytest.raises(InputError):
        Signer("another key", Purpose.BOUNCE).number(BOUNCE.token(number))


@given(NUMBERS, st.integers(0, 35), st.sampled_from("0123456789abcdef"))
def test_a_changed_token_is_refused(number: int, place: int, letter: str) -> None:
    token = BOUNCE.token(number)
    changed = token[:place] + letter + token[place + 1 :]
    if changed != token:
        with pytest.raises(InputError):
            BOUNCE.number(changed)


@given(st.text(max_size=60))
def test_rubbish_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(InputError):
        BOUNCE.number(text)
    assert verp_number(BOUNCE, text) is None


def test_neighbouring_numbers_have_tokens_without_a_pattern() -> None:
    tokens = [UNSUBSCRIBE.token(number) for number in range(1000)]
    assert len({token[:8] for token in tokens}) == 1000
    assert len({token[-8:] for token in tokens}) == 1000


def test_an_unsubscribe_url_holds_only_the_token() -> None:
    url = unsubscribe_url(UNSUBSCRIBE, 7, public_url="https://nieuws.example/")
    assert url == f"https://nieuws.example/afmelden/{UNSUBSCRIBE.token(7)}"


def test_an_empty_secret_is_refused() -> None:
    with pytest.raises(InputError):
        Signer("", Purpose.BOUNCE)


@given(st.integers(min_value=0, max_value=2**40 - 1))
def test_a_token_with_a_time_is_good_until_then_and_not_for_long_after(number: int) -> None:
    now = datetime(2026, 2, 1, 9, 30, tzinfo=UTC)
    token = UNSUBSCRIBE.token_until(number, now + timedelta(days=1))
    with use(SimulatedClock(now + timedelta(days=1))):
        assert UNSUBSCRIBE.number_until(token) == number
    with use(SimulatedClock(now + timedelta(days=1, hours=1))), pytest.raises(InputError):
        UNSUBSCRIBE.number_until(token)

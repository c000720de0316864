"""Two spellings of one address are one; what is no address is refused, whatever way it is read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from flows.audience.addresses import (
    AddressHasher,
    _checked,
    address_key,
    checked_address,
    is_role,
)

LOCALS = st.text("abZ09.+_-'é ", min_size=0, max_size=70)
DOMAINS = st.sampled_from(
    (
        *("a.example", "A.Example", "xn--mnchen-3ya.example", "münchen.example", "ß.example"),
        *("a..example", "a", "-a.example", "a.example.", "[127.0.0.1]", "localhost", "a_b.example"),
        "",
    )
)


def either(read: object, text: str) -> str:
    try:
        return str(read(text))  # type: ignore[operator]
    except ValueError as error:
        return f"refused: {error}"


@given(LOCALS, DOMAINS)
def test_the_quick_way_finds_what_the_library_finds(local: str, domain: str) -> None:
    text = f"{local}@{domain}"
    assert either(checked_address, text) == either(_checked, text)


@given(st.text(max_size=40))
def test_any_text_has_a_key_and_a_hash(text: str) -> None:
    assert address_key(text) == address_key(f" {text}\t".strip())
    assert len(AddressHasher(SecretStr("x"))(text)) == 64


@given(LOCALS, DOMAINS)
def test_the_key_of_an_accepted_address_is_the_ledgers(local: str, domain: str) -> None:
    try:
        address = checked_address(f"{local}@{domain}")
    except ValueError:
        return
    assert address_key(address) == address.casefold()
    assert address_key(f"{local}@{domain}".upper()) == address_key(address)


def test_without_the_key_nobody_can_make_the_hash() -> None:
    one, other = AddressHasher(SecretStr("one")), AddressHasher(SecretStr("other"))
    assert one("a@a.example") == one(" A@A.EXAMPLE ")
    assert one("a@a.example") != other("a@a.example")
    assert one.mark != other.mark


@pytest.mark.parametrize(
    "address", ["info@a.example", "INFO+krant@a.example", "no-reply@a.example"]
)
def test_an_address_of_a_task_is_told_from_a_persons(address: str) -> None:
    assert is_role(address)
    assert not is_role("anna.info@a.example")

"""Slots: tokens that stand for what differs per recipient."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.compose.slots import SLOT, fill, literal, slot, slots_in, value_of
from flows.errors import InputError


def test_a_filled_text_holds_the_values_and_no_tokens() -> None:
    text = f"Beste {slot('contact')}, {slot('contact')} van {slot('organisation')}"
    assert slots_in(text) == {"contact", "organisation"}
    filled = fill(text, {"contact": "Team", "organisation": "INLIA"})
    assert filled == "Beste Team, Team van INLIA"


def test_a_slot_without_a_value_is_an_error_and_never_a_blank() -> None:
    with pytest.raises(InputError, match="contact"):
        fill(slot("contact"), {"name": "x"})


def test_a_value_that_looks_like_a_slot_is_not_filled_again() -> None:
    assert fill(slot("name"), {"name": slot("contact")}) == slot("contact")


@given(st.text())
def test_no_text_that_a_person_wrote_holds_a_slot(text: str) -> None:
    assert not SLOT.search(literal(f"oproepslot{text}z oproepslotnamez{text}"))


@given(st.text())
def test_a_value_is_one_line_and_cannot_leave_an_attribute(text: str) -> None:
    value = value_of(text)
    assert len(value.text.splitlines()) <= 1
    assert not set(value.html) & set("<>\"'\n\r\x00")


@pytest.mark.parametrize("name", ["", "Contact", "zon", "a b", "x1"])
def test_a_name_that_could_be_misread_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="slot"):
        slot(name)

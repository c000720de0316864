"""Lengths as each network counts them, and what in a text is more than letters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.compose.length import bluesky_spans, graphemes, links, mastodon_length, x_length

FAMILY = "👨‍👩‍👧‍👦"


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("", 0),
        (FAMILY * 3, 3),
        ("é", 1),
        ("https://ons.example/" + "a" * 200, 23),
        ("Zie https://ons.example.", 4 + 23 + 1),
        ("ons.example", 11),
        ("@org@partner.example dank", 9),
        ("(https://ons.example/a_(b))", 25),
        ("a@b.example", 11),
    ],
)
def test_mastodon_counts_what_people_see(text: str, length: int) -> None:
    assert mastodon_length(text) == length


def test_the_content_warning_counts_too() -> None:
    assert mastodon_length("abc", content_warning="de") == 5


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("abc é", 5),
        (FAMILY, 2),
        ("🇳🇱", 2),
        ("👍🏽", 2),
        ("漢字", 4),
        ("“aan­halen”", 11),
        ("https://ons.example/" + "a" * 99, 23),
        ("e\u0301", 1),
        ("© 2026", 6),
    ],
)
def test_x_counts_by_weight(text: str, length: int) -> None:
    assert x_length(text) == length


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("#GeenKindInDeCel, #1 en #a1", [("tag", "GeenKindInDeCel"), ("tag", "a1")]),
        ("@ons.test @ons", [("mention", "ons.test")]),
        ("post@ons.test", []),
        (
            "https://ons.test/@wie#deel #deel",
            [("link", "https://ons.test/@wie#deel"), ("tag", "deel")],
        ),
        ("Zie (https://ons.test/a).", [("link", "https://ons.test/a")]),
        ("https:// en https://… niets", []),
        ("#لا_للسجن", [("tag", "لا_للسجن")]),
    ],
)
def test_links_mentions_and_tags_are_found(text: str, found: list[tuple[str, str]]) -> None:
    assert [(span.kind, span.value) for span in bluesky_spans(text)] == found


@given(st.text(alphabet="a@#. /:()é👍https", max_size=60))
def test_spans_lie_within_the_text_in_order_and_apart(text: str) -> None:
    spans = bluesky_spans(text)
    ends = [0] + [span.end for span in spans]
    assert all(0 <= span.start < span.end <= len(text) for span in spans)
    assert all(span.start >= end for span, end in zip(spans, ends, strict=False))
    assert all(text[span.start : span.end] == span.value for span in links(text))


@given(st.text(max_size=80))
def test_no_text_counts_more_characters_than_it_has_code_points(text: str) -> None:
    assert graphemes(text) <= len(text)

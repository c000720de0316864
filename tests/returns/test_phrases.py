"""Every line of the tables means what the section says that it stands in."""

from __future__ import annotations

import pytest

from flows.returns.diagnosis import by_words, comparable
from flows.returns.findings import ACTIONS, Reason
from flows.returns.phrases import phrase, plain, table

LINES = [
    (name, section, each.example)
    for name in ("reasons", "links")
    for section, phrases in table(name).items()
    for each in phrases
]


@pytest.mark.parametrize(("name", "section", "line"), LINES)
def test_a_line_leads_to_its_own_section(name: str, section: str, line: str) -> None:
    text = comparable(line, links=name == "links")
    assert by_words(text, vague=section.endswith("?"), name=name) == section.removesuffix("?")


@pytest.mark.parametrize(
    ("section", "line"),
    [(section, each.example) for section, all_ in table("kinds").items() for each in all_],
)
def test_a_line_about_kinds_fits_itself(section: str, line: str) -> None:
    assert any(each.fits(plain(line)) for each in table("kinds")[section])


@pytest.mark.parametrize("name", ["reasons", "links", "kinds"])
def test_no_line_stands_twice_in_a_section(name: str) -> None:
    for section, phrases in table(name).items():
        words = [each.words for each in phrases]
        assert len(words) == len(set(words)), section


def test_every_section_is_a_reason_and_every_reason_has_an_action() -> None:
    assert {section.removesuffix("?") for section in table("reasons")} <= set(Reason)
    assert set(ACTIONS) == set(Reason)


@pytest.mark.parametrize(
    ("line", "text", "fits"),
    [
        ("the [mailbox] is [full]", "the mailbox of this person is quite full", True),
        ("the [mailbox] is [full]", "full is the mailbox", False),
        ("the [mailbox] is [full]", "the mailbox" + " of somebody" * 8 + " is full", False),
        ("[spam]", "antispam", False),
        ("[spam]", "ANTI-SPAM".lower(), True),
        ("[邮箱][满]", "您的邮箱已满", True),
    ],
)
def test_words_follow_one_another_at_the_beginning_of_words(
    line: str, text: str, fits: bool
) -> None:
    assert phrase(line).fits(plain(text)) is fits


def test_a_line_without_brackets_is_refused() -> None:
    with pytest.raises(ValueError, match="Nothing is in brackets"):
        phrase("mailbox full")


@pytest.mark.parametrize(
    "text",
    [
        "see https://example.net/reason#userunknown",
        "550 <userunknown@lezers.example>: nothing said",
        "550 userunknown@spamhaus.example",
    ],
)
def test_links_and_addresses_say_nothing(text: str) -> None:
    assert by_words(comparable(text)) is None

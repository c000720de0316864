"""Every line of the tables means what the section says that it stands in."""

from __future__ import annotations

import tomllib
from collections import Counter
from pathlib import Path

import pytest

import flows.returns
from flows.returns.diagnosis import by_words, comparable
from flows.returns.findings import ACTIONS, Reason
from flows.returns.phrases import phrases, plain, table

TABLES = Path(flows.returns.__file__).parent

LINES = [
    (name, section, line)
    for name in ("reasons", "links", "kinds")
    for section, lines in tomllib.loads((TABLES / f"{name}.toml").read_text("utf-8")).items()
    for line in lines
]


@pytest.mark.parametrize(("name", "section", "line"), LINES)
def test_a_line_means_what_its_section_says(name: str, section: str, line: str) -> None:
    for each in phrases(line):
        if name == "kinds":
            assert each.fits(plain(each.example))
            continue
        text = comparable(each.example, links=name == "links")
        found = by_words(text, vague=section.endswith("?"), name=name)
        assert found == section.removesuffix("?"), each.example


@pytest.mark.parametrize("name", ["reasons", "links", "kinds"])
def test_nothing_stands_twice_in_a_section(name: str) -> None:
    for section, found in table(name).items():
        twice = [
            words for words, times in Counter(each.words for each in found).items() if times > 1
        ]
        assert not twice, section


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
    assert any(each.fits(plain(text)) for each in phrases(line)) is fits


def test_a_line_without_brackets_is_refused() -> None:
    with pytest.raises(ValueError, match="Nothing is in brackets"):
        phrases("mailbox full")


def test_alternatives_stand_for_lines_of_their_own() -> None:
    found = phrases("550 the [user|mailbox] is [unknown|not found] here")
    assert [each.example for each in found] == [
        "550 the user is unknown here",
        "550 the user is not found here",
        "550 the mailbox is unknown here",
        "550 the mailbox is not found here",
    ]
    assert found[3].words == ("mailbox", "not found")


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

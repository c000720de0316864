"""The plan shows when each step goes, how long it takes, and how late it may begin."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from flows.campaign.timeline import before_event, needed, timeline
from flows.settings import Settings
from tests.campaign.conftest import BEFORE, Example


@pytest.mark.parametrize(
    ("bounds", "seconds"),
    [
        ({}, None),
        ({"smtp_rate": 10}, 120),
        ({"smtp_rate_minute": 100}, 720),
        ({"smtp_rate_hour": 600}, 7200),
        ({"smtp_rate": 10, "smtp_rate_hour": 600}, 7200),
        ({"smtp_rate": 0.7}, 1715),
    ],
)
def test_the_tightest_bound_says_how_long_it_takes(
    bounds: dict[str, float], seconds: int | None
) -> None:
    expected = None if seconds is None else timedelta(seconds=seconds)
    assert needed(1200, Settings.model_validate(bounds)) == expected


def test_nobody_needs_no_time() -> None:
    assert needed(0, Settings(smtp_rate=1)) is None


def test_the_steps_stand_in_the_order_in_which_they_begin(example: Example) -> None:
    example.edit("campaign.toml", '"event - 22h"', '"event - 1h"')
    line = timeline(example.load(), example.settings, recipients=lambda _step: 2)
    assert [(each.step.number, each.messages) for each in line] == [(2, 2), (3, 1), (1, 2)]


def test_a_step_that_is_not_through_by_its_deadline_does_not_fit(example: Example) -> None:
    slow = example.settings.model_copy(update={"smtp_rate_hour": 10})
    line = timeline(example.load(), slow, recipients=lambda _step: 175)
    newsletter = line[1]
    assert not newsletter.fits(BEFORE)
    assert newsletter.latest_start == newsletter.step.deadline - timedelta(hours=17.5)


def test_a_step_whose_time_is_behind_us_is_counted_from_now(example: Example) -> None:
    slow = example.settings.model_copy(update={"smtp_rate_hour": 100})
    newsletter = timeline(example.load(), slow, recipients=lambda _step: 175)[1]
    deadline = newsletter.step.deadline
    assert newsletter.fits(deadline - timedelta(hours=2))
    assert not newsletter.fits(deadline - timedelta(hours=1))
    assert newsletter.fits(deadline)


@pytest.mark.parametrize(
    ("before", "words"),
    [
        (timedelta(hours=17), "17 h"),
        (timedelta(days=2, minutes=5), "2 d 5 m"),
        (timedelta(0), "0 m"),
        (timedelta(hours=-1), "+1 h"),
    ],
)
def test_the_distance_to_the_event_is_told_in_its_units(before: timedelta, words: str) -> None:
    event = datetime(2026, 2, 12, 9, tzinfo=UTC)
    assert before_event(event - before, event) == words


def test_hours_are_elapsed_hours_on_the_night_the_clocks_change() -> None:
    event = datetime(2026, 3, 29, 8, tzinfo=UTC)
    assert before_event(event - timedelta(hours=10), event) == "10 h"

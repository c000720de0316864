"""The organisation says when it does not want anything to begin; a step that does is a problem."""

from __future__ import annotations

from dataclasses import replace

import pytest

from flows.models import Severity
from tests.campaign.conftest import Example


def with_schedule(example: Example, *lines: str, at: str) -> list[tuple[str, Severity]]:
    """Return what is found about the first step's moment."""
    example.edit("organisation.toml", "[mail]", "[schedule]\n" + "\n".join(lines) + "\n[mail]")
    example.edit("campaign.toml", "2026-02-12T10:00:00", "2026-12-31T23:00:00")
    example.edit("campaign.toml", '"event - 22h"', f'"{at}"')
    return [
        (each.code, each.severity)
        for each in example.problems()
        if each.code in {"step-quiet-hours", "step-free-day"} and "Step 1" in each.what
    ]


@pytest.mark.parametrize(
    ("at", "quiet"),
    [
        ("at 2026-06-10 21:59", False),
        ("at 2026-06-10 22:00", True),
        ("at 2026-06-11 03:00", True),
        ("at 2026-06-11 06:59", True),
        ("at 2026-06-11 07:00", False),
    ],
)
def test_hours_that_are_to_be_quiet_run_over_midnight(
    example: Example, at: str, quiet: bool
) -> None:
    found = with_schedule(example, 'quiet = "22:00-07:00"', at=at)
    assert found == ([("step-quiet-hours", Severity.WARNING)] if quiet else [])


def test_a_step_that_is_still_at_work_in_hours_that_are_to_be_quiet_is_told(
    example: Example,
) -> None:
    slow = replace(example, settings=example.settings.model_copy(update={"smtp_rate_hour": 1}))
    line = 'quiet = "22:00-07:00"'
    assert with_schedule(slow, line, at="at 2026-06-10 19:59") == []
    slow.edit("campaign.toml", "at 2026-06-10 19:59", "at 2026-06-10 20:01")
    (problem,) = [each for each in slow.problems() if "Step 1" in each.what]
    assert (problem.code, problem.severity) == ("step-quiet-hours", Severity.WARNING)
    assert "is at work until 22:01" in problem.what


@pytest.mark.parametrize(
    ("at", "free"),
    [
        ("at 2026-06-12 12:00", False),
        ("at 2026-06-13 12:00", True),
        ("at 2026-06-14 12:00", True),
        ("at 2026-04-27 12:00", True),
        ("at 2026-04-06 12:00", True),
        ("at 2026-12-25 12:00", True),
        ("at 2026-11-24 12:00", False),
    ],
)
def test_weekends_and_dutch_holidays_are_free(example: Example, at: str, free: bool) -> None:
    found = with_schedule(example, "working_days = true", 'rule = "error"', at=at)
    assert found == ([("step-free-day", Severity.ERROR)] if free else [])


def test_without_a_schedule_every_hour_will_do(example: Example) -> None:
    assert with_schedule(example, at="at 2026-06-14 03:00") == []


def test_hours_that_are_none_are_refused(example: Example) -> None:
    example.edit("organisation.toml", "[mail]", '[schedule]\nquiet = "25:00-07:00"\n[mail]')
    assert [code for code, _ in example.found()] == ["unreadable"]

"""What people write for a moment."""

from __future__ import annotations

import tomllib
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.campaign.moments import read_moment
from flows.errors import InputError

ZONE = ZoneInfo("Europe/Amsterdam")
EVENT = datetime(2026, 2, 12, 9, 0, tzinfo=UTC)
"""10:00 in Amsterdam."""
FIRST, LAST = datetime.fromisoformat("2020-01-01"), datetime.fromisoformat("2080-01-01")


def local(written: str, *, event: datetime = EVENT) -> str:
    value = tomllib.loads(f"at = {written}")["at"]
    moment = read_moment(value, zone=ZONE, event=event)
    assert moment.at.tzinfo is UTC
    return moment.at.astimezone(ZONE).isoformat(timespec="minutes")


@pytest.mark.parametrize(
    ("written", "means"),
    [
        ('"event"', "2026-02-12T10:00+01:00"),
        ('"event - 17h"', "2026-02-11T17:00+01:00"),
        ('"event-17h"', "2026-02-11T17:00+01:00"),
        ('"Event – 17 hours"', "2026-02-11T17:00+01:00"),
        ('"event - 90m"', "2026-02-12T08:30+01:00"),
        ('"event - 1h30m"', "2026-02-12T08:30+01:00"),
        ('"event - 1d"', "2026-02-11T10:00+01:00"),
        ('"event - 1 day 2 hours"', "2026-02-11T08:00+01:00"),
        ('"event - 2 days at 09:00"', "2026-02-10T09:00+01:00"),
        ('"event - 1 week at 9:00"', "2026-02-05T09:00+01:00"),
        ('"event at 08:00"', "2026-02-12T08:00+01:00"),
        ('"event + 2h"', "2026-02-12T12:00+01:00"),
        ('"at 2026-02-11 16:30"', "2026-02-11T16:30+01:00"),
        ('"at 2026-02-11T16:30"', "2026-02-11T16:30+01:00"),
        ('"2026-02-11 16:30"', "2026-02-11T16:30+01:00"),
        ('"at 2026-02-11 16:30Z"', "2026-02-11T17:30+01:00"),
        ("2026-02-11T16:30:00", "2026-02-11T16:30+01:00"),
        ("2026-02-11 16:30:00+02:00", "2026-02-11T15:30+01:00"),
        ("2026-02-11", "2026-02-11T00:00+01:00"),
    ],
)
def test_each_way_of_writing_means_one_moment(written: str, means: str) -> None:
    assert local(written) == means


@pytest.mark.parametrize(
    "written",
    [
        '""',
        '"event - "',
        '"event - 17"',
        '"event 17h"',
        '"event - 2h at 09:00"',
        '"event - 99999 weeks"',
        '"event - 1d at 25:00"',
        '"at 2026-02-30 10:00"',
        '"at 2026-02-11 24:30"',
        '"morgen"',
        '"{{ event }}"',
        "17",
        "true",
        "10:00:00",
        "0001-01-01",
        "9999-12-31T23:59:59",
        "[]",
    ],
)
def test_what_means_no_moment_is_refused_with_examples(written: str) -> None:
    with pytest.raises(InputError) as caught:
        local(written)
    assert caught.value.mend


def test_an_hour_that_happens_twice_names_both_readings_and_how_to_choose() -> None:
    with pytest.raises(InputError) as caught:
        local('"at 2026-10-25 02:30"')
    assert "happens twice" in caught.value.what
    assert "02:30+02:00 (00:30 UTC)" in caught.value.what
    assert "02:30+01:00 (01:30 UTC)" in caught.value.what
    chosen = caught.value.mend.split("`")[1]
    assert local(f'"{chosen}"') == "2026-10-25T02:30+02:00"


def test_an_hour_that_never_happens_names_both_readings() -> None:
    with pytest.raises(InputError) as caught:
        local("2026-03-29T02:30:00")
    assert "happens never" in caught.value.what
    assert "01:30+01:00 (00:30 UTC)" in caught.value.what
    assert "03:30+02:00 (01:30 UTC)" in caught.value.what


def test_a_day_before_across_the_change_of_clocks_is_the_same_local_time() -> None:
    event = datetime(2026, 3, 29, 8, 0, tzinfo=UTC)
    assert local('"event - 1d"', event=event) == "2026-03-28T10:00+01:00"


def test_hours_before_across_the_change_of_clocks_are_elapsed_time() -> None:
    event = datetime(2026, 3, 29, 8, 0, tzinfo=UTC)
    assert local('"event - 24h"', event=event) == "2026-03-28T09:00+01:00"


def test_a_relative_moment_may_fall_into_the_missing_hour_and_is_refused() -> None:
    with pytest.raises(InputError, match="never"):
        local('"event - 1d at 02:30"', event=datetime(2026, 3, 30, 8, 0, tzinfo=UTC))


def test_the_event_cannot_hang_on_itself() -> None:
    with pytest.raises(InputError, match="cannot hang on the event"):
        read_moment("event - 1h", zone=ZONE, event=None)


@settings(deadline=None)
@given(
    minutes=st.integers(0, 99_999),
    event=st.datetimes(FIRST, LAST, timezones=st.just(UTC)),
)
def test_minutes_before_the_event_are_exactly_that_in_every_season(
    minutes: int, event: datetime
) -> None:
    moment = read_moment(f"event - {minutes}m", zone=ZONE, event=event)
    assert event - moment.at == timedelta(minutes=minutes)


@settings(deadline=None)
@given(local_time=st.datetimes(FIRST, LAST))
def test_a_local_time_either_comes_back_as_it_was_or_is_refused(local_time: datetime) -> None:
    with suppress(InputError):
        moment = read_moment(local_time, zone=ZONE, event=None)
        assert moment.at.astimezone(ZONE).replace(tzinfo=None) == local_time

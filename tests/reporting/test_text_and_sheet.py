"""The report on a terminal, on paper and in a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.models import DeliveryState, SkipReason
from flows.reporting import sheet
from flows.reporting.model import Report, StepReport
from flows.reporting.sheet import DeliveryRow
from flows.reporting.text import WIDTH, render_text

D = DeliveryState


def test_it_prints_the_sum_per_step_and_as_a_whole(
    all_went: Report, step: Callable[..., StepReport]
) -> None:
    report = replace(
        all_went,
        steps=(
            step(
                1,
                "newsletter",
                hours=17,
                planned=23,
                counts={D.SENT: 20, D.SKIPPED: 3},
                skipped_reasons={SkipReason.UNSUBSCRIBED: 3},
            ),
        ),
        posts=(),
    )
    said = render_text(report, language="en")
    assert "Step 1 Newsletter: planned 23 = sent 20 + skipped 3" in said
    assert "Total: planned 23 = sent 20 + skipped 3" in said
    assert "Newsletter: 3 skipped: has unsubscribed" in said
    assert "17 h before “Rondetafelgesprek”" in said


@pytest.mark.parametrize("language", ["nl", "en"])
def test_it_fits_on_eighty_columns(trouble: Report, language: str) -> None:
    for line in render_text(trouble, language=language).splitlines():
        # Only an address or a link may be longer: breaking it would make it another one.
        assert len(line) <= WIDTH or "@" in line or "://" in line


def test_columns_stand_under_one_another(all_went: Report) -> None:
    lines = render_text(all_went, language="en").splitlines()
    start = next(number for number, line in enumerate(lines) if "Mail to partners" in line)
    head, rule, *rows = lines[start : start + 6]
    assert set(rule) == {"-"}
    ends = [head.index(name) + len(name) for name in ("Mail to partners", "Newsletter", "Total")]
    for row in (line for line in rows if line[0] not in "-"):
        assert all(row[end - 1].isdigit() for end in ends)
        assert len(row) == ends[-1]


def test_a_rehearsal_is_marked_as_one(rehearsed: Report, all_went: Report) -> None:
    assert "*** REPETITIE ***" in render_text(rehearsed)
    assert "*** REHEARSAL ***" in render_text(rehearsed, language="en")
    assert "REPETITIE" not in render_text(all_went)


def test_what_servers_answered_cannot_steer_the_terminal(trouble: Report) -> None:
    said = render_text(trouble)
    assert "\x1b" not in said
    assert "\u202e" not in said
    assert "552 5.2.2 Mailbox full" in said


def test_times_are_local_ones_across_the_change_to_summer_time(all_went: Report) -> None:
    winter = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
    summer = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    first, second, _ = all_went.steps
    report = replace(
        all_went,
        steps=(replace(first, started_at=winter), replace(second, started_at=summer)),
    )
    said = render_text(report)
    assert "zo 29 mrt 01:30" in said
    assert "zo 29 mrt 03:30" in said


def test_the_sheet_has_a_row_per_step(trouble: Report) -> None:
    rows = list(csv.DictReader(io.StringIO(sheet.steps(trouble))))
    assert [row["channel"] for row in rows] == [step.channel for step in trouble.steps]
    assert rows[1]["sent"] == "3961"
    assert rows[1]["balanced"] == "true"
    assert rows[3]["started_at"] == ""
    for row, step in zip(rows, trouble.steps, strict=True):
        assert sum(int(row[state]) for state in DeliveryState) == int(row["planned"])
        assert int(row["planned"]) == step.planned


@given(st.text(), st.text())
def test_no_name_becomes_a_formula_and_none_is_lost(name: str, recipient: str) -> None:
    row = DeliveryRow(
        step=1,
        channel="newsletter",
        recipient=recipient,
        name=name,
        state=D.SENT,
        reason="",
        attempts=1,
        updated_at=datetime(2026, 2, 11, tzinfo=UTC),
        code=250,
        enhanced="2.0.0",
        reply="Ok",
        url="",
    )
    written = "".join(sheet.deliveries([row]))
    (read,) = csv.DictReader(io.StringIO(written, newline=""))
    assert read["name"].removeprefix("'") == name.removeprefix("'")
    assert not read["name"].lstrip().startswith(("=", "+", "-", "@"))
    assert not read["recipient"].lstrip().startswith(("=", "+", "-", "@"))


@pytest.mark.parametrize("name", ["=1+1", "+31", "-1", "@SUM(A1)", "\t=1", " =1"])
def test_formulas_get_a_leading_apostrophe(name: str) -> None:
    assert sheet._cell(name) == f"'{name}"

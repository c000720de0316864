"""What changed on a page, as it is shown."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from flows.models import Document
from flows.news.changes import Change, change_json, change_lines

BRIEF = Document(title="Brief", url="https://x.example/brief.pdf", pages=2)
RAPPORT = Document(title="Rapport", url="https://x.example/r.pdf", date=date(2026, 3, 1))


def change(before: Any, after: Any) -> Change:
    return Change(field="body", before=before, after=after, edited=False)


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        ("Eén.\n\nTwee.\n\nDrie.", "Eén.\n\nDrie.\n\nVier.", ["- Twee.", "+ Vier."]),
        ("- een\n- twee", "- een\n- drie", ["- - twee", "+ - drie"]),
        ("-- geen kop", "", ["- -- geen kop"]),
        ((BRIEF,), (BRIEF, RAPPORT), ["+ Rapport, https://x.example/r.pdf, 2026-03-01"]),
        (("A", "B"), ("B",), ["- A"]),
        (None, date(2026, 3, 3), ["+ 2026-03-03"]),
        ("Kop", "Kop", []),
    ],
)
def test_only_what_came_and_went_is_shown(before: Any, after: Any, lines: list[str]) -> None:
    assert list(change_lines(change(before, after))) == lines


def test_a_change_is_data_for_programs() -> None:
    assert change_json(change((), (RAPPORT,)))["after"][0]["date"] == "2026-03-01"
    assert change_json(change(None, date(2026, 3, 3)))["after"] == "2026-03-03"

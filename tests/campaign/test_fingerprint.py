"""What was approved is what is sent: the fingerprint is the same, or something changed."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.campaign.fingerprint import canonical, fingerprint
from tests.campaign.conftest import Example

HOUSE = Path(__file__).resolve().parents[2]


def taken(example: Example) -> str:
    return fingerprint(example.load(), example.settings)


def test_it_is_the_same_twice_in_another_process_and_in_a_rehearsal(example: Example) -> None:
    here = taken(example)
    assert taken(example) == here
    rehearsal = example.settings.for_rehearsal("2026-02-11-oproep")
    assert fingerprint(example.load(), rehearsal) == here
    code = (
        "import sys; from pathlib import Path; from flows.settings import Settings;"
        "from flows.campaign.folder import load_campaign;"
        "from flows.campaign.fingerprint import fingerprint;"
        "s = Settings(content_dir=Path(sys.argv[1]));"
        "print(fingerprint(load_campaign(Path(sys.argv[2]), s), s))"
    )
    there = subprocess.run(
        [sys.executable, "-c", code, example.settings.content_dir, example.folder],
        capture_output=True, text=True, check=True, cwd=HOUSE,
        env={"PYTHONHASHSEED": "77", "TZ": "Asia/Tokyo", "PATH": ""},
    )  # fmt: skip
    assert there.stdout.strip() == here


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("newsletter.md", "Elf organisaties", "Twaalf organisaties"),
        ("newsletter.md", "Oproep aan de Tweede Kamer", "Een oproep"),
        ("newsletter.md", "Morgen is het gesprek", "Overmorgen is het gesprek"),
        ("mailout.md", "namens", "voor"),
        ("posts/oproep.md", "Elf", "Tien"),
        ("posts/oproep.md", "voorbeeld.example/oproep", "voorbeeld.example/brief"),
        ("attachments/brief.pdf", "1.7", "1.6"),
        ("campaign.toml", "T10:00:00", "T10:01:00"),
        ("campaign.toml", '"Rondetafelgesprek"', '"Gesprek"'),
        ("campaign.toml", "event - 17h", "event - 18h"),
        ("campaign.toml", 'at = "event - 17h"', 'at = "event - 17h"\ndeadline = "event - 1h"'),
        ("campaign.toml", 'at = "event - 17h"', 'at = "event - 17h"\nnot_before = "event - 17h"'),
        ("campaign.toml", 'at = "event - 17h"', 'at = "event - 17h"\nlist = "vrienden"'),
        ("campaign.toml", 'at = "event - 16h"', 'at = "event - 16h"\naccount = "jeugd"'),
        ("partners.csv", "Robin", "Robijn"),
        ("partners.csv", "robin@", "r@"),
        ("partners.csv", "nl,no", "nl,yes"),
        ("organisation.toml", "nieuws@", "post@"),
        ("organisation.toml", "redactie@", "post@"),
        ("organisation.toml", "Straat 1", "Straat 2"),
    ],
)
def test_whatever_changes_what_is_sent_changes_it(
    example: Example, file: str, old: str, new: str
) -> None:
    before = taken(example)
    example.edit(file, old, new)
    assert taken(example) != before


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("campaign.toml", "event - 17h", "at 2026-02-11 17:00"),
        ("campaign.toml", "[event]", "# een opmerking\n[event]"),
        ("rehearsal-readers.csv", "Sam", "Alex"),
        ("partners.csv", "nl,yes", "nl,ja"),
        ("organisation.toml", "[mail]", "retention_days = 30\n[mail]"),
    ],
)
def test_another_way_of_writing_the_same_does_not(
    example: Example, file: str, old: str, new: str
) -> None:
    before = taken(example)
    example.edit(file, old, new)
    assert taken(example) == before


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.binary(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None)
@given(one=_VALUES, other=_VALUES)
def test_two_values_have_one_canonical_form_only_when_they_are_equal(
    one: object, other: object
) -> None:
    # Python takes True for 1; JSON, and with it the fingerprint, does not.
    assert (canonical(one) == canonical(other)) == (repr(one) == repr(other) or _same(one, other))


def _same(one: object, other: object) -> bool:
    """Whether two dictionaries differ in their order only."""
    return type(one) is type(other) and _sorted(one) == _sorted(other)


def _sorted(value: object) -> str:
    if isinstance(value, dict):
        # Not as a list, which an empty one would be taken for.
        return f"{{{sorted((key, _sorted(each)) for key, each in value.items())}}}"
    if isinstance(value, list):
        return repr([_sorted(each) for each in value])
    return repr(value)


def test_a_moment_is_the_same_in_every_zone() -> None:
    moment = datetime(2026, 2, 12, 9, 0, tzinfo=UTC)
    assert canonical(moment) == canonical(moment.astimezone(timezone(timedelta(hours=5))))


def test_what_has_no_canonical_form_is_refused_rather_than_left_out() -> None:
    assert canonical(date(2026, 2, 12)) == b'"2026-02-12"'
    with pytest.raises(TypeError):
        canonical(object())

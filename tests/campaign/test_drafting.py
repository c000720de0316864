"""Drafts are written once, and never over what a person wrote."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.campaign.drafting import RECORD_FILE, plan_text, write_drafts
from flows.campaign.plan import read_plan
from flows.errors import InputError
from flows.models import FoundDate, NewsItem
from tests.campaign.conftest import Example


@pytest.fixture
def fresh(example: Example) -> Example:
    """An item of which nothing has been drafted yet."""
    for path in (*example.folder.glob("*.toml"), *example.folder.glob("**/*.md")):
        if path.name != "item.md":
            path.unlink()
    return example


def outcomes(example: Example, *, force: bool = False) -> dict[str, str]:
    written = write_drafts(example.settings, example.folder, force=force)
    return {path.relative_to(example.folder).as_posix(): outcome for path, outcome in written}


ALL = ["campaign.toml", "mailout.md", "newsletter.md", "posts/oproep.md"]


def test_everything_is_drafted_and_can_be_read_as_a_plan(fresh: Example) -> None:
    assert outcomes(fresh) == dict.fromkeys(ALL, "written") | {}
    plan = fresh.load().plan
    assert plan.event.name == "Rondetafelgesprek"
    assert not plan.event.has_time
    assert [step.channel for step in plan.steps] == ["mailout", "newsletter", "mastodon", "bluesky"]


def test_drafting_twice_changes_nothing(fresh: Example) -> None:
    outcomes(fresh)
    before = {path: path.read_bytes() for path in fresh.folder.rglob("*") if path.is_file()}
    assert set(outcomes(fresh).values()) == {"unchanged"}
    assert before == {p: p.read_bytes() for p in fresh.folder.rglob("*") if p.is_file()}


def test_an_edited_draft_is_kept_and_the_others_follow_the_item(fresh: Example) -> None:
    outcomes(fresh)
    fresh.edit("newsletter.md", "---\n\n", "---\n\nEen eigen zin.\n\n")
    edited = (fresh.folder / "newsletter.md").read_text("utf-8")
    fresh.edit("item.md", "Oproep over kinderen", "Brief over jongeren")
    found = outcomes(fresh)
    assert found["newsletter.md"] == "kept"
    assert found["mailout.md"] == "written"
    assert (fresh.folder / "newsletter.md").read_text("utf-8") == edited
    assert "jongeren" in (fresh.folder / "mailout.md").read_text("utf-8")


def test_an_edited_draft_stays_kept_however_often(fresh: Example) -> None:
    outcomes(fresh)
    fresh.edit("newsletter.md", "---\n\n", "---\n\nEen eigen zin.\n\n")
    assert [outcomes(fresh)["newsletter.md"] for _ in range(3)] == ["kept"] * 3


def test_force_writes_over_an_edited_draft(fresh: Example) -> None:
    outcomes(fresh)
    fresh.edit("newsletter.md", "---\n\n", "---\n\nEen eigen zin.\n\n")
    assert outcomes(fresh, force=True)["newsletter.md"] == "written"
    assert "eigen zin" not in (fresh.folder / "newsletter.md").read_text("utf-8")


@pytest.mark.parametrize("record", [None, "", "[]", '{"newsletter.md": 3}', "{"])
def test_without_a_record_whatever_differs_counts_as_edited(
    fresh: Example, record: str | None
) -> None:
    outcomes(fresh)
    fresh.edit("item.md", "Oproep over kinderen", "Brief over jongeren")
    if record is None:
        (fresh.folder / RECORD_FILE).unlink()
    else:
        (fresh.folder / RECORD_FILE).write_text(record, "utf-8")
    assert outcomes(fresh)["newsletter.md"] == "kept"


def test_a_draft_that_is_no_text_is_kept(fresh: Example) -> None:
    (fresh.folder / "newsletter.md").write_bytes(b"\xff\xfe")
    assert outcomes(fresh)["newsletter.md"] == "kept"
    assert outcomes(fresh, force=True)["newsletter.md"] == "written"


def test_when_the_item_cannot_be_read_nothing_is_written(fresh: Example) -> None:
    (fresh.folder / "item.md").write_text("geen voorwerk", "utf-8")
    with pytest.raises(InputError):
        outcomes(fresh)
    assert not list(fresh.folder.glob("*.toml"))
    assert not (fresh.folder / RECORD_FILE).exists()


def test_an_item_without_a_date_gives_a_plan_that_asks_for_one(tmp_path: Path) -> None:
    from zoneinfo import ZoneInfo

    path = tmp_path / "campaign.toml"
    path.write_text(plan_text(NewsItem(title="Zonder datum")), "utf-8")
    with pytest.raises(InputError, match=r"\[\[vul in"):
        read_plan(path, zone=ZoneInfo("Europe/Amsterdam"))


@pytest.mark.parametrize("words", ['"]\n[event]\nat = 1', "\x00\x1b[2J debat", "# debat\r\n" * 50])
def test_words_of_the_item_cannot_break_out_of_the_plan(tmp_path: Path, words: str) -> None:
    from datetime import date
    from zoneinfo import ZoneInfo

    item = NewsItem(title="x", dates=(FoundDate(date=date(2026, 2, 12), text=words),))
    path = tmp_path / "campaign.toml"
    path.write_text(plan_text(item), "utf-8")
    assert len(read_plan(path, zone=ZoneInfo("Europe/Amsterdam")).steps) == 4

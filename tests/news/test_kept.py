"""The page is kept beside the item, and its changes are told and taken over with care."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.errors import InputError
from flows.news import read_item, write_item
from flows.news.kept import FACTS_FILE, keep_page, kept_page, refresh
from flows.news.sources import read_url
from tests.news.conftest import Site

PAGE = """<!doctype html><html lang="nl"><head><title>Kop</title>
<meta property="article:published_time" content="2026-02-11"></head><body><main><h1>Kop</h1>
<p>Kinderen in de opvang krijgen vaak geen les, en dat moet heel anders worden.</p>
<p>De gemeente moet ervoor zorgen dat ieder kind binnen een week naar school kan gaan.</p>
</main></body></html>"""


@pytest.fixture
def folder(site: Site, tmp_path: Path) -> Path:
    site.page("/kop", PAGE, ETag='"1"')
    reading, page = read_url(site.url("/kop"), allow_private=True)
    keep_page(tmp_path, page)
    write_item(tmp_path / "item.md", reading.item)
    return tmp_path


def test_a_kept_page_comes_back_as_it_was(site: Site, tmp_path: Path) -> None:
    _, page = read_url(site.page("/", PAGE.encode("cp1252"), ETag='"1"'), allow_private=True)

    keep_page(tmp_path, page)

    assert kept_page(tmp_path) == page
    assert kept_page(tmp_path / "elders") is None


def test_a_page_that_the_server_says_is_the_same_has_no_changes(site: Site, folder: Path) -> None:
    site.page("/kop", b"", status=304)

    refreshed = refresh(folder, allow_private=True)

    assert refreshed.changes == ()
    assert site.asked[-1][1]["If-None-Match"] == '"1"'


def test_a_page_that_is_sent_again_unchanged_has_no_changes(site: Site, folder: Path) -> None:
    site.page("/kop", PAGE.replace("</body>", "<!-- 2 --></body>"))

    assert refresh(folder, allow_private=True).changes == ()


def test_a_change_of_the_page_is_told_and_merged_but_not_written(site: Site, folder: Path) -> None:
    before = read_item(folder / "item.md")
    site.page("/kop", PAGE.replace("binnen een week", "binnen drie dagen"))

    refreshed = refresh(folder, allow_private=True)

    (change,) = refreshed.changes
    assert (change.field, change.edited) == ("body", False)
    assert "een week" in change.before
    assert "drie dagen" in change.after
    assert "drie dagen" in refreshed.item.body
    assert read_item(folder / "item.md") == before


def test_what_a_person_changed_stays_as_it_is(site: Site, folder: Path) -> None:
    mine = read_item(folder / "item.md").model_copy(update={"lead": "Mijn eigen lead."})
    write_item(folder / "item.md", mine)
    site.page("/kop", PAGE.replace("vaak geen les", "nooit les").replace("Kop<", "Nieuwe kop<"))

    refreshed = refresh(folder, allow_private=True)

    edited = {change.field: change.edited for change in refreshed.changes}
    assert edited == {"title": False, "lead": True}
    assert refreshed.item.title == "Nieuwe kop"
    assert refreshed.item.lead == "Mijn eigen lead."


def test_without_the_page_of_then_the_item_itself_is_compared(site: Site, folder: Path) -> None:
    (folder / FACTS_FILE).unlink()
    site.page("/kop", PAGE.replace("vaak geen les", "nooit les"))

    assert [change.field for change in refresh(folder, allow_private=True).changes] == ["lead"]


def test_an_item_from_a_file_has_no_page_to_look_at(folder: Path) -> None:
    (folder / FACTS_FILE).unlink()
    item = read_item(folder / "item.md").model_copy(update={"source": "kop.txt"})
    write_item(folder / "item.md", item)

    with pytest.raises(InputError, match="from a file"):
        refresh(folder)


def test_broken_notes_of_a_kept_page_are_told_in_words(folder: Path) -> None:
    (folder / FACTS_FILE).write_text("url = 3")

    with pytest.raises(InputError, match="url"):
        kept_page(folder)

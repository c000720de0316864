"""RSS and Atom: what is new becomes an item, once, and nothing else happens."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.errors import InputError
from flows.news import read_item
from flows.news.feed import Watched, read_feed, watch_feed
from flows.news.kept import kept_page
from tests.news.conftest import Site

PAGE = """<!doctype html><html lang="nl"><head><title>Bericht {0}</title></head><body><main>
<h1>Bericht {0}</h1><p>Kinderen in de opvang krijgen vaak geen les, en dat moet anders worden.</p>
<p>De gemeente moet ervoor zorgen dat ieder kind binnen een week naar school kan gaan.</p>
</main></body></html>"""


def rss(site: Site, *numbers: int, etag: str = "") -> str:
    entries = "".join(
        f"<item><title>Bericht {n}</title><link>/{n}?utm_source=rss</link>"
        f"<guid isPermaLink='false'>id-{n}</guid>"
        f"<pubDate>Wed, {n:02} Feb 2026 09:00:00 +0100</pubDate></item>"
        for n in numbers
    )
    for n in numbers:
        if f"/{n}" not in site.answers:
            site.page(f"/{n}", PAGE.format(n))
    channel = f"<channel><title>Nieuws</title>{entries}</channel>"
    text = f"<?xml version='1.0'?><rss version='2.0'>{channel}</rss>"
    return site.page("/feed", text, kind="application/rss+xml", ETag=etag)


def watch(site: Site, folder: Path, *, newest: int = 0) -> Watched:
    return watch_feed(
        site.url("/feed"),
        content_dir=folder / "content",
        var_dir=folder / "var",
        allow_private=True,
        newest=newest,
    )


def titles(watched: Watched) -> list[str]:
    return [read_item(folder / "item.md").title for folder in watched.imported]


def test_a_feed_is_read_with_links_made_whole_and_trackers_cut(site: Site) -> None:
    feed = read_feed(rss(site, 2, 1), allow_private=True)

    assert feed is not None
    assert feed.title == "Nieuws"
    assert [(e.key, e.title, e.url) for e in feed.entries] == [
        ("id-2", "Bericht 2", site.url("/2")),
        ("id-1", "Bericht 1", site.url("/1")),
    ]
    assert feed.entries[0].published is not None
    assert feed.entries[0].published.isoformat() == "2026-02-02T08:00:00+00:00"


def test_an_atom_feed_is_read_as_well(site: Site) -> None:
    url = site.page(
        "/atom",
        "<feed xmlns='http://www.w3.org/2005/Atom'><title>N</title><entry><id>urn:1</id>"
        "<title type='html'>A &amp;amp; B</title><link href='/a'/>"
        "<updated>2026-02-11T09:00:00+01:00</updated></entry></feed>",
        kind="application/atom+xml",
    )

    feed = read_feed(url, allow_private=True)

    assert feed is not None
    assert [(e.key, e.title, e.url) for e in feed.entries] == [("urn:1", "A & B", site.url("/a"))]


def test_the_first_look_imports_nothing_and_the_next_only_what_is_new(
    site: Site, tmp_path: Path
) -> None:
    rss(site, 2, 1)
    assert watch(site, tmp_path).imported == ()
    rss(site, 4, 3, 2, 1)

    assert titles(watch(site, tmp_path)) == ["Bericht 3", "Bericht 4"]
    assert watch(site, tmp_path).imported == ()


def test_the_first_look_may_take_the_newest(site: Site, tmp_path: Path) -> None:
    rss(site, 3, 2, 1)

    assert titles(watch(site, tmp_path, newest=1)) == ["Bericht 3"]


def test_an_import_keeps_the_page_and_the_date_that_the_feed_tells(
    site: Site, tmp_path: Path
) -> None:
    rss(site, 7)

    (folder,) = watch(site, tmp_path, newest=1).imported

    assert folder.name == "2026-02-07-bericht-7"
    assert kept_page(folder) is not None
    assert sorted(path.name for path in folder.iterdir()) == [
        "item.md",
        "source.html",
        "source.toml",
    ]


def test_a_feed_that_did_not_change_is_not_sent_again(site: Site, tmp_path: Path) -> None:
    rss(site, 1, etag='"f1"')
    watch(site, tmp_path)
    site.page("/feed", b"", status=304)

    assert watch(site, tmp_path).imported == ()
    assert site.asked[-1][1]["If-None-Match"] == '"f1"'


def test_an_item_that_is_there_already_is_not_touched(site: Site, tmp_path: Path) -> None:
    rss(site, 1)
    watch(site, tmp_path)
    rss(site, 2, 1)
    there = tmp_path / "content" / "2026-02-02-bericht-2" / "item.md"
    there.parent.mkdir(parents=True)
    there.write_text("van mij")

    assert watch(site, tmp_path).imported == ()
    assert there.read_text() == "van mij"


def test_a_site_that_offers_its_whole_past_is_taken_in_small_steps(
    site: Site, tmp_path: Path
) -> None:
    rss(site, 1)
    watch(site, tmp_path)
    rss(site, *range(9, 0, -1))

    first = watch(site, tmp_path)

    assert titles(first) == [f"Bericht {n}" for n in range(2, 7)]
    assert "3 more are left" in first.notes[0]
    assert titles(watch(site, tmp_path)) == ["Bericht 7", "Bericht 8", "Bericht 9"]


def test_a_page_that_cannot_be_read_is_told_tried_again_and_given_up(
    site: Site, tmp_path: Path
) -> None:
    rss(site, 1)
    watch(site, tmp_path)
    site.page("/2", b"", status=404)
    rss(site, 3, 2, 1)

    looks = [watch(site, tmp_path) for _ in range(4)]

    assert titles(looks[0]) == ["Bericht 3"]
    assert [len(look.notes) for look in looks] == [1, 1, 1, 0]
    assert "no such page" in looks[0].notes[0]


def test_a_page_that_is_no_feed_says_where_its_feed_is(site: Site) -> None:
    url = site.page(
        "/",
        "<html><head><link rel=alternate type='application/rss+xml' href='/feed'></head></html>",
    )

    with pytest.raises(InputError, match="no RSS or Atom") as caught:
        read_feed(url, allow_private=True)

    assert site.url("/feed") in caught.value.mend


def test_a_feed_that_grows_on_its_own_is_harmless(site: Site) -> None:
    bomb = (
        "<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'>"
        + "".join(
            f"<!ENTITY {c} '{f'&{p};' * 10}'>" for p, c in zip("abcdefgh", "bcdefghi", strict=True)
        )
        + "]><rss version='2.0'><channel><title>&i;</title></channel></rss>"
    )

    try:
        feed = read_feed(site.page("/", bomb, kind="application/rss+xml"), allow_private=True)
    except InputError:
        return
    assert feed is None or len(feed.title) < 10_000


def test_a_memory_that_was_broken_is_told_in_words(site: Site, tmp_path: Path) -> None:
    rss(site, 1)
    watch(site, tmp_path)
    (memory,) = (tmp_path / "var" / "feeds").iterdir()
    memory.write_text("{}")

    with pytest.raises(InputError, match="cannot be read") as caught:
        watch(site, tmp_path)
    assert "Delete" in caught.value.mend

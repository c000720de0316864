"""A profile is proposed from a page, goes before the general rules, and can be wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from flows.clock import now
from flows.errors import InputError
from flows.news import read
from flows.news.fetch import Fetched
from flows.news.learn import learn_page, learn_site, save_profile
from flows.news.page import read_page
from flows.news.profile import Profile, find_profile, profile_path
from tests.news.conftest import Site

PAGES = Path(__file__).parent / "pages"
PAGE = """<!doctype html><html lang="nl"><head><title>Site</title></head><body>
<div class="top">Dit is een mededeling van de site die op elke pagina staat en lang genoeg is.</div>
<div class="kop">De echte kop</div><div class="wanneer">3 maart 2026</div>
<div class="samenvatting-tekst">Dit is de lead van het bericht, die apart in de pagina staat.</div>
<div class="tekst"><p>Kinderen in de opvang krijgen vaak geen les, en dat moet anders worden.</p>
<p>De gemeente moet ervoor zorgen dat ieder kind binnen een week naar school kan gaan.</p></div>
<div class="stukken"><a href="/download/12">Brief aan de raad</a></div>
<div class="meer"><a href="/7">Eerder bericht</a></div>
<div class="foto"><img src="/f.jpg" alt="Een klas"></div></body></html>"""
TEXT = (
    "<p>Kinderen in de opvang krijgen vaak geen les, en dat moet volgens ons anders worden.</p>"
    "<p>De gemeente moet ervoor zorgen dat ieder kind binnen een week naar school kan gaan.</p>"
)
PROFILE = Profile(
    title=".kop",
    date=".wanneer",
    lead=".samenvatting-tekst",
    body=".tekst",
    documents=".stukken",
    related=".meer",
    image=".foto",
)


def fetched(name: str) -> Fetched:
    address = json.loads((PAGES / f"{name}.json").read_text("utf-8"))
    return Fetched(
        url=address["address"] or address["item"]["source"],
        content=(PAGES / f"{name}.html").read_bytes(),
        at=now(),
    )


def test_a_profile_goes_before_the_general_rules() -> None:
    reading = read_page(PAGE.encode(), url="https://ngo.example/a", profile=PROFILE)

    item = reading.item
    assert item.title == "De echte kop"
    assert str(item.published) == "2026-03-03"
    assert item.lead.startswith("Dit is de lead")
    assert item.body.startswith("Kinderen in de opvang")
    assert "mededeling" not in item.body
    assert [(d.title, d.url) for d in item.documents] == [
        ("Brief aan de raad", "https://ngo.example/download/12")
    ]
    assert [r.url for r in item.related] == ["https://ngo.example/7"]
    assert [(i.url, i.alt) for i in item.images] == [("https://ngo.example/f.jpg", "Een klas")]
    assert reading.origins["title"] == "site profile: .kop"
    assert reading.origins["published"] == "site profile: .wanneer"


def test_a_selector_that_finds_nothing_is_told_and_the_general_rules_serve() -> None:
    reading = read_page(
        PAGE.encode(), url="https://ngo.example/a", profile=Profile(title=".weg", body=".tekst")
    )

    assert "The site profile's title (.weg) is not on the page." in reading.notes
    assert reading.item.title


def test_the_profile_of_a_site_is_found_by_its_host(tmp_path: Path) -> None:
    save_profile(profile_path(tmp_path, "https://www.ngo.example/a"), PROFILE)

    assert find_profile(tmp_path, "http://ngo.example/b/c") == PROFILE
    assert find_profile(tmp_path, "https://anders.example/") is None
    assert find_profile(None, "https://ngo.example/") is None


def test_a_saved_page_is_read_with_the_profile_of_its_site(tmp_path: Path) -> None:
    save_profile(profile_path(tmp_path, "https://ngo.example/"), PROFILE)
    page = tmp_path / "a.html"
    page.write_text(
        PAGE.replace("<head>", "<head><link rel=canonical href='https://ngo.example/a'>")
    )

    assert read(str(page), content_dir=tmp_path).item.title == "De echte kop"


@pytest.mark.parametrize("text", ["title = 'h1['", "titel = 'h1'", "title = 3", "title ="])
def test_a_broken_profile_is_told_with_its_place(tmp_path: Path, text: str) -> None:
    path = tmp_path / "sites" / "ngo.example.toml"
    path.parent.mkdir()
    path.write_text(text)

    with pytest.raises(InputError) as caught:
        find_profile(tmp_path, "https://ngo.example/")
    assert str(path) in caught.value.where


@pytest.mark.parametrize("name", sorted(path.stem for path in PAGES.glob("*.html")))
def test_a_proposed_profile_reads_the_page_as_well_as_the_general_rules(
    name: str, tmp_path: Path
) -> None:
    learned = learn_page(fetched(name), path=tmp_path / "x.toml")

    assert learned.reading.item == learned.general.item
    # Pages of bare tables have no names to go by.
    assert bool(learned.profile.model_dump(exclude_none=True)) == (name != "tables2008")


@pytest.mark.parametrize(
    ("head", "body", "field", "selector"),
    [
        ("", "<h1 itemprop='name headline'>Kop</h1>", "title", "[itemprop~=name]"),
        ("", "<h1 class='css-1x2y3'>Kop</h1>", "title", "h1"),
        ("", "<h1>Kop</h1><p class='when'>3 maart 2026</p>", "date", "p.when"),
        # A selector that points at more than the field would read the next page wrongly.
        ("", "<h1>Kop</h1><div class='all'>3 maart 2026, en nog veel meer.</div>", "date", None),
    ],
)
def test_a_selector_points_at_its_field_and_at_nothing_more(
    tmp_path: Path, head: str, body: str, field: str, selector: str | None
) -> None:
    html = f"<html lang='nl'><head>{head}</head><body><main>{body}{TEXT}</main></body></html>"
    page = Fetched(url="https://ngo.example/nieuws/kop", content=html.encode(), at=now())

    assert getattr(learn_page(page, path=tmp_path / "x.toml").profile, field) == selector


def test_a_body_is_learnt_that_reads_the_same_but_for_a_word_or_two(tmp_path: Path) -> None:
    words = " ".join(
        f"woord{n} en dan nog een zin die verder gaat over de school." for n in range(60)
    )
    html = (
        f"<html lang='nl'><body><h1>Kop</h1><div class='tekst'>{TEXT}<p>{words}</p>"
        "<p class='share'>Deel dit bericht</p></div></body></html>"
    )
    page = Fetched(url="https://ngo.example/nieuws/kop", content=html.encode(), at=now())

    assert learn_page(page, path=tmp_path / "x.toml").profile.body == "div.tekst"


def test_a_learned_profile_is_shown_then_saved_then_used(site: Site, tmp_path: Path) -> None:
    url = site.page("/a", (PAGES / "drupal10.html").read_bytes())

    learned = learn_site(url, content_dir=tmp_path, allow_private=True)

    assert not learned.path.exists()
    assert learned.path == tmp_path / "sites" / "127.0.0.1.toml"
    save_profile(learned.path, learned.profile)
    assert find_profile(tmp_path, url) == learned.profile
    assert "CSS" in learned.path.read_text()


@pytest.mark.parametrize("url", ["https:///a", "geen-adres", "https://../a"])
def test_an_address_without_a_host_has_no_profile(tmp_path: Path, url: str) -> None:
    with pytest.raises(InputError):
        profile_path(tmp_path, url)

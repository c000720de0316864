"""Which words of a page are its title, after the habits of newspapers and content systems."""

from __future__ import annotations

import pytest

from flows.news.page import read_page

TEXT = (
    "<p>Kinderen in de opvang krijgen vaak geen les, en dat moet volgens ons heel anders worden "
    "voordat het nieuwe schooljaar begint.</p><p>De gemeente moet ervoor zorgen dat ieder kind "
    "binnen een week naar school kan gaan, ook als de ouders nog op een besluit wachten.</p>"
)


def title_of(body: str, head: str = "", url: str = "https://stichting.example/nieuws/kop") -> str:
    html = f'<!doctype html><html lang="nl"><head>{head}</head><body>{body}</body></html>'
    return read_page(html.encode(), url=url, source="kop.html").item.title


@pytest.mark.parametrize(
    "heading",
    [
        "<h1><span class='kicker'>Onderwijs</span> Elk kind naar school</h1>",
        "<h1><span class='article__roofline'>Onderwijs</span><br>Elk kind naar school</h1>",
        "<h1><div class='topic-label'>Onderwijs</div> Elk kind naar school</h1>",
        "<h1><small>3 maart 2026</small> Elk kind naar school</h1>",
        "<h1><span class='visually-hidden'>Nieuwsbericht: </span>Elk kind naar school</h1>",
        "<h1>Elk kind naar school<span class='sr-only'> (nieuws)</span> ¶</h1>",
    ],
)
def test_what_is_set_above_or_beside_a_title_is_not_of_it(heading: str) -> None:
    assert title_of(f"<main>{heading}{TEXT}</main>") == "Elk kind naar school"


def test_a_word_on_the_subject_without_a_name_is_told_by_what_the_page_calls_itself() -> None:
    heading = "<h1><em>Onderwijs</em> Elk kind naar school</h1>"
    head = '<meta property="og:title" content="Elk kind naar school">'

    assert title_of(f"<main>{heading}{TEXT}</main>", head) == "Elk kind naar school"
    assert title_of(f"<main>{heading}{TEXT}</main>") == "Onderwijs Elk kind naar school"


def test_a_second_line_of_a_title_is_of_it_if_the_page_says_so() -> None:
    heading = "<h1>Elk kind naar school <small>en wel deze zomer</small></h1>"
    head = "<title>Elk kind naar school en wel deze zomer</title>"

    assert title_of(f"<main>{heading}{TEXT}</main>", head) == (
        "Elk kind naar school en wel deze zomer"
    )
    assert title_of(f"<main>{heading}{TEXT}</main>") == "Elk kind naar school"


@pytest.mark.parametrize(
    "site",
    [
        "<h1 class='logo'>Stichting Kind en School</h1>",
        "<h1><a href='/'>Stichting Kind en School</a></h1>",
        "<h1><a href='/nieuws'>Laatste nieuws</a></h1>",
        "<h1>Actueel</h1>",
        "",
    ],
)
def test_the_name_of_the_site_or_its_section_is_no_title(site: str) -> None:
    body = f"<header>{site}</header><main><h2>Elk kind naar school</h2>{TEXT}</main>"
    head = "<title>Elk kind naar school | Stichting Kind en School</title>"

    assert title_of(body, head) == "Elk kind naar school"


def test_a_title_on_a_banner_is_found() -> None:
    body = f"<div class='page-banner'><h1>Elk kind naar school</h1></div><main>{TEXT}</main>"

    assert title_of(body, "<title>Alles over school</title>") == "Elk kind naar school"


def test_a_heading_within_the_text_is_no_title() -> None:
    body = f"<main>{TEXT}<h2>Elk kind heeft recht op school</h2>{TEXT}</main>"

    assert title_of(body, "<title>Elk kind naar school</title>") == "Elk kind naar school"


@pytest.mark.parametrize(
    "head",
    [
        "<title>Elk kind naar school - stichting.example</title>",
        "<title>Elk kind naar school - De Stichting</title>"
        '<meta property="og:site_name" content="De Stichting">',
        '<meta property="og:title" content="Elk kind naar school | stichting">',
        "<title>De Stichting » Elk kind naar school</title>"
        '<script type="application/ld+json">{"@type":"WebSite","name":"De Stichting"}</script>',
        '<meta property="og:title" content="De Stichting"><title>Elk kind naar school</title>'
        '<meta name="application-name" content="De Stichting">',
    ],
)
def test_what_the_page_calls_itself_loses_the_name_of_the_site(head: str) -> None:
    assert title_of(f"<div>{TEXT}</div>", head) == "Elk kind naar school"


def test_the_articles_that_a_page_describes_besides_its_own_are_left_alone() -> None:
    described = (
        '{"@type":"NewsArticle","url":"https://stichting.example/nieuws/ander",'
        '"headline":"Een ander bericht","datePublished":"2025-01-01"},'
        '{"@type":"NewsArticle","url":"https://www.stichting.example/nieuws/kop/",'
        '"headline":"Elk kind naar school","datePublished":"2026-03-03"}'
    )
    head = f'<script type="application/ld+json">[{described}]</script>'
    html = f"<html><head>{head}</head><body><div>{TEXT}</div></body></html>"

    item = read_page(html.encode(), url="https://stichting.example/nieuws/kop").item

    assert item.title == "Elk kind naar school"
    assert str(item.published) == "2026-03-03"


def test_words_for_screen_readers_are_no_text_of_the_page() -> None:
    more = "<p>Lees de <a href='/brief'>brief<span class='sr-only'> (nieuw venster)</span></a>.</p>"
    item = read_page(
        f"<html><body><main><h1>Kop</h1>{TEXT}{more}</main></body></html>".encode(),
        url="https://stichting.example/nieuws/kop",
    ).item

    assert "[brief](https://stichting.example/brief)." in item.body

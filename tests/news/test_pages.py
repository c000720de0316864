"""Twelve pages after the markup habits of Dutch NGO sites, and pages that are no article."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from flows.errors import InputError
from flows.news import Reading, item_json, read, read_item, write_item
from flows.news.page import read_page

PAGES = Path(__file__).parent / "pages"
NAMES = sorted(path.stem for path in PAGES.glob("*.html"))


def load(name: str) -> tuple[Reading, dict[str, Any]]:
    expected = json.loads((PAGES / f"{name}.json").read_text("utf-8"))
    raw = (PAGES / f"{name}.html").read_bytes()
    return read_page(raw, url=expected["address"], source=f"{name}.html"), expected["item"]


def page(body: str, head: str = "", lang: str = "nl") -> Reading:
    html = f'<!doctype html><html lang="{lang}"><head>{head}</head><body>{body}</body></html>'
    return read_page(html.encode(), url="https://ngo.example/nieuws/kop")


TEXT = (
    "<p>Kinderen in de opvang krijgen vaak geen les, en dat moet heel anders worden.</p>"
    "<p>De gemeente moet ervoor zorgen dat ieder kind binnen een week naar school kan gaan, "
    "ook als de ouders nog op een besluit wachten.</p>"
)


@pytest.mark.parametrize("name", NAMES)
def test_every_field_of_a_page_is_read(name: str) -> None:
    reading, expected = load(name)

    item = item_json(reading.item)
    del item["text"]
    item["body"] = item["body"].split("\n\n")
    assert item == expected


def test_there_are_twelve_pages() -> None:
    assert len(NAMES) == 12


@pytest.mark.parametrize("name", NAMES)
def test_each_field_says_where_it_was_read(name: str) -> None:
    reading, _ = load(name)

    assert {"title", "published", "lead", "language"} <= set(reading.origins)


@pytest.mark.parametrize("name", NAMES)
def test_an_item_from_a_page_survives_its_file(name: str, tmp_path: Path) -> None:
    reading, _ = load(name)
    write_item(tmp_path / "item.md", reading.item)

    assert read_item(tmp_path / "item.md") == reading.item


def test_the_text_of_scripts_and_styles_is_no_text(tmp_path: Path) -> None:
    reading = page(
        "<main><h1>Kop</h1><script>var a = '<p>uit een script, dat lang genoeg is</p>'</script>"
        f"<style>p:before {{ content: 'uit een stijl' }}</style>{TEXT}"
        "<noscript>Zet JavaScript aan om deze pagina te lezen.</noscript></main>"
    )

    assert "script" not in f"{reading.item.lead}{reading.item.body}".lower()
    assert "stijl" not in reading.item.body


def test_harmful_markup_comes_out_as_nothing_or_as_text() -> None:
    reading = page(
        "<main><h1>Kop &lt;script&gt;alert(1)&lt;/script&gt; {{ naam }}</h1>"
        + TEXT.replace("les", '<a href="javascript:alert(1)" onclick="x()">les</a>')
        + "<p>Zo schrijf je <b>&lt;img src=x onerror=alert(1)&gt;</b> als gewone tekst in een "
        "bericht van onze stichting.</p></main>"
    )

    assert reading.item.title == "Kop <script>alert(1)</script> {{ naam }}"
    assert "javascript:" not in reading.item.body
    assert "\\<img src=x onerror=alert(1)>" in reading.item.body


def test_a_table_that_only_puts_things_in_place_is_no_table() -> None:
    reading = page(f"<table><tr><td>Menu</td><td><h1>Kop</h1>{TEXT}</td></tr></table>")

    assert "|" not in reading.item.body
    assert reading.item.lead.startswith("Kinderen in de opvang")


def test_two_breaks_in_a_row_make_a_paragraph() -> None:
    text = TEXT.replace("</p><p>", "<br>&nbsp;<br/>").replace("<p>", "").replace("</p>", "")
    reading = page(f"<div id='content'><h1>Kop</h1>{text}</div>")

    assert reading.item.lead.endswith("anders worden.")
    assert reading.item.body.startswith("De gemeente")


def test_a_relative_link_becomes_absolute_and_loses_its_tracker() -> None:
    reading = page(
        "<main><h1>Kop</h1>"
        + TEXT.replace(
            "De gemeente", '<a href="../feiten?gclid=1&amp;id=2&amp;utm_x=3">De gemeente</a>'
        )
        + "</main>"
    )

    assert "[De gemeente](https://ngo.example/feiten?id=2)" in reading.item.body


def test_a_date_whose_day_and_month_could_be_swapped_is_not_guessed() -> None:
    english = (
        "<main><h1>Title</h1><p class='date'>03/04/2026</p><p>The council will decide about the "
        "school and the children who should go there.</p><p>We have asked them to do so for a long "
        "time, and now they will do it.</p></main>"
    )

    reading = page(english, lang="en")

    assert reading.item.published is None
    assert any("03/04/2026 can be read two ways" in note for note in reading.notes)
    assert page(english, lang="en-GB").item.published == date(2026, 4, 3)
    assert page(english.replace("03/04", "13/04"), lang="en").item.published == date(2026, 4, 13)


def test_a_page_without_a_text_leaves_an_item_to_complete() -> None:
    reading = page("<div id='root'></div>", head="<title>Kop van het bericht</title>")

    assert reading.item.title == "Kop van het bericht"
    assert reading.item.body == ""
    assert any("No text of an article" in note for note in reading.notes)
    assert any("date of publication" in note for note in reading.notes)


@pytest.mark.parametrize(
    ("html", "word"),
    [
        ("", "empty"),
        ("   \n", "empty"),
        ("<html><body></body></html>", "Neither a title nor a text"),
        ("<html><body><input type=password></body></html>", "login"),
    ],
)
def test_a_page_without_anything_is_refused_in_words(html: str, word: str) -> None:
    with pytest.raises(InputError, match=word) as caught:
        read_page(html.encode(), source="pagina.html")
    assert caught.value.mend


TEASER = (
    "Dit is de inleiding van bericht {n}, die lang genoeg is om voor tekst door te gaan. Daarna "
    "volgt nog een zin over wat er in het bericht staat."
)


@pytest.mark.parametrize(
    "teaser",
    [
        '<article><h2><a href="/nieuws/{n}">Bericht nummer {n} over de school</a></h2>'
        f"<p>{TEASER}</p></article>",
        '<a class="card" href="/nieuws/{n}"><h3>Bericht nummer {n} over de school</h3>'
        f"<p>{TEASER}</p></a>",
        "<article><h2>Bericht nummer {n} over de school</h2>"
        f'<p>{TEASER}</p><a href="/nieuws/{{n}}">Lees meer</a></article>',
        '<div><i>{n} maart 2026</i></div><div><a href="/nieuws/{n}">Bericht nummer {n} over de '
        f"school</a></div><div>{TEASER}</div>",
        '<li>{n} maart 2026 <a href="/nieuws/{n}">Bericht nummer {n} over de school</a></li>',
    ],
)
def test_a_page_of_ten_articles_is_refused_with_the_first(teaser: str) -> None:
    teasers = "".join(teaser.format(n=n) for n in range(1, 11))

    with pytest.raises(InputError, match="lists 10 articles") as caught:
        page(f"<main><h1>Nieuws</h1>{teasers}</main>")

    assert "https://ngo.example/nieuws/1" in caught.value.mend


@pytest.mark.parametrize("place", ["before", "after"])
def test_an_article_beside_a_list_of_ten_others_is_read(place: str) -> None:
    others = "".join(
        f'<li><a href="/nieuws/{n}">Bericht nummer {n} over de school</a></li>' for n in range(10)
    )
    text = TEXT + TEXT.replace("Kinderen", "Jongeren") + TEXT.replace("kind", "meisje")
    parts = [f"<ul>{others}</ul>", text] if place == "before" else [text, f"<ul>{others}</ul>"]

    item = page(f"<main><h1>Elk kind naar school</h1>{''.join(parts)}</main>").item

    assert "De gemeente moet ervoor zorgen" in item.body


def test_an_article_with_a_link_below_each_of_its_paragraphs_is_read() -> None:
    parts = "".join(
        f"<p>{TEASER.format(n=n) * 6}</p><ul><li><a href='/{n}/reacties'>Reageer op deze alinea</a>"
        "</li></ul>"
        for n in range(1, 11)
    )

    assert "bericht 9" in page(f"<main><h1>Elk kind naar school</h1>{parts}</main>").item.body


@pytest.mark.parametrize(
    "notice",
    [
        "<div class='cookie-banner'><h2>Cookies</h2><p>Wij gebruiken cookies om u de beste "
        "ervaring te geven op onze site, en u gaat daarmee akkoord als u doorgaat.</p></div>",
        "<div id='CybotCookiebotDialog'><div><p>Deze website gebruikt cookies om inhoud en "
        "advertenties naar uw smaak te maken en ons verkeer te meten.</p></div></div>",
        "<noscript>Zet JavaScript aan, want anders kan deze pagina niet worden getoond.</noscript>",
    ],
)
def test_what_is_said_on_cookies_and_scripts_is_no_text(notice: str) -> None:
    alone = page(f"{notice}<div id='root'></div>", head="<title>Kop van het bericht</title>")
    beside = page(f"{notice}<main><h1>Kop van het bericht</h1>{TEXT}</main>")

    assert alone.item.lead == alone.item.body == ""
    assert beside.item.lead.startswith("Kinderen in de opvang")
    assert "ookies" not in beside.item.body


def test_the_name_of_the_site_that_the_text_mentions_is_no_lead() -> None:
    name = "Stichting Veilig Thuis voor Allen"
    text = TEXT + f"<p>De brief is ondertekend door {name}, het Vrouwenplatform en vijf andere.</p>"
    item = page(
        f"<div class='top'><p class='site-title'><a href='/'>{name}</a></p></div>"
        f"<main><h1>Kop van het bericht</h1>{text}</main>"
    ).item

    assert item.lead.startswith("Kinderen in de opvang")
    assert item.body.count(name) == 1


def test_a_part_on_consent_of_another_kind_is_read() -> None:
    part = "<div class='consent'><p>Ouders moeten toestemming geven voor dit onderzoek.</p></div>"

    assert "toestemming geven" in page(f"<main><h1>Kop</h1>{TEXT}{part}</main>").item.body


def test_an_article_on_cookies_is_read() -> None:
    text = TEXT.replace("les", "cookies")
    item = page(
        f"<div class='post tag-cookies category-cookies'><h2>Over cookies</h2>{text}</div>",
        "<title>Over cookies</title>",
    ).item

    assert (
        item.lead
        == "Kinderen in de opvang krijgen vaak geen cookies, en dat moet heel anders worden."
    )


def test_broken_markup_is_read_as_browsers_read_it() -> None:
    reading = page(
        "<main><h1>Kop<p>Kinderen in de <b>opvang krijgen vaak geen les, en dat moet anders."
        "<p>De gemeente moet ervoor zorgen dat <i>ieder kind</b> naar school</i> kan gaan."
        "<ul><li>een<li>twee</div></table></main>"
    )

    assert "ieder kind" in reading.item.body
    assert "- een\n- twee" in reading.item.body


def test_a_windows_page_that_says_utf8_is_read() -> None:
    html = f"<html><head><meta charset=utf-8></head><body><h1>Café ‘nu’</h1>{TEXT}</body></html>"

    assert read_page(html.encode("cp1252"), source="x.html").item.title == "Café ‘nu’"


def test_a_page_saved_by_a_browser_knows_its_address(tmp_path: Path) -> None:
    path = tmp_path / "kop.html"
    path.write_text(
        "<!DOCTYPE html>\n<!-- saved from url=(0030)https://ngo.example/nieuws/kop -->\n"
        f"<html><body><h1>Kop</h1>{TEXT}<p><a href='/brief.pdf'>Brief</a></p></body></html>"
    )

    item = read(str(path)).item

    assert item.source == "https://ngo.example/nieuws/kop"
    assert item.documents[0].url == "https://ngo.example/brief.pdf"


@pytest.mark.parametrize("line", ["\r\n", "\n"])
def test_a_page_that_a_browser_saved_as_a_single_file_is_read(tmp_path: Path, line: str) -> None:
    path = tmp_path / "kop.mhtml"
    lines = [
        "From: <Saved by Blink>",
        "Snapshot-Content-Location: https://ngo.example/nieuws/kop",
        "Subject: =?utf-8?Q?E=C3=A9n=20kop?=",
        "MIME-Version: 1.0",
        "Content-Type: multipart/related;",
        '\ttype="text/html";',
        '\tboundary="----B"',
        "",
        "------B",
        "Content-Type: text/html",
        "Content-Transfer-Encoding: quoted-printable",
        "Content-Location: https://ngo.example/nieuws/kop",
        "",
        '<html lang=3D"nl"><body><main><h1>E=C3=A9n kop</h1>',
        TEXT.replace("=", "=3D"),
        "<p><a href=3D'/brief.pdf'>Brief</a></p></main></body></html>",
        "------B",
        "Content-Type: image/png",
        "Content-Transfer-Encoding: base64",
        "Content-Location: https://ngo.example/a.png",
        "",
        "iVBORw0KGgo=",
        "------B--",
    ]
    path.write_bytes(line.join(lines).encode())

    item = read(str(path)).item

    assert (item.title, item.source) == ("Eén kop", "https://ngo.example/nieuws/kop")
    assert item.lead.startswith("Kinderen in de opvang")
    assert item.documents[0].url == "https://ngo.example/brief.pdf"


def test_a_page_that_does_not_know_its_address_says_that_links_are_lost(tmp_path: Path) -> None:
    path = tmp_path / "kop.html"
    path.write_text(
        f"<html><body><h1>Kop</h1>{TEXT}<p><a href='brief.pdf'>Brief</a></p></body></html>"
    )

    assert any("relative" in note for note in read(str(path)).notes)


def test_a_page_of_deep_nesting_does_not_break() -> None:
    reading = page(f"<h1>Kop</h1>{'<div>' * 3_000}{TEXT}{'</div>' * 3_000}", "<title>Kop</title>")

    assert reading.item.title == "Kop"


@pytest.mark.parametrize("words", ["Test", "Morgen is het kantoor dicht."])
def test_a_page_of_a_few_words_without_a_title_keeps_them_as_text(words: str) -> None:
    item = page(f"<div>{words}</div>").item

    assert f"{item.lead}{item.body}" == words
    assert item.title == words


def test_a_table_whose_cells_hold_paragraphs_is_a_table() -> None:
    rows = [("Gemeente", "Plekken", "Stand"), ("Noord", "120", "vol"), ("Zuid", "80", "half vol")]
    table = "".join(
        f"<tr>{''.join(f'<td><p>{cell}</p></td>' for cell in row)}</tr>" for row in rows
    )
    reading = page(f"<main><h1>Kop</h1>{TEXT}<table>{table}</table>{TEXT.replace('ook', 'zelfs')}")

    assert "| Gemeente | Plekken | Stand |\n| --- | --- | --- |\n| Noord |" in reading.item.body


def test_short_cells_between_paragraphs_are_kept_as_the_extractor_keeps_them() -> None:
    table = (
        "<table><tr><td><img src='/n.jpg' width=90 height=90></td><td>Noord</td><td>120 plekken"
        "</td></tr><tr><td></td><td>Zuid</td><td>80 plekken</td></tr></table>"
    )
    reading = page(f"<main><h1>Kop</h1>{TEXT}{table}{TEXT.replace('Kinderen', 'Jongeren')}</main>")

    for words in ("Noord", "120 plekken", "Zuid", "80 plekken"):
        assert words in reading.item.body


def test_names_that_mislead_all_over_a_page_do_not_cost_its_text() -> None:
    letters = "".join(
        f'<div class="newsletter"><p>In gemeente {name} gaan sinds september alle kinderen uit de '
        f"opvang naar school, zo bleek {day} bij het jaarlijkse bezoek van de wethouder.</p></div>"
        for name, day in [
            ("Noorderveen", "maandag"),
            ("Zuiderpolder", "dinsdag"),
            ("Westkapel", "woensdag"),
            ("Oosterdam", "donderdag"),
            ("Middelburcht", "vrijdag"),
            ("Kerkwerve", "zaterdag"),
        ]
    )
    item = page(
        "<main><h1>Nieuwsbrief van september</h1><p>Dit las u in de afgelopen maand bij ons.</p>"
        f"{letters}<p>Lees het verslag: <a href='/verslag.pdf'>verslag van september</a></p></main>"
    ).item

    for word in ("Noorderveen", "Westkapel", "Kerkwerve", "Dit las u"):
        assert f"{item.lead} {item.body}".count(word) == 1
    assert item.title == "Nieuwsbrief van september"
    assert [document.url for document in item.documents] == ["https://ngo.example/verslag.pdf"]


def test_lines_that_look_like_navigation_are_kept_when_they_are_most_of_the_text() -> None:
    acts = "fanfare toneel lezing debat quiz muziek dans film poëzie kookles rondleiding slotwoord"
    lines = "".join(
        f"<p>{hour}.00 uur {act} in de grote zaal van gebouw {act[::-1]}, met {act[2:]} vooraf</p>"
        for hour, act in enumerate(acts.split(), start=9)
    )
    reading = page(
        "<main><h1>Open dag</h1><p>Kom op zaterdag naar de open dag van onze stichting.</p>"
        f"<p>Zie ook:</p>{lines}</main>"
    )

    for act in acts.split():
        assert reading.item.body.count(f"uur {act} in") == 1
    assert reading.item.lead.startswith("Kom op zaterdag")
    assert "Open dag" not in reading.item.body


def test_the_heading_that_readers_see_goes_before_what_is_said_to_search_engines() -> None:
    head = (
        "<title>Alles over school in 2026 | NGO</title>"
        '<meta property="og:title" content="Alles over school in de opvang">'
    )
    shown = page(f"<main><h1>Elk kind naar school</h1>{TEXT}</main>", head)
    section = page(f"<header><h1>Nieuws</h1></header><main>{TEXT}</main>", head)

    assert shown.item.title == "Elk kind naar school"
    assert section.item.title == "Alles over school in de opvang"


def test_a_single_wrong_byte_does_not_spoil_a_page_in_utf8() -> None:
    html = f"<html><head><meta charset=utf-8></head><body><h1>Café ‘nu’ één</h1>{TEXT}".encode()

    assert read_page(html + b"<p>\x96</p></body></html>", source="x.html").item.title == (
        "Café ‘nu’ één"
    )


def test_headings_that_link_within_their_own_page_make_no_list_of_articles() -> None:
    parts = "".join(
        f'<h2><a href="#deel{n}">Deel {n} van de uitleg</a></h2><p>Dit is de uitleg van deel {n}, '
        "die lang genoeg is om voor tekst door te gaan in dit bericht.</p>"
        for n in range(1, 8)
    )

    assert "Deel 3" in page(f"<main><h1>Uitleg</h1>{parts}</main>").item.body


def test_text_that_the_quick_look_leaves_out_is_found_by_the_long_one() -> None:
    paragraphs = "".join(
        f"<div class='col-{n}'><span>Paragraaf {n} vertelt iets dat nergens anders op de pagina "
        f"staat, en is lang genoeg om als lopende tekst te gelden, met {n} namen.</span></div>"
        for n in range(1, 9)
    )
    item = page(
        f"<div><article><p>Kort.</p></article><div class='grid'>{paragraphs}</div></div>",
        "<title>Kop</title>",
    ).item

    assert all(f"Paragraaf {n} vertelt" in f"{item.lead} {item.body}" for n in range(1, 9))


@pytest.mark.parametrize(
    ("head", "body", "author"),
    [
        ('<meta name="author" content="Redactie">', "", "Redactie"),
        ('<meta name="author" content="admin">', "", None),
        ("", "<p class='byline'>Door Afdeling Onderzoek</p>", "Afdeling Onderzoek"),
        ("", "<p>Tekst: Werkgroep Onderwijs</p>", "Werkgroep Onderwijs"),
        ("", "", None),
    ],
)
def test_who_wrote_a_page_is_read_where_it_says_so(
    head: str, body: str, author: str | None
) -> None:
    assert page(f"<main><h1>Kop</h1>{body}{TEXT}</main>", head).item.author == author


def test_a_document_has_the_size_that_the_page_states() -> None:
    item = page(
        f"<main><h1>Kop</h1>{TEXT}<p><a href='/brief.pdf'>Brief</a> (pdf, 1,2 MB)</p></main>"
    ).item

    assert item.documents[0].size == 1_200_000


@pytest.mark.parametrize(
    ("frame", "markdown"),
    [
        (
            "<iframe src='https://www.youtube-nocookie.com/embed/a1B2' title='Het debat'></iframe>",
            "[Het debat](https://www.youtube.com/watch?v=a1B2)",
        ),
        (
            "<iframe src='about:blank' data-cookieblock-src='https://player.vimeo.com/video/12'>"
            "</iframe>",
            "[Video](https://vimeo.com/12)",
        ),
        (
            "<iframe data-cmplz-src='https://www.youtube.com/embed/a1B2'></iframe>",
            "[Video](https://www.youtube.com/watch?v=a1B2)",
        ),
        (
            "<lite-youtube videoid='a1B2' playlabel='Het debat'></lite-youtube>",
            "[Het debat](https://www.youtube.com/watch?v=a1B2)",
        ),
        (
            "<video><source src='/media/debat.mp4'></video>",
            "[Video](https://ngo.example/media/debat.mp4)",
        ),
        ("<iframe src='https://maps.example/kaart'></iframe>", ""),
        ("<iframe src='javascript:alert(1)//youtube'></iframe>", ""),
    ],
)
def test_an_embedded_video_is_a_link_also_where_it_waits_for_a_consent(
    frame: str, markdown: str
) -> None:
    body = page(
        f"<main><h1>Kop</h1>{TEXT}<div>{frame}</div>{TEXT.replace('ook', 'zelfs')}"
    ).item.body

    assert [block for block in body.split("\n\n") if "](" in block] == (
        [markdown] if markdown else []
    )


@pytest.mark.parametrize(
    "image",
    [
        "<img src='/foto.jpg' alt='Een klas'>",
        "<img src='data:image/gif;base64,R0' data-src='/foto.jpg' alt='Een klas'>",
        "<img src='data:,' srcset='/klein.jpg 300w, /foto.jpg 1024w' alt='Een klas'>",
        "<picture><source srcset='/foto.jpg 2x, /klein.jpg 1x'><img alt='Een klas'></picture>",
    ],
)
def test_a_picture_is_found_where_it_lies(image: str) -> None:
    item = page(
        f"<main><h1>Kop</h1>{TEXT}<figure>{image}<figcaption>In Tilburg</figcaption></figure>"
    ).item

    assert [(each.url, each.alt, each.caption) for each in item.images] == [
        ("https://ngo.example/foto.jpg", "Een klas", "In Tilburg")
    ]


def test_what_a_gallery_tells_below_its_pictures_is_text() -> None:
    story = "De bewoners van deze straat wachten al jaren op een besluit van de gemeente. " * 6
    item = page(
        f"<main><h1>Kop</h1>{TEXT}<figure><img src='/foto.jpg' alt='Een straat'>"
        f"<figcaption>{story}</figcaption></figure>{TEXT.replace('ook', 'zelfs')}</main>"
    ).item

    assert story.strip() in item.body
    assert item.images[0].caption is None


def test_words_between_quotation_marks_of_the_browser_keep_them() -> None:
    item = page(f"<main><h1>Kop</h1>{TEXT}<p>Zij noemde dat <q>een <b>schande</b></q>.</p>").item

    assert "Zij noemde dat “een **schande**”." in item.body

"""When a page was published: what it states goes before what it shows."""

from __future__ import annotations

from datetime import date

import pytest

from flows.news.page import read_page
from flows.news.reading import Reading

TEXT = (
    "<p>Kinderen in de opvang krijgen vaak geen les, en dat moet volgens ons heel anders worden "
    "voordat het nieuwe schooljaar begint.</p><p>De gemeente moet ervoor zorgen dat ieder kind "
    "binnen een week naar school kan gaan, ook als de ouders nog op een besluit wachten.</p>"
)
ENGLISH = (
    "<p>The council will decide about the school and the children who should go there, and we "
    "have asked them to do so for a long time.</p>"
) * 3
DAY = date(2026, 3, 3)


def read(
    body: str, head: str = "", *, url: str = "https://ngo.example/nieuws/kop", lang: str = "nl"
) -> Reading:
    text = ENGLISH if lang.startswith("en") else TEXT
    html = f'<html lang="{lang}"><head>{head}</head><body><main>{body}{text}</main></body></html>'
    return read_page(html.encode(), url=url)


@pytest.mark.parametrize(
    "line",
    [
        "<p>3 maart 2026</p>",
        "<p>Gepubliceerd op 03.03.2026</p>",
        "<p>Stand: 03.03.2026 18:00 Uhr</p>",
        "<p>Redactie | 3 maart 2026 | 4 reacties</p>",
        "<div>Door de redactie · dinsdag 3 maart 2026 · leestijd 3 minuten</div>",
        "<p class='meta'>March 3, 2026</p>",
        "<div class='menu'><span class='post-date'>3 maart 2026</span></div>",
    ],
)
def test_a_date_that_is_shown_around_the_title_is_read(line: str) -> None:
    above, below = read(f"{line}<h1>Kop van het bericht</h1>"), read(f"<h1>Kop</h1>{line}")

    assert (above.item.published, below.item.published) == (DAY, DAY)
    assert "line" in below.origins["published"]
    assert below.item.lead.startswith("Kinderen")


def test_dates_of_other_pages_are_not_that_of_this_one() -> None:
    others = "".join(
        f"<li class='date'>{n} februari 2026</li><li><a href='/{n}'>Ander bericht</a></li>"
        for n in range(1, 9)
    )

    assert read(f"<h1>Kop</h1>{TEXT * 4}<ul>{others}</ul>").item.published is None


@pytest.mark.parametrize(
    ("stated", "lang", "url", "day"),
    [
        ("2026-03-02T23:30:00Z", "nl", "", DAY),
        ("2026-03-02T23:30:00Z", "en-US", "", date(2026, 3, 2)),
        ("2026-03-02T23:30:00-05:00", "en-US", "", date(2026, 3, 2)),
        ("2026-03-03T02:30:00Z", "en-US", "https://ngo.example/2026/03/02/kop", date(2026, 3, 2)),
        ("2026-03-03T12:00:00Z", "nl", "https://ngo.example/2025/01/01/kop", DAY),
    ],
)
def test_a_moment_is_told_on_the_day_of_those_who_wrote_it(
    stated: str, lang: str, url: str, day: date
) -> None:
    head = f'<meta property="article:published_time" content="{stated}">'

    assert read("<h1>Kop</h1>", head, url=url, lang=lang).item.published == day


def test_the_address_goes_before_a_date_that_may_be_of_today() -> None:
    today = "<time datetime='2026-11-06'>6 november 2026</time><h1>Kop</h1>"

    assert read(today, url="https://ngo.example/2026/03/03/kop").item.published == DAY


@pytest.mark.parametrize(
    ("figures", "lang", "day", "told"),
    [
        ("03-04-2026", "nl", date(2026, 4, 3), "was taken for 2026-04-03"),
        ("03/04/2026", "en", None, "fill in `published`"),
        ("03/04/2026", "en-US", date(2026, 3, 4), "was taken for 2026-03-04"),
        ("03.04.2026", "de", date(2026, 4, 3), ""),
        ("03-03-2026", "nl", DAY, ""),
    ],
)
def test_day_and_month_that_could_be_swapped_are_never_taken_in_silence(
    figures: str, lang: str, day: date | None, told: str
) -> None:
    reading = read(f"<h1>Kop</h1><p>{figures}</p>", lang=lang)

    notes = [note for note in reading.notes if "two ways" in note]
    assert reading.item.published == day
    assert len(notes) == bool(told)
    assert told in "".join(notes)


def test_an_event_in_figures_that_could_be_swapped_is_told() -> None:
    reading = read("<h1>Kop</h1><p>3 maart 2026</p><p>Op 04-05-2026 is er een debat.</p>")

    assert reading.item.dates[0].date == date(2026, 5, 4)
    assert any("04-05-2026 can be read two ways" in note for note in reading.notes)

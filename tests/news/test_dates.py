"""Dates in four languages and in figures; never guessed where they could be swapped."""

from __future__ import annotations

from datetime import date

import pytest
from babel.dates import format_date
from hypothesis import given
from hypothesis import strategies as st

from flows.news.dates import find_dates, is_date_line
from flows.news.events import propose_events
from flows.news.organisations import read_organisations
from flows.news.sentences import sentences

PUBLISHED = date(2026, 2, 11)
days = st.dates(min_value=date(1980, 1, 1), max_value=date(2060, 12, 31))


@given(days, st.sampled_from(["nl", "en", "en_GB", "de", "fr"]), st.sampled_from(["long", "full"]))
def test_a_date_as_a_language_writes_it_in_words_is_read(
    day: date, language: str, length: str
) -> None:
    text = f"x {format_date(day, length, locale=language)} y"

    assert [each.day for each in find_dates(text, language=language.replace("_", "-"))] == [day]


@given(days, st.sampled_from(["nl", "de", "fr", "en-GB"]), st.sampled_from("-/."))
def test_a_date_in_figures_follows_the_language(day: date, language: str, between: str) -> None:
    text = day.strftime(f"%d{between}%m{between}%Y")

    assert [each.day for each in find_dates(text, language=language)] == [day]


@given(days)
def test_in_english_figures_are_read_only_when_they_cannot_be_swapped(day: date) -> None:
    (mention,) = find_dates(day.strftime("%d/%m/%Y"), language="en")

    assert mention.day == (day if day.day > 12 or day.day == day.month else None)


@given(st.text())
def test_no_text_breaks_the_reading_of_dates(text: str) -> None:
    for mention in find_dates(text, published=PUBLISHED):
        assert text[mention.start : mention.end] == mention.text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("op 12 februari", date(2026, 2, 12)),
        ("op 30 december", date(2025, 12, 30)),
        ("op vrijdag 12 februari", date(2027, 2, 12)),
        ("op 12 en 13 maart 2026", date(2026, 3, 12)),
        ("van 12 t/m 14 maart 2026", date(2026, 3, 12)),
        ("de 1e mei 2026", date(2026, 5, 1)),
        ("12 feb. 2026", date(2026, 2, 12)),
        ("12 mrt '26", date(2026, 3, 12)),
        ("le 1er mars 2026", date(2026, 3, 1)),
        ("am 3. März 2026", date(2026, 3, 3)),
        ("2026-02-12", date(2026, 2, 12)),
        ("28-01-14", date(2014, 1, 28)),
        ("12-02-98", date(1998, 2, 12)),
    ],
)
def test_dates_as_people_write_them(text: str, expected: date) -> None:
    assert [each.day for each in find_dates(text, published=PUBLISHED)] == [expected]


@pytest.mark.parametrize(
    "text",
    [
        "in april 12 organisaties",
        "31 februari 2026",
        "artikel 5.3.1 en versie 1.2.34.5",
        "bel 030-12-34-56",
        "2026-13-45",
        "100/2/2026",
        "mei 2026",
    ],
)
def test_what_only_looks_like_a_date_is_none(text: str) -> None:
    assert find_dates(text, published=PUBLISHED) == []


def test_a_day_without_a_year_is_no_date_when_nothing_tells_the_year() -> None:
    assert find_dates("op 12 februari") == []


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("11 februari 2026", True),
        ("Gepubliceerd op woensdag 11 februari 2026, 10:15 uur", True),
        ("Utrecht, 11-02-2026", True),
        ("Stand: 28.04.2020 18:00 Uhr", True),
        ("Veröffentlicht am 17. Dezember 2019 von der Redaktion Politik", True),
        ("Written: 2023-11-07 15:03:30 / Updated: 2023-11-07 15:30:46", True),
        ("Posted: Thursday, April 21, 2022. 10:11 pm CST.", True),
        ("Om 10.30 uur op 11.02.2026", True),
        ("De Kamer praat op 11 februari 2026 over het wetsvoorstel.", False),
        ("11 organisaties", False),
    ],
)
def test_a_date_line_holds_little_else(text: str, *, is_one: bool) -> None:
    assert is_date_line(text) is is_one


def test_the_event_is_the_meeting_and_not_the_deadline_before_it() -> None:
    found = propose_events(
        [
            "Aanmelden kan uiterlijk 1 maart 2026. Op 1 maart 2026 sluit de lijst.",
            "Op 5 januari 2026 schreven wij een brief. Op 12 maart 2026 is het debat.",
        ],
        language="nl",
        published=PUBLISHED,
    )

    assert [(each.date, each.text) for each in found] == [
        (date(2026, 3, 12), "Op 12 maart 2026 is het debat."),
        (date(2026, 3, 1), "Op 1 maart 2026 sluit de lijst."),
    ]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("De brief d.d. 5 februari is er. Hij is kort.", 2),
        ("Dat zei prof. De Vries. Zij weet het.", 2),
        ("Am 12. Februar 2026 ist die Anhörung. Kommt!", 2),
        ("'Nee!' zei zij. Toen ging zij.", 2),
        ("Eén zin zonder punt", 1),
        ("", 0),
    ],
)
def test_a_text_is_cut_into_its_sentences(text: str, count: int) -> None:
    assert len(sentences(text)) == count


@given(st.text())
def test_sentences_lose_no_word(text: str) -> None:
    assert " ".join(sentences(text)).split() == text.split()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("namens UNICEF en het Rode Kruis", ["UNICEF", "Rode Kruis"]),
        ("ondertekend door A-Hulp en de Bond.", ["A-Hulp", "Bond"]),
        ("Namens alle kinderen van Nederland", []),
        (
            "namens UNICEF, Save the Children en INLIA vragen wij de Kamer",
            ["UNICEF", "Save the Children", "INLIA"],
        ),
        ("on behalf of Alpha, Beta, and the Gamma Trust", ["Alpha", "Beta", "Gamma Trust"]),
        ("namens de 11 organisaties", []),
    ],
)
def test_organisations_are_read_from_a_list(text: str, expected: list[str]) -> None:
    assert read_organisations(text) == expected


@given(st.text())
def test_no_text_breaks_the_reading_of_organisations(text: str) -> None:
    assert all(name.strip() for name in read_organisations(f"namens {text}"))

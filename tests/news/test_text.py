"""Items typed or saved as plain text."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from flows.errors import InputError
from flows.models import NewsItem
from flows.news import read, read_source
from flows.news.blocks import escape
from flows.news.organisations import read_organisations

TEXTS = Path(__file__).parent / "texts"
LETTER = (TEXTS / "nl.txt").read_text("utf-8")


def text_item(folder: Path, text: str | bytes, name: str = "item.txt") -> NewsItem:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_source(str(path))


def test_the_customers_item_is_read_in_full(seed_file: Path) -> None:
    item = read_source(str(seed_file))

    assert item.title == "Oproep: Geen Kind in de Cel"
    assert (item.published, item.language) == (date(2026, 2, 11), "nl")
    assert item.lead.startswith("Nederland dreigt")
    assert item.lead.endswith("in te kleuren.")
    paragraphs = item.body.split("\n\n")
    assert [paragraph.split()[0] for paragraph in paragraphs] == ["Kinderen", "Ter", "Volgens"]
    assert "Elf mensenrechten- en" in paragraphs[1]
    assert "\u00a0" not in item.body
    letter, paper = item.documents
    assert letter.title == "De brief aan de vaste Kamercommissie voor Asiel en Migratie"
    assert (letter.date, letter.media_type, letter.pages) == (
        date(2026, 2, 5),
        "application/pdf",
        3,
    )
    assert paper.title == "Position paper van VluchtelingenWerk"
    assert (paper.date, paper.media_type, paper.pages) == (None, "application/pdf", 3)
    assert [(related.published, related.title.split()[0]) for related in item.related] == [
        (date(2014, 1, 28), "Organisaties"),
        (date(2014, 2, 21), "'Nog"),
        (date(2022, 5, 16), "Rechtbank:"),
    ]
    assert item.organisations == (
        "UNICEF",
        "Defence for Children",
        "VluchtelingenWerk",
        "Amnesty International",
        "Rode Kruis",
        "Save the Children",
        "INLIA",
        "Stichting LOS",
        "ASKV",
        "Werkgroep Kind in azc",
        "Kinderrechtencollectief",
    )
    assert [found.date for found in item.dates] == [date(2026, 2, 12)]
    assert "op 12 februari 2026 een rondetafelgesprek" in item.dates[0].text
    assert item.source == seed_file.name


def test_what_was_left_out_of_the_customers_item_is_said(seed_file: Path) -> None:
    assert read(str(seed_file)).notes == (
        "Left out: Dossier Vreemdelingenbewaring in het Expertise centrum",
    )


def test_another_item_of_the_same_shape_is_read_by_the_same_rules(tmp_path: Path) -> None:
    item = text_item(tmp_path, LETTER)

    assert item.title == "Brief: Geef elk kind een school"
    assert item.lead == "Kinderen in de noodopvang krijgen vaak geen les. Dat moet anders."
    assert item.body.count("\n\n") == 1
    assert [(doc.title, doc.pages, doc.date) for doc in item.documents] == [
        ("De brief aan de commissie voor Onderwijs", 12, date(2026, 2, 27))
    ]
    assert item.organisations == (
        "Stichting Lesplek",
        "Werkgroep Les in de opvang",
        "Scholenplatform",
    )
    assert [related.published for related in item.related] == [date(2019, 11, 3), date(2024, 1, 7)]
    assert item.dates[0].date == date(2026, 3, 19)
    assert item.dates[0].text.endswith("debat over de noodopvang.")


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("\n", "\r\n"),
        lambda text: "\ufeff" + text,
        lambda text: text + "\n\n\n",
        lambda text: text.replace("  ", "\u00a0 ").replace("\n\n", "\n\u00a0\n"),
        lambda text: text.replace("\n", "\r"),
        lambda text: "\n\n" + text.replace("e", "e\u00ad"),
    ],
    ids=["CRLF", "BOM", "final newlines", "NBSP", "CR", "soft hyphens"],
)
def test_how_a_file_was_saved_makes_no_difference(tmp_path: Path, change: object) -> None:
    assert text_item(tmp_path, change(LETTER)) == text_item(tmp_path, LETTER)  # type: ignore[operator]


def test_a_text_wrapped_at_72_columns_is_unwrapped(tmp_path: Path) -> None:
    import textwrap

    wrapped = "\n".join(
        textwrap.fill(line, 72, break_long_words=False, break_on_hyphens=False)
        for line in LETTER.split("\n")
    )

    assert text_item(tmp_path, wrapped) == text_item(tmp_path, LETTER)


def test_an_item_without_related_items_documents_or_event_has_none(tmp_path: Path) -> None:
    item = text_item(tmp_path, "1 mei 2026\n\nKop\n\nDe lead is er.\n\nHet slot is er ook.\n")

    assert (item.documents, item.related, item.organisations, item.dates) == ((), (), (), ())
    assert (item.lead, item.body) == ("De lead is er.", "Het slot is er ook.")


def test_the_date_may_stand_below_the_title_with_its_weekday(tmp_path: Path) -> None:
    item = text_item(tmp_path, "Kop\nGepubliceerd op woensdag 4 maart 2026\n\nLead.\n\nBody.\n")

    assert (item.title, item.published, item.lead) == ("Kop", date(2026, 3, 4), "Lead.")


def test_an_undated_text_takes_the_date_of_its_file_name(tmp_path: Path) -> None:
    item = text_item(tmp_path, "Kop\n\nLead.\n", name="2026-03-04-kop.txt")

    assert item.published == date(2026, 3, 4)


@pytest.mark.parametrize(
    ("line", "taken", "word"),
    [
        ("03-04-2026", date(2026, 4, 3), "was taken for 2026-04-03"),
        ("13-04-2026", date(2026, 4, 13), ""),
        ("03.04.2026", date(2026, 4, 3), ""),
    ],
)
def test_a_date_that_can_be_read_two_ways_is_told(
    tmp_path: Path, line: str, taken: date, word: str
) -> None:
    path = tmp_path / "item.txt"
    path.write_text(f"{line}\nKop van het bericht\nDe Kamer praat over het wetsvoorstel.\nMeer.")

    reading = read(str(path))

    assert (reading.item.published, reading.item.title) == (taken, "Kop van het bericht")
    assert any(word in note for note in reading.notes if "two ways" in note) is bool(word)


def test_an_english_date_in_figures_is_left_open_and_is_no_title(tmp_path: Path) -> None:
    path = tmp_path / "item.txt"
    path.write_text(
        "03/04/2026\nThe council has to decide\nThe council will decide about the school that "
        "the children should go to.\nWe have asked them to do so for a long time."
    )

    reading = read(str(path))

    assert (reading.item.published, reading.item.title) == (None, "The council has to decide")
    assert any("fill in `published`" in note for note in reading.notes)


def test_an_undated_text_says_so(tmp_path: Path) -> None:
    path = tmp_path / "kop.txt"
    path.write_text("Kop\n\nLead.\n")

    reading = read(str(path))

    assert reading.item.published is None
    assert "No date of publication was found." in reading.notes
    assert "There is no text below the lead." in reading.notes


@pytest.mark.parametrize("language", ["en", "de", "fr"])
def test_the_same_facts_are_read_in_other_languages(language: str) -> None:
    item = read_source(str(TEXTS / f"{language}.txt"))

    assert (item.language, item.published) == (language, date(2026, 2, 11))
    (document,) = item.documents
    assert (document.date, document.pages) == (date(2026, 2, 5), 3)
    assert item.organisations == ("Alpha Aid", "Beta Group", "Gamma")
    assert [related.published for related in item.related] == [date(2014, 1, 28)]
    assert [found.date for found in item.dates] == [date(2026, 2, 12)]


def test_text_after_a_list_of_related_items_stays_in_the_body(tmp_path: Path) -> None:
    item = text_item(
        tmp_path,
        "1 mei 2026\n\nKop\n\nLead.\n\nLees ook:\n01-02-24  Een eerder bericht\n\n"
        "Noot voor de redactie: er is een woordvoerder bereikbaar. Bel het bureau voor een "
        "afspraak. Foto's zijn op verzoek te krijgen bij het bureau, en er is ook een film die "
        "vrij gebruikt mag worden.\n",
    )

    assert len(item.related) == 1
    assert item.body.startswith("Noot voor de redactie")


def test_more_information_without_a_document_stays_in_the_body(tmp_path: Path) -> None:
    item = text_item(
        tmp_path, "1 mei 2026\n\nKop\n\nLead.\n\nMeer informatie:\nBel het bureau in Utrecht.\n"
    )

    assert item.body == "Meer informatie:\n\nBel het bureau in Utrecht."


def test_signatories_one_per_line_are_read(tmp_path: Path) -> None:
    item = text_item(
        tmp_path,
        "1 mei 2026\n\nKop\n\nLead.\n\nOndertekenaars:\n- Stichting Lesplek\n"
        "- de Werkgroep Les in de opvang\n\nNog een zin.\n",
    )

    assert item.organisations == ("Stichting Lesplek", "Werkgroep Les in de opvang")


def test_a_list_stays_a_list_and_signs_stay_signs(tmp_path: Path) -> None:
    item = text_item(
        tmp_path,
        "Kop\n\nLead.\n\nWij vragen:\n• geen *cel*\n• wel <school>\n\n1. e4 is # geen kop\n",
    )

    assert item.body == ("Wij vragen:\n\n- geen \\*cel\\*\n- wel \\<school>\n1. e4 is # geen kop")


@pytest.mark.parametrize(
    "title",
    [
        'Zij: "nee" & <script>alert(1)</script>',
        "{{ naam }} {% raw %} ${x}",
        "Kind 🧒 & cel",
        "* # [x](y)",
    ],
)
def test_a_title_of_signs_is_text(tmp_path: Path, title: str) -> None:
    assert text_item(tmp_path, f"{title}\n\nLead.\n").title == title


@pytest.mark.parametrize(
    ("name", "content", "word"),
    [
        ("leeg.txt", b"", "no text"),
        ("spaties.txt", b" \n\xc2\xa0\n", "no text"),
        ("latijn.txt", "Kop\n\nCafé".encode("latin-1"), "not UTF-8"),
        ("groot.txt", b"a" * 10_000_000, "10.0 MB"),
        ("brief.txt", b"%PDF-1.7 ...", "a PDF"),
        ("brief.docx", b"PK\x03\x04....", "zip or office"),
        ("rommel.txt", b"\x00\x01\x02", "binary"),
    ],
)
def test_what_is_no_item_is_refused_in_words(
    tmp_path: Path, name: str, content: bytes, word: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)

    with pytest.raises(InputError, match=word) as caught:
        read_source(str(path))

    assert caught.value.mend
    assert name in caught.value.where


def test_a_missing_file_and_a_folder_are_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no file"):
        read_source(str(tmp_path / "weg.txt"))
    with pytest.raises(InputError, match="folder"):
        read_source(str(tmp_path))


@pytest.mark.parametrize(
    "source", ["ftp://x.example/a", "file:///etc/passwd", "gopher://x.example"]
)
def test_other_addresses_than_web_addresses_are_refused(source: str) -> None:
    with pytest.raises(InputError, match="not read"):
        read_source(source)


@pytest.mark.parametrize(
    "text", ["# kop", "- punt", "12. punt", "a * b", "snake_case", "[x](y)", "<b>", "&amp;", "\\"]
)
def test_escaped_text_shows_as_it_was(text: str) -> None:
    from markdown_it import MarkdownIt

    html = MarkdownIt("commonmark").render(escape(text))
    assert (
        html == f"<p>{text.replace('&', '&amp;').replace('<', '&lt;').replace('>', '&gt;')}</p>\n"
    )


@pytest.mark.parametrize(
    ("listed", "names"),
    [
        (
            "UNICEF, Amnesty en Vluchtelingen en Recht",
            ("UNICEF", "Amnesty", "Vluchtelingen en Recht"),
        ),
        (
            "UNICEF, Amnesty, en Vluchtelingen en Recht",
            ("UNICEF", "Amnesty", "Vluchtelingen en Recht"),
        ),
        ("Recht en Vrijheid en UNICEF", ("Recht en Vrijheid", "UNICEF")),
        (
            "UNICEF, Recht en Vrijheid en het Rode Kruis",
            ("UNICEF", "Recht en Vrijheid", "Rode Kruis"),
        ),
        ("UNICEF en Amnesty", ("UNICEF", "Amnesty")),
    ],
)
def test_a_name_with_en_in_it_stays_whole(listed: str, names: tuple[str, ...]) -> None:
    assert tuple(read_organisations(f"Wij spreken mede namens {listed}.")) == names

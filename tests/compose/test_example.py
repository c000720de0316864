"""The example campaign is complete, and says what the customer's item says in words of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from pypdf import PdfReader

from flows.audience.partners import read_partners
from flows.audience.readers import read_readers
from flows.compose.mail import PLACEHOLDER
from flows.news import read_item, read_source
from flows.news.sentences import sentences
from tests.compose.conftest import CONTENT, EXAMPLE

DRAFTS = ("item.md", "newsletter.md", "mailout.md", "posts/oproep.md")


def test_the_example_keeps_the_facts_of_the_customers_item(seed_file: Path) -> None:
    seed, example = read_source(str(seed_file)), read_item(EXAMPLE / "item.md")
    assert (example.title, example.published, example.language) == (
        seed.title,
        seed.published,
        seed.language,
    )
    assert example.organisations == seed.organisations
    assert [each.published for each in example.related] == [each.published for each in seed.related]
    assert [(each.pages, each.date) for each in example.documents] == [
        (each.pages, each.date) for each in seed.documents
    ]
    assert example.dates[0].date == seed.dates[0].date


@pytest.mark.parametrize("name", DRAFTS)
def test_no_sentence_of_the_customers_item_is_copied(name: str, seed_file: Path) -> None:
    seed = read_source(str(seed_file))
    text = (EXAMPLE / name).read_text()
    for paragraph in (seed.lead, *seed.body.split("\n\n")):
        for sentence in sentences(paragraph):
            assert sentence not in text


@pytest.mark.parametrize("name", DRAFTS)
def test_nothing_is_left_to_fill_in(name: str) -> None:
    assert not PLACEHOLDER.search((EXAMPLE / name).read_text())


def test_every_partner_of_the_item_is_mailed_at_an_address_that_cannot_exist() -> None:
    partners = read_partners(CONTENT / "partners.csv")
    assert {partner.organisation for partner in partners} == set(
        read_item(EXAMPLE / "item.md").organisations
    )
    readers = read_readers(CONTENT / "rehearsal-readers.csv")
    assert len(readers) == 12
    assert all(partner.email.endswith(".example") for partner in partners)
    assert all(reader.address.endswith(".example") for reader in readers)


@pytest.mark.parametrize("path", sorted(EXAMPLE.glob("attachments/*.pdf")), ids=lambda p: p.name)
def test_the_attachments_are_small_and_say_title_and_language(path: Path) -> None:
    pdf = PdfReader(path)
    assert len(pdf.pages) == 3
    assert path.stat().st_size < 50_000
    assert pdf.metadata is not None
    assert pdf.metadata.title
    assert str(pdf.root_object["/Lang"]) == "nl-NL"
    assert "niet het echte document" in pdf.pages[0].extract_text()

"""Documents are opened when asked, to count their pages."""

from __future__ import annotations

from fpdf import FPDF

from flows.models import Document, NewsItem
from flows.news.attached import open_documents
from tests.news.conftest import Site


def pdf(pages: int) -> bytes:
    document = FPDF()
    for _ in range(pages):
        document.add_page()
    return bytes(document.output())


def item(*documents: Document) -> NewsItem:
    return NewsItem(title="Kop", documents=documents)


def document(url: str | None, *, pages: int | None = None) -> Document:
    return Document(title="Brief", url=url, media_type="application/pdf", pages=pages)


def test_pages_and_size_are_read_from_the_file(site: Site) -> None:
    url = site.page("/brief.pdf", pdf(3), kind="application/pdf")

    opened = open_documents(item(document(url)), allow_private=True)

    assert opened.item.documents[0].pages == 3
    assert opened.item.documents[0].size == len(pdf(3))
    assert opened.notes[0].startswith("Brief: 3 pages")


def test_a_page_that_counts_wrongly_is_told(site: Site) -> None:
    url = site.page("/brief.pdf", pdf(2), kind="application/octet-stream")

    opened = open_documents(item(document(url, pages=3)), allow_private=True)

    assert opened.item.documents[0].pages == 2
    assert "Brief: the page says 3 pages." in opened.notes


def test_what_cannot_be_opened_stays_as_the_page_told_it(site: Site) -> None:
    broken = site.page("/kapot.pdf", b"%PDF-1.4 kapot", kind="application/pdf")
    given = (document(broken, pages=4), document(site.url("/weg.pdf")), document(None))

    opened = open_documents(item(*given), allow_private=True)

    assert opened.item.documents == given
    assert len(opened.notes) == 2

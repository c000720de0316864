"""The report as a page: nothing fetched, everybody can read it, on any screen and on paper."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from pypdf import PdfReader

from flows.models import DeliveryState
from flows.reporting.html import render_html, segments
from flows.reporting.model import Report
from tests.browser.chromium import DESKTOP, PHONE, Axe, Browser

LANGUAGES = ["nl", "en"]
KINDS = ["all_went", "rehearsed", "trouble", "under_way"]


@pytest.fixture(params=KINDS)
def report(request: pytest.FixtureRequest) -> Report:
    found: Report = request.getfixturevalue(request.param)
    return found


def write(report: Report, folder: Path, language: str = "nl") -> Path:
    page = folder / "report.html"
    page.write_text(render_html(report, language=language), "utf-8")
    return page


def test_axe_finds_nothing_wrong_by_day_and_in_the_dark(
    report: Report, axe: Axe, tmp_path: Path
) -> None:
    page = write(report, tmp_path)
    assert axe(page) == []
    assert axe(page, dark=True) == []


def test_axe_finds_nothing_wrong_on_a_phone_in_english(
    trouble: Report, axe: Axe, tmp_path: Path
) -> None:
    assert axe(write(trouble, tmp_path, "en"), width=PHONE) == []


@pytest.mark.parametrize("width", [320, PHONE, DESKTOP])
def test_it_never_scrolls_sideways(
    report: Report, width: int, browser: Browser, tmp_path: Path
) -> None:
    browser.open(write(report, tmp_path), width=width)
    assert browser.run("return document.documentElement.scrollWidth") == width


def test_the_browser_fetches_nothing_and_runs_nothing(
    trouble: Report, browser: Browser, tmp_path: Path
) -> None:
    browser.open(write(trouble, tmp_path))
    assert browser.run("return performance.getEntriesByType('resource').length") == 0
    assert browser.run("return document.scripts.length") == 0
    assert browser.run("return document.images.length") == 0


def test_every_printed_page_of_a_rehearsal_says_that_it_is_one(
    rehearsed: Report, browser: Browser, tmp_path: Path
) -> None:
    browser.open(write(rehearsed, tmp_path))
    pages = PdfReader(io.BytesIO(browser.paper())).pages
    assert len(pages) >= 2
    assert all("REPETITIE" in page.extract_text() for page in pages)


def test_nothing_in_it_names_a_foreign_host_but_the_posts(trouble: Report) -> None:
    soup = BeautifulSoup(render_html(trouble), "html.parser")
    assert soup.find(["script", "link", "img", "iframe", "object"]) is None
    addresses = [
        tag[name] for tag in soup.find_all(True) for name in ("src", "href") if name in tag.attrs
    ]
    assert addresses == ["https://mastodon.example/@kinderrechten/1"]
    style = soup.find("style")
    assert style is not None
    assert all(url.startswith("#") for url in re.findall(r"url\(([^)]*)\)", style.text))
    assert "@import" not in style.text


def test_a_hostile_headline_and_reply_stand_there_as_text(trouble: Report) -> None:
    page = render_html(trouble)
    soup = BeautifulSoup(page, "html.parser")
    assert '<script>alert("cel")</script> & {{ 7 * 7 }} “vrij” 👨‍👩‍👧' in soup.find("h1").text  # type: ignore[union-attr]
    assert "<img src=x" not in page
    assert "\x1b" not in page
    assert "\u202e" not in page


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_has_a_language_one_heading_landmarks_and_tables_with_captions(
    report: Report, language: str
) -> None:
    soup = BeautifulSoup(render_html(report, language=language), "html.parser")
    html = soup.find("html")
    assert html is not None
    assert html["lang"] == language
    assert len(soup.find_all("h1")) == 1
    assert all(soup.find(name) for name in ("header", "main", "footer"))
    for table in soup.find_all("table"):
        assert table.find("caption")
        assert all(th.get("scope") for th in table.find_all("th"))


def test_each_chart_says_in_words_what_it_shows_and_its_table_has_the_same_numbers(
    report: Report,
) -> None:
    soup = BeautifulSoup(render_html(report, language="en"), "html.parser")
    cards = soup.select("section.card")
    assert len(cards) == len(report.channels)
    for card, channel in zip(cards, report.channels, strict=True):
        chart, table = card.find("svg", class_="bar"), card.find("table")
        assert chart is not None
        assert table is not None
        assert chart["role"] == "img"
        assert len(chart.find_all("rect")) == sum(bool(n) for n in channel.counts.values())
        for state, number in channel.counts.items():
            assert f"{state} {number:,}" in chart.find("desc").text  # type: ignore[union-attr]
            row = table.find("th", string=re.compile(state), scope="row") or next(
                th for th in table.find_all("th", scope="row") if state in th.text
            )
            assert row.find_next("td").text == f"{number:,}"  # type: ignore[union-attr]


def test_a_rehearsal_says_so_in_the_title_and_before_anything_else(
    rehearsed: Report, all_went: Report
) -> None:
    soup = BeautifulSoup(render_html(rehearsed), "html.parser")
    assert soup.title is not None
    assert soup.title.text.startswith("Repetitie:")
    assert soup.body is not None
    assert soup.body.get_text(" ", strip=True).startswith(
        "Repetitie Niets hiervan is echt verzonden"
    )
    assert "Repetitie" not in render_html(all_went)


def test_sent_is_not_read_and_nothing_is_called_a_view(report: Report) -> None:
    assert "Verzonden is niet gelezen" in render_html(report)
    english = render_html(report, language="en")
    assert "Sent is not read" in english
    assert not re.search(
        r"\b(views?|opened|reach|impressions)\b", BeautifulSoup(english, "html.parser").text
    )


def test_the_bar_adds_up_and_shows_even_one_delivery_of_a_million() -> None:
    bar = segments({DeliveryState.SENT: 999_999, DeliveryState.UNCONFIRMED: 1})
    assert sum(part.width for part in bar) == pytest.approx(100)
    assert bar[1].width > 1
    assert segments({}) == []

"""What tests of compose share: the example's organisation and item, and hostile words."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from flows.models import (
    Document,
    FoundDate,
    NewsItem,
    Organisation,
    RelatedItem,
    SenderMail,
)
from tests.browser.chromium import axe, browser

__all__ = ["axe", "browser"]

HOUSE = Path(__file__).resolve().parents[2]
TEMPLATES = HOUSE / "templates"
CONTENT = HOUSE / "content"
EXAMPLE = CONTENT / "2026-02-11-geen-kind-in-de-cel"
SITE = "https://www.kompas.example"

HOSTILE = (
    "Zeg \"nee\" & 'ja'",
    "<script>alert(1)</script>",
    "</title><img src=x onerror=alert(1)>",
    "{{ contact }} en {{ 7*7 }} {% raw %}",
    "[klik](https://boos.example) ![x](https://boos.example/p.png)",
    "# Kop",
    "1. eerst",
    "- streep *ster* _laag_ `code` ~~weg~~",
    "::: documenten",
    "[[vul in: niets]]",
    "&amp; &lt;b&gt; \\{{ name }}",
    "Feest 🎉 voor 👨‍👩‍👧‍👦",
    "oproepslotcontactz oproepkept0z",
    "url(https://boos.example/x) @import 'https://boos.example'",
    "سلام ‏عليكم",
    "Ctrl\x00\x07 en\r\nregels\u2028meer",
)


@pytest.fixture(scope="session")
def organisation() -> Organisation:
    return Organisation(
        name="Kompas",
        legal_name="Stichting Kompas",
        address=("Voorbeeldkade 12", "1234 AB Voorbeeldstad"),
        website=SITE,
        mail=SenderMail(
            from_name="Kompas",
            from_address="nieuws@kompas.example",
            reply_to="redactie@kompas.example",
        ),
        hashtags=("GeenKindInDeCel",),
    )


def item_called(title: str, *, lead: str = "Dit is de eerste zin. Dit de tweede.") -> NewsItem:
    """An item with `title` wherever a title may stand."""
    return NewsItem(
        title=title,
        published=date(2026, 2, 11),
        lead=lead,
        body="Een alinea met *nadruk*.\n\nNog een alinea. Met twee zinnen.",
        documents=(
            Document(
                title=title or "Brief",
                url=f"{SITE}/brief.pdf",
                media_type="application/pdf",
                pages=3,
                date=date(2026, 2, 5),
            ),
        ),
        related=(RelatedItem(title=title or "Eerder", published=date(2014, 1, 28)),),
        organisations=("UNICEF",),
        dates=(FoundDate(date=date(2026, 2, 12), text="Het is op 12 februari."),),
        source=f"{SITE}/oproep",
    )

"""`item.md`, written by the import and edited by people."""

from __future__ import annotations

import tempfile
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.errors import InputError
from flows.models import Document, FoundDate, Image, NewsItem, RelatedItem
from flows.news import item_json, read_item, read_source, write_item

words = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=40)
# Paragraphs as the readers make them: no control characters, Unix line ends.
body = st.lists(st.text(st.characters(exclude_categories=("Cs", "Cc"))), max_size=4).map(
    "\n\n".join
)
day = st.none() | st.dates()
items = st.builds(
    NewsItem,
    title=words,
    published=day,
    language=st.sampled_from(["nl", "en", "de", "fr"]),
    lead=words,
    body=body,
    documents=st.lists(
        st.builds(
            Document,
            title=words,
            url=st.none() | words,
            pages=st.none() | st.integers(),
            size=st.none() | st.integers(),
        ),
        max_size=2,
    ).map(tuple),
    related=st.lists(st.builds(RelatedItem, title=words, published=day), max_size=2).map(tuple),
    organisations=st.lists(words, max_size=3).map(tuple),
    dates=st.lists(st.builds(FoundDate, date=st.dates(), text=words), max_size=2).map(tuple),
    images=st.lists(
        st.builds(Image, url=words, alt=words, caption=st.none() | words), max_size=2
    ).map(tuple),
    source=words,
    author=st.none() | words,
)


@given(items)
def test_an_item_that_is_written_is_read_back_as_it_was(item: NewsItem) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "item.md"
        write_item(path, item)
        assert read_item(path) == item


def test_the_front_matter_is_in_reading_order_and_plain(tmp_path: Path, seed_file: Path) -> None:
    path = tmp_path / "item.md"
    write_item(path, read_source(str(seed_file)))

    lines = path.read_text().splitlines()
    names = [line.split(":")[0] for line in lines[: lines.index("---", 1)] if line[:1].islower()]
    assert names == [
        "title",
        "published",
        "language",
        "lead",
        "documents",
        "related",
        "organisations",
        "dates",
        "images",
        "source",
    ]
    assert "published: 2026-02-11" in lines
    assert "- UNICEF" in lines


def test_the_json_has_exactly_the_agreed_shape() -> None:
    item = NewsItem(
        title="Kop",
        published=date(2026, 2, 11),
        documents=(Document(title="Brief"),),
        related=(RelatedItem(title="Eerder"),),
        dates=(FoundDate(date=date(2026, 2, 12), text="Morgen."),),
        images=(Image(url="https://x.example/a.png"),),
    )

    shape = item_json(item)

    assert list(shape) == [
        "title",
        "published",
        "language",
        "lead",
        "body",
        "documents",
        "related",
        "organisations",
        "dates",
        "images",
        "source",
        "author",
        "text",
    ]
    assert shape["published"] == "2026-02-11"
    assert list(shape["documents"][0]) == ["title", "url", "media_type", "pages", "date", "size"]
    assert list(shape["related"][0]) == ["title", "url", "published"]
    assert shape["dates"] == [{"date": "2026-02-12", "text": "Morgen."}]
    assert list(shape["images"][0]) == ["url", "alt", "caption"]


def test_the_json_holds_the_text_without_marks_addresses_and_pictures() -> None:
    item = NewsItem(
        title="Kop",
        lead="De *inleiding* blijft zoals zij is.",
        body="\n\n".join(
            [
                "## Een **tussenkop**",
                "Met een [link](https://x.example/a_b?c=d), *nadruk* en 3 \\* 4.\\\nNog een regel.",
                '![een foto](https://x.example/a.png "Bijschrift")',
                "- een\n- twee",
                "> Gezegd.\n>\n> — Een spreker",
                "| a | b |\n| --- | --- |\n| 1 | 2 |",
                "[Video](https://v.example/1)",
                "[Het debat](https://v.example/2)",
                "```\ncode *blijft*\n```",
            ]
        ),
    )

    assert item_json(item)["text"].split("\n\n") == [
        "De *inleiding* blijft zoals zij is.",
        "Een tussenkop",
        "Met een link, nadruk en 3 * 4.\nNog een regel.",
        "een",
        "twee",
        "Gezegd.",
        "— Een spreker",
        "a b",
        "1 2",
        "Het debat",
        "code *blijft*",
    ]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("Geen kop", "front matter is missing"),
        ("---\ntitle: [\n---\n", "cannot be read"),
        ("---\nlead: x\n---\n", "title"),
        ("---\ntitle: x\npublished: gisteren\n---\n", "published"),
        ("---\ntitle: x\nkleur: rood\n---\n", "kleur"),
    ],
)
def test_an_item_edited_wrongly_is_refused_with_the_place(
    tmp_path: Path, text: str, word: str
) -> None:
    path = tmp_path / "item.md"
    path.write_text(text)

    with pytest.raises(InputError, match=word) as caught:
        read_item(path)

    assert str(path) in caught.value.where

"""Whatever bytes a page is made of, it is read or refused in words."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from flows.errors import InputError
from flows.news import item_json
from flows.news.page import read_page

PAGES = [path.read_bytes() for path in sorted((Path(__file__).parent / "pages").glob("*.html"))]
BROKEN = [
    b'<a href="http://[">x</a>',
    b'<base href="http://[">',
    b'<link rel=canonical href="https://[">',
    b'<meta property=og:url content="http://a:b:c/">',
    b'<img src="http://[x" srcset=",,, 1w">',
    b'<time datetime="2026-99-99">',
    b'<meta property=article:published_time content="31/31/31">',
    b'<script type="application/ld+json">{"@type":"NewsArticle","headline":[1],"datePublished":{},'
    b'"image":{"url":[]},"author":[[]],"mainEntityOfPage":5,"url":[{"@id":3}]}</script>',
    b'<script type="application/ld+json">[[[',
    b"<table><tr><td rowspan=9><table>",
    b'<ol start="99999999999999999999"><li>a',
    b"<h1><h1><h1>",
    b"<q><blockquote><cite>",
    b"\x00\xff\xfe",
    b"<div>" * 300,
    b"<!--",
    b"</body></html>",
    b'<html lang="xx-\xff">',
]
Cut = tuple[float, int, bytes]


@settings(max_examples=60, deadline=None)
@given(
    page=st.sampled_from(PAGES),
    cuts=st.lists(
        st.tuples(
            st.floats(0, 1),
            st.integers(0, 400),
            st.one_of(st.sampled_from(BROKEN), st.binary(max_size=20)),
        ),
        min_size=1,
        max_size=5,
    ),
    url=st.sampled_from(["", "https://ngo.example/2026/03/03/kop"]),
)
def test_a_page_in_pieces_is_read_or_refused_in_words(
    page: bytes, cuts: list[Cut], url: str
) -> None:
    for place, lost, put in cuts:
        start = int(place * len(page))
        page = page[:start] + put + page[start + lost :]

    with suppress(InputError):
        assert item_json(read_page(page, url=url, source="kop.html").item)["title"]

"""Which blocks of a page are its text, given what an extractor takes for it."""

from __future__ import annotations

from flows.news.blocks import Place
from flows.news.page import Page
from flows.news.words import Wanted

BEFORE = "Kinderen in de opvang krijgen vaak geen les, en dat moet heel anders worden."
AFTER = "De gemeente moet ervoor zorgen dat ieder kind binnen een week naar school kan."


def body_of(html: str, *, wanted: str) -> list[str]:
    page = Page(f"<html><body>{html}</body></html>", url="https://ngo.example/nieuws/kop")
    return [e.block.text for e in page.marked(Wanted(wanted)) if e.block.place is Place.BODY]


def test_a_list_between_two_paragraphs_is_text_also_where_the_extractor_took_it_for_a_menu() -> (
    None
):
    items = ["meer plekken", "een meldpunt", "vaste financiering"]
    listed = "".join(f"<li>{item}</li>" for item in items)
    html = f"<main><p>{BEFORE}</p><ul>{listed}</ul><p>{AFTER}</p></main>"

    assert body_of(html, wanted=f"{BEFORE}\n{AFTER}") == [BEFORE, *items, AFTER]


def test_a_menu_between_two_paragraphs_is_none() -> None:
    links = "".join(f"<li><a href='/{n}'>Onderwerp {n}</a></li>" for n in range(5))
    shared = f"<main><p>{BEFORE}</p><div class='share'><ul><li>Delen</li></ul></div><p>{AFTER}</p>"

    menu = f"<main><p>{BEFORE}</p><ul>{links}</ul><p>{AFTER}</p></main>"
    assert body_of(menu, wanted=f"{BEFORE}\n{AFTER}") == [BEFORE, AFTER]
    assert body_of(shared, wanted=f"{BEFORE}\n{AFTER}") == [BEFORE, AFTER]


def test_a_list_below_the_text_is_not_between() -> None:
    html = f"<main><p>{BEFORE}</p><p>{AFTER}</p><ul><li>Nieuwsbrief van mei</li></ul></main>"

    assert body_of(html, wanted=f"{BEFORE}\n{AFTER}") == [BEFORE, AFTER]


def test_words_outside_the_text_that_it_mentions_are_no_part_of_it() -> None:
    name = "Stichting Veilig Thuis voor Allen"
    text = f"Zo staat het in de brief van {name} aan de gemeente."
    html = f"<div><p>{name}</p></div><main><p>{BEFORE}</p><p>{text}</p><p>{AFTER}</p></main>"

    assert body_of(html, wanted=f"{BEFORE}\n{text}\n{AFTER}") == [BEFORE, text, AFTER]

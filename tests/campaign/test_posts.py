"""Drafts of posts as people write them: what check says of bad ones, and what preview shows."""

from __future__ import annotations

from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from flows.campaign.preview import write_preview
from flows.campaign.rendering import compose_step
from tests.browser.chromium import Axe, axe, browser
from tests.campaign.conftest import Example
from tests.compose.test_picture_facts import jpeg
from tests.social.threads import picture

__all__ = ["axe", "browser"]

FAMILY = "👨‍👩‍👧‍👦"
FRONT = "picture: foto.png\nalt: Een lege gang."
PNG = picture().content


def write(example: Example, text: str, front: str = "", *, channels: str = "mastodon") -> None:
    """Write a campaign of posts only, on these channels."""
    steps = "".join(
        f'[[step]]\nchannel = "{channel}"\nat = "event - 16h"\n' for channel in channels.split()
    )
    plan = '[event]\nname = "Rondetafelgesprek"\nat = 2026-02-12T10:00:00\n\n'
    (example.folder / "campaign.toml").write_text(plan + steps)
    draft = f"---\nhashtags: [GeenKindInDeCel]\n{front}\n---\n\n{text}\n"
    (example.folder / "posts" / "oproep.md").write_text(draft)


def put(example: Example, name: str, content: bytes) -> None:
    (example.folder / "posts" / name).write_bytes(content)


def codes(example: Example) -> list[tuple[str, str]]:
    return [(each.code, each.what.partition(":")[0]) for each in example.problems()]


def test_a_sentence_of_two_thousand_characters_is_named_for_each_network_that_is_too_small(
    example: Example,
) -> None:
    write(example, f"Zo {'lang ' * 398}is het.", channels="mastodon bluesky linkedin")
    assert codes(example) == [
        ("text-too-long", "Post 1 of 2 counts 2000 characters; Mastodon takes 500"),
        ("text-too-long", "Post 1 of 2 counts 2000 characters; Bluesky takes 300"),
    ]


def test_families_of_emoji_are_counted_as_each_network_counts_them(example: Example) -> None:
    write(example, FAMILY * 400, channels="mastodon bluesky linkedin")
    assert codes(example) == [
        ("text-too-long", "Post 1 of 2 counts 400 characters; Bluesky takes 300"),
        ("text-too-long", "Post 1 of 1 counts 4418 characters; LinkedIn takes 3000"),
    ]
    write(example, FAMILY * 200, channels="bluesky")
    assert codes(example) == [("text-too-long", "Post 1 of 2 takes 5000 bytes; Bluesky takes 3000")]


def test_text_from_right_to_left_is_as_good_as_any(example: Example) -> None:
    write(example, "لا تحبسوا الأطفال.\n\nעוד משפט.", channels="mastodon bluesky x")
    assert codes(example) == []


@pytest.mark.parametrize(
    ("content", "code", "what"),
    [
        (None, "unreadable", "There is no file"),
        (PNG + bytes(12_000_000), "picture-too-large", "foto.png is 12.0 MB; a post takes 10 MB."),
        (b"", "picture-empty", "foto.png is empty."),
        (b"<html></html>", "picture-type", "foto.png is no picture that networks take."),
        (b"\0\0\0\x18ftypheic", "picture-type", "foto.png is no picture that networks take, but"),
    ],
)
def test_a_picture_that_cannot_be_shown_is_named(
    example: Example, content: bytes | None, code: str, what: str
) -> None:
    write(example, "Kort.", FRONT, channels="mastodon linkedin")
    if content is not None:
        put(example, "foto.png", content)
    (problem,) = example.problems()
    assert problem.code == code
    assert problem.what.startswith(what)
    assert problem.where.endswith("posts/foto.png")


def test_a_picture_is_known_by_what_is_in_it_and_not_by_its_name(example: Example) -> None:
    write(example, "Kort.", FRONT.replace("png", "jpg"))
    put(example, "foto.jpg", PNG)
    assert codes(example) == []
    step = example.load().plan.steps[0]
    (post,) = compose_step(example.load(), step, example.settings).posts
    assert [each.media_type for each in post.pictures] == ["image/png"]


def test_a_photo_that_tells_where_it_was_taken_is_a_warning(example: Example) -> None:
    write(example, "Kort.", FRONT.replace("png", "jpg"), channels="bluesky linkedin")
    put(example, "foto.jpg", jpeg((0x8825, 100)))
    (problem,) = example.problems()
    assert (problem.code, problem.severity) == ("picture-place", "warning")


@pytest.mark.parametrize(
    ("alt", "code", "what"),
    [
        ("", "alt-missing", "foto.png has no alternative text."),
        (
            "a" * 1501,
            "alt-too-long",
            "The alternative text of foto.png counts 1501 characters; Mastodon takes 1500.",
        ),
        # Servers count code points here, not what a person sees.
        (
            FAMILY * 300,
            "alt-too-long",
            "The alternative text of foto.png counts 2100 characters; Mastodon takes 1500.",
        ),
    ],
)
def test_alternative_text_that_is_missing_or_too_long_is_named(
    example: Example, alt: str, code: str, what: str
) -> None:
    put(example, "foto.png", PNG)
    write(example, "Kort.", f'picture: foto.png\nalt: "{alt}"')
    assert codes(example) == [(code, what)]


def test_a_partner_is_mentioned_by_its_handle_on_each_network_and_by_name_elsewhere(
    example: Example,
) -> None:
    partners = example.settings.content_dir / "partners.csv"
    partners.write_text(
        "organisation,contact,email,mastodon,bluesky,x,instagram\n"
        "Kinderhulp,team,a@hulp.example,@hulp@sociaal.example,hulp.example,hulp,@hulp_nl\n"
        "Kinderhulp,Robin,b@hulp.example,,,,\n"
    )
    put(example, "foto.png", PNG)
    channels = "mastodon bluesky x instagram linkedin whatsapp"
    write(example, "Dank @{Kinderhulp}.", FRONT, channels=channels)
    assert codes(example) == []
    campaign = example.load()
    said = [
        compose_step(campaign, step, example.settings).posts[0].text.split()[1]
        for step in campaign.plan.steps
    ]
    assert said == [
        *("@hulp@sociaal.example.", "@hulp.example.", "@hulp.", "@hulp_nl."),
        *("Kinderhulp.", "Kinderhulp."),
    ]


def test_a_common_text_that_is_too_long_for_one_post_ends_earlier_and_that_is_said(
    example: Example,
) -> None:
    put(example, "foto.png", PNG)
    write(example, "Een zin die zo lang is als deze. " * 100, FRONT, channels="instagram facebook")
    (problem,) = example.problems()
    assert (problem.code, problem.severity) == ("text-shortened", "warning")
    assert "Instagram takes 2200 characters" in problem.what


def test_the_picture_of_the_links_card_is_read_where_there_is_a_card(example: Example) -> None:
    front = "link: https://voorbeeld.example/oproep\nthumbnail: kaart.png"
    write(example, "Kort.", front, channels="mastodon")
    assert codes(example) == []
    write(example, "Kort.", front, channels="bluesky")
    assert [each.code for each in example.problems()] == ["unreadable"]
    put(example, "kaart.png", PNG)
    assert codes(example) == []
    campaign = example.load()
    (post,) = compose_step(campaign, campaign.plan.steps[0], example.settings).posts
    assert post.card is not None
    assert post.card.thumbnail is not None
    assert post.card.thumbnail.content == PNG


@pytest.fixture
def preview(example: Example, tmp_path: Path) -> Path:
    put(example, "foto.png", PNG)
    put(example, "kaart.png", PNG)
    text = (
        "Lees https://www.voorbeeld.example/nieuws/2026/een-lang-adres met @org@partner.example.\n"
        "\n## Bluesky\n\nKort.\n\n## Instagram\n\nMet een foto.\n"
    )
    front = (
        "link: https://voorbeeld.example/oproep\nthumbnail: kaart.png\ncontent_warning: detentie"
    )
    write(example, text, front, channels="mastodon bluesky facebook")
    return write_preview(example.load(), example.settings, [], tmp_path / "preview")


def shown_posts(page: Path) -> list[str]:
    soup = BeautifulSoup(page.read_text("utf-8"), "html.parser")
    return [" ".join(post.get_text().split()) for post in soup.select(".post")]


def test_each_post_is_shown_and_counted_as_its_network_does(preview: Path) -> None:
    mastodon, bluesky, facebook = shown_posts(preview)
    assert "Waarschuwing vooraf: detentie" in mastodon
    assert "Lees voorbeeld.example/nieuws/2026/… met @org." in mastodon
    assert "89 van 500 tekens, 411 over" in mastodon
    assert "Kort. #GeenKindInDeCel" in bluesky
    assert "Oproep over kinderen in detentie" in bluesky
    assert "23 van 300 tekens, 277 over" in bluesky
    assert "https://www.voorbeeld.example/nieuws/2026/een-lang-adres" in facebook
    soup = BeautifulSoup(preview.read_text("utf-8"), "html.parser")
    (image,) = soup.select(".card img")
    assert (preview.parent / str(image["src"])).read_bytes() == PNG


def test_what_was_left_out_stands_in_the_preview(example: Example, tmp_path: Path) -> None:
    put(example, "foto.png", PNG)
    write(example, "Een zin als deze. " * 130 + "De laatste.", FRONT, channels="instagram")
    page = write_preview(example.load(), example.settings, [], tmp_path / "preview")
    (post,) = shown_posts(page)
    assert "Hier past niet meer bij: Een zin als deze." in post
    assert post.endswith("De laatste.")


def test_the_preview_can_be_read_by_everybody(axe: Axe, preview: Path) -> None:
    assert axe(preview) == []

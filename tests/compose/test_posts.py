"""One draft becomes posts that every network takes, with nothing cut in two."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.compose.messages import Picture
from flows.compose.networks import NETWORKS, Network
from flows.compose.posts import PostDraft, post_problems, read_post_draft, render_posts
from flows.errors import InputError
from flows.models import Limits, Severity
from flows.news.sentences import sentences
from tests.compose.conftest import EXAMPLE, HOSTILE, SITE, item_called

LINK = f"{SITE}/nieuws/een-heel-lang-adres-dat-niemand-onthoudt-maar-dat-wel-moet-kloppen"
TAGS = ("GeenKindInDeCel", "Kinderrechten")
FRONT = f"---\nlink: {LINK}\nhashtags: [GeenKindInDeCel, Kinderrechten]\n---\n\n"
ALL = pytest.mark.parametrize("network", NETWORKS.values(), ids=lambda network: str(network.key))

words = st.lists(
    st.sampled_from(
        ["kind", "Kamer", "één", "👩‍👧", "سلام", "wet,", "#Tag", "https://a.example/x"]
    ),
    min_size=1,
    max_size=30,
)
paragraphs = st.lists(
    st.lists(words.map(lambda parts: f"Zo {' '.join(parts)}."), min_size=1, max_size=6).map(
        " ".join
    ),
    min_size=1,
    max_size=6,
)


def draft_of(*parts: tuple[str, ...], link: str = LINK, tags: tuple[str, ...] = TAGS) -> PostDraft:
    return PostDraft(
        link=link,
        hashtags=tags,
        content_warning="",
        language="",
        parts=parts,
        sections={},
        where="oproep.md",
    )


def texts(draft: PostDraft, network: Network) -> list[str]:
    posts = render_posts(draft, network=network, account="a", item=item_called("T"))
    assert [post.number for post in posts] == list(range(1, len(posts) + 1))
    assert {post.of for post in posts} <= {len(posts)}
    return [post.text for post in posts]


def pieces(text: str) -> list[str]:
    return [each for line in text.split("\n") for each in sentences(line)]


@given(paragraphs=paragraphs)
@ALL
def test_every_sentence_stands_whole_in_one_post_and_in_order(
    network: Network, paragraphs: list[str]
) -> None:
    posts = texts(draft_of(tuple(paragraphs)), network)
    written = [piece for paragraph in paragraphs for piece in pieces(paragraph)]
    ending = {LINK, "#GeenKindInDeCel #Kinderrechten"}
    posted = [piece for post in posts for piece in pieces(post) if piece not in ending]
    assert posted == written
    assert "\n\n".join(posts).split().count("#GeenKindInDeCel") == 1
    for post in posts:
        assert network.fits(post) or len(pieces(post)) == 1, post


@given(paragraphs=paragraphs)
def test_the_link_stands_once_in_the_thread_or_on_its_card(paragraphs: list[str]) -> None:
    draft = draft_of(tuple(paragraphs))
    assert "\n".join(texts(draft, NETWORKS["mastodon"])).count(LINK) == 1
    posts = render_posts(draft, network=NETWORKS["bluesky"], account="a", item=item_called("T"))
    assert LINK not in "".join(post.text for post in posts)
    assert [bool(post.card) for post in posts] == [True] + [False] * (len(posts) - 1)
    assert posts[0].card is not None
    assert posts[0].card.url == LINK


def test_the_first_post_carries_the_link_the_hashtags_and_the_picture() -> None:
    picture = Picture(file_name="k.png", media_type="image/png", content=b"x", alt="Een kaart")
    posts = render_posts(
        draft_of(("Eerste.",), ("Tweede.",)),
        network=NETWORKS["bluesky"],
        account="a",
        item=item_called("T"),
        pictures=[picture],
    )
    assert posts[0].text == f"Eerste.\n\n{LINK}\n\n#GeenKindInDeCel #Kinderrechten"
    assert posts[0].card is None
    assert [len(post.pictures) for post in posts] == [1, 0]
    assert posts[1].text == "Tweede."


def test_what_does_not_fit_at_the_end_of_the_first_post_goes_into_the_next() -> None:
    first = f"Zo {'x ' * 120}lang."
    posts = texts(draft_of((first, "Kort.")), NETWORKS["x"])
    assert posts == [f"{first}\n\n{LINK}", "Kort.\n\n#GeenKindInDeCel #Kinderrechten"]


@given(paragraphs=paragraphs)
@pytest.mark.parametrize("network", ["linkedin", "instagram", "whatsapp"])
def test_on_a_network_without_threads_the_common_text_ends_after_a_whole_sentence(
    network: str, paragraphs: list[str]
) -> None:
    narrow = replace(NETWORKS[network], limits=Limits(characters=400), beneath=None)
    draft = draft_of(tuple(paragraphs))
    (post,) = render_posts(draft, network=narrow, account="a", item=item_called("T"))
    endings = f"\n\n{LINK}\n\n#GeenKindInDeCel #Kinderrechten"
    assert post.text.endswith(endings)
    kept = pieces(post.text.removesuffix(endings))
    assert kept + pieces(post.left_out) == [
        piece for paragraph in paragraphs for piece in pieces(paragraph)
    ]
    fits_at_all = narrow.fits(kept[0] + endings)
    assert narrow.fits(post.text) == fits_at_all
    assert fits_at_all or not post.left_out
    problems = post_problems([post], network=narrow, where="p")
    assert ("text-shortened" in {each.code for each in problems}) == bool(post.left_out)


def test_what_was_left_out_is_a_warning_that_says_where_the_text_ends() -> None:
    narrow = replace(NETWORKS["instagram"], limits=Limits(characters=30))
    draft = draft_of(("Eerste zin. Tweede zin.", "Derde zin."), link="", tags=())
    (post,) = render_posts(draft, network=narrow, account="a", item=item_called("T"))
    assert (post.text, post.left_out) == ("Eerste zin. Tweede zin.", "Derde zin.")
    (problem,) = post_problems([post], network=narrow, where="p")
    assert problem.severity is Severity.WARNING
    assert problem.what == "Instagram takes 30 characters, so the text ends before “Derde zin.”."
    assert "## Instagram" in problem.mend


def test_a_text_written_for_one_network_is_not_shortened() -> None:
    draft = read_post_draft(f"---\nlink:\n---\n\nKort.\n\n## X\n\n{'Een zin. ' * 60}", where="p")
    narrow = replace(NETWORKS["x"], threads=False)
    posts = render_posts(draft, network=narrow, account="a", item=item_called("T"))
    (problem,) = post_problems(posts, network=narrow, where="p")
    assert (problem.code, problem.severity) == ("text-too-long", Severity.ERROR)


def test_whatsapp_takes_less_beneath_a_picture() -> None:
    picture = Picture(file_name="k.png", media_type="image/png", content=b"x", alt="Een kaart")
    draft = draft_of((f"Zo {'x' * 600} is het. " * 2,), link="", tags=())
    render = partial(
        render_posts, draft, network=NETWORKS["whatsapp"], account="a", item=item_called("T")
    )
    assert render()[0].left_out == ""
    assert render(pictures=[picture])[0].left_out.startswith("Zo xxx")


def test_the_links_card_shows_the_drafts_thumbnail_where_we_make_the_card() -> None:
    thumbnail = Picture(file_name="k.png", media_type="image/png", content=b"x", alt="")
    draft = draft_of(("Eerste.",))
    cards = [
        render_posts(
            draft,
            network=NETWORKS[network],
            account="a",
            item=item_called("T"),
            thumbnail=thumbnail,
        )[0].card
        for network in ("bluesky", "mastodon")
    ]
    assert cards[0] is not None
    assert (cards[0].thumbnail, cards[1]) == (thumbnail, None)


def test_a_sentence_that_is_too_long_stays_whole_and_is_reported() -> None:
    sentence = f"Zo {'lang ' * 100}is hij."
    draft = draft_of((sentence,), link="", tags=())
    posts = render_posts(draft, network=NETWORKS["bluesky"], account="a", item=item_called("T"))
    assert [post.text for post in posts] == [sentence]
    (problem,) = post_problems(posts, network=NETWORKS["bluesky"], where="oproep.md")
    assert problem.code == "text-too-long"
    assert "Bluesky takes 300" in problem.what


def test_a_content_warning_counts_in_every_post() -> None:
    draft = draft_of((f"Zo {'x' * 450} is het.",), link="", tags=())
    network = NETWORKS["mastodon"]
    warned = read_post_draft(
        "---\ncontent_warning: " + "w" * 60 + "\n---\n\n" + draft.parts[0][0], where="p"
    )
    posts = render_posts(warned, network=network, account="a", item=item_called("T"))
    assert post_problems(posts, network=network, where="p")
    posts = render_posts(draft, network=network, account="a", item=item_called("T"))
    assert post_problems(posts, network=network, where="p") == []


def test_breaks_and_sections_of_a_draft_are_followed() -> None:
    body = "Een.\n\nTwee.\n\n---\n\nDrie.\n\n## LinkedIn\n\nVier op **LinkedIn**:\n\n- a\n- b\n"
    draft = read_post_draft(FRONT + body, where="p")
    assert texts(draft, NETWORKS["mastodon"])[0].startswith("Een.\n\nTwee.\n\nhttps://")
    assert texts(draft, NETWORKS["mastodon"])[1] == "Drie."
    (linkedin,) = texts(draft, NETWORKS["linkedin"])
    assert linkedin.startswith("Vier op LinkedIn:\n\n• a\n• b\n\nhttps://")
    (facebook,) = texts(draft, NETWORKS["facebook"])
    assert facebook.startswith("Een.\n\nTwee.\n\nDrie.")


@pytest.mark.parametrize("text", HOSTILE)
def test_a_post_shows_what_was_written_without_markup(text: str) -> None:
    from flows.compose.drafts import escaped
    from flows.compose.slots import one_line

    draft = read_post_draft(FRONT + escaped(text), where="p")
    (facebook,) = texts(draft, NETWORKS["facebook"])
    assert facebook.split("\n\n")[0].replace("\u200c", "") == one_line(text)


def test_a_section_for_an_unknown_network_is_an_error_with_its_line() -> None:
    with pytest.raises(InputError) as caught:
        read_post_draft(FRONT + "Een.\n\n## Hyves\n\nTwee.", where="p.md")
    assert caught.value.where == "p.md:8"
    assert "LinkedIn" in caught.value.mend


def test_an_empty_draft_is_a_problem() -> None:
    draft = read_post_draft("---\nlink:\n---\n", where="p")
    posts = render_posts(draft, network=NETWORKS["mastodon"], account="a", item=item_called("T"))
    assert [problem.code for problem in post_problems(posts, network=NETWORKS["x"], where="p")] == [
        "post-empty"
    ]


@pytest.mark.parametrize(
    ("network", "text", "counts"),
    [
        ("mastodon", "👨‍👩‍👧‍👦", 1),
        ("mastodon", f"zie {LINK}", 27),
        ("mastodon", "dag @team@server.example", 9),
        ("bluesky", "👨‍👩‍👧‍👦é", 2),
        ("bluesky", "https://a.example", 17),
        ("x", f"zie {LINK}", 27),
        ("x", "👨‍👩‍👧‍👦", 2),
        ("x", "日本", 4),
        ("linkedin", "🎉", 2),
    ],
)
def test_each_network_counts_in_its_own_way(network: str, text: str, counts: int) -> None:
    assert NETWORKS[network].length(text) == counts


def test_a_post_of_flags_is_bound_by_bytes_on_bluesky() -> None:
    families = "👨‍👩‍👧‍👦" * 150
    assert NETWORKS["bluesky"].length(families) == 150
    assert not NETWORKS["bluesky"].fits(families)


@ALL
def test_the_example_fits_every_network(network: Network) -> None:
    draft = read_post_draft((EXAMPLE / "posts" / "oproep.md").read_text(), where="p")
    posts = render_posts(draft, network=network, account="a", item=item_called("T"))
    assert post_problems(posts, network=network, where="p") == []
    assert all(re.search(r"[.?!]$|#\w+$|https?://\S+$", post.text) for post in posts)


def test_a_partner_is_mentioned_by_its_handle_where_it_has_one_and_by_name_elsewhere() -> None:
    draft = read_post_draft(
        "---\nlink: ''\n---\n\nMet dank aan @{Amnesty} en @{Het Rode  Kruis}.", where="p"
    )
    assert draft.mentions == ("Amnesty", "Het Rode Kruis")

    def said(network: str, mentions: dict[str, str]) -> str:
        posts = render_posts(
            draft,
            network=NETWORKS[network],
            account="a",
            item=item_called("T"),
            mentions=mentions,
        )
        return posts[0].text

    handles = {"Amnesty": "@amnesty@sociaal.example"}
    assert said("mastodon", handles) == ("Met dank aan @amnesty@sociaal.example en Het Rode Kruis.")
    assert said("linkedin", {}) == "Met dank aan Amnesty en Het Rode Kruis."


def test_a_mention_counts_as_the_network_counts_it() -> None:
    draft = read_post_draft("---\nlink: ''\n---\n\n@{A}" + "x" * 295, where="p")
    posts = render_posts(
        draft,
        network=NETWORKS["bluesky"],
        account="a",
        item=item_called("T"),
        mentions={"A": "@amnesty.example"},
    )
    assert post_problems(posts, network=NETWORKS["bluesky"], where="p")


def test_pictures_visibility_and_focus_stand_in_the_front_matter() -> None:
    draft = read_post_draft(
        "---\nvisibility: unlisted\npicture: a.png\nalt: Een\nfocus: [0.5, -1]\n"
        "pictures:\n- file: b.png\n  alt: Twee\n---\n\nTekst.",
        where="p",
    )
    assert [(each.file, each.alt, each.focus) for each in draft.pictures] == [
        ("a.png", "Een", (0.5, -1)),
        ("b.png", "Twee", None),
    ]
    posts = render_posts(draft, network=NETWORKS["mastodon"], account="a", item=item_called("T"))
    assert posts[0].visibility == "unlisted"


@pytest.mark.parametrize(
    "front", ["visibility: geheim", "focus: [2, 0]", "focus: [.nan, 0]", "pictures: foto.png"]
)
def test_front_matter_that_means_nothing_is_refused(front: str) -> None:
    with pytest.raises(InputError):
        read_post_draft(f"---\n{front}\n---\n\nTekst.", where="p")

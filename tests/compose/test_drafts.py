"""Drafts say what the item says, and only that."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.compose.drafts import draft_files, escaped, escaped_line
from flows.compose.mail import read_mail_draft
from flows.compose.markup import parse, plain, split_fields, unknown_fields
from flows.compose.networks import NETWORKS
from flows.compose.posts import post_problems, read_post_draft, render_posts
from flows.compose.slots import one_line
from flows.models import NewsItem, Organisation
from flows.news import read_source
from tests.compose.conftest import HOSTILE, item_called


@given(st.text() | st.lists(st.sampled_from("\\`*_{}[]<>()#+-.!&;:= ab1~|\"'%")).map("".join))
def test_escaped_text_reads_back_as_the_same_text(text: str) -> None:
    blocks = parse(escaped(text))
    assert "".join(plain(block.spans) for block in blocks) == one_line(text)
    assert all(block.kind == "paragraph" for block in blocks)
    assert all(span.kind == "text" for block in blocks for span in block.spans)


@given(st.text() | st.lists(st.sampled_from("\\{}[] name")).map("".join))
def test_an_escaped_line_of_front_matter_reads_back_as_the_same_text(text: str) -> None:
    spans = list(split_fields(escaped_line(text)))
    assert {span.kind for span in spans} <= {"text"}
    assert "".join(span.text for span in spans) == one_line(text)


@pytest.mark.parametrize("title", HOSTILE)
def test_a_hostile_headline_makes_drafts_that_can_be_read(
    title: str, organisation: Organisation
) -> None:
    files = draft_files(item_called(title, lead=title), organisation, attachments=["brief.pdf"])
    for name in ("newsletter.md", "mailout.md"):
        draft = read_mail_draft(files[name], where=name)
        assert one_line(title) in "".join(span.text for span in split_fields(draft.subject))
        assert unknown_fields(files[name]) == []
        assert "[[vul" not in files[name]
    posts = read_post_draft(files["posts/oproep.md"], where="oproep.md")
    assert posts.parts[0][0] == one_line(title).replace("oproepslot", "oproep\u200cslot")


def test_drafting_from_the_customers_item_leaves_only_the_address_and_files_to_fill_in(
    seed_file: Path, organisation: Organisation
) -> None:
    item = read_source(str(seed_file))
    files = draft_files(item, organisation)
    assert set(files) == {"newsletter.md", "mailout.md", "posts/oproep.md"}
    assert files["newsletter.md"].count("[[vul in") == 1
    assert files["mailout.md"].count("[[vul in") == 2
    for fact in ("5 februari 2026", "3 pagina’s", "28 januari 2014", "16 mei 2022"):
        assert fact in files["newsletter.md"]
    assert "vóór donderdag 12 februari 2026" in files["mailout.md"]
    assert "::: ondertekenaars" in files["mailout.md"]


@pytest.mark.parametrize("network", NETWORKS.values(), ids=lambda network: network.key)
def test_the_thread_of_the_customers_item_fits_every_network(
    network: object, seed_file: Path, organisation: Organisation
) -> None:
    assert hasattr(network, "key")
    item = read_source(str(seed_file))
    draft = read_post_draft(draft_files(item, organisation)["posts/oproep.md"], where="p")
    posts = render_posts(draft, network=NETWORKS[network.key], account="x", item=item)
    assert post_problems(posts, network=NETWORKS[network.key], where="p") == []


def test_an_event_with_a_time_is_named_with_its_time(organisation: Organisation) -> None:
    event = datetime(2026, 2, 12, 10, 0, tzinfo=ZoneInfo("Europe/Amsterdam"))
    files = draft_files(item_called("Titel"), organisation, event=event, event_name="Overleg")
    assert "vóór donderdag 12 februari 2026 om 10.00 uur" in files["mailout.md"]
    assert "**Overleg**\\\nDonderdag 12 februari 2026 om 10.00 uur" in files["newsletter.md"]


def test_an_english_item_is_drafted_in_english(organisation: Organisation) -> None:
    item = item_called("Call").model_copy(update={"language": "en"})
    files = draft_files(item, organisation, attachments=["letter.pdf"])
    assert "Dear {{ contact }}," in files["mailout.md"]
    assert "Thursday 12 February 2026" in files["mailout.md"]
    assert "3 pages" in files["newsletter.md"]


def test_an_item_with_nothing_but_a_title_is_drafted_with_gaps_to_fill(
    organisation: Organisation,
) -> None:
    files = draft_files(NewsItem(title="Kort"), organisation)
    assert files["newsletter.md"].count("[[vul in") == 3
    assert "::: ondertekenaars" not in files["mailout.md"]
    for name in ("newsletter.md", "mailout.md"):
        read_mail_draft(files[name], where=name)


def test_fields_and_boxes_in_the_body_of_an_item_are_text(organisation: Organisation) -> None:
    body = "Lees {{ contact }} en \\{{ name }}.\n\n::: documenten\n\n[[vul in: x]] <b>vet</b>"
    item = item_called("Titel").model_copy(update={"body": body})
    text = draft_files(item, organisation, attachments=["a.pdf"])["newsletter.md"]
    assert unknown_fields(text) == []
    assert "[[vul" not in text
    said = "".join(
        plain(block.spans) for box in read_mail_draft(text, where="n").boxes for block in box.blocks
    )
    assert "Lees {{ contact }} en {{ name }}." in said
    assert "[[vul in: x]] <b>vet</b>" in said


def test_images_of_an_item_stay_on_its_page(organisation: Organisation) -> None:
    body = (
        'Een.\n\n![een \\] plein](https://a.example/b.png "Foto (A)")\n\n'
        "Twee ![x](https://a.example/c.png) drie. Wat \\![dit](niet.example) is, blijft."
    )
    item = item_called("Titel").model_copy(update={"body": body})
    text = draft_files(item, organisation)["newsletter.md"]
    assert "a.example" not in text
    assert "Een.\n\nTwee drie." in text
    assert "niet.example" in text

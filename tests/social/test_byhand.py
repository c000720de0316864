"""By hand: what lies ready for a person, and what a person may answer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st

from flows.channels.byhand import OPENS, ByHand, calendar_entry
from flows.compose.messages import Post
from flows.compose.networks import NETWORKS
from flows.errors import Deferred, InputError, Rejected
from tests.browser.chromium import Axe
from tests.social.threads import START, picture, post

SHARP = 'Lees <b>dit</b> & "dat":\n\nhttps://ons.example/?a=1&b=2 {klaar} </textarea>'


def lay_ready(channel: ByHand, the_post: Post, delivery_id: str = "oproep/3/1") -> Path:
    with pytest.raises(Deferred, match="waits for a person") as caught:
        channel.deliver(the_post, delivery_id=delivery_id, first_tried=START)
    return Path(caught.value.where).parent


@pytest.mark.parametrize("network", OPENS)
def test_text_pictures_and_a_page_lie_ready(network: str, tmp_path: Path) -> None:
    channel = ByHand(network, folder=tmp_path)
    folder = lay_ready(channel, post(SHARP, pictures=(picture('Een "gang"'),)))
    assert (folder / "tekst.txt").read_text("utf-8") == SHARP + "\n"
    assert (folder / "1-grijs-90.png").read_bytes() == picture().content
    assert (folder / "1-grijs-90.png.txt").read_text() == 'Een "gang"\n'
    page = BeautifulSoup((folder / "post.html").read_text("utf-8"), "html.parser")
    area, image = page.find("textarea"), page.find("img")
    assert area is not None
    assert area.get_text() == SHARP
    assert image is not None
    assert (image["src"], image["alt"]) == ("1-grijs-90.png", 'Een "gang"')
    assert NETWORKS[network].label in page.get_text()


@pytest.mark.parametrize(
    ("network", "said"), [("linkedin", "--url ADRES"), ("whatsapp", "--no-url")]
)
def test_the_page_says_what_to_type_afterwards(network: str, said: str, tmp_path: Path) -> None:
    folder = lay_ready(ByHand(network, folder=tmp_path), post("een", number=2, of=3))
    page = BeautifulSoup((folder / "post.html").read_text("utf-8"), "html.parser")
    commands = [code.get_text() for code in page.find_all("code")]
    assert commands == [
        f"oproep done oproep 3 --part 2 {said}",
        'oproep done oproep 3 --part 2 --not-done --why "de reden"',
    ]


def test_the_page_of_an_english_post_is_in_english(tmp_path: Path) -> None:
    folder = lay_ready(ByHand("linkedin", folder=tmp_path), post("one", language="en-GB"))
    page = (folder / "post.html").read_text("utf-8")
    assert "Ready for LinkedIn" in page
    assert 'html lang="en"' in page


def test_laying_ready_twice_gives_the_same_folder(tmp_path: Path) -> None:
    channel = ByHand("linkedin", folder=tmp_path)
    assert lay_ready(channel, post("een")) == lay_ready(channel, post("twee"))
    assert (tmp_path / "oproep-3-1" / "tekst.txt").read_text() == "twee\n"


def test_the_second_post_of_a_thread_need_not_wait_for_the_first(tmp_path: Path) -> None:
    channel = ByHand("x", folder=tmp_path)
    folder = lay_ready(channel, post("twee", number=2, of=3), "oproep/3/2")
    assert "(2 van 3)" in (folder / "post.html").read_text("utf-8")


@pytest.mark.parametrize("delivery_id", ["../../weg", "/etc/x", "..", "", "a/../b"])
def test_nothing_is_written_outside_the_folder(tmp_path: Path, delivery_id: str) -> None:
    folder = tmp_path / "klaar"
    hostile = replace(picture(), file_name="../../../weg.png")
    made = lay_ready(ByHand("linkedin", folder=folder), post(pictures=(hostile,)), delivery_id)
    assert made.resolve().parent == folder.resolve()
    assert [path for path in tmp_path.rglob("*") if not path.is_relative_to(folder)] == []


@pytest.mark.parametrize(
    ("network", "the_post", "code"),
    [
        ("x", post("a" * 281), "text-too-long"),
        ("x", post("👨‍👩‍👧‍👦" * 141), "text-too-long"),
        ("linkedin", post("a" * 3001), "text-too-long"),
        ("instagram", post(), "picture-missing"),
        ("whatsapp", post("a" * 1025, pictures=(picture(),)), "text-too-long"),
        ("facebook", post(pictures=(picture(""),)), "alt-missing"),
    ],
)
def test_what_does_not_fit_there_is_a_problem(
    network: str, the_post: Post, code: str, tmp_path: Path
) -> None:
    channel = ByHand(network, folder=tmp_path)
    assert [problem.code for problem in channel.validate(the_post)] == [code]
    with pytest.raises(Rejected):
        channel.deliver(the_post, delivery_id="a", first_tried=START)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_refuses_that_post_and_says_why(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    channel = ByHand("linkedin", folder=tmp_path / "file")
    with pytest.raises(Rejected, match="cannot be written"):
        channel.deliver(post(), delivery_id="oproep/3/1", first_tried=START)


def test_a_person_says_where_it_is(tmp_path: Path) -> None:
    receipt = ByHand("linkedin", folder=tmp_path).confirmed("https://social.example/post/1")
    assert (receipt.url, receipt.at) == ("https://social.example/post/1", START)
    assert ByHand("whatsapp", folder=tmp_path).confirmed("").url == ""


@pytest.mark.parametrize("url", ["ja", "ftp://a.example/", "https://", "javascript:alert(1)"])
def test_what_is_no_address_is_not_taken_for_one(url: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not the address"):
        ByHand("linkedin", folder=tmp_path).confirmed(url)


def test_correcting_and_withdrawing_are_left_to_the_person(tmp_path: Path) -> None:
    channel = ByHand("linkedin", folder=tmp_path)
    receipt = channel.confirmed("https://social.example/post/1")
    with pytest.raises(Rejected) as caught:
        channel.withdraw(receipt)
    assert (caught.value.where, caught.value.mend) == (receipt.url, "Delete it there yourself.")
    with pytest.raises(Rejected, match="by hand"):
        channel.edit(post(), receipt)


def test_the_doctor_sees_whether_the_folder_can_be_written(tmp_path: Path) -> None:
    assert [finding.severity for finding in ByHand("x", folder=tmp_path).probe()] == [None]
    (tmp_path / "file").write_text("")
    [finding] = ByHand("x", folder=tmp_path / "file" / "in").probe()
    assert finding.severity


def test_the_reminder_stands_in_the_calendar_at_the_steps_time() -> None:
    entry = calendar_entry(summary="Op LinkedIn zetten: een, twee", at=START, uid="oproep/3")
    lines = entry.decode().split("\r\n")
    assert "DTSTART:20260211T160000Z" in lines
    assert "SUMMARY:Op LinkedIn zetten: een\\, twee" in lines
    assert "TRIGGER:PT0M" in lines


@given(summary=st.text(max_size=300))
def test_no_summary_breaks_the_calendar(summary: str) -> None:
    entry = calendar_entry(summary=summary, at=START, uid="a")
    assert all(len(line) <= 75 for line in entry.split(b"\r\n"))
    unfolded = entry.replace(b"\r\n ", b"").decode()
    assert unfolded.count("BEGIN:VEVENT\r\n") == 1


def test_the_page_to_copy_from_can_be_used_by_everybody(axe: Axe, tmp_path: Path) -> None:
    folder = lay_ready(ByHand("linkedin", folder=tmp_path), post(SHARP, pictures=(picture(),)))
    assert axe(folder / "post.html") == []
    assert axe(folder / "post.html", width=360) == []

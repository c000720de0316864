"""Mastodon: what goes out, what comes back, and what each misbehaviour ends as."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest

from flows import clock
from flows.channels.mastodon import DOCUMENTED, Mastodon
from flows.compose.messages import Post
from flows.errors import AuthLost, Deferred, DeliveryError, Rejected, Unconfirmed
from flows.models import Receipt
from tests.social.mastodon_http import TOKEN
from tests.social.mastodon_server import FakeMastodon
from tests.social.threads import START, Runner, picture, post, thread

POST = "POST /api/v1/statuses"
MEDIA = "POST /api/v2/media"


def deliver(channel: Mastodon, the_post: Post, number: int = 1) -> Receipt:
    return channel.deliver(the_post, delivery_id=f"oproep/1/{number}", first_tried=START)


def find(channel: Mastodon, the_post: Post, taken: tuple[str, ...] = ()) -> Receipt | None:
    return channel.find(the_post, delivery_id="oproep/1/1", first_tried=START, taken=taken)


def test_a_post_goes_out_as_it_was_written(channel: Mastodon, server: FakeMastodon) -> None:
    receipt = deliver(
        channel,
        post(
            "Lees de oproep: https://ons.example/oproep #GeenKindInDeCel",
            language="nl-NL",
            visibility="unlisted",
            content_warning="detentie van kinderen",
            pictures=(replace(picture("Een gang"), focus=(0.5, -0.25)), picture("Een deur", 10)),
        ),
    )
    status = server.statuses[receipt.remote_id]
    assert status.text == "Lees de oproep: https://ons.example/oproep #GeenKindInDeCel"
    assert (status.language, status.visibility) == ("nl", "unlisted")
    assert (status.spoiler_text, status.sensitive) == ("detentie van kinderen", True)
    assert [media.description for media in status.media] == ["Een gang", "Een deur"]
    assert [media.focus for media in status.media] == ["0.5,-0.25", ""]
    assert receipt.url == f"{server.url}/@ons/{receipt.remote_id}"
    assert receipt.at == START


def test_a_thread_hangs_together(channel: Mastodon, server: FakeMastodon) -> None:
    receipts = Runner(channel).run(thread(["een", "twee", "drie"]))
    parents = [server.statuses[receipt.remote_id].in_reply_to_id for receipt in receipts]
    assert parents == [None, receipts[0].remote_id, receipts[1].remote_id]


def test_the_servers_own_limits_count(channel: Mastodon, server: FakeMastodon) -> None:
    server.configuration["statuses"] |= {"max_characters": 40, "max_media_attachments": 1}
    limits = channel.limits()
    assert (limits.characters, limits.images) == (40, 1)
    with pytest.raises(Rejected, match="41 characters; Mastodon takes 40"):
        deliver(channel, post("x" * 41))
    assert server.posts() == 0


@pytest.mark.parametrize(
    ("told", "characters"),
    [
        ({}, 500),
        ({"configuration": {"statuses": {"max_characters": 900}}}, 900),
        ({"max_toot_chars": 5000}, 5000),
    ],
)
@pytest.mark.parametrize("fault", ["404", "page 404"])
def test_a_server_with_only_the_first_instance_page_is_asked_that_one(
    channel: Mastodon, server: FakeMastodon, told: dict[str, object], characters: int, fault: str
) -> None:
    server.first_version = told
    server.misbehave("GET /api/v2/instance", fault)
    assert channel.limits().characters == characters
    deliver(channel, post())
    assert server.posts() == 1


def test_the_same_delivery_tried_again_within_the_hour_is_one_post(
    channel: Mastodon, server: FakeMastodon
) -> None:
    assert deliver(channel, post()) == deliver(channel, post())
    assert len(server.statuses) == 1


def test_another_delivery_of_the_same_text_is_another_post(
    channel: Mastodon, server: FakeMastodon
) -> None:
    deliver(channel, post(), 1)
    deliver(channel, post(), 2)
    assert len(server.statuses) == 2


@pytest.mark.parametrize(
    "fault", ["lost", "409 after", "500 after", "503 after", "html after", "slow"]
)
@pytest.mark.parametrize("ignores_keys", [False, True])
def test_what_may_have_gone_out_is_unconfirmed_and_found(
    channel: Mastodon, server: FakeMastodon, fault: str, ignores_keys: bool
) -> None:
    server.ignores_keys = ignores_keys
    server.misbehave(POST, fault)
    impatient = Mastodon(url=server.url, token=TOKEN, timeout=0.2 if fault == "slow" else 5)
    with pytest.raises(Unconfirmed):
        deliver(impatient, post())
    server.release()
    server.wait_until_idle()
    found = find(channel, post())
    assert found is not None
    assert list(server.statuses) == [found.remote_id]


@pytest.mark.parametrize("fault", ["cut", "500", "html"])
def test_what_did_not_go_out_is_proved_and_may_go_again(
    channel: Mastodon, server: FakeMastodon, fault: str
) -> None:
    server.misbehave(POST, fault)
    with pytest.raises(Unconfirmed):
        deliver(channel, post())
    assert find(channel, post()) is None
    deliver(channel, post())
    assert len(server.statuses) == 1


def test_a_500_on_a_replay_does_not_mean_that_it_is_not_out(
    channel: Mastodon, server: FakeMastodon
) -> None:
    server.fails_replays = True
    server.misbehave(POST, "lost")
    for _ in range(2):
        with pytest.raises(Unconfirmed):
            deliver(channel, post())
    assert find(channel, post()) is not None
    assert len(server.statuses) == 1


def test_a_thread_broken_off_at_the_third_post_goes_on_there(
    channel: Mastodon, server: FakeMastodon
) -> None:
    server.ignores_keys = True
    server.misbehave(POST, "ok", "ok", "lost")
    posts = thread(["een", "twee", "drie", "vier", "vijf"], pictures=1)
    runner = Runner(channel)
    runner.run(posts)
    assert server.texts() == ["een", "twee", "drie", "vier", "vijf"]
    assert (server.posts(), runner.settled) == (5, 1)


def test_two_equal_posts_of_a_thread_are_not_taken_for_one_another(
    channel: Mastodon, server: FakeMastodon
) -> None:
    server.ignores_keys = True
    server.misbehave(POST, "ok", "cut", "lost")
    receipts = Runner(channel).run(thread(["Teken nu.", "Teken nu.", "Teken nu."]))
    assert len({receipt.remote_id for receipt in receipts}) == len(server.statuses) == 3


def test_a_post_of_another_delivery_is_not_taken_for_ours(
    channel: Mastodon, server: FakeMastodon
) -> None:
    theirs = deliver(channel, post(), 2)
    assert find(channel, post(), taken=(theirs.remote_id,)) is None


@pytest.mark.parametrize(
    "other",
    [
        post("Iets anders"),
        post(content_warning="let op"),
        post(pictures=(picture(),)),
        post(reply_to=Receipt(at=START, remote_id="5"), root=Receipt(at=START, remote_id="5")),
    ],
)
def test_a_post_that_differs_is_not_taken_for_ours(
    channel: Mastodon, server: FakeMastodon, other: Post
) -> None:
    deliver(channel, post())
    assert find(channel, other) is None


def test_the_same_text_of_last_week_is_not_taken_for_ours(
    channel: Mastodon, server: FakeMastodon, simulated: clock.SimulatedClock
) -> None:
    deliver(channel, post())
    simulated.advance(timedelta(days=7))
    again = channel.find(post(), delivery_id="oproep/2/1", first_tried=clock.now())
    assert again is None


@pytest.mark.parametrize("keeps_source", [True, False])
def test_a_post_with_links_mentions_and_paragraphs_is_known_again(
    channel: Mastodon, server: FakeMastodon, keeps_source: bool
) -> None:
    server.keeps_source = keeps_source
    the_post = post(
        "Met dank aan @org@partner.example & <anderen>.\n\nRegel een\nregel twee\n\n"
        "👨‍👩‍👧‍👦 https://ons.example/oproep?a=1&b=2 #GeenKindInDeCel"
    )
    deliver(channel, the_post)
    assert find(channel, the_post) is not None
    assert find(channel, replace(the_post, text=the_post.text + " Nog iets.")) is None


def test_more_posts_than_can_be_read_is_said_and_not_guessed(
    channel: Mastodon, server: FakeMastodon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flows.channels.mastodon.PAGES", 2)
    for number in range(81):
        server.answer("POST", "/api/v1/statuses", {"status": f"nr {number}"}, None)
    with pytest.raises(Unconfirmed, match="too many"):
        find(channel, post())


@pytest.mark.parametrize("form", ["iso", "epoch"])
@pytest.mark.parametrize("ahead", [timedelta(), timedelta(minutes=9)])
def test_a_rate_limit_says_when_to_come_back_by_the_servers_own_clock(
    channel: Mastodon, server: FakeMastodon, form: str, ahead: timedelta
) -> None:
    server.reset_form, server.ahead = form, ahead
    server.misbehave(POST, "429")
    with pytest.raises(Deferred) as caught:
        deliver(channel, post())
    assert caught.value.retry_after is not None
    assert abs(caught.value.retry_after - timedelta(minutes=3)) <= timedelta(seconds=1)


def test_a_reset_header_that_nobody_can_read_changes_nothing(
    channel: Mastodon, server: FakeMastodon
) -> None:
    server.reset_form = "rubbish"
    deliver(channel, post())
    server.misbehave(POST, "429")
    with pytest.raises(Deferred) as caught:
        deliver(channel, post("Iets anders"), 2)
    assert caught.value.retry_after is None


def test_a_picture_is_waited_for(
    channel: Mastodon, server: FakeMastodon, simulated: clock.SimulatedClock
) -> None:
    server.media_answers = [202, 206, 206, 200]
    receipt = deliver(channel, post(pictures=(picture(),)))
    assert len(server.statuses[receipt.remote_id].media) == 1
    assert clock.now() - START == timedelta(seconds=1 + 2 + 4)


def test_a_picture_is_not_waited_for_without_end(channel: Mastodon, server: FakeMastodon) -> None:
    server.media_answers = [202, 206]
    with pytest.raises(Deferred, match="still processing"):
        deliver(channel, post(pictures=(picture(),)))
    assert timedelta(seconds=60) <= clock.now() - START <= timedelta(seconds=70)
    assert server.posts() == 0


def test_a_picture_that_takes_longer_than_we_wait_is_gone_on_with_and_not_uploaded_again(
    channel: Mastodon, server: FakeMastodon
) -> None:
    server.media_answers = [202, *[206] * 14, 200]
    the_post = post(pictures=(picture(), picture()))
    tries = 0
    while not server.statuses and tries < 9:
        tries += 1
        with suppress(Deferred):
            deliver(channel, the_post)
    assert tries == 3
    assert server.requests.count(MEDIA) == 2
    [status] = server.statuses.values()
    assert len({media.id for media in status.media}) == 2


def test_a_rate_limit_on_the_post_costs_no_uploads(channel: Mastodon, server: FakeMastodon) -> None:
    server.misbehave(POST, "429", "429")
    for _ in range(2):
        with pytest.raises(Deferred):
            deliver(channel, post(pictures=(picture(),)))
    deliver(channel, post(pictures=(picture(),)))
    assert server.requests.count(MEDIA) == 1


@pytest.mark.parametrize("fault", ["lost", "500", "422"])
def test_pictures_that_a_post_may_show_already_are_uploaded_again(
    channel: Mastodon, server: FakeMastodon, fault: str
) -> None:
    server.misbehave(POST, fault)
    with pytest.raises((Unconfirmed, Rejected)):
        deliver(channel, post(pictures=(picture(),)))
    deliver(channel, post(pictures=(picture(),)))
    assert server.requests.count(MEDIA) == 2


def test_a_picture_that_the_server_has_forgotten_is_uploaded_again(
    channel: Mastodon, server: FakeMastodon
) -> None:
    server.misbehave(POST, "429")
    with pytest.raises(Deferred):
        deliver(channel, post(pictures=(picture(),)))
    server.media.clear()
    deliver(channel, post(pictures=(picture(),)))
    assert len(server.statuses) == 1


def test_a_post_is_not_lost_with_a_connection_that_the_server_is_closing(
    channel: Mastodon, server: FakeMastodon
) -> None:
    server.misbehave(MEDIA, "closing")
    deliver(channel, post(pictures=(picture(),)))
    assert len(server.statuses) == 1


def test_a_picture_that_cannot_be_processed_is_the_end_of_that_post(
    channel: Mastodon, server: FakeMastodon
) -> None:
    server.media_answers = [202, 422]
    with pytest.raises(Rejected, match="Error processing"):
        deliver(channel, post(pictures=(picture(),)))


@pytest.mark.parametrize("fault", ["lost", "cut", "500", "429", "503"])
def test_a_fault_while_uploading_is_only_a_delay(
    channel: Mastodon, server: FakeMastodon, fault: str
) -> None:
    server.misbehave(MEDIA, fault)
    with pytest.raises(Deferred):
        deliver(channel, post(pictures=(picture(),)))
    assert server.posts() == 0


def test_a_refusal_is_final_and_in_the_servers_own_words(
    channel: Mastodon, server: FakeMastodon
) -> None:
    server.misbehave(POST, "422")
    with pytest.raises(Rejected) as caught:
        deliver(channel, post())
    assert (caught.value.code, caught.value.reply) == (422, "told to misbehave")


def test_a_reply_to_a_post_that_was_deleted_is_refused(
    channel: Mastodon, server: FakeMastodon
) -> None:
    gone = Receipt(at=START, remote_id="12345")
    with pytest.raises(Rejected, match="does not appear to exist"):
        deliver(channel, post("twee", number=2, of=2, reply_to=gone, root=gone))


def test_a_post_without_its_thread_is_not_sent(channel: Mastodon, server: FakeMastodon) -> None:
    with pytest.raises(Rejected, match="nothing to reply to"):
        deliver(channel, post("twee", number=2, of=2))
    assert server.posts() == 0


@pytest.mark.parametrize("act", ["deliver", "find", "withdraw", "track"])
def test_a_revoked_token_is_lost_credentials_everywhere(
    channel: Mastodon, server: FakeMastodon, act: str
) -> None:
    receipt = deliver(channel, post())
    server.revoked = True
    acts: dict[str, Callable[[], object]] = {
        "deliver": lambda: deliver(channel, post("nog een"), 2),
        "find": lambda: find(channel, post()),
        "withdraw": lambda: channel.withdraw(receipt),
        "track": lambda: list(channel.track([("1", receipt)])),
    }
    with pytest.raises(AuthLost) as caught:
        acts[act]()
    assert caught.value.exit_code == 4
    assert TOKEN not in str(caught.value)


def test_a_token_without_the_right_scope_is_lost_credentials(
    channel: Mastodon, server: FakeMastodon
) -> None:
    server.misbehave(POST, "403")
    with pytest.raises(AuthLost):
        deliver(channel, post())


def test_a_server_that_answers_with_pages_is_a_clear_failure_of_that_post(
    channel: Mastodon, server: FakeMastodon
) -> None:
    server.misbehave("GET /api/v2/instance", "html")
    with pytest.raises(Rejected, match="a page and not as an API"):
        deliver(channel, post())
    assert server.posts() == 0


def test_a_server_that_is_not_there_is_only_a_delay() -> None:
    channel = Mastodon(url="http://127.0.0.1:9", token=TOKEN)
    channel._limits = DOCUMENTED
    with pytest.raises(Deferred, match="cannot be reached"):
        deliver(channel, post())


def test_a_redirect_is_not_followed_into_a_post_that_is_none(
    channel: Mastodon, server: FakeMastodon
) -> None:
    server.misbehave(POST, "301")
    with pytest.raises(Rejected):
        deliver(channel, post())


@pytest.mark.parametrize(
    ("the_post", "code"),
    [
        (post("a" * 2000 + "."), "text-too-long"),
        (post("👨‍👩‍👧‍👦" * 501), "text-too-long"),
        (post(" "), "post-empty"),
        (post(content_warning="w" * 480), "text-too-long"),
        (post(pictures=(picture(""),)), "alt-missing"),
        (post(pictures=(picture("a" * 1501),)), "alt-too-long"),
        (post(pictures=(replace(picture(), content=b""),)), "picture-empty"),
        (post(pictures=(replace(picture(), content=b"x" * 12_000_000),)), "picture-too-large"),
        (post(pictures=(replace(picture(), media_type="image/tiff"),)), "picture-type"),
        (post(pictures=(picture(),) * 5), "pictures-too-many"),
    ],
)
def test_bad_input_is_a_problem_and_never_a_request(
    channel: Mastodon, server: FakeMastodon, the_post: Post, code: str
) -> None:
    channel.limits()
    assert [problem.code for problem in channel.validate(the_post)] == [code]
    with pytest.raises(Rejected):
        deliver(channel, the_post)
    assert server.posts() == 0
    assert MEDIA not in server.requests


@pytest.mark.parametrize(
    "text",
    ["👨‍👩‍👧‍👦" * 500, "لا تحبسوا الأطفال", "https://ons.example/" + "a" * 2000 + " " + "b" * 476],
)
def test_unusual_text_that_fits_goes_out_whole(
    channel: Mastodon, server: FakeMastodon, text: str
) -> None:
    deliver(channel, post(text))
    assert server.texts() == [text]
    assert find(channel, post(text)) is not None


def test_every_fault_is_one_of_the_four_errors(channel: Mastodon, server: FakeMastodon) -> None:
    for route in (POST, MEDIA, "GET /api/v2/instance"):
        # A page that is missing altogether is what older servers answer; it is made up for.
        missing = () if route == "GET /api/v2/instance" else ("404",)
        for fault in (
            *missing,
            "400",
            "401",
            "410",
            "418",
            "451",
            "502",
            "504",
            "599",
            "html",
            "204",
        ):
            channel._limits = None
            server.misbehave(route, fault)
            with pytest.raises(DeliveryError):
                deliver(channel, post(pictures=(picture(),)))
            server.faults.clear()
            server.keys.clear()

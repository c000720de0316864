"""Mastodon after a post is out: corrections, withdrawals, what became of it, and the doctor."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from flows.channels.mastodon import Mastodon
from flows.compose.messages import Post
from flows.errors import Deferred, Rejected
from flows.models import Receipt, Severity
from tests.social.mastodon_server import FakeMastodon
from tests.social.threads import START, picture, post


def deliver(channel: Mastodon, the_post: Post, number: int = 1) -> Receipt:
    return channel.deliver(the_post, delivery_id=f"oproep/1/{number}", first_tried=START)


def test_a_correction_changes_text_and_alternative_text_and_keeps_the_pictures(
    channel: Mastodon, server: FakeMastodon
) -> None:
    receipt = deliver(channel, post(pictures=(picture("Een gang"), picture("Een deur"))))
    again = channel.edit(
        post("Beter.", pictures=(picture("Een lege gang"), picture("Een deur"))), receipt
    )
    status = server.statuses[receipt.remote_id]
    assert again is not None
    assert again.remote_id == receipt.remote_id
    assert (status.text, status.edits) == ("Beter.", 1)
    assert [media.description for media in status.media] == ["Een lege gang", "Een deur"]


def test_alternative_texts_stay_with_their_pictures_on_a_server_that_shuffles_those(
    channel: Mastodon, server: FakeMastodon
) -> None:
    server.keeps_order = False
    said = ["Een gang", "Een deur", "Een raam"]
    receipt = deliver(channel, post(pictures=[picture(alt) for alt in said]))
    ids = {media.id: media.description for media in server.statuses[receipt.remote_id].media}
    for number, alt in enumerate(["Een lege gang", "Een dichte deur", "Een hoog raam"]):
        said[number] = alt
        changed = post(pictures=[picture(alt) for alt in said])
        assert channel.edit(changed, receipt) is not None
        assert channel.edit(changed, receipt) is None
        there = {media.id: media.description for media in server.statuses[receipt.remote_id].media}
        assert there == dict(zip(ids, said, strict=True))


def test_a_correction_that_changes_nothing_is_not_made(
    channel: Mastodon, server: FakeMastodon
) -> None:
    receipt = deliver(channel, post(pictures=(picture("Een gang"),)))
    assert channel.edit(post(pictures=(picture("Een gang"),)), receipt) is None
    assert server.statuses[receipt.remote_id].edits == 0


def test_a_correction_cannot_exchange_pictures(channel: Mastodon) -> None:
    receipt = deliver(channel, post(pictures=(picture(),)))
    with pytest.raises(Rejected, match="cannot be exchanged"):
        channel.edit(post(), receipt)


def test_withdrawing_twice_does_no_harm(channel: Mastodon, server: FakeMastodon) -> None:
    receipt = deliver(channel, post())
    channel.withdraw(receipt)
    channel.withdraw(receipt)
    assert server.statuses == {}


def test_a_lost_answer_to_a_withdrawal_may_simply_be_repeated(
    channel: Mastodon, server: FakeMastodon
) -> None:
    receipt = deliver(channel, post())
    server.misbehave(f"DELETE /api/v1/statuses/{receipt.remote_id}", "lost")
    with pytest.raises(Deferred):
        channel.withdraw(receipt)
    channel.withdraw(receipt)
    assert server.statuses == {}


def test_tracking_tells_counts_who_passed_it_on_and_what_is_gone(
    channel: Mastodon, server: FakeMastodon
) -> None:
    first, second = deliver(channel, post(), 1), deliver(channel, post("twee"), 2)
    status = server.statuses[first.remote_id]
    status.favourites, status.replies = 3, 1
    status.boosted_by = ["org@partner.example", "buur"]
    channel.withdraw(second)
    events = list(channel.track([("a", first), ("b", second)]))
    assert [(event.delivery_id, event.kind) for event in events] == [
        ("a", "counts"),
        ("a", "passed on"),
        ("a", "passed on"),
        ("b", "gone"),
    ]
    assert json.loads(events[0].detail) == {"favourites": 3, "boosts": 2, "replies": 1}
    assert [events[1].detail, events[2].detail] == ["@buur@127.0.0.1", "@org@partner.example"]


def test_whoever_passed_it_on_is_found_on_whatever_page(
    channel: Mastodon, server: FakeMastodon
) -> None:
    receipt = deliver(channel, post())
    everybody = [f"iemand{number}@elders.example" for number in range(200)]
    server.statuses[receipt.remote_id].boosted_by = everybody
    events = list(channel.track([("a", receipt)]))
    assert {event.detail for event in events[1:]} == {f"@{acct}" for acct in everybody}
    assert server.requests[-3:] == [f"GET /api/v1/statuses/{receipt.remote_id}/reblogged_by"] * 3


def test_a_post_that_thousands_boosted_is_not_asked_for_without_end(
    channel: Mastodon, server: FakeMastodon
) -> None:
    receipt = deliver(channel, post())
    server.statuses[receipt.remote_id].boosted_by = [f"i{number}" for number in range(2000)]
    assert len(list(channel.track([("a", receipt)]))) == 1 + 5 * 80


def test_tracking_leaves_requests_for_posting(channel: Mastodon, server: FakeMastodon) -> None:
    receipts = [
        (str(number), deliver(channel, post(f"nr {number}"), number)) for number in (1, 2, 3)
    ]
    server.left = 59
    events = channel.track(receipts)
    assert next(iter(events)).delivery_id == "1"
    with pytest.raises(Deferred, match="kept for posting") as caught:
        list(events)
    assert caught.value.retry_after
    assert caught.value.retry_after > timedelta(minutes=2)
    server.left = 60
    assert len(list(channel.track(receipts))) == 3


def test_tracking_stops_at_a_rate_limit_and_keeps_what_it_has(
    channel: Mastodon, server: FakeMastodon
) -> None:
    first, second = deliver(channel, post(), 1), deliver(channel, post("twee"), 2)
    server.misbehave(f"GET /api/v1/statuses/{second.remote_id}", "429")
    events = channel.track([("a", first), ("b", second)])
    assert next(iter(events)).delivery_id == "a"
    with pytest.raises(Deferred) as caught:
        list(events)
    assert caught.value.retry_after


def test_the_doctor_finds_all_well(channel: Mastodon, server: FakeMastodon) -> None:
    findings = channel.probe()
    assert [finding for finding in findings if finding.severity] == []
    assert {finding.name for finding in findings} == {
        *("token", "account", "clock", "limits", "media", "scopes"),
    }


@pytest.mark.parametrize("fault", ["404", "page 404"])
def test_a_server_that_cannot_tell_what_a_token_may_do_is_a_warning(
    channel: Mastodon, server: FakeMastodon, fault: str
) -> None:
    server.misbehave("GET /api/v1/apps/verify_credentials", fault)
    [finding] = [finding for finding in channel.probe() if finding.severity]
    assert (finding.name, finding.severity) == ("scopes", Severity.WARNING)


def test_the_doctor_names_a_token_that_lacks_a_scope(
    channel: Mastodon, server: FakeMastodon
) -> None:
    server.scopes = ["read", "write:statuses"]
    [finding] = [finding for finding in channel.probe() if finding.severity]
    assert (finding.name, finding.what) == ("scopes", "The token lacks write:media.")


def test_the_doctor_sees_a_clock_that_is_wrong(channel: Mastodon, server: FakeMastodon) -> None:
    server.ahead = timedelta(minutes=4)
    [finding] = [finding for finding in channel.probe() if finding.severity]
    assert (finding.name, finding.severity) == ("clock", Severity.ERROR)
    assert "240 seconds" in finding.what


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "http://"])
def test_the_doctor_never_raises(url: str) -> None:
    [finding] = Mastodon(url=url, token="x").probe()
    assert finding.severity is Severity.ERROR


def test_the_doctor_says_that_a_token_was_revoked(channel: Mastodon, server: FakeMastodon) -> None:
    server.revoked = True
    [finding] = channel.probe()
    assert finding.name == "token"
    assert "secrets.env" in finding.mend


def test_a_handle_that_does_not_exist_is_a_warning(channel: Mastodon) -> None:
    problems = channel.check_online(post("Dank @org@partner.example en @niemand@partner.example"))
    assert [problem.what.split()[-1] for problem in problems] == ["@niemand@partner.example."]

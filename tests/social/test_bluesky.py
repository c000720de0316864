"""Bluesky: against a real server, with faults in between where it never makes them itself."""

from __future__ import annotations

import json
import re
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
import requests

from flows.channels.bluesky import Bluesky
from flows.channels.bluesky_record import record_key
from flows.channels.bluesky_session import SessionFile
from flows.compose.messages import LinkCard, Post
from flows.errors import AuthLost, Deferred, Rejected, Unconfirmed
from flows.models import Receipt, Severity
from tests.social import faults
from tests.social.pds import Pds
from tests.social.threads import START, Runner, picture, post, thread


def deliver(channel: Bluesky, the_post: Post, number: int = 1) -> Receipt:
    return channel.deliver(the_post, delivery_id=f"oproep/1/{number}", first_tried=START)


def find(channel: Bluesky, the_post: Post) -> Receipt | None:
    return channel.find(the_post, delivery_id="oproep/1/1", first_tried=START)


def calls(method: str) -> Callable[[requests.PreparedRequest], bool]:
    return lambda request: method in str(request.url)


def test_a_post_goes_out_as_it_was_written(bluesky: Bluesky, pds: Pds) -> None:
    text = (
        f"Één oproep 👨‍👩‍👧‍👦 van @{bluesky.handle}: https://ons.example/oproep. #GeenKindInDeCel"
    )
    receipt = deliver(bluesky, post(text, pictures=(picture("Een gang"), picture("Een deur", 9))))
    [record] = pds.posts(bluesky.handle)
    value = record["value"]
    assert (value["text"], value["langs"]) == (text, ["nl"])
    assert value["createdAt"] == "2026-02-11T16:00:00.000Z"
    octets = text.encode()
    marked = [
        octets[facet["index"]["byteStart"] : facet["index"]["byteEnd"]].decode()
        for facet in value["facets"]
    ]
    assert marked == [f"@{bluesky.handle}", "https://ons.example/oproep", "#GeenKindInDeCel"]
    assert value["facets"][0]["features"][0]["did"] == record["uri"].split("/")[2]
    assert [image["alt"] for image in value["embed"]["images"]] == ["Een gang", "Een deur"]
    assert value["embed"]["images"][0]["aspectRatio"] == {"width": 8, "height": 8}
    assert receipt.remote_id == f"{record['uri']}#{record['cid']}"
    key = record["uri"].rpartition("/")[2]
    assert receipt.url == f"https://bsky.app/profile/{bluesky.handle}/post/{key}"


def test_a_link_gets_a_card_with_its_picture(bluesky: Bluesky, pds: Pds) -> None:
    card = LinkCard(
        url="https://ons.example/oproep",
        title="Geen kind in de cel",
        description="Een oproep",
        thumbnail=picture(),
    )
    deliver(bluesky, post("Lees.", card=card))
    [record] = pds.posts(bluesky.handle)
    external = record["value"]["embed"]["external"]
    assert (external["uri"], external["title"]) == (card.url, card.title)
    assert external["thumb"]["mimeType"] == "image/png"


def test_a_thread_names_its_first_post_and_the_one_before(bluesky: Bluesky, pds: Pds) -> None:
    receipts = Runner(bluesky).run(thread(["een", "twee", "drie"]))
    first, second, third = pds.posts(bluesky.handle)
    assert [record["value"]["text"] for record in (first, second, third)] == ["een", "twee", "drie"]
    assert third["value"]["reply"] == {
        "root": {"uri": first["uri"], "cid": first["cid"]},
        "parent": {"uri": second["uri"], "cid": second["cid"]},
    }
    assert len({receipt.remote_id for receipt in receipts}) == 3


def test_the_same_delivery_tried_again_is_one_post_however_often(
    bluesky: Bluesky, pds: Pds
) -> None:
    deliver(bluesky, post())
    with ThreadPoolExecutor(6) as crowd:
        receipts = list(crowd.map(lambda _: deliver(bluesky, post()), range(6)))
    assert len(set(receipts)) == 1
    assert len(pds.posts(bluesky.handle)) == 1


def test_a_first_try_made_by_six_at_once_is_one_post(newcomer: Bluesky, pds: Pds) -> None:
    newcomer.probe()
    with ThreadPoolExecutor(6) as crowd:
        receipts = list(crowd.map(lambda _: deliver(newcomer, post()), range(6)))
    assert len(set(receipts)) == 1
    assert len(pds.posts(newcomer.handle)) == 1


def test_a_post_that_is_out_is_never_overwritten(bluesky: Bluesky, pds: Pds) -> None:
    deliver(bluesky, post("Zoals goedgekeurd."))
    with pytest.raises(Rejected, match="with another text"):
        deliver(bluesky, post("Iets anders."))
    [record] = pds.posts(bluesky.handle)
    assert record["value"]["text"] == "Zoals goedgekeurd."


@pytest.mark.parametrize("kind", ["lost after", "timeout after", "500 after"])
def test_what_may_have_gone_out_is_unconfirmed_and_found(
    bluesky: Bluesky, pds: Pds, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    with (
        faults.between(monkeypatch, faults.once(kind, calls("putRecord"))),
        pytest.raises(Unconfirmed),
    ):
        deliver(bluesky, post())
    found = find(bluesky, post())
    assert found is not None
    assert found == deliver(bluesky, post())
    assert len(pds.posts(bluesky.handle)) == 1


@pytest.mark.parametrize("kind", ["lost before", "timeout before", "500 before"])
def test_what_did_not_go_out_is_proved(
    bluesky: Bluesky, pds: Pds, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    with (
        faults.between(monkeypatch, faults.once(kind, calls("putRecord"))),
        pytest.raises(Unconfirmed),
    ):
        deliver(bluesky, post())
    assert find(bluesky, post()) is None
    assert pds.posts(bluesky.handle) == []


@pytest.mark.parametrize("kind", ["lost before", "timeout after", "500 after", "429"])
@pytest.mark.parametrize("method", ["uploadBlob", "createSession", "resolveHandle"])
def test_a_fault_on_the_way_there_is_only_a_delay(
    newcomer: Bluesky, pds: Pds, monkeypatch: pytest.MonkeyPatch, method: str, kind: str
) -> None:
    the_post = post(f"Met @{newcomer.handle}", pictures=(picture(),))
    with (
        faults.between(monkeypatch, faults.once(kind, calls(method))),
        pytest.raises(Deferred) as caught,
    ):
        deliver(newcomer, the_post)
    assert pds.posts(newcomer.handle) == []
    assert caught.value.retry_after == (timedelta(seconds=7) if kind == "429" else None)


def no_logging_in(monkeypatch: pytest.MonkeyPatch) -> AbstractContextManager[faults.Faults]:
    """Let a server fail whoever logs in."""
    chance = faults.Faults(choose=lambda it: "500" if "createSession" in str(it.url) else None)
    return faults.between(monkeypatch, chance)


def test_the_session_is_kept_between_runs_for_its_owner_only(
    newcomer: Bluesky, pds: Pds, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(newcomer, post("een"), 1)
    file = tmp_path / "session.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert newcomer._password not in file.read_text()
    with no_logging_in(monkeypatch):
        deliver(replace_password(newcomer, newcomer._password), post("twee"), 2)
    assert len(pds.posts(newcomer.handle)) == 2


def test_another_app_password_is_tried_and_no_session_of_the_old_one_used(
    newcomer: Bluesky,
) -> None:
    deliver(newcomer, post("een"), 1)
    [finding] = replace_password(newcomer, "een-ander").probe()
    assert finding.severity is Severity.ERROR


def test_an_old_session_is_renewed_and_the_new_one_kept(
    newcomer: Bluesky, pds: Pds, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    newcomer.probe()
    file = tmp_path / "session.json"
    tokens = json.loads(file.read_text())
    # An access token that the server does not take; the one for renewal is still good.
    file.write_text(json.dumps(tokens | {"accessJwt": tokens["accessJwt"][:-3] + "abc"}))
    with no_logging_in(monkeypatch):
        deliver(newcomer, post())
    assert len(pds.posts(newcomer.handle)) == 1
    assert json.loads(file.read_text())["refreshJwt"] != tokens["refreshJwt"]


@pytest.mark.parametrize("rubbish", ["", "{", "[]", '{"did": 1}', "\ufffd"])
def test_a_session_file_that_cannot_be_read_is_made_anew(
    newcomer: Bluesky, pds: Pds, tmp_path: Path, rubbish: str
) -> None:
    (tmp_path / "session.json").write_text(rubbish)
    deliver(newcomer, post())
    assert len(pds.posts(newcomer.handle)) == 1


def test_a_session_that_cannot_be_kept_costs_no_more_than_the_next_login(
    newcomer: Bluesky, pds: Pds, tmp_path: Path
) -> None:
    (tmp_path / "session.json").mkdir()
    deliver(newcomer, post())
    assert len(pds.posts(newcomer.handle)) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["session.json"]


def test_a_session_that_is_dead_altogether_leads_to_a_new_login(
    newcomer: Bluesky, pds: Pds, tmp_path: Path
) -> None:
    newcomer.probe()
    file = tmp_path / "session.json"
    tokens = json.loads(file.read_text())
    file.write_text(json.dumps(tokens | {"accessJwt": "a.b.c", "refreshJwt": "a.b.c"}))
    deliver(newcomer, post())
    assert len(pds.posts(newcomer.handle)) == 1


def test_an_app_password_that_was_revoked_is_lost_credentials(newcomer: Bluesky, pds: Pds) -> None:
    with pytest.raises(AuthLost) as caught:
        deliver(replace_password(newcomer, "abcd-abcd-abcd-abcd"), post())
    assert caught.value.exit_code == 4
    assert "abcd" not in str(caught.value)


def replace_password(channel: Bluesky, password: str) -> Bluesky:
    return Bluesky(
        url=channel.url, handle=channel.handle, app_password=password, session=channel._store
    )


def test_a_handle_that_does_not_exist_stops_that_post_alone(bluesky: Bluesky, pds: Pds) -> None:
    the_post = post("Dank @niemand.test")
    [problem] = bluesky.check_online(the_post)
    assert (problem.code, problem.severity) == ("handle-unknown", Severity.ERROR)
    with pytest.raises(Rejected, match=r"knows no account @niemand\.test"):
        deliver(bluesky, the_post)
    deliver(bluesky, post())
    assert len(pds.posts(bluesky.handle)) == 1


@pytest.mark.parametrize(
    ("the_post", "code"),
    [
        (post("a" * 301), "text-too-long"),
        (post("👨‍👩‍👧‍👦" * 121), "text-too-long"),
        (post(visibility="private"), "always-public"),
        (post(content_warning="let op"), "no-content-warning"),
        (post(pictures=(picture(""),)), "alt-missing"),
        (post(pictures=(replace(picture(), content=b"x" * 12_000_000),)), "picture-too-large"),
        (post(pictures=(picture(),) * 5), "pictures-too-many"),
        (
            post(
                card=LinkCard(
                    url="https://ons.example/",
                    title="x",
                    thumbnail=replace(picture(), content=b"x" * 1_000_001),
                )
            ),
            "picture-too-large",
        ),
    ],
)
def test_bad_input_is_a_problem(the_post: Post, code: str, tmp_path: Path) -> None:
    channel = Bluesky(
        url="http://127.0.0.1:9", handle="a.test", app_password="x",
        session=SessionFile(tmp_path / "none"),
    )  # fmt: skip
    assert [problem.code for problem in channel.validate(the_post)] == [code]


@pytest.mark.parametrize("text", ["👨‍👩‍👧‍👦" * 120, "لا تحبسوا الأطفال #لا_للسجن", "é" * 300])
def test_unusual_text_that_fits_goes_out_whole(bluesky: Bluesky, pds: Pds, text: str) -> None:
    deliver(bluesky, post(text))
    [record] = pds.posts(bluesky.handle)
    assert record["value"]["text"] == text


def test_a_correction_is_refused_since_nobody_would_see_it(bluesky: Bluesky) -> None:
    receipt = deliver(bluesky, post())
    with pytest.raises(Rejected, match="does not show corrections"):
        bluesky.edit(post("Beter."), receipt)


def test_withdrawing_twice_does_no_harm(bluesky: Bluesky, pds: Pds) -> None:
    receipt = deliver(bluesky, post())
    bluesky.withdraw(receipt)
    bluesky.withdraw(receipt)
    assert pds.posts(bluesky.handle) == []
    assert find(bluesky, post()) is None


def test_the_doctor_finds_all_well(pds: Pds, bluesky: Bluesky, simulated: object) -> None:
    from flows import clock

    with clock.use(clock.SystemClock()):
        findings = bluesky.probe()
    assert [finding for finding in findings if finding.severity] == []
    assert findings[1].what == f"Posts appear on @{bluesky.handle}."


def test_the_doctor_tells_a_wrong_password_and_a_wrong_clock(newcomer: Bluesky) -> None:
    [token] = replace_password(newcomer, "abcd-abcd-abcd-abcd").probe()
    assert (token.name, token.severity) == ("token", Severity.ERROR)
    # The tests' own clock stands still in February.
    assert [finding.name for finding in newcomer.probe() if finding.severity] == ["clock"]


def test_a_server_that_is_no_bluesky_server_is_said_to_be_none(tmp_path: Path) -> None:
    channel = Bluesky(
        url="http://127.0.0.1:9", handle="a.test", app_password="x",
        session=SessionFile(tmp_path / "none"),
    )  # fmt: skip
    with pytest.raises(Deferred, match="cannot be reached"):
        deliver(channel, post())
    [finding] = channel.probe()
    assert finding.severity is Severity.ERROR


def test_tracking_tells_counts_who_passed_it_on_and_what_is_gone(
    bluesky: Bluesky, monkeypatch: pytest.MonkeyPatch
) -> None:
    receipts = [deliver(bluesky, post(f"nr {number}"), number) for number in range(26)]
    uris = [receipt.remote_id.partition("#")[0] for receipt in receipts]
    told = {"uri": uris[0], "likeCount": 3, "repostCount": 1, "quoteCount": 0, "replyCount": 2}

    def appview(method: str) -> object:
        if "getRepostedBy" in method:
            return {"repostedBy": [{"handle": "org.partner.example"}]}
        asked = [uri for uri in uris if quote(uri, safe="") in method]
        assert len(asked) in (25, 1)
        return {"posts": [{**told, "uri": uri} | ({} if uri == uris[0] else {"repostCount": 0})
                          for uri in asked if uri != uris[1]]}  # fmt: skip

    bluesky.withdraw(receipts[1])
    with faults.answering(monkeypatch, "app.bsky.feed.get", appview):
        events = list(bluesky.track([(str(n), r) for n, r in enumerate(receipts)]))
    assert [(event.delivery_id, event.kind) for event in events[:3]] == [
        ("0", "counts"), ("0", "passed on"), ("1", "gone"),
    ]  # fmt: skip
    assert json.loads(events[0].detail) == {"likes": 3, "reposts": 1, "quotes": 0, "replies": 2}
    assert events[1].detail == "@org.partner.example"
    assert len(events) == 27


def test_whoever_reposted_it_is_found_on_whatever_page(
    bluesky: Bluesky, monkeypatch: pytest.MonkeyPatch
) -> None:
    receipt = deliver(bluesky, post())
    uri = receipt.remote_id.partition("#")[0]

    def appview(url: str) -> object:
        if "getRepostedBy" not in url:
            return {"posts": [{"uri": uri, "repostCount": 200}]}
        page = int(url.partition("cursor=")[2] or 0)
        handles = [{"handle": f"i{100 * page + number}.test"} for number in range(100)]
        return {"repostedBy": handles} | ({"cursor": str(page + 1)} if page == 0 else {})

    with faults.answering(monkeypatch, "app.bsky.feed.get", appview):
        events = list(bluesky.track([("0", receipt)]))
    assert [event.detail for event in events[1:]] == [f"@i{number}.test" for number in range(200)]


def test_a_post_that_the_network_does_not_show_yet_is_not_taken_for_gone(
    bluesky: Bluesky, monkeypatch: pytest.MonkeyPatch
) -> None:
    receipt = deliver(bluesky, post())
    with faults.answering(monkeypatch, "app.bsky.feed.get", lambda _: {"posts": []}):
        assert list(bluesky.track([("0", receipt)])) == []


def test_a_server_that_stands_on_its_own_still_tells_what_is_gone(bluesky: Bluesky) -> None:
    receipts = [deliver(bluesky, post(f"nr {number}"), number) for number in range(2)]
    bluesky.withdraw(receipts[1])
    events = iter(bluesky.track([(str(n), receipt) for n, receipt in enumerate(receipts)]))
    event = next(events)
    with pytest.raises(Deferred):
        next(events)
    assert (event.delivery_id, event.kind) == ("1", "gone")


def test_record_keys_are_tids_that_follow_time_and_differ_by_delivery() -> None:
    keys = [
        record_key(f"oproep/1/{number}", START + timedelta(milliseconds=moment))
        for moment in range(20)
        for number in range(50)
    ]
    assert len(set(keys)) == len(keys)
    assert all(re.fullmatch(r"[234567abcdefghij][2-7a-z]{12}", key) for key in keys)
    at_once = [keys[50 * moment] for moment in range(20)]
    assert at_once == sorted(at_once)
    assert record_key("a", START) == record_key("a", START)

"""What every channel promises, mail included: the same faults end in the same four answers."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from flows import clock
from flows.channels.base import PostChannel
from flows.channels.bluesky import Bluesky
from flows.channels.byhand import ByHand
from flows.channels.mastodon import Mastodon
from flows.channels.smtp import Relay, SmtpChannel, server_of
from flows.channels.smtp_connection import Timeouts
from flows.errors import AuthLost, Deferred, Unconfirmed
from flows.models import Receipt
from tests.mail.batch import mails
from tests.mail.recording_server import Action, Drop, Half, RecordingServer, Say, Stall, at, running
from tests.social import faults
from tests.social.faults import Killed
from tests.social.mastodon_http import TOKEN
from tests.social.mastodon_server import FakeMastodon
from tests.social.pds import Pds
from tests.social.threads import START, picture, post


@dataclass(frozen=True)
class Side:
    """A channel, and what a bystander sees on the other side."""

    channel: PostChannel
    texts: Callable[[], list[str]]
    publishes: str
    """Part of the URL of the request that makes a post visible."""


@pytest.fixture(params=["mastodon", "mastodon without keys", "bluesky"])
def side(request: pytest.FixtureRequest) -> Side:
    if request.param == "bluesky":
        bluesky: Bluesky = request.getfixturevalue("bluesky")
        pds: Pds = request.getfixturevalue("pds")
        return Side(
            channel=bluesky,
            texts=lambda: [record["value"]["text"] for record in pds.posts(bluesky.handle)],
            publishes="putRecord",
        )
    server: FakeMastodon = request.getfixturevalue("server")
    server.ignores_keys = request.param == "mastodon without keys"
    return Side(
        channel=request.getfixturevalue("channel"),
        texts=server.texts,
        publishes="/api/v1/statuses",
    )


def deliver(side: Side) -> Receipt:
    return side.channel.deliver(
        post(pictures=(picture(),)), delivery_id="oproep/1/1", first_tried=START
    )


def find(side: Side) -> Receipt | None:
    return side.channel.find(
        post(pictures=(picture(),)), delivery_id="oproep/1/1", first_tried=START
    )


AT_PUBLISHING: dict[str, type[BaseException]] = {
    "kill before": Killed,
    "kill after": Killed,
    "lost before": Unconfirmed,
    "lost after": Unconfirmed,
    "timeout before": Unconfirmed,
    "timeout after": Unconfirmed,
    "timeout late": Unconfirmed,
    "500 before": Unconfirmed,
    "500 after": Unconfirmed,
    "429": Deferred,
}


def test_every_kind_of_fault_is_tried() -> None:
    assert set(AT_PUBLISHING) == set(faults.KINDS)


@pytest.mark.parametrize("kind", AT_PUBLISHING)
def test_a_fault_at_the_post_itself_ends_as_agreed_and_is_settled_by_find(
    side: Side, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def publishing(request: requests.PreparedRequest) -> bool:
        return request.method == "POST" and side.publishes in str(request.url)

    chance = faults.once(kind, publishing)
    with faults.between(monkeypatch, chance), pytest.raises(AT_PUBLISHING[kind]):
        deliver(side)
    chance.let_late_requests_arrive()
    is_out = kind.endswith(("after", "late"))
    assert len(side.texts()) == is_out
    found = find(side)
    assert (found is not None) == is_out
    if found is None:
        deliver(side)
    assert len(side.texts()) == 1


@pytest.mark.parametrize("kind", faults.KINDS)
def test_a_fault_before_the_post_is_never_more_than_a_delay(
    side: Side, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        faults.between(monkeypatch, faults.once(kind, lambda _: True)),
        pytest.raises(Killed if kind.startswith("kill") else Deferred),
    ):
        deliver(side)
    assert side.texts() == []
    deliver(side)
    assert len(side.texts()) == 1


@pytest.mark.parametrize("kind", faults.KINDS)
def test_a_fault_while_looking_is_told_and_proves_nothing(
    side: Side, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(side)
    with (
        faults.between(monkeypatch, faults.once(kind, lambda _: True)),
        pytest.raises(Killed if kind.startswith("kill") else Deferred),
    ):
        find(side)
    assert find(side) is not None


@pytest.mark.parametrize("code", ["403", "404", "410", "418", "500", "502", "503", "504"])
def test_no_page_that_answers_in_place_of_the_server_is_taken_for_proof(
    side: Side, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(side)
    with (
        faults.between(monkeypatch, faults.Faults(choose=lambda _: code)),
        # Never Rejected: that would let it be sent once more.
        pytest.raises((Deferred, Unconfirmed, AuthLost)),
    ):
        find(side)


def test_a_channel_by_hand_never_claims_that_a_post_is_out(tmp_path: Path) -> None:
    channel: PostChannel = ByHand("linkedin", folder=tmp_path)
    for _ in range(2):
        with pytest.raises(Deferred, match="waits for a person"):
            channel.deliver(post(), delivery_id="oproep/1/1", first_tried=START)
    assert channel.find(post(), delivery_id="oproep/1/1", first_tried=START) is None


def test_nothing_becomes_visible_that_the_gate_does_not_let_through(side: Side) -> None:
    def shut() -> None:
        raise Deferred("held back")

    with pytest.raises(Deferred, match="held back"):
        side.channel.deliver(
            post(pictures=(picture(),)), delivery_id="oproep/1/1", first_tried=START, gate=shut
        )
    assert side.texts() == []


def test_a_process_that_is_really_killed_leaves_one_post_that_is_found(
    server: FakeMastodon, channel: Mastodon
) -> None:
    server.misbehave("POST /api/v1/statuses", "hold")
    program = f"""
        from datetime import datetime
        from flows.channels.mastodon import Mastodon
        from tests.social.threads import post
        Mastodon(url={server.url!r}, token={TOKEN!r}).deliver(
            post(), delivery_id="oproep/1/1", first_tried=datetime.fromisoformat({str(START)!r})
        )
    """
    house = Path(__file__).resolve().parent.parent.parent
    child = subprocess.Popen([sys.executable, "-c", textwrap.dedent(program)], cwd=house)
    patience = time.monotonic() + 30
    while not server.texts() and time.monotonic() < patience:
        time.sleep(0.02)
    child.kill()
    child.wait()
    server.release()
    found = channel.find(post(), delivery_id="oproep/1/1", first_tried=START)
    assert found is not None
    assert list(server.statuses) == [found.remote_id]


BY_MAIL: dict[str, Action] = {
    "lost before": Drop(),
    "lost after": Drop(taken=True),
    "timeout before": Stall(),
    "timeout after": Stall(taken=True),
    "500 before": Half("4"),
    "500 after": Half("2", taken=True),
    "429": Say("450 4.7.1 later"),
}
"""The faults above as a mail server commits them, after a message's last octet."""


@pytest.mark.parametrize("kind", BY_MAIL)
def test_mail_ends_the_same_faults_the_same_way(kind: str) -> None:
    server = RecordingServer(plan=at("dot", do=BY_MAIL[kind]))

    async def once() -> None:
        async with running(server):
            relay = Relay(
                server=server_of(f"smtp://127.0.0.1:{server.port}"), timeouts=Timeouts(dot=0.2)
            )
            mail = mails(1)[0].message
            with pytest.raises(AT_PUBLISHING[kind]):
                await asyncio.to_thread(SmtpChannel(relay).deliver, mail, delivery_id="1")

    with clock.use(clock.SystemClock()):
        asyncio.run(once())
    assert len(server.taken) == kind.endswith("after")


def test_mail_is_tried_by_every_fault_that_a_server_can_commit() -> None:
    # Being killed, and an answer that comes late, no server commits; tests/soak kills senders.
    assert set(faults.KINDS) - set(BY_MAIL) == {"kill before", "kill after", "timeout late"}

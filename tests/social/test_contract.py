"""What every channel promises, mail included: the same faults end in the same four answers."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from flows.channels.base import PostCarrier
from flows.channels.bluesky import Bluesky
from flows.channels.byhand import ByHand
from flows.channels.mastodon import Mastodon
from flows.channels.outbox import PostOutbox
from flows.errors import AuthLost, Deferred, Unconfirmed
from tests.social import faults
from tests.social.faults import Killed
from tests.social.mastodon_http import TOKEN
from tests.social.mastodon_server import FakeMastodon
from tests.social.onlooker import ELSEWHERE, Onlooker, elsewhere
from tests.social.pds import Pds
from tests.social.sides import AT_THE_DOT, HOUSE, PostSide, Side, mail_side
from tests.social.threads import START, picture, post

SERVERS = ["mastodon", "mastodon without keys", "bluesky"]
if os.environ.get(ELSEWHERE):
    SERVERS.append("mastodon elsewhere")


def _network(name: str, request: pytest.FixtureRequest, patch: pytest.MonkeyPatch) -> PostSide:
    if name == "bluesky":
        bluesky: Bluesky = request.getfixturevalue("bluesky")
        pds: Pds = request.getfixturevalue("pds")
        return PostSide(
            channel=bluesky,
            texts=lambda: [record["value"]["text"] for record in pds.posts(bluesky.handle)],
            publishes="putRecord",
            patch=patch,
        )
    if name == "mastodon elsewhere":
        account = elsewhere()
    else:
        server: FakeMastodon = request.getfixturevalue("server")
        server.ignores_keys = name == "mastodon without keys"
        account = Onlooker(server.url, TOKEN)
    return PostSide(
        channel=Mastodon(url=account.url, token=account.token, timeout=5),
        texts=account.texts,
        publishes="/api/v1/statuses",
        patch=patch,
    )


@pytest.fixture(params=SERVERS)
def network(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> PostSide:
    return _network(request.param, request, monkeypatch)


@pytest.fixture(params=[*SERVERS, "mail"])
def side(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Side]:
    if request.param == "mail":
        with mail_side() as mail:
            yield mail
    else:
        yield _network(request.param, request, monkeypatch)


AT_HAND_OVER: dict[str, type[BaseException]] = {
    "kill before": Killed,
    "kill after": Killed,
    "kill late": Killed,
    "lost before": Unconfirmed,
    "lost after": Unconfirmed,
    "timeout before": Unconfirmed,
    "timeout after": Unconfirmed,
    "timeout late": Unconfirmed,
    "500 before": Unconfirmed,
    "500 after": Unconfirmed,
    "429": Deferred,
}


def test_every_kind_of_fault_is_tried_on_every_channel() -> None:
    assert set(AT_HAND_OVER) == set(AT_THE_DOT) == set(faults.KINDS)


@pytest.mark.parametrize("kind", faults.KINDS)
def test_a_fault_at_hand_over_ends_as_agreed_and_the_message_is_out_once(
    side: Side, kind: str
) -> None:
    with side.at_hand_over(kind), pytest.raises(AT_HAND_OVER[kind]):
        side.deliver()
    is_out = kind.endswith(("after", "late"))
    assert side.out() == is_out
    if side.can_be_asked:
        assert (side.find() is not None) == is_out
    if not is_out:
        side.deliver()
    assert side.out() == 1


@pytest.mark.parametrize("kind", faults.KINDS)
def test_a_fault_before_hand_over_is_never_more_than_a_delay(side: Side, kind: str) -> None:
    # Mail may go on over another connection by itself.
    with side.on_the_way(kind), suppress(Killed if kind.startswith("kill") else Deferred):
        side.deliver()
    if side.out() == 0:
        side.deliver()
    assert side.out() == 1


@pytest.mark.parametrize("kind", faults.KINDS)
def test_a_fault_while_looking_is_told_and_proves_nothing(network: PostSide, kind: str) -> None:
    network.deliver()
    with (
        network.on_the_way(kind),
        pytest.raises(Killed if kind.startswith("kill") else Deferred),
    ):
        network.find()
    assert network.find() is not None


@pytest.mark.parametrize("code", ["403", "404", "410", "418", "500", "502", "503", "504"])
def test_no_page_that_answers_in_place_of_the_server_is_taken_for_proof(
    network: PostSide, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    network.deliver()
    with (
        faults.between(monkeypatch, faults.Faults(choose=lambda _: code)),
        # Never Rejected: that would let it be sent once more.
        pytest.raises((Deferred, Unconfirmed, AuthLost)),
    ):
        network.find()


def test_nothing_becomes_visible_that_the_gate_does_not_let_through(network: PostSide) -> None:
    with pytest.raises(Deferred, match="held back"):
        network.deliver(gate=shut)
    assert network.out() == 0


def shut() -> None:
    raise Deferred("held back")


LOCAL: dict[str, Callable[[Path], PostCarrier]] = {
    "by hand": lambda folder: ByHand("linkedin", folder=folder),
    "outbox": lambda folder: PostOutbox(folder, step="3-mastodon"),
}


@pytest.fixture(params=LOCAL)
def local(request: pytest.FixtureRequest, tmp_path: Path) -> PostCarrier:
    """A channel that reaches nothing but a folder."""
    return LOCAL[request.param](tmp_path)


@pytest.mark.parametrize("file", range(3))
def test_a_channel_to_a_folder_that_was_killed_in_the_middle_gives_the_same_files(
    local: PostCarrier, file: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def deliver() -> None:
        with suppress(Deferred):
            local.deliver(post(pictures=(picture(),)), delivery_id="oproep/1/1", first_tried=START)

    deliver()
    whole = contents(tmp_path)
    real, left = os.replace, min(file, len(whole) - 1)

    def killed(source: str, target: str) -> None:
        nonlocal left
        if not left:
            raise Killed
        left -= 1
        real(source, target)

    for path in whole:
        path.unlink()
    monkeypatch.setattr("os.replace", killed)
    with pytest.raises(Killed):
        deliver()
    monkeypatch.setattr("os.replace", real)
    assert local.find(post(), delivery_id="oproep/1/1", first_tried=START) is None
    deliver()
    assert contents(tmp_path) == whole


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_channel_to_a_folder_writes_nothing_that_the_gate_does_not_let_through(
    local: PostCarrier, tmp_path: Path
) -> None:
    with pytest.raises(Deferred, match="held back"):
        local.deliver(post(), delivery_id="oproep/1/1", first_tried=START, gate=shut)
    assert list(tmp_path.rglob("*")) == []


def test_a_channel_by_hand_never_claims_that_a_post_is_out(tmp_path: Path) -> None:
    channel = ByHand("linkedin", folder=tmp_path)
    for _ in range(2):
        with pytest.raises(Deferred, match="waits for a person"):
            channel.deliver(post(), delivery_id="oproep/1/1", first_tried=START)


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
    child = subprocess.Popen([sys.executable, "-c", textwrap.dedent(program)], cwd=HOUSE)
    patience = time.monotonic() + 30
    while not server.texts() and time.monotonic() < patience:
        time.sleep(0.02)
    child.kill()
    child.wait()
    server.release()
    found = channel.find(post(), delivery_id="oproep/1/1", first_tried=START)
    assert found is not None
    assert list(server.statuses) == [found.remote_id]

"""The life of a thread on any server that speaks Mastodon's API, seen over that API alone."""

from __future__ import annotations

import json
import os
from dataclasses import replace

import pytest

from flows.channels.mastodon import Mastodon
from tests.social.mastodon_http import TOKEN
from tests.social.mastodon_server import FakeMastodon
from tests.social.onlooker import ELSEWHERE, Onlooker, Seen, elsewhere
from tests.social.threads import Runner, picture, post, thread

SERVERS = ["ours", *(["elsewhere"] if os.environ.get(ELSEWHERE) else [])]


@pytest.fixture(params=SERVERS)
def account(request: pytest.FixtureRequest) -> Onlooker:
    if request.param == "elsewhere":
        return elsewhere()
    server: FakeMastodon = request.getfixturevalue("server")
    return Onlooker(server.url, TOKEN)


@pytest.fixture
def any_server(account: Onlooker) -> Mastodon:
    return Mastodon(url=account.url, token=account.token, timeout=5)


def test_a_thread_appears_in_order_with_its_pictures(
    any_server: Mastodon, account: Onlooker
) -> None:
    receipts = Runner(any_server).run(thread(["Een.", "Twee & <drie>.", "Vier."], pictures=2))
    ids = [receipt.remote_id for receipt in receipts]
    assert account.posts() == [
        Seen(id=one, text=text, parent=parent, alts=["Een lege gang met een dichte deur"] * 2)
        for one, text, parent in zip(
            ids, ["Een.", "Twee & <drie>.", "Vier."], [None, *ids[:-1]], strict=True
        )
    ]


def test_a_post_is_corrected_and_corrected_once(any_server: Mastodon, account: Onlooker) -> None:
    said = post("Een.", pictures=(picture("Een gang"), picture("Een deur")))
    [receipt] = Runner(any_server).run([said])
    better = replace(said, text="Beter.", pictures=(picture("Een lege gang"), picture("Een deur")))
    assert any_server.edit(better, receipt) is not None
    assert any_server.edit(better, receipt) is None
    [seen] = account.posts()
    assert (seen.text, sorted(seen.alts)) == ("Beter.", ["Een deur", "Een lege gang"])


def test_what_became_of_a_thread_is_told_until_it_is_withdrawn(
    any_server: Mastodon, account: Onlooker
) -> None:
    receipts = Runner(any_server).run(thread(["Een.", "Twee."]))
    asked = [(str(number), receipt) for number, receipt in enumerate(receipts)]
    first, second = any_server.track(asked)
    assert (json.loads(first.detail)["replies"], json.loads(second.detail)["replies"]) == (1, 0)
    for receipt in reversed(receipts):
        any_server.withdraw(receipt)
        any_server.withdraw(receipt)
    assert account.posts() == []
    assert [event.kind for event in any_server.track(asked)] == ["gone", "gone"]


def test_the_doctor_finds_token_account_and_limits(any_server: Mastodon) -> None:
    found = {finding.name: finding.severity for finding in any_server.probe()}
    assert {"token", "account", "limits", "media"} <= found.keys()
    assert found["token"] is found["account"] is found["limits"] is None

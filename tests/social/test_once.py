"""Every thread complete, in order, each post once, whatever goes wrong on the way."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.channels.bluesky import Bluesky
from flows.channels.bluesky_session import SessionFile
from flows.channels.mastodon import Mastodon
from tests.social import faults
from tests.social.mastodon_http import TOKEN
from tests.social.mastodon_server import FakeMastodon
from tests.social.pds import Pds
from tests.social.threads import Runner, thread

FAULTS = 100
"""Per share; five shares make the five hundred, and can run beside each other."""
PDS_FAULTS = 150
TEXTS = ["De oproep.", "Teken nu.", "Teken nu.", "Wie mee doet: @org@partner.example.", "Tot dan."]


@pytest.mark.parametrize("share", range(5))
@pytest.mark.parametrize("ignores_keys", [False, True], ids=["keys kept", "keys ignored"])
def test_five_hundred_random_faults_leave_each_mastodon_post_out_once(
    monkeypatch: pytest.MonkeyPatch, ignores_keys: bool, share: int
) -> None:
    left, seed, settled = FAULTS, 1000 * share, 0
    while left > 0:
        seed += 1
        chance = faults.seeded(seed, share=0.45, most=min(left, 25))
        with FakeMastodon() as server, faults.between(monkeypatch, chance):
            server.ignores_keys = ignores_keys
            # Pictures take their time on every other server.
            server.media_answers = [[200], [202, 206, 200]][seed % 2]
            channel = Mastodon(url=server.url, token=TOKEN)
            runner = Runner(channel, faults=chance, delivery=f"oproep/{seed}")
            receipts = runner.run(thread(TEXTS, pictures=2))
            settled += runner.settled
            chance.let_late_requests_arrive()
        assert server.texts() == TEXTS, f"seed {seed}: {chance.happened}"
        ids = [receipt.remote_id for receipt in receipts]
        assert ids == list(server.statuses)
        parents = [status.in_reply_to_id for status in server.statuses.values()]
        assert parents == [None, *ids[:-1]]
        assert all(len(status.media) == 2 for status in server.statuses.values())
        left -= len(chance.happened)
    assert settled > FAULTS / 10, "the faults must have hit posts, not only reads"


def test_random_faults_leave_each_bluesky_post_out_once(
    pds: Pds, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left, seed = PDS_FAULTS, 0
    while left > 0:
        seed += 1
        handle, password = pds.account()
        chance = faults.seeded(seed, share=0.45, most=min(left, 25))
        with faults.between(monkeypatch, chance):
            channel = Bluesky(
                url=pds.url,
                handle=handle,
                app_password=password,
                session=SessionFile(tmp_path / handle),
            )
            texts = [text.replace("@org@partner.example", f"@{handle}") for text in TEXTS]
            runner = Runner(channel, faults=chance, delivery=f"oproep/{seed}")
            receipts = runner.run(thread(texts, pictures=2))
            chance.let_late_requests_arrive()
        records = pds.posts(handle)
        assert [record["value"]["text"] for record in records] == texts, chance.happened
        assert [f"{record['uri']}#{record['cid']}" for record in records] == [
            receipt.remote_id for receipt in receipts
        ]
        parents = [
            record["value"].get("reply", {}).get("parent", {}).get("uri") for record in records
        ]
        assert parents == [None, *(record["uri"] for record in records[:-1])]
        assert all(len(record["value"]["embed"]["images"]) == 2 for record in records)
        left -= len(chance.happened)

"""Every thread complete, in order, each post once, whatever goes wrong on the way."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.social import killing
from tests.social.faults import KINDS
from tests.social.onlooker import ELSEWHERE
from tests.social.pds import Pds
from tests.social.soaking import Carried, Server, another, ours, over_bluesky, over_mastodon

FAULTS = 170
"""Over each server here, and so more than five hundred; `make soak` brings that over each."""
SERVERS = {"keys kept": ours(), "keys ignored": ours(ignores_keys=True)}
if os.environ.get(ELSEWHERE):
    SERVERS["another server"] = another


def require_variety(carried: list[Carried]) -> None:
    assert sum(len(each.faults) for each in carried) == FAULTS
    assert {kind for each in carried for kind in each.at_publishing} == set(KINDS)
    assert sum(each.kills for each in carried) > FAULTS / 20, "processes must have been killed"
    assert sum(each.settled for each in carried), "a person must have settled something"


@pytest.mark.parametrize("server", SERVERS.values(), ids=SERVERS)
def test_random_faults_leave_each_mastodon_post_out_once(
    server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    require_variety(list(over_mastodon(tmp_path, monkeypatch, server, most=FAULTS, seed=0)))


def test_random_faults_leave_each_bluesky_post_out_once(
    pds: Pds, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    require_variety(list(over_bluesky(tmp_path, monkeypatch, pds, most=FAULTS, seed=0)))


def test_processes_killed_at_any_moment_leave_each_post_out_once(tmp_path: Path) -> None:
    assert killing.over_mastodon(tmp_path, kills=4, seed=0).kills == 4

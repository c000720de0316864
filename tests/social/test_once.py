"""Every thread complete, in order, each post once, whatever goes wrong on the way."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.social.pds import Pds
from tests.social.soaking import over_bluesky, over_mastodon

FAULTS = 60
"""For each server here; `make soak` brings five hundred over each."""


@pytest.mark.parametrize("ignores_keys", [False, True], ids=["keys kept", "keys ignored"])
def test_random_faults_leave_each_mastodon_post_out_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, ignores_keys: bool
) -> None:
    carried = list(
        over_mastodon(tmp_path, monkeypatch, most=FAULTS, seed=0, ignores_keys=ignores_keys)
    )
    assert sum(each.kills for each in carried) > FAULTS / 20, "processes must have been killed"


def test_random_faults_leave_each_bluesky_post_out_once(
    pds: Pds, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert list(over_bluesky(tmp_path, monkeypatch, pds, most=FAULTS, seed=0))

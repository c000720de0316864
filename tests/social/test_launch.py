"""A launch over every channel, of which one is broken and one asks for patience."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from flows import clock
from flows.database import open_database
from flows.ledger.book import Ledger
from flows.ledger.frozen import FrozenCampaign
from flows.models import StepState
from tests.cli.conftest import CAMPAIGN
from tests.cli.test_launching import oproep_in, relay, soon
from tests.mail.recording_server import RecordingServer
from tests.social.mastodon_http import TOKEN
from tests.social.mastodon_server import FakeMastodon
from tests.social.pds import Pds

pytestmark = [pytest.mark.timeout(300), pytest.mark.prefect]
PATIENCE = timedelta(seconds=7)
"""How long the server asks to stay away."""
CHANNELS = ("mastodon", "mastodon:jeugd", "bluesky", "mailout", "linkedin")


@dataclass(frozen=True)
class Launched:
    """What became of a launch."""

    code: int
    err: str
    campaign: FrozenCampaign
    revoked: FakeMastodon
    patient: FakeMastodon
    bluesky: list[datetime]
    """When each of its posts was made."""
    mail: RecordingServer

    def state(self, channel: str) -> StepState:
        return self.campaign.step(CHANNELS.index(channel) + 1).state


@pytest.fixture(scope="module")
def launched(tmp_path_factory: pytest.TempPathFactory, pds: Pds) -> Iterator[Launched]:
    house = tmp_path_factory.mktemp("launch")
    handle, password = pds.account()
    with ExitStack() as stack:
        stack.enter_context(clock.use(clock.SystemClock()))
        revoked, patient = (stack.enter_context(FakeMastodon()) for _ in range(2))
        mail = stack.enter_context(relay())
        soon(house, port=mail.port)
        revoked.revoked = True
        patient.reset_after = PATIENCE
        patient.misbehave("POST /api/v1/statuses", "429")
        event = datetime.now(UTC) + timedelta(hours=1)
        plan = [f'[event]\nname = "Gesprek"\nat = {event:%Y-%m-%dT%H:%M:%S}Z\n']
        for channel in CHANNELS:
            name, _, account = channel.partition(":")
            plan.append(f'[[step]]\nchannel = "{name}"\nat = "event - 2h"\n')
            plan.append(f'account = "{account}"\n' if account else "")
        (house / "content" / CAMPAIGN / "campaign.toml").write_text("".join(plan))
        with (house / "secrets.env").open("a") as secrets:
            secrets.write(
                f"OPROEP_MASTODON_URL={revoked.url}\nOPROEP_MASTODON_TOKEN={TOKEN}\n"
                f"OPROEP_MASTODON_JEUGD_URL={patient.url}\nOPROEP_MASTODON_JEUGD_TOKEN={TOKEN}\n"
                f"OPROEP_BLUESKY_URL={pds.url}\nOPROEP_BLUESKY_HANDLE={handle}\n"
                f"OPROEP_BLUESKY_APP_PASSWORD={password}\n"
            )
        approved = oproep_in(house, "approve", CAMPAIGN, "--by", "Noor", "--yes")
        assert approved.returncode == 0, approved.stderr
        done = oproep_in(house, "launch", CAMPAIGN, "--now", "--yes")
        engine = open_database(f"sqlite:///{house / 'var' / 'ledger.sqlite'}")
        yield Launched(
            code=done.returncode,
            err=done.stderr,
            campaign=Ledger(engine).campaign(CAMPAIGN),
            revoked=revoked,
            patient=patient,
            bluesky=[
                datetime.fromisoformat(record["value"]["createdAt"]) for record in pds.posts(handle)
            ],
            mail=mail,
        )
        engine.dispose()


def test_a_revoked_token_stops_its_own_step_and_is_told_by_the_exit_code(
    launched: Launched,
) -> None:
    assert launched.code == 4, launched.err
    assert "does not accept our credentials" in launched.err
    assert TOKEN not in launched.err
    assert launched.revoked.texts() == []
    assert launched.state("mastodon") is StepState.PAUSED


def test_the_other_channels_go_on(launched: Launched) -> None:
    assert launched.state("bluesky") is StepState.DONE
    assert len(launched.bluesky) == 3
    assert launched.state("mailout") is StepState.DONE
    assert launched.state("linkedin") is StepState.RUNNING
    mailed = launched.mail.counts()
    assert set(mailed.values()) == {1}
    # The partners, and whoever posts by hand.
    assert len(mailed) == 11 + 1
    assert "redactie@kompaskinderrechten.example" in mailed


def test_a_rate_limit_is_waited_out_while_the_others_go_out(launched: Launched) -> None:
    assert launched.state("mastodon:jeugd") is StepState.DONE
    assert len(launched.patient.texts()) == 3
    first = next(iter(launched.patient.statuses.values())).created_at
    assert max(launched.bluesky) < first
    assert launched.patient.posts() == 4

"""A ledger to write in, and a campaign to write."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine

from flows.clock import SimulatedClock
from flows.ledger.book import Ledger
from flows.ledger.frozen import FrozenCampaign, FrozenStep, Planned
from flows.models import Recipient
from tests.conftest import START

EVENT = START + timedelta(days=1)


@pytest.fixture
def ledger(engine: Engine, time: SimulatedClock) -> Ledger:
    return Ledger(engine)


def people(number: int, *, called: str = "lezer") -> list[Planned]:
    addresses = [f"{called}{i}@lezers.example" for i in range(number)]
    return [Planned(recipient=Recipient(address=address)) for address in addresses]


def others(number: int) -> list[Planned]:
    """Return people who are not among `people`."""
    return people(number, called="ander")


def campaign(*steps: str) -> FrozenCampaign:
    return FrozenCampaign(
        slug="oproep",
        title="Oproep",
        language="nl",
        time_zone="Europe/Amsterdam",
        event_name="Rondetafelgesprek",
        event_at=EVENT,
        fingerprint="f" * 64,
        rehearsal=False,
        steps=tuple(
            FrozenStep(
                number=number,
                channel=channel,
                draft=f"{channel}.md",
                at=EVENT - timedelta(hours=17),
                deadline=EVENT,
            )
            for number, channel in enumerate(steps or ("newsletter",), 1)
        ),
    )

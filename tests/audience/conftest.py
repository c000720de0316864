"""An audience on each database that it promises to run on."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine

from flows.audience.people import Consent, Details, Subscription
from flows.audience.subscribers import Audience
from flows.clock import SimulatedClock

START = datetime(2026, 2, 1, 9, tzinfo=UTC)
SECRET = SecretStr("a secret of this test")
CONSENT = Consent(wording="Ja, stuur mij de nieuwsbrief.", purpose="Nieuws", source="page")


@pytest.fixture
def start() -> datetime:
    return START


@pytest.fixture
def audience(engine: Engine, time: SimulatedClock) -> Audience:
    return Audience(engine, SECRET)


def ask(
    audience: Audience,
    address: str = "anna@lezers.example",
    list_: str = "nieuwsbrief",
    **details: object,
) -> Subscription:
    """Fill in the form with an address."""
    said = Details(**details)  # type: ignore[arg-type]
    return audience.subscribe(address, list_, details=said, consent=CONSENT)


def join(
    audience: Audience,
    address: str = "anna@lezers.example",
    list_: str = "nieuwsbrief",
    **details: object,
) -> Subscription:
    """Fill in the form and confirm it."""
    confirmed = audience.confirm(ask(audience, address, list_, **details).id)
    assert confirmed is not None
    return confirmed

"""A ledger with a campaign that went out, an audience, and a Maildir in which things come back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, Row, select

from flows import clock
from flows.audience.people import Consent, Details
from flows.audience.subscribers import Audience
from flows.audience.tokens import Purpose, Signer, verp_sender
from flows.clock import SimulatedClock
from flows.compose.mime import message_id
from flows.database import open_database, reading
from flows.ledger import tables as t
from flows.ledger.book import Ledger
from flows.ledger.frozen import FrozenCampaign, FrozenStep, Planned
from flows.ledger.transitions import move
from flows.models import DeliveryState, Organisation, Recipient, SenderMail
from flows.returns.keeping import Taken
from flows.returns.lookup import Lookup
from flows.returns.round import keeper_of
from flows.settings import Settings
from tests.conftest import START
from tests.ledger.conftest import EVENT

SECRET = "geheim" * 8
HOST = "organisatie.example"
LIST = "nieuwsbrief"

ORGANISATION = Organisation(
    name="Organisatie",
    legal_name="Stichting Organisatie",
    address=("Straat 1",),
    website="https://organisatie.example",
    mail=SenderMail(
        from_name="Organisatie",
        from_address=f"nieuws@{HOST}",
        reply_to=f"redactie@{HOST}",
    ),
)


@dataclass
class House:
    """Everything that a returned message may touch."""

    settings: Settings
    engine: Engine
    audience: Audience
    ledger: Ledger

    def launch(
        self, slug: str, *readers: str, channel: str = "newsletter", sent: bool = True
    ) -> FrozenCampaign:
        """Freeze a campaign of one running step, of which every mail has gone out, or none."""
        step = FrozenStep(
            number=1,
            channel=channel,
            draft=f"{channel}.md",
            at=START,
            deadline=EVENT,
            list=LIST if channel == "newsletter" else "",
        )
        frozen = self.ledger.freeze(
            FrozenCampaign(
                slug=slug,
                title="Oproep",
                language="nl",
                time_zone="Europe/Amsterdam",
                event_name="Rondetafelgesprek",
                event_at=EVENT,
                fingerprint="f" * 64,
                rehearsal=False,
                steps=(step,),
            ),
            [[Planned(recipient=Recipient(address=reader)) for reader in readers]],
        )
        self.ledger.begin_step(frozen.steps[0].id)
        if not sent:
            return frozen
        ids = [self.delivery(slug, reader) for reader in readers]
        with self.engine.begin() as connection:
            for state in (DeliveryState.SENDING, DeliveryState.SENT):
                move(connection, ids, state, now=clock.now())
        return frozen

    def subscribe(self, *addresses: str) -> None:
        consent = Consent(wording="Ja", purpose="Nieuws", source="test")
        for address in addresses:
            asked = self.audience.subscribe(address, LIST, details=Details(), consent=consent)
            assert self.audience.confirm(asked.id) is not None

    def _row(self, slug: str, address: str) -> Row[Any]:
        query = (
            select(t.delivery)
            .join(t.step, t.step.c.id == t.delivery.c.step_id)
            .join(t.campaign, t.campaign.c.id == t.step.c.campaign_id)
            .where(t.campaign.c.slug == slug, t.delivery.c.recipient_key == address.casefold())
        )
        with reading(self.engine) as connection:
            return connection.execute(query).one()

    def delivery(self, slug: str, address: str) -> int:
        return int(self._row(slug, address).id)

    def state(self, slug: str, address: str) -> str:
        return str(self._row(slug, address).state)

    def verp(self, slug: str, address: str) -> str:
        signer = Signer(SECRET, Purpose.BOUNCE)
        return verp_sender(signer, self.delivery(slug, address), domain=HOST)

    def message_id(self, slug: str, address: str) -> str:
        return message_id(
            secret=SECRET, campaign=slug, step=1, recipient=address.casefold(), host=HOST
        )

    def take(self, raw: bytes) -> Taken:
        return keeper_of(self.settings, ORGANISATION, self.engine).take(raw)

    def lookup(self) -> Lookup:
        return Lookup(self.engine, SECRET)

    def suppressed(self, address: str) -> str | None:
        found = self.audience.suppression(address)
        return found.reason if found else None

    def with_settings(self, **changes: object) -> House:
        return replace(self, settings=self.settings.model_copy(update=changes))


@pytest.fixture
def house(database_url: str, tmp_path: Path, time: SimulatedClock) -> Iterator[House]:
    engine = open_database(database_url)
    secret = SecretStr(SECRET)
    settings = Settings(
        var_dir=tmp_path / "var",
        content_dir=tmp_path / "content",
        database_url=SecretStr(database_url),
        secret_key=secret,
        returns_url=SecretStr(f"maildir://{tmp_path / 'Maildir'}"),
    )
    yield House(settings, engine, Audience(engine, secret), Ledger(engine))
    engine.dispose()


@pytest.fixture
def maildir(tmp_path: Path) -> Path:
    for name in ("new", "cur", "tmp"):
        (tmp_path / "Maildir" / name).mkdir(parents=True)
    return tmp_path / "Maildir"


WEEK = timedelta(days=7)

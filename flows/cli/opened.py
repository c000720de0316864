"""What most commands need: the campaign that is named, and the ledger of this installation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from flows.campaign.folder import Campaign, find_campaign, load_campaign
from flows.database import open_database
from flows.ledger.book import Ledger
from flows.settings import Settings, load


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A campaign, the settings, and the ledger in which it is or will be."""

    settings: Settings
    campaign: Campaign
    ledger: Ledger

    @property
    def slug(self) -> str:
        """The campaign's name."""
        return self.campaign.slug


@contextmanager
def opened(name: str) -> Iterator[Opened]:
    """Yield a campaign with the ledger; steps whose deadline has passed are closed first.

    Raises:
        InputError: there is no such campaign.
        SettingsError: a setting cannot be read.
        LedgerError: the database cannot be opened.
    """
    settings = load()
    campaign = load_campaign(find_campaign(settings, name), settings)
    engine = open_database(settings.database)
    try:
        ledger = Ledger(engine)
        ledger.close_overdue()
        yield Opened(settings=settings, campaign=campaign, ledger=ledger)
    finally:
        engine.dispose()

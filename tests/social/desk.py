"""The real way of a post: ledger, worker, campaign rules and channel, and processes that die."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from flows import clock
from flows.campaign.posting import LEASE, Desk, deliver_thread
from flows.campaign.rendering import StepContent
from flows.campaign.settling import settle_posts
from flows.channels.base import PostCarrier
from flows.compose.messages import Post
from flows.database import open_database, reading
from flows.errors import AuthLost
from flows.ledger import tables as t
from flows.ledger.book import Ledger
from flows.ledger.frozen import FrozenCampaign, FrozenStep, Planned
from flows.ledger.hand_over import Worker, recover
from flows.models import DeliveryState, Recipient
from flows.settings import load
from tests.social.faults import Killed

SLUG = "2026-02-11-oproep"


@dataclass
class Office:
    """A ledger with one step of posts, and processes that hand it over."""

    database: str
    channel: PostCarrier
    posts: Sequence[Post]
    network: str = "mastodon"
    hours: int = 17
    """Between now and the deadline."""
    slug: str = SLUG
    settles: Callable[[], bool] = lambda: False
    """Whether a person asks for `oproep settle` before another process follows a dead one."""
    kills: int = 0
    settled: int = 0
    engine: Engine = field(init=False)

    def __post_init__(self) -> None:
        self.engine = open_database(self.database)
        self.ledger = Ledger(self.engine)
        now = clock.now()
        deadline = now + timedelta(hours=self.hours)
        step = FrozenStep(
            number=1,
            channel=self.network,
            account="default",
            draft="posts/oproep.md",
            at=now,
            deadline=deadline,
        )
        campaign = FrozenCampaign(
            slug=self.slug,
            title="Oproep",
            language="nl",
            time_zone="Europe/Amsterdam",
            event_name="Gesprek",
            event_at=deadline,
            fingerprint="0" * 64,
            rehearsal=False,
            steps=(step,),
        )
        account = Recipient(address=f"default@{self.network}")
        parts = [Planned(recipient=account, part=part) for part in range(len(self.posts))]
        self.ledger.freeze(campaign, [parts])

    @property
    def step(self) -> FrozenStep:
        return self.ledger.campaign(self.slug).step(1)

    def desk(self) -> Desk:
        return Desk(
            ledger=self.ledger,
            worker=Worker(self.engine, lease=LEASE),
            step=self.step,
            content=StepContent(posts=tuple(self.posts)),
            channel=self.channel,
            slug=self.slug,
        )

    def work(self) -> int:
        """One process that hands over until it ends by itself."""
        self.ledger.begin_step(self.step.id)
        recover(self.engine)
        desk = self.desk()
        try:
            return asyncio.run(deliver_thread(desk))
        finally:
            desk.worker.release()
            if clock.now() >= self.step.deadline:
                self.ledger.close_at_deadline(self.step.id)
            else:
                self.ledger.end_step(self.step.id)

    def work_until_done(self) -> None:
        """One process after another, as long as they are killed."""
        for _ in range(200):
            self.ledger.begin_step(self.step.id)
            recover(self.engine)
            desk = self.desk()
            try:
                asyncio.run(deliver_thread(desk))
            except Killed:
                self.kills += 1
                self._pass_away()
                if self.settles():
                    self.settle()
                continue
            except AuthLost:
                pass
            desk.worker.release()
            self.ledger.end_step(self.step.id)
            return
        raise AssertionError("it never ended")

    def settle(self) -> None:
        """Do what `oproep settle` does, as often as it is killed itself or left with a doubt."""
        settings = load({})
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("flows.campaign.settling.open_account", lambda *_, **__: self.channel)
            for _ in range(50):
                recover(self.engine)
                try:
                    self.settled += sum(1 for _ in settle_posts(self.ledger, self.slug, settings))
                except Killed:
                    self.kills += 1
                if DeliveryState.UNCONFIRMED not in self.states():
                    return
        raise AssertionError("it stays in doubt")

    def _pass_away(self) -> None:
        """Let the dead process's lease run out."""
        current = clock._current
        assert isinstance(current, clock.SimulatedClock)
        current.advance(LEASE + timedelta(seconds=1))

    def states(self) -> list[DeliveryState]:
        with reading(self.engine) as connection:
            found = connection.scalars(select(t.delivery.c.state).order_by(t.delivery.c.part))
            return [DeliveryState(state) for state in found]

    def urls(self) -> list[str]:
        with reading(self.engine) as connection:
            return list(connection.scalars(select(t.delivery.c.url).order_by(t.delivery.c.part)))


def sqlite(folder: Path) -> str:
    return f"sqlite:///{folder / 'ledger.sqlite'}"

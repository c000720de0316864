"""Whatever people, crashes and time do to a launched campaign: once each, within its window.

The functions under the flow, on a simulated clock and with a relay that only counts, in every
order that hypothesis thinks of; what Prefect could do wrong, running a step twice, too late, never
or half, is among it.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import settings as hypothesis
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from flows import clock, deliver, deliver_mail
from flows.campaign import share
from flows.campaign.folder import Campaign, load_campaign
from flows.campaign.freezing import frozen_campaign
from flows.campaign.held import changed_since_approval
from flows.campaign.launching import is_changed
from flows.channels.batch import Ended, HandOver, Outcome, Record, Source
from flows.clock import SimulatedClock
from flows.compose.messages import Mail
from flows.database import open_database, reading
from flows.errors import LedgerError
from flows.ledger import tables as t
from flows.ledger.adopting import adopt
from flows.ledger.book import EARLY, Ledger
from flows.ledger.control import Control
from flows.ledger.frozen import FrozenCampaign, Planned
from flows.ledger.hand_over import LEASE, Worker, recover
from flows.ledger.underway import let_go
from flows.models import DeliveryState, Recipient, SkipReason, StepState
from flows.settings import Settings, load
from tests.campaign.conftest import BEFORE, FILES

SLUG = "2026-02-11-oproep"
PEOPLE = 4
STEP = '\n[[step]]\nchannel = "mailout"\nat = "event - 22h"\n'
MEMORY = Path("/dev/shm") if Path("/dev/shm").is_dir() else None
"""Power cuts are not among what is tried here, so the disk need not be waited for."""
ACTS = (
    *("crash", "stop", "retry", "unlaunch", "edit", "approve", "let go"),
    *("earlier", "later", "late", "back"),
)
"""What may happen between two mails."""
OPEN = (DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.DEFERRED)


class Crash(BaseException):
    """`kill -9`: nothing after it runs, no `finally` either."""


@dataclass
class Relay:
    """Writes down what goes over the wire, and lets the world act between two mails."""

    ledger: Ledger
    on_wire: Counter[str] = field(default_factory=Counter)
    acts: dict[int, Callable[[], None]] = field(default_factory=dict)
    seen: int = 0

    async def deliver_many(
        self, source: Source[Mail], *, record: Record, stop: Callable[[], bool]
    ) -> HandOver:
        while not stop() and (batch := source(1)):
            (outgoing,) = batch
            await asyncio.sleep(0)
            self._act()
            if stop():
                return HandOver(why=Ended.STOPPED, returned=[outgoing.delivery_id])
            record([outgoing.delivery_id], [])
            self._over_the_wire(outgoing.delivery_id, outgoing.message.recipient)
            self._act()
            state = DeliveryState.SENT
            if outgoing.delivery_id % 5 == 0 and self.seen % 3 == 0:
                state = DeliveryState.DEFERRED
                self.on_wire[outgoing.message.recipient] -= 1
            record([], [Outcome(outgoing.delivery_id, state)])
        return HandOver(why=Ended.STOPPED if stop() else Ended.EMPTY)

    def _act(self) -> None:
        self.seen += 1
        if act := self.acts.pop(self.seen, None):
            act()

    def _over_the_wire(self, delivery: int, recipient: str) -> None:
        with reading(self.ledger.engine) as connection:
            of = select(t.delivery.c.step_id).where(t.delivery.c.id == delivery)
            step_id = connection.scalar(of)
        (step,) = [each for each in self.ledger.campaign(SLUG).steps if each.id == step_id]
        assert step.at - EARLY <= clock.now() < step.deadline, "outside its window"
        assert step.state is StepState.RUNNING, "after a stop"
        self.on_wire[recipient] += 1


@dataclass(frozen=True)
class Place:
    """What every example begins with: a campaign on disk, and an empty ledger to copy."""

    settings: Settings
    campaign: Campaign
    frozen: FrozenCampaign
    empty: Path


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    for name, text in FILES.items():
        path = tmp_path / "content" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    folder = tmp_path / "content" / SLUG
    head = '[event]\nname = "Rondetafelgesprek"\nat = 2026-02-12T10:00:00\n'
    (folder / "campaign.toml").write_text(head + STEP * 2, "utf-8")
    settings = load(
        {
            "OPROEP_CONTENT_DIR": str(tmp_path / "content"),
            "OPROEP_VAR_DIR": str(tmp_path / "var"),
            "OPROEP_SECRET_KEY": "een sleutel van tweeendertig tekens of meer",
            "OPROEP_PUBLIC_URL": "https://nieuws.voorbeeld.example",
        },
        folder=tmp_path,
    )
    campaign = load_campaign(folder, settings)
    frozen = frozen_campaign(campaign, settings)
    open_database(settings.database).dispose()
    monkeypatch.setattr(deliver_mail, "hand_over_mails", deliver_mail.hand_over_mails.fn)
    monkeypatch.setattr(share, "LOOK_EVERY", 0)
    monkeypatch.setattr(deliver, "keep_out_of", lambda settings, engine, step: lambda addresses: {})
    return Place(settings, campaign, frozen, settings.var_dir / "ledger.sqlite")


class Promises(RuleBasedStateMachine):
    """One campaign of two steps, from its launch until all is over."""

    place: Place

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="oproep-promises-", dir=MEMORY))
        shutil.copy(self.place.empty, self.folder / "ledger.sqlite")
        self.engine = open_database(f"sqlite:///{self.folder / 'ledger.sqlite'}")
        self.ledger = Ledger(self.engine)
        self.control = Control(self.ledger)
        self.time = SimulatedClock(BEFORE)
        self.using = clock.use(self.time)
        self.using.__enter__()
        self.relay = Relay(self.ledger)
        self.crashed = False
        self.mark = self.place.frozen.fingerprint
        self.launch()

    def teardown(self) -> None:
        if not hasattr(self, "engine"):
            return
        try:
            self._all_over()
        finally:
            self.using.__exit__(None, None, None)
            self.engine.dispose()
            shutil.rmtree(self.folder)

    # --- what people do

    @rule()
    def launch(self) -> None:
        now = self.time.now()
        steps = tuple(
            replace(
                step,
                at=now + timedelta(minutes=30 * step.number),
                deadline=now + timedelta(hours=3),
            )
            for step in self.place.frozen.steps
        )
        frozen = replace(self.place.frozen, steps=steps, fingerprint=self.mark)
        self.ledger.freeze(frozen, self._planned(PEOPLE))

    def _planned(self, people: int) -> list[Iterator[Planned]]:
        """As `planned_deliveries`: somebody whom the first step reaches is also in the second."""
        reached: set[str] = set()

        def of(step: int) -> Iterator[Planned]:
            for address in [f"{step}-{n}@x.example" for n in range(people)] + ["1-0@x.example"]:
                yield Planned(
                    recipient=Recipient(
                        address=address,
                        values={"contact": "team", "organisation": "Kinderhulp"},
                    ),
                    skip=SkipReason.DUPLICATE if address in reached else None,
                )
                reached.add(address)

        return [of(1), of(2)]

    @rule()
    def edit(self) -> None:
        self.mark = "e" * 64 if self.mark != "e" * 64 else self.place.frozen.fingerprint

    @rule(people=st.integers(PEOPLE - 1, PEOPLE + 1))
    def approve(self, people: int) -> None:
        """Approve what lies there now, of which somebody may have joined or left the list."""
        if not self.is_launched:
            return
        there = self.ledger.campaign(SLUG)
        if is_changed(there, self.mark):
            changed = replace(there, fingerprint=self.mark)
            lifted = changed_since_approval(SLUG, there.language)
            adopt(self.ledger, changed, self._planned(people), lifted=lifted)

    @rule()
    def unlaunch(self) -> None:
        try:
            self.control.unlaunch(SLUG)
        except LedgerError:
            return
        assert not self.relay.on_wire.total()

    @rule()
    def stop(self) -> None:
        if self.is_launched:
            self.control.stop(SLUG, reason="Een fout.")

    @rule()
    def resume(self) -> None:
        if self.is_launched:
            self.control.resume(SLUG)

    @rule()
    def retry(self) -> None:
        if self.is_launched:
            self.control.retry(SLUG)

    @rule(minutes=st.integers(-120, 240))
    def move(self, minutes: int) -> None:
        self._move(minutes)

    def _move(self, minutes: int) -> None:
        if not self.is_launched:
            return
        by = timedelta(minutes=minutes)
        frozen = self.ledger.campaign(SLUG)
        times = {step.number: (step.at + by, step.deadline + by) for step in frozen.steps}
        self.control.move(SLUG, event_at=frozen.event_at + by, times=times)

    # --- what time and machines do

    @rule(minutes=st.integers(1, 120))
    def time_passes(self, minutes: int) -> None:
        self.time.advance(timedelta(minutes=minutes))

    @rule(minutes=st.integers(1, 90))
    def the_clock_is_set_back(self, minutes: int) -> None:
        self.time.advance(-timedelta(minutes=minutes))

    @rule()
    def the_machine_looks_after_the_schedule(self) -> None:
        self.ledger.close_overdue()
        recover(self.engine)

    @rule(
        steps=st.lists(st.integers(1, 2), min_size=1, max_size=3),
        acts=st.dictionaries(
            st.integers(1, 10),
            st.sampled_from(ACTS),
            max_size=2,
        ),
    )
    def runs_begin(self, steps: Sequence[int], acts: dict[int, str]) -> None:
        """Prefect begins one run or several at once: of one step, of both, whenever it likes."""
        if not self.is_launched:
            return
        here = self.relay.seen
        self.relay.acts = {here + when: self._act(what) for when, what in acts.items()}
        self.crashed = False
        with self._no_finally_after_a_crash():
            asyncio.run(self._together(steps))
        self.relay.acts = {}

    def _act(self, what: str) -> Callable[[], None]:
        def crash() -> None:
            self.crashed = True
            raise Crash

        def let_both_go() -> None:
            for step in self.ledger.campaign(SLUG).steps:
                let_go(self.engine, step.id)

        acts: dict[str, Callable[[], None]] = {
            "crash": crash,
            "stop": self.stop,
            "earlier": lambda: self._move(-60),
            "later": lambda: self._move(60),
            "late": lambda: self.time.advance(timedelta(hours=2)),
            "back": lambda: self.time.advance(-timedelta(hours=2)),
            "edit": self.edit,
            "approve": lambda: self.approve(PEOPLE),
            "let go": let_both_go,
            "unlaunch": self.unlaunch,
            "retry": self.retry,
        }
        return acts[what]

    async def _together(self, steps: Sequence[int]) -> None:
        ends = await asyncio.gather(*map(self._run, steps), return_exceptions=True)
        for end in ends:
            # A worker whose lease ran out while the clock jumped says so and ends.
            if isinstance(end, BaseException) and not isinstance(end, Crash | LedgerError):
                raise end

    async def _run(self, number: int) -> None:
        run = deliver._Run(self.place.settings, self.ledger, self.place.campaign, number)
        try:
            if await run.refusal() is None:
                assert self.mark == self.ledger.campaign(SLUG).fingerprint, "not as approved"
                await run.carry_out()
        except Crash as crash:
            raise LedgerError("killed") from crash

    @contextmanager
    def _no_finally_after_a_crash(self) -> Iterator[None]:
        release = Worker.release

        def unless_killed(worker: Worker) -> None:
            if not self.crashed:
                release(worker)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Worker, "release", unless_killed)
            patch.setattr(deliver, "open_mail", lambda settings, step: self.relay)
            patch.setattr(deliver, "fingerprint", lambda campaign, settings: self.mark)
            yield

    # --- what always holds

    @property
    def is_launched(self) -> bool:
        return self.ledger.find(SLUG) is not None

    @invariant()
    def nobody_gets_anything_twice(self) -> None:
        if hasattr(self, "relay"):
            assert not [each for each, times in self.relay.on_wire.items() if times > 1]

    @invariant()
    def the_counts_add_up(self) -> None:
        if not hasattr(self, "ledger") or not self.is_launched:
            return
        frozen = self.ledger.campaign(SLUG)
        for step in frozen.steps:
            counts = self.ledger.counts(frozen.id).get(step.id, {})
            assert step.planned == sum(counts.values()) > 0

    def _all_over(self) -> None:
        """Long after, everybody is in exactly one final state, and what went out is known."""
        if not self.is_launched:
            return
        self.time.advance(timedelta(days=3) + LEASE)
        recover(self.engine)
        self.ledger.close_overdue()
        frozen = self.ledger.campaign(SLUG)
        states: Counter[DeliveryState] = Counter()
        for counts in self.ledger.counts(frozen.id).values():
            states.update(counts)
        assert not [state for state in OPEN if states[state]], states
        went = self.relay.on_wire.total()
        assert states[DeliveryState.SENT] <= went
        assert went <= states[DeliveryState.SENT] + states[DeliveryState.UNCONFIRMED]


@pytest.mark.timeout(300)
def test_each_delivery_happens_at_most_once_and_within_its_window(place: Place) -> None:
    class Here(Promises):
        pass

    Here.place = place
    run_state_machine_as_test(
        Here, settings=hypothesis(max_examples=40, stateful_step_count=20, deadline=None)
    )


@dataclass
class Greylist(Relay):
    """Takes a mail at its second attempt only."""

    tried: set[str] = field(default_factory=set)

    async def deliver_many(
        self, source: Source[Mail], *, record: Record, stop: Callable[[], bool]
    ) -> HandOver:
        while not stop() and (batch := source(1)):
            (outgoing,) = batch
            record([outgoing.delivery_id], [])
            state = DeliveryState.SENT
            if outgoing.message.recipient not in self.tried:
                self.tried.add(outgoing.message.recipient)
                state = DeliveryState.DEFERRED
            record([], [Outcome(outgoing.delivery_id, state)])
        return HandOver(why=Ended.EMPTY)


def test_a_greylisted_mail_goes_out_in_the_same_run_though_it_waits_longer_than_a_lease(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = Promises()
    machine.place = place
    machine.begin()
    monkeypatch.setattr(deliver, "open_mail", lambda settings, step: Greylist(machine.ledger))
    monkeypatch.setattr(deliver, "fingerprint", lambda campaign, settings: machine.mark)
    run = deliver._Run(place.settings, machine.ledger, place.campaign, 1)

    async def whole() -> int:
        assert await run.refusal() is None
        return await run.carry_out()

    try:
        assert asyncio.run(whole()) == PEOPLE
        assert machine.ledger.campaign(SLUG).step(1).state is StepState.DONE
    finally:
        machine.using.__exit__(None, None, None)
        machine.engine.dispose()
        shutil.rmtree(machine.folder)

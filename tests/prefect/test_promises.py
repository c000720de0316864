"""Whatever people, crashes and time do to a launched campaign: once each, within its window.

The functions under the flow, on a simulated clock and with a relay that only counts, in many
random orders; what Prefect could do wrong, running a step twice, too late, never or half, is among
it. Each order is told by its seed, and by its history when it fails. They are drawn evenly instead
of by hypothesis, which prefers what is small and alike and so came to few of the rare ones: taking
a guard out of the program must fail here, and that was tried for each of them.
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
from functools import partial
from pathlib import Path
from random import Random

import pytest
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
from flows.ledger.frozen import ENDED, FrozenCampaign, Planned
from flows.ledger.hand_over import LEASE, Worker, recover
from flows.ledger.underway import let_go
from flows.models import DeliveryState, Recipient, SkipReason, StepState
from flows.settings import Settings, load
from tests.campaign.conftest import BEFORE, FILES

SLUG = "2026-02-11-oproep"
PEOPLE = 8
EVENTS = 15
WORLDS = 25
"""Histories in each chapter of the test, each of that many events."""
STEP = '\n[[step]]\nchannel = "mailout"\nat = "event - 22h"\n'
MEMORY = Path("/dev/shm") if Path("/dev/shm").is_dir() else None
"""Power cuts are not among what is tried here, so the disk need not be waited for."""
PEOPLE_DO = (
    *("stop", "resume", "resume", "retry", "launch", "unlaunch"),
    *("edit", "approve", "change", "move"),
)
MACHINES_DO = ("let go", "look after", "time", "jump")
"""`let go` is what a runner that is asked to end does; a clock may jump, forward or back."""
BETWEEN_MAILS = (*PEOPLE_DO, *MACHINES_DO, "crash", "crash")
"""What may happen between two mails."""
OPEN = (DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.DEFERRED)


class Crash(BaseException):
    """`kill -9`: nothing after it runs, no `finally` either."""


@dataclass
class Relay:
    """Writes down what goes over the wire, and lets the world act between two mails."""

    ledger: Ledger
    held: set[int] = field(default_factory=set)
    """Steps that a person stopped and nobody let go on since."""
    on_wire: Counter[str] = field(default_factory=Counter)
    acts: dict[int, Callable[[], None]] = field(default_factory=dict)
    seen: int = 0

    async def deliver_many(
        self, source: Source[Mail], *, record: Record, stop: Callable[[], bool]
    ) -> HandOver:
        while not stop() and (batch := source(1)):
            (outgoing,) = batch
            self._act()
            # Other runs have their turn here, with this mail in our hands.
            await asyncio.sleep(0)
            if stop():
                return HandOver(why=Ended.STOPPED, returned=[outgoing.delivery_id])
            self._require_allowed(outgoing.delivery_id)
            await asyncio.sleep(0)
            record([outgoing.delivery_id], [])
            self.on_wire[outgoing.message.recipient] += 1
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

    def _require_allowed(self, delivery: int) -> None:
        with reading(self.ledger.engine) as connection:
            of = select(t.delivery.c.step_id).where(t.delivery.c.id == delivery)
            step_id = connection.scalar(of)
        (step,) = [each for each in self.ledger.campaign(SLUG).steps if each.id == step_id]
        assert step.at - EARLY <= clock.now() < step.deadline, "outside its window"
        assert step.state is StepState.RUNNING, "while it did not run"
        assert step.number not in self.held, "after a stop"


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
    monkeypatch.setattr(share, "CLAIM", 2)
    monkeypatch.setattr(deliver, "keep_out_of", lambda settings, engine, step: lambda addresses: {})
    return Place(settings, campaign, frozen, settings.var_dir / "ledger.sqlite")


class World:
    """One campaign of two steps, from its launch until all is over."""

    def __init__(self, place: Place, seed: int = 0) -> None:
        self.place = place
        self.random = Random(seed)
        self.history: list[object] = [seed]
        self.folder = Path(tempfile.mkdtemp(prefix="oproep-promises-", dir=MEMORY))
        shutil.copy(place.empty, self.folder / "ledger.sqlite")
        self.engine = open_database(f"sqlite:///{self.folder / 'ledger.sqlite'}")
        self.ledger = Ledger(self.engine)
        self.control = Control(self.ledger)
        self.time = SimulatedClock(BEFORE)
        self.relay = Relay(self.ledger)
        self.crashed = False
        self.mark = place.frozen.fingerprint

    @contextmanager
    def launched(self) -> Iterator[None]:
        """Launch, and clear away afterwards."""
        try:
            with clock.use(self.time):
                self._launch()
                yield
        except Exception as error:
            error.add_note("\n".join(map(str, self.history)))
            raise
        finally:
            self.engine.dispose()
            shutil.rmtree(self.folder)

    def go_on(self) -> None:
        """Let one thing happen: half of them are runs of steps."""
        if self.random.random() < 0.5:
            steps = self.random.choices([1, 2], k=self.random.randint(1, 3))
            acts = {
                self.random.randint(1, 2 * PEOPLE): self._any_of(BETWEEN_MAILS)
                for _ in range(self.random.randint(0, 3))
            }
            self.history.append((steps, acts))
            self.runs_begin(steps, acts)
        else:
            act = self._any_of((*PEOPLE_DO, *MACHINES_DO))
            self.history.append(act)
            self._act(*act)

    def _any_of(self, acts: Sequence[str]) -> tuple[str, int]:
        return self.random.choice(acts), self.random.randint(-3, 3)

    def runs_begin(self, steps: Sequence[int], acts: dict[int, tuple[str, int]]) -> None:
        """Prefect begins one run or several at once: of one step, of both, whenever it likes."""
        if not self.is_launched:
            return
        here = self.relay.seen
        self.relay.acts = {here + when: partial(self._act, *act) for when, act in acts.items()}
        self.crashed = False
        with self._no_finally_after_a_crash():
            asyncio.run(self._together(steps))
        self.relay.acts = {}

    def _act(self, what: str, by: int) -> None:
        if not self.is_launched and what not in ("launch", "edit", "time", "jump"):
            return
        acts: dict[str, Callable[[], object]] = {
            "launch": self._launch,
            "unlaunch": self._unlaunch,
            "stop": self._stop,
            "resume": self._resume,
            "retry": self._retry,
            "edit": self._edit,
            "approve": lambda: self._approve(PEOPLE + by // 3),
            "change": lambda: self._change(PEOPLE + by // 3),
            "move": lambda: self._move(timedelta(minutes=60 * by)),
            "let go": self._let_go,
            "look after": self._look_after,
            "time": lambda: self.time.advance(timedelta(minutes=10 * abs(by))),
            "jump": lambda: self.time.advance(timedelta(minutes=60 * by)),
            "crash": self._crash,
        }
        acts[what]()

    def _launch(self) -> None:
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

    def _unlaunch(self) -> None:
        try:
            self.control.unlaunch(SLUG)
        except LedgerError:
            return
        self.relay.held.clear()
        assert not self.relay.on_wire.total(), "taken back though something went"

    def _stop(self) -> None:
        self.relay.held.update(self.control.stop(SLUG, reason="Een fout."))

    def _resume(self) -> None:
        self.relay.held.difference_update(self.control.resume(SLUG))

    def _retry(self) -> None:
        steps = self.ledger.campaign(SLUG).steps
        self.control.retry(SLUG)
        # What had ended may begin once more, though it was stopped before it ended.
        self.relay.held -= {step.number for step in steps if step.state in ENDED}

    def _edit(self) -> None:
        self.mark = "e" * 64 if self.mark != "e" * 64 else self.place.frozen.fingerprint

    def _approve(self, people: int) -> None:
        """Approve what lies there now, of which somebody may have joined or left the list."""
        there = self.ledger.campaign(SLUG)
        if is_changed(there, self.mark):
            changed = replace(there, fingerprint=self.mark)
            lifted = changed_since_approval(SLUG, there.language)
            adopt(self.ledger, changed, self._planned(people), lifted=lifted)

    def _change(self, people: int) -> None:
        self._edit()
        self._approve(people)

    def _move(self, by: timedelta) -> None:
        frozen = self.ledger.campaign(SLUG)
        times = {step.number: (step.at + by, step.deadline + by) for step in frozen.steps}
        self.control.move(SLUG, event_at=frozen.event_at + by, times=times)

    def _let_go(self) -> None:
        for step in self.ledger.campaign(SLUG).steps:
            let_go(self.engine, step.id)

    def _look_after(self) -> None:
        self.ledger.close_overdue()
        recover(self.engine)

    def _crash(self) -> None:
        self.crashed = True
        raise Crash

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

    def require_promises(self) -> None:
        """Nobody got anything twice, and the counts add up."""
        assert not [each for each, times in self.relay.on_wire.items() if times > 1]
        if not self.is_launched:
            return
        frozen = self.ledger.campaign(SLUG)
        for step in frozen.steps:
            counts = self.ledger.counts(frozen.id).get(step.id, {})
            assert step.planned == sum(counts.values()) > 0

    def all_over(self) -> None:
        """Long after, everybody is in exactly one final state, and what went out is known."""
        if not self.is_launched:
            return
        self.time.advance(timedelta(days=3) + LEASE)
        self._look_after()
        frozen = self.ledger.campaign(SLUG)
        states: Counter[DeliveryState] = Counter()
        for counts in self.ledger.counts(frozen.id).values():
            states.update(counts)
        assert not [state for state in OPEN if states[state]], states
        went = self.relay.on_wire.total()
        assert states[DeliveryState.SENT] <= went
        assert went <= states[DeliveryState.SENT] + states[DeliveryState.UNCONFIRMED]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("chapter", range(4))
def test_each_delivery_happens_at_most_once_and_within_its_window(
    place: Place, chapter: int
) -> None:
    for seed in range(chapter * WORLDS, (chapter + 1) * WORLDS):
        world = World(place, seed)
        with world.launched():
            for _ in range(EVENTS):
                world.go_on()
                world.require_promises()
            world.all_over()


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
    world = World(place)
    monkeypatch.setattr(deliver, "open_mail", lambda settings, step: Greylist(world.ledger))
    monkeypatch.setattr(deliver, "fingerprint", lambda campaign, settings: world.mark)
    run = deliver._Run(place.settings, world.ledger, place.campaign, 1)

    async def whole() -> int:
        assert await run.refusal() is None
        return await run.carry_out()

    with world.launched():
        assert asyncio.run(whole()) == PEOPLE
        assert world.ledger.campaign(SLUG).step(1).state is StepState.DONE

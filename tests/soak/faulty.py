"""A server, a line and a ledger that fail at random, and what is left when all is handed over."""

from __future__ import annotations

import asyncio
import random
import threading
import time as real_time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Engine, event, select

from flows import clock
from flows.campaign.keeping_out import nobody
from flows.campaign.mailing import Mailing
from flows.campaign.share import MailShare
from flows.channels.batch import Ended
from flows.channels.smtp import Relay, SmtpChannel, server_of
from flows.channels.smtp_connection import Timeouts
from flows.channels.smtp_pool import Bounds
from flows.clock import SimulatedClock
from flows.compose.messages import Mail
from flows.database import open_database, reading
from flows.errors import LedgerError
from flows.ledger import tables as t
from flows.ledger.book import Ledger
from flows.ledger.frozen import FrozenStep
from flows.ledger.hand_over import LEASE, Claim, Worker, recover
from flows.models import DeliveryState
from tests import postgres
from tests.conftest import START
from tests.ledger.conftest import campaign, people
from tests.mail.certificates import Certificates, make
from tests.mail.recording_server import (
    Action,
    Drop,
    Half,
    Moment,
    Plan,
    RecordingServer,
    Say,
    Stall,
)
from tests.soak.killing import recording

CONNECTIONS = 5
_FAULTS: dict[Moment, tuple[Action, ...]] = {
    "connect": (Drop(), Say("421 4.3.2 too busy"), Say("554 5.3.2 closed"), Half("22")),
    "ehlo": (Drop(), Half("250-"), Say("421 4.3.2 later")),
    "auth": (Drop(), Say("454 4.7.0 not now"), Half("23")),
    "mail": (Drop(), Say("451 4.3.0 later"), Say("421 4.3.2 bye"), Half("2")),
    "rcpt": (
        *(Drop(), Half("55"), Say("450 4.2.0 greylisted"), Say("421 4.3.2 bye")),
        *(Say("550 5.1.1 nobody here"), Say("552 5.2.2 full")),
    ),
    "data": (Drop(), Say("451 4.3.0 later"), Say("554 5.6.0 no"), Half("35"), Stall()),
    "dot": (
        *(Drop(), Drop(taken=True), Half("25"), Half("250 2.0", taken=True)),
        *(Stall(), Stall(taken=True), Say("421 4.3.2 bye")),
        *(Say("451 4.3.0 later"), Say("554 5.6.0 no")),
    ),
}
_HASTY = Timeouts(connect=2, greeting=2, command=2, data=0.5, block=2, dot=0.5)


def at_random(chance: random.Random, share: float) -> Plan:
    """Return a plan that does something wrong at this share of all moments."""

    def plan(moment: Moment, nth: int) -> Action | None:
        # The same answer when the same time of the same moment is asked for again.
        own = random.Random(f"{seed} {moment} {nth}")
        faults = _FAULTS.get(moment)
        return own.choice(faults) if faults and own.random() < share else None

    seed = chance.random()
    return plan


@dataclass
class Outcome:
    """What the ledger says and what the server took."""

    states: dict[str, DeliveryState]
    taken: Counter[str]
    ended: Counter[str] = field(default_factory=Counter)
    """How the batches ended."""
    recipients: dict[int, str] = field(default_factory=dict)
    """By delivery."""
    remote_ids: dict[int, str] = field(default_factory=dict)
    """By delivery: what the server calls it."""

    def check(self, planned: int) -> None:
        """Fail unless all adds up and nothing is doubled."""
        assert len(self.states) == planned
        assert max(self.taken.values(), default=0) <= 1, "doubled"
        for recipient, state in self.states.items():
            took = self.taken[recipient]
            if state is DeliveryState.SENT:
                assert took == 1, (recipient, state)
            else:
                assert state is DeliveryState.UNCONFIRMED or took == 0, (recipient, state)
                assert state in (DeliveryState.UNCONFIRMED, DeliveryState.REJECTED)


def hand_over_all(
    database: str,
    server: RecordingServer,
    *,
    recipients: int,
    url: str = "",
    trouble: Callable[[Engine, int], None] = lambda engine, nth: None,
    mailing: Mailing | None = None,
) -> Outcome:
    """Freeze a step and hand it over, batch after batch, until nothing of it waits.

    Args:
        database: Where the ledger is.
        server: Who takes the mails.
        recipients: How many.
        url: The relay's, if it is not the plain one of `server`.
        trouble: Called before each batch with the ledger and the number of the batch.
        mailing: What cuts the mails, if they are to be special.
    """
    ended: Counter[str] = Counter()
    with clock.use(SimulatedClock(START)) as time:
        assert isinstance(time, SimulatedClock)
        engine = open_database(database)
        ledger = Ledger(engine)
        step = ledger.freeze(campaign(), [people(recipients)]).steps[0]
        time.advance(step.at - START)
        ledger.begin_step(step.id)
        for nth in range(1, 2000):
            trouble(engine, nth)
            try:
                where = url or f"smtp://127.0.0.1:{server.port}"
                how = asyncio.run(_batch(ledger, step, where, mailing or Plain()))
            except LedgerError:
                how = "ledger"
            ended[how] += 1
            with _patience(engine):
                recover(engine)
                if how == "empty" and (due := ledger.next_due(step.id)) is not None:
                    time.advance(max(due - time.now(), timedelta()))
                elif how != "empty":
                    time.advance(LEASE)
                elif not _open(engine):
                    break
        outcome = _outcome(engine, server, ended)
        engine.dispose()
        return outcome


async def _batch(ledger: Ledger, step: FrozenStep, url: str, mailing: Mailing) -> str:
    channel = SmtpChannel(
        Relay(
            server=server_of(url),
            bounds=Bounds(
                connections=CONNECTIONS, first_pause=0.001, longest_pause=0.01, beat=0.05
            ),
            timeouts=_HASTY,
        )
    )
    worker = Worker(ledger.engine)
    try:
        share = MailShare(ledger, worker, step, mailing, keep_out=nobody)
        end = await channel.deliver_many(share.source, record=share.record, stop=share.stop)
        share.close(end)
    finally:
        with _patience(ledger.engine):
            worker.release()
    return "more" if end.why is Ended.EMPTY and share.taken else str(end.why)


class Plain(Mailing):
    """Mails without a campaign's content: what is tried is the way, not the words."""

    def __init__(self) -> None:
        pass

    def mail(self, claim: Claim) -> Mail:
        content = f"Subject: Oproep {claim.id}\r\n\r\nTekst.\r\n".encode()
        return Mail(sender="a@org.example", recipient=claim.recipient, content=content, ready=True)


@contextmanager
def _patience(engine: Engine) -> Iterator[None]:
    """Let the ledger fail here as well; the next batch finds what was left."""
    try:
        yield
    except (LedgerError, engine.dialect.loaded_dbapi.Error):
        pass
    except Exception as error:
        if type(error).__module__ != "sqlalchemy.exc":
            raise


def _open(engine: Engine) -> int:
    with reading(engine) as connection:
        waiting = [DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.DEFERRED]
        return len(
            connection.execute(select(t.delivery.c.id).where(t.delivery.c.state.in_(waiting))).all()
        )


def _outcome(engine: Engine, server: RecordingServer, ended: Counter[str]) -> Outcome:
    with reading(engine) as connection:
        rows = connection.execute(select(t.delivery)).all()
    states = {row.recipient: DeliveryState(row.state) for row in rows}
    return Outcome(
        states,
        server.counts(),
        ended,
        recipients={row.id: row.recipient for row in rows},
        remote_ids={row.id: row.remote_id for row in rows},
    )


def full_disk(*, batches: range, pages: int = 5) -> Callable[[Engine, int], None]:
    """Return trouble: in these batches an SQLite ledger can grow by a few pages only."""
    full = False

    def trouble(engine: Engine, nth: int) -> None:
        if not event.contains(engine, "connect", limit):
            event.listen(engine, "connect", limit)
        nonlocal full
        full = nth in batches
        engine.dispose()

    def limit(connection: object, record: object) -> None:
        cursor = connection.cursor()  # type: ignore[attr-defined]
        most = cursor.execute("PRAGMA page_count").fetchone()[0] + pages
        cursor.execute(f"PRAGMA max_page_count = {most if full else 2**31 - 2}")

    return trouble


def logging_in(folder: Path, *, seed: int, share: float, recipients: int) -> Outcome:
    """Hand over to a server that wants a password and fails at random, halfway through it too."""
    plan = at_random(random.Random(seed), share)
    server = RecordingServer(plan=plan, keep_content=False, users={"user": "right"})
    with recording(server):
        url = f"smtp://user:right@127.0.0.1:{server.port}"
        ledger = f"sqlite:///{folder / f'{seed}.sqlite'}"
        return hand_over_all(ledger, server, recipients=recipients, url=url)


def tampered_with(folder: Path, *, seed: int, share: float, recipients: int) -> Outcome:
    """Hand over by STARTTLS, which somebody strips now and then, or shows wrong certificates."""
    certificates = make(folder)
    plan = at_random(random.Random(seed), share)
    with recording(RecordingServer(plan=plan, keep_content=False)) as server:
        outcome = hand_over_all(
            f"sqlite:///{folder / f'{seed}.sqlite'}",
            server,
            recipients=recipients,
            url=f"smtp+starttls://127.0.0.1:{server.port}?ca={certificates.ca}",
            trouble=_tampering(server, certificates),
        )
    assert not server.in_the_clear, "a mail began before TLS did"
    return outcome


def _tampering(
    server: RecordingServer, certificates: Certificates
) -> Callable[[Engine, int], None]:
    shown = (certificates.right, certificates.other_name, certificates.unknown)

    def trouble(engine: Engine, nth: int) -> None:
        server.offer_starttls = nth % 4 != 0
        server.tls = shown[nth % 3]

    return trouble


@contextmanager
def gone(
    server: RecordingServer, *, when: int, seconds: float, programs: Path, url: str
) -> Iterator[None]:
    """Take PostgreSQL away when so many mails have arrived, and bring it back after a while."""

    def restart() -> None:
        while len(server.taken) < when:
            real_time.sleep(0.005)
        control = postgres.controller(programs, url)
        control("-m", "immediate", "stop")
        real_time.sleep(seconds)
        control("start")

    thread = threading.Thread(target=restart)
    thread.start()
    try:
        yield
    finally:
        thread.join()


def wait_for_database(engine: Engine, nth: int) -> None:
    """Return when the database can be reached again, as a runner would start anew."""
    until = real_time.monotonic() + 60
    while True:
        try:
            engine.dispose()
            engine.connect().close()
        except Exception:
            if real_time.monotonic() > until:
                raise
            real_time.sleep(0.05)
        else:
            return

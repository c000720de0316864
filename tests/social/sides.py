"""Every channel with what stands on its other side, as the contract test sees them."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Protocol

import pytest
import requests

from flows import clock
from flows.channels.base import Gate, PostChannel, open_gate
from flows.channels.smtp import Relay, SmtpChannel, server_of
from flows.channels.smtp_connection import Timeouts
from flows.compose.messages import Post
from flows.models import Receipt
from tests.mail.batch import mails
from tests.mail.recording_server import Action, Drop, Half, RecordingServer, Say, Stall, at
from tests.soak.killing import recording
from tests.social import faults
from tests.social.faults import Killed
from tests.social.threads import START, picture, post

HOUSE = Path(__file__).resolve().parents[2]


class Side(Protocol):
    """One channel, one message, and a bystander who counts how often it is out."""

    can_be_asked: ClassVar[bool]
    """Whether the other side can tell if the message is out."""

    def deliver(self) -> Receipt:
        """Make one attempt."""
        ...

    def find(self) -> Receipt | None:
        """Ask the other side."""
        ...

    def out(self) -> int:
        """Return how often the message is out, as a bystander sees it."""
        ...

    def at_hand_over(self, kind: str) -> AbstractContextManager[None]:
        """Let the request that makes the message visible go wrong, once; what is late is done."""
        ...

    def on_the_way(self, kind: str) -> AbstractContextManager[None]:
        """Let the first request of an attempt go wrong, once."""
        ...


@dataclass
class PostSide:
    """A network on which posts appear; faults come between the two."""

    channel: PostChannel
    texts: Callable[[], list[str]]
    publishes: str
    """Part of the URL of the request that makes a post visible."""
    patch: pytest.MonkeyPatch
    post: Post = field(default_factory=lambda: post(pictures=(picture(),)))
    can_be_asked: ClassVar[bool] = True

    def deliver(self, gate: Gate = open_gate) -> Receipt:
        return self.channel.deliver(
            self.post, delivery_id="oproep/1/1", first_tried=START, gate=gate
        )

    def find(self) -> Receipt | None:
        return self.channel.find(self.post, delivery_id="oproep/1/1", first_tried=START)

    def out(self) -> int:
        return len(self.texts())

    @contextmanager
    def at_hand_over(self, kind: str) -> Iterator[None]:
        def publishing(request: requests.PreparedRequest) -> bool:
            return request.method == "POST" and self.publishes in str(request.url)

        chance = faults.once(kind, publishing)
        with faults.between(self.patch, chance):
            yield
        chance.let_late_requests_arrive()

    @contextmanager
    def on_the_way(self, kind: str) -> Iterator[None]:
        with faults.between(self.patch, faults.once(kind, lambda _: True)):
            yield


AT_THE_DOT: dict[str, Action] = {
    "kill before": Stall(),
    "kill after": Stall(taken=True),
    "kill late": Stall(late=True),
    "lost before": Drop(),
    "lost after": Drop(taken=True),
    "timeout before": Stall(),
    "timeout after": Stall(taken=True),
    "timeout late": Stall(late=True),
    "500 before": Half("4"),
    "500 after": Half("2", taken=True),
    "429": Say("450 4.7.1 later"),
}
"""The faults as a mail server commits them after a message's last octet."""
BEFORE_IT: dict[str, Action] = {
    "kill": Stall(),
    "lost": Drop(),
    "timeout": Stall(),
    "500": Half("4"),
    "429": Say("450 4.7.1 later"),
}


class MailSide:
    """A mail server that commits the faults itself, and a sender that is really killed."""

    can_be_asked: ClassVar[bool] = False

    def __init__(self, server: RecordingServer) -> None:
        self._server = server
        self._kind = ""

    def deliver(self) -> Receipt:
        if self._kind.startswith("kill"):
            self._be_killed()
        url = f"smtp://127.0.0.1:{self._server.port}"
        hurried = self._kind.startswith("timeout")
        timeouts = Timeouts(dot=0.2, command=0.2) if hurried else Timeouts()
        with clock.use(clock.SystemClock()):
            return SmtpChannel(Relay(server=server_of(url), timeouts=timeouts)).deliver(
                mails(1)[0].message, delivery_id="1"
            )

    def find(self) -> Receipt | None:
        raise NotImplementedError("SMTP cannot be asked; the relay's log can")

    def out(self) -> int:
        # What it has just answered it may not have written down yet.
        patience = time.monotonic() + 10
        while self._server.open_now and time.monotonic() < patience:
            time.sleep(0.01)
        return len(self._server.taken)

    @contextmanager
    def at_hand_over(self, kind: str) -> Iterator[None]:
        yield from self._spoiled(kind, at("dot", 1, do=AT_THE_DOT[kind]))

    @contextmanager
    def on_the_way(self, kind: str) -> Iterator[None]:
        yield from self._spoiled(kind, at("mail", 1, do=BEFORE_IT[kind.split()[0]]))

    def _spoiled(self, kind: str, plan: Callable[..., Action | None]) -> Iterator[None]:
        self._server.plan, self._kind = plan, kind
        try:
            yield
        finally:
            self._kind = ""

    def _be_killed(self) -> None:
        """Let a process of its own make the attempt, and kill it when the server has the mail."""
        program = f"""
            from flows.channels.smtp import Relay, SmtpChannel, server_of
            from tests.mail.batch import mails
            relay = Relay(server=server_of("smtp://127.0.0.1:{self._server.port}"))
            SmtpChannel(relay).deliver(mails(1)[0].message, delivery_id="1")
        """
        child = subprocess.Popen([sys.executable, "-c", textwrap.dedent(program)], cwd=HOUSE)
        patience = time.monotonic() + 30
        stalled = {"mail", "dot"}
        while not any(self._server.plan(m, self._server.seen[m]) for m in stalled):  # type: ignore[arg-type]
            assert time.monotonic() < patience, "the sender never came to the point"
            time.sleep(0.01)
        child.kill()
        child.wait()
        raise Killed


@contextmanager
def mail_side() -> Iterator[MailSide]:
    with recording(RecordingServer()) as server:
        yield MailSide(server)

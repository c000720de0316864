"""One lane of the pool: a connection, its session, and how long it has been silent."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

from flows.channels.batch import Outgoing
from flows.channels.smtp_connection import Connection, Timeouts
from flows.channels.smtp_session import Session, Step
from flows.channels.smtp_wire import Capabilities, Envelope, ProtocolError, Reply
from flows.compose.messages import Mail

Announcement = tuple[Outgoing[Mail], Envelope]

_PATIENCE: Mapping[Step, str] = MappingProxyType(
    {Step.DATA: "data", Step.DOT: "dot", Step.VOID: "dot"}
)


class Owner(Protocol):
    """Who is told what happens on a lane: the pool."""

    def lane_ready(self, lane: Lane) -> None:
        """The server waits for a message: call `end`, and `begin` before it if that is early."""
        ...

    def lane_refused(self, lane: Lane, outgoing: Outgoing[Mail], step: Step, reply: Reply) -> None:
        """The server refused a message before its end left."""
        ...

    def lane_answered(self, lane: Lane, outgoing: Outgoing[Mail], reply: Reply) -> None:
        """The server answered to a message."""
        ...

    def lane_idle(self, lane: Lane) -> None:
        """There is room for a message."""
        ...

    def lane_lost(self, lane: Lane) -> None:
        """The connection is gone."""
        ...


class Lane:
    """Brings together octets and dialogue."""

    def __init__(self, connection: Connection, offered: Capabilities, owner: Owner) -> None:
        self.connection = connection
        self.session = Session(offered, self)
        self.answers = 0
        """Messages that the server answered to, either way."""
        self.farewell = ""
        """Why it ended, if we know."""
        self._owner = owner
        self._silent_since = 0.0
        self._unsent = 0
        self._heard = True
        self._never_sent = False
        connection.hand_to(self)

    @property
    def busy(self) -> bool:
        """Tell whether a message is announced or in flight."""
        return self.session.announced is not None or self.session.in_flight is not None

    @property
    def next_id(self) -> int:
        """Return the delivery that is announced."""
        assert self.session.announced is not None  # noqa: S101
        return self.session.announced.delivery_id

    def announce(self, announcement: Announcement) -> None:
        """Begin a message on an idle lane."""
        self.write(self.session.announce(*announcement))

    def begin(self) -> None:
        """Send the content that the server waits for, but for its end."""
        self.write(self.session.content())

    def end(self, following: Announcement | None) -> None:
        """Send what is left of the message that the server waits for."""
        self._never_sent = not self.connection.write(self.session.end(following))
        self._heard = True

    def leave(self) -> None:
        """Say goodbye and close."""
        self.write(b"QUIT\r\n")
        if self.connection.transport is not None:
            self.connection.transport.close()

    def check(self, now: float, timeouts: Timeouts) -> None:
        """Close the connection if it has been silent for longer than the standard allows."""
        unsent = self.connection.unsent()
        step = self.session.step
        if self._heard or unsent < self._unsent or step is None:
            self._silent_since, self._heard = now, False
        self._unsent = unsent
        if step is None:
            return
        patience = timeouts.block if unsent else getattr(timeouts, _PATIENCE.get(step, "command"))
        if now - self._silent_since > patience:
            self.farewell = f"The mail server was silent for {patience:g} s."
            self.connection.abort()

    def surely_unsent(self) -> bool:
        """Tell whether the end of the message in flight cannot have left this machine.

        Only where nothing was written behind it, and no TLS layer may hold octets of its own.
        """
        if self._never_sent:
            return True
        transport = self.connection.transport
        return (
            self.connection.paused
            and self.session.announced is None
            and transport is not None
            and transport.get_extra_info("sslcontext") is None
        )

    # --- what the session tells

    def write(self, data: bytes) -> None:
        """Send octets, and start waiting for their answer."""
        self._heard = True
        self.connection.write(data)

    def ready(self, session: Session) -> None:  # noqa: ARG002
        """Pass on."""
        self._owner.lane_ready(self)

    def refused(
        self,
        session: Session,  # noqa: ARG002
        outgoing: Outgoing[Mail],
        step: Step,
        reply: Reply,
    ) -> None:
        """Pass on."""
        self.answers += 1
        self._owner.lane_refused(self, outgoing, step, reply)

    def answered(self, session: Session, outgoing: Outgoing[Mail], reply: Reply) -> None:  # noqa: ARG002
        """Pass on."""
        self.answers += 1
        self._owner.lane_answered(self, outgoing, reply)

    def idle(self, session: Session) -> None:  # noqa: ARG002
        """Pass on."""
        self._owner.lane_idle(self)

    def closing(self, session: Session, reply: Reply) -> None:  # noqa: ARG002
        """Close, as the server is about to."""
        self.farewell = str(reply)
        self.connection.abort()

    # --- what the connection tells

    def octets(self, data: bytes) -> None:
        """Pass on."""
        self._heard = True
        self.session.octets(data)

    def broken(self, error: ProtocolError) -> None:
        """Note why the connection ends."""
        self.farewell = str(error)

    def lost(self) -> None:
        """Pass on."""
        self._owner.lane_lost(self)

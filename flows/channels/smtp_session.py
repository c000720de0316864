"""The dialogue about messages on one open connection: what was asked, and what each reply means.

No input or output. Octets to be written are returned or given to `Listener.write`; what happened
is told to the listener. The order on the wire, with PIPELINING (RFC 2920):

    us      MAIL RCPT DATA                content . MAIL RCPT DATA               content .
    them                    250 250 354                            250 250 250 354

The next envelope travels behind the final dot of the message before it, but its content waits for
that message's reply, so that never more than one message's fate is unknown.
"""

from __future__ import annotations

from collections import deque
from enum import Enum, auto
from typing import Protocol

from flows.channels.batch import Outgoing
from flows.channels.smtp_wire import (
    END,
    Capabilities,
    Envelope,
    ProtocolError,
    Reply,
    stuffed,
)
from flows.compose.messages import Mail


class Step(Enum):
    """What a reply answers."""

    RSET = auto()
    MAIL = auto()
    RCPT = auto()
    DATA = auto()
    DOT = auto()
    """The end of a message."""
    VOID = auto()
    """The end of nothing: DATA was accepted although nobody would receive it."""


class Listener(Protocol):
    """What a session tells."""

    def write(self, data: bytes) -> None:
        """Send these octets."""
        ...

    def ready(self, session: Session) -> None:
        """The server waits for the content of `session.announced`: call `send`."""
        ...

    def refused(self, session: Session, outgoing: Outgoing[Mail], step: Step, reply: Reply) -> None:
        """The server does not want this message; no octet of its content left."""
        ...

    def answered(self, session: Session, outgoing: Outgoing[Mail], reply: Reply) -> None:
        """The server answered to the end of this message."""
        ...

    def idle(self, session: Session) -> None:
        """There is room: call `announce` when there is a message."""
        ...

    def closing(self, session: Session, reply: Reply) -> None:
        """The server is about to close (421); what is announced or in flight stays as it is."""
        ...


class Session:
    """One connection after greeting, TLS and authentication."""

    def __init__(self, offered: Capabilities, listener: Listener) -> None:
        self.offered = offered
        self.announced: Outgoing[Mail] | None = None
        """Its envelope is out and its content is not."""
        self.in_flight: Outgoing[Mail] | None = None
        """Its last octet is written and the reply has not come."""
        self.begun = 0
        """Messages announced so far."""
        self._listener = listener
        self._waiting: deque[Step] = deque()
        self._envelope = Envelope(b"", b"")
        self._refusal: tuple[Step, Reply] | None = None
        self._dirty = False

    @property
    def step(self) -> Step | None:
        """Return what the next reply answers; None if we wait for none."""
        return self._waiting[0] if self._waiting else None

    def announce(self, outgoing: Outgoing[Mail], envelope: Envelope) -> bytes:
        """Return what announces a message; allowed when idle."""
        self.announced, self._envelope, self._refusal = outgoing, envelope, None
        self.begun += 1
        reset = b""
        if self._dirty:
            # RCPT was refused: the server still has our MAIL and would refuse another.
            self._dirty, reset = False, b"RSET\r\n"
            self._waiting.append(Step.RSET)
        self._waiting.append(Step.MAIL)
        if not self.offered.pipelining:
            return reset or envelope.mail
        self._waiting += (Step.RCPT, Step.DATA)
        return b"%b%b%bDATA\r\n" % (reset, envelope.mail, envelope.rcpt)

    def send(self, following: tuple[Outgoing[Mail], Envelope] | None) -> bytes:
        """Return the content that the server waits for, to its last octet.

        Args:
            following: Announced at once if the server takes commands in advance.
        """
        outgoing = self.announced
        assert outgoing is not None  # noqa: S101 (a caller's mistake, not an input's)
        self.announced, self.in_flight = None, outgoing
        self._waiting.append(Step.DOT)
        mail = outgoing.message
        content = mail.content if mail.ready else stuffed(mail.content)
        if following is None:
            return content + END
        return b"".join((content, END, self.announce(*following)))

    def received(self, reply: Reply) -> None:
        """Take the next reply.

        Raises:
            ProtocolError: nothing was asked, or the code cannot be an answer to it.
        """
        if reply.code == 421 and self.step is not Step.DOT:
            self._listener.closing(self, reply)
            return
        if not self._waiting:
            raise ProtocolError(f"a reply to nothing: {reply}")
        step = self._waiting.popleft()
        if step is Step.DOT:
            self._end_of_message(reply)
        elif step is Step.DATA:
            self._data(reply)
        elif step is Step.VOID:
            self._end_of_refusal()
        elif step is Step.RSET:
            self._after_reset()
        else:
            self._announcement(step, reply)

    def _end_of_message(self, reply: Reply) -> None:
        outgoing = self.in_flight
        assert outgoing is not None  # noqa: S101
        if reply.code < 400 and reply.code // 100 != 2:
            raise ProtocolError(f"no answer to the end of a message: {reply}")
        self.in_flight = None
        self._listener.answered(self, outgoing, reply)
        if reply.code == 421:
            self._listener.closing(self, reply)
        elif self.announced is None:
            self._listener.idle(self)

    def _announcement(self, step: Step, reply: Reply) -> None:
        """Take the answer to MAIL or RCPT; without pipelining, say what comes next."""
        accepted = reply.code // 100 == 2
        if not accepted and self._refusal is None:
            self._refusal = (step, reply)
        if self.offered.pipelining:
            return
        if not accepted:
            self._end_of_refusal(dirty=step is Step.RCPT)
        elif step is Step.MAIL:
            self._ask(Step.RCPT, self._envelope.rcpt)
        else:
            self._ask(Step.DATA, b"DATA\r\n")

    def _data(self, reply: Reply) -> None:
        if reply.code == 354 and self._refusal is None:
            self._listener.ready(self)
        elif reply.code == 354:
            self._ask(Step.VOID, END)
        else:
            if reply.code < 400:
                raise ProtocolError(f"no answer to DATA: {reply}")
            self._refusal = self._refusal or (Step.DATA, reply)
            self._end_of_refusal(dirty=True)

    def _after_reset(self) -> None:
        # Whatever it says: if the reset did not help, MAIL is refused.
        if not self.offered.pipelining:
            self._listener.write(self._envelope.mail)

    def _ask(self, step: Step, command: bytes) -> None:
        self._waiting.append(step)
        self._listener.write(command)

    def _end_of_refusal(self, *, dirty: bool = False) -> None:
        outgoing, refusal = self.announced, self._refusal
        assert outgoing is not None  # noqa: S101
        assert refusal is not None  # noqa: S101
        self.announced, self._refusal, self._dirty = None, None, dirty
        self._listener.refused(self, outgoing, *refusal)
        self._listener.idle(self)

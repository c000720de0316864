"""The dialogue about messages on one open connection: what was asked, and what each reply means.

No input or output. Octets to be written are returned or given to `Listener.write`; what happened
is told to the listener. The order on the wire, with PIPELINING (RFC 2920):

    us      MAIL RCPT DATA                content . MAIL RCPT DATA               content .
    them                    250 250 354                            250 250 250 354

The content may leave as soon as the server waits for it, and its end, the dot, when the listener
says so: until then the server has nothing that it could deliver. The next envelope travels behind
the dot of the message before it, but its content waits for that message's reply, so that never more
than one message's fate is unknown.
"""

from __future__ import annotations

import re
from collections import deque
from enum import Enum, auto
from typing import Protocol

from flows.channels.batch import Outgoing
from flows.channels.smtp_wire import (
    DATA,
    END,
    Capabilities,
    Envelope,
    ProtocolError,
    Reply,
    ReplyReader,
    one_reply,
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


# Members of an enum are slow to look up before Python 3.12, and these are looked up per message.
_MAIL, _RCPT, _DATA, _DOT = Step.MAIL, Step.RCPT, Step.DATA, Step.DOT
_FOLLOW_MAIL = (_RCPT, _DATA)
_ACCEPTED = re.compile(rb"250 [^\r\n]*\r\n250 [^\r\n]*\r\n354 [^\r\n]*\r\n")


class Listener(Protocol):
    """What a session tells."""

    def write(self, data: bytes) -> None:
        """Send these octets."""
        ...

    def ready(self, session: Session) -> None:
        """The server waits for `session.announced`: call `content`, if it is early, and `end`."""
        ...

    def refused(self, session: Session, outgoing: Outgoing[Mail], step: Step, reply: Reply) -> None:
        """The server does not want this message; its end never left."""
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
        """Its envelope is out and its end is not."""
        self.in_flight: Outgoing[Mail] | None = None
        """Its last octet is written and the reply has not come."""
        self.begun = 0
        """Messages announced so far."""
        self._listener = listener
        self._waiting: deque[Step] = deque()
        self._envelope = Envelope(b"")
        self._reader = ReplyReader()
        self._usual = b""
        self._refusal: tuple[Step, Reply] | None = None
        self._dirty = False
        self._open = False

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
        self._waiting.append(_MAIL)
        if not self.offered.pipelining:
            return reset or envelope.mail
        self._waiting.extend(_FOLLOW_MAIL)
        return reset + envelope.commands if reset else envelope.commands

    def content(self) -> bytes:
        """Return the content that the server waits for, but for its end."""
        assert self.announced is not None  # noqa: S101 (a caller's mistake, not an input's)
        self._open = True
        mail = self.announced.message
        return mail.content if mail.ready else stuffed(mail.content)

    def end(self, following: tuple[Outgoing[Mail], Envelope] | None) -> bytes:
        """Return what is left of the message that the server waits for, to its last octet.

        Args:
            following: Announced at once if the server takes commands in advance.
        """
        rest = b"" if self._open else self.content()
        self.announced, self.in_flight, self._open = None, self.announced, False
        self._waiting.append(_DOT)
        if following is None:
            return rest + END
        return b"".join((rest, END, self.announce(following[0], following[1])))

    def octets(self, data: bytes) -> None:
        """Take what has arrived.

        Raises:
            ProtocolError: it is not SMTP, or not an answer to what was asked.
        """
        usual = self._usual
        if usual and data.endswith(usual) and not self._reader.midway and self._refusal is None:
            before = len(data) - len(usual)
            waiting = self._waiting
            if not before and len(waiting) == 3 and waiting[0] is _MAIL:
                waiting.clear()
                self._listener.ready(self)
                return
            if before and len(waiting) == 4 and waiting[0] is _DOT:
                reply = one_reply(data[:before])
                if reply is not None and reply.code != 421:
                    self.received(reply)
                    waiting.clear()
                    self._listener.ready(self)
                    return
        for reply in self._reader.feed(data):
            self.received(reply)
        if self._waiting or self.announced is None or not self.offered.pipelining:
            return
        # The last three lines have just announced a message without any refusal.
        self._usual = b"".join(data.splitlines(keepends=True)[-3:])
        if not _ACCEPTED.fullmatch(self._usual):
            self._usual = b""

    def received(self, reply: Reply) -> None:
        """Take the next reply.

        Raises:
            ProtocolError: nothing was asked, or the code cannot be an answer to it.
        """
        step = self._waiting[0] if self._waiting else None
        if reply.code == 421 and step is not _DOT:
            self._listener.closing(self, reply)
            return
        if step is None:
            self._unasked(reply)
            return
        self._waiting.popleft()
        if step is _DOT:
            self._end_of_message(reply)
        elif step is _DATA:
            self._data(reply)
        elif step is Step.VOID:
            self._end_of_refusal()
        elif step is Step.RSET:
            self._after_reset()
        else:
            self._announcement(step, reply)

    def _unasked(self, reply: Reply) -> None:
        """Take a reply that nothing asked for: some refuse a message before they have all of it."""
        outgoing = self.announced
        if outgoing is None or reply.code < 400:
            raise ProtocolError(f"a reply to nothing: {reply}")
        self.announced, self._open = None, False
        self._listener.refused(self, outgoing, _DOT, reply)
        # What it would make of the end now, nobody knows.
        self._listener.closing(self, reply)

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
            self._ask(Step.DATA, DATA)

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

"""What a reply means for one delivery, and for all that follow (RFC 5321, 4.2.1; RFC 3463)."""

from __future__ import annotations

from collections import deque

from flows.channels.batch import Outcome
from flows.channels.smtp_session import Step
from flows.channels.smtp_wire import Reply
from flows.models import DeliveryState

BLOCKED = "blocked"
"""The reason beside a rejection that is about us; the address itself may be good."""
DOUBTFUL = 0.01
"""The share of messages in doubt above which we no longer trust the server's connections."""
_SENT = DeliveryState.SENT
_NO_CREDENTIALS = frozenset({530, 534, 535, 538})
_ABOUT_THE_MESSAGE = ("5.3.4", "5.6.", "5.1.3", "5.2.3", "5.5.")


def needs_credentials(reply: Reply) -> bool:
    """Tell whether the server wants us to log in, or to log in otherwise (RFC 4954, 6)."""
    return reply.code in _NO_CREDENTIALS


def asks_to_slow_down(reply: Reply) -> bool:
    """Tell whether the receiving side finds us too fast: 4.7.X, but 4.7.1, which is greylisting."""
    enhanced = reply.enhanced or ""
    return enhanced.startswith("4.7.") and enhanced != "4.7.1"


def outcome(delivery_id: int, reply: Reply, step: Step = Step.DOT) -> Outcome:
    """Return what became of a delivery, given the reply that decided it."""
    if reply.code < 300:
        return Outcome(
            delivery_id,
            _SENT,
            None,
            reply.code,
            reply.enhanced,
            reply.words,
            reply.queue_id,
        )
    if reply.code < 500 or (reply.code == 552 and step is Step.RCPT):
        # RFC 5321, 4.5.3.1.10: 552 to RCPT is "too many recipients", to be taken as 452.
        state, reason = DeliveryState.DEFERRED, None
    else:
        state, reason = DeliveryState.REJECTED, BLOCKED if about_us(reply, step) else None
    return Outcome(delivery_id, state, reason, reply.code, reply.enhanced, reply.words)


def in_doubt(delivery_id: int, words: str) -> Outcome:
    """Return the outcome of a message that was sent to its last octet and never answered."""
    return Outcome(delivery_id, DeliveryState.UNCONFIRMED, reply=words)


def about_us(reply: Reply, step: Step) -> bool:
    """Tell whether the server refuses us, or our sender, rather than this recipient or message."""
    if reply.code < 500:
        return False
    if reply.blocks_us:
        return True
    # After MAIL the server knows only who sends, and how much.
    words_of_message = reply.code == 552 or (reply.enhanced or "").startswith(_ABOUT_THE_MESSAGE)
    return step is Step.MAIL and not words_of_message


class Blockade:
    """Notices that the other side refuses us as such: half of the last ten, five at least."""

    def __init__(self) -> None:
        self._recent: deque[bool] = deque(maxlen=10)

    def accepted(self) -> None:
        """Note that the other side took a message."""
        self._recent.append(False)

    def note(self, *, blocked: bool) -> bool:
        """Note one refusal; return whether it is time to stop."""
        self._recent.append(blocked)
        return blocked and sum(self._recent) >= 5


class Trust:
    """Notices that the other side leaves too many messages in doubt: some, and one in a hundred.

    Args:
        most_doubts: So many are bad luck, whatever their share.
    """

    def __init__(self, *, most_doubts: int) -> None:
        self._most = most_doubts
        self._answered = 0
        self._lost = 0

    def answered(self) -> None:
        """Note that a message was answered."""
        self._answered += 1

    def lost(self) -> bool:
        """Note that a message was left in doubt; return whether it is time to stop."""
        self._lost += 1
        return self._lost >= self._most and self._lost > DOUBTFUL * self._answered

"""How fast we may go: bounds per second, minute and hour, and per recipient domain.

Messages are spaced evenly rather than sent in bursts with pauses between, which receivers take for
an attack and users for a hang. Times are seconds of a clock that only goes forward.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

SLOWEST = 1.0
"""Seconds between two messages to a domain that keeps asking us to slow down."""
_FIRST_BRAKE = 0.1
_RELIEF = 20
"""Messages that a domain must take before it is trusted with twice the speed."""
_BURST = 0.05
"""Seconds of work that may be caught up at once, so that a timer's grain costs no speed."""


@dataclass(frozen=True, slots=True)
class Bound:
    """At most `count` messages in any `seconds`, evenly spread."""

    count: float
    seconds: float = 1.0

    @property
    def interval(self) -> float:
        """Return the seconds between two messages."""
        return self.seconds / self.count


class _Spacer:
    """Spaces messages by an interval; the virtual scheduling of ITU-T I.371."""

    def __init__(self, interval: float) -> None:
        self.interval = interval
        self._next = 0.0

    def delay(self, now: float) -> float:
        return max(0.0, self._next - now)

    def count(self, now: float) -> None:
        self._next = max(self._next, now - _BURST) + self.interval


class _Domain(_Spacer):
    """One recipient domain: its bound, and the brake it has made us pull."""

    def __init__(self, interval: float) -> None:
        super().__init__(interval)
        self._usual = interval
        self._taken = 0

    def brake(self) -> None:
        self.interval = min(SLOWEST, max(2 * self.interval, _FIRST_BRAKE))
        self._taken = 0

    def relieve(self) -> None:
        self._taken += 1
        if self._taken >= _RELIEF and self.interval > self._usual:
            relieved = self.interval / 2
            self.interval = relieved if relieved >= _FIRST_BRAKE else self._usual
            self._taken = 0


class Pace:
    """Says when the next message may begin.

    Args:
        bounds: Of all messages together.
        per_domain: Of the messages to any one recipient domain.
    """

    def __init__(self, bounds: Sequence[Bound] = (), *, per_domain: Bound | None = None) -> None:
        self._all = [_Spacer(bound.interval) for bound in bounds]
        self._per_domain = per_domain.interval if per_domain else 0.0
        self._domains: dict[str, _Domain] = {}

    @property
    def free(self) -> bool:
        """Tell whether nothing bounds any message."""
        return not (self._all or self._domains or self._per_domain)

    def delay(self, now: float) -> float:
        """Return the seconds until any message may begin."""
        return max((spacer.delay(now) for spacer in self._all), default=0.0)

    def domain_delay(self, address: str, now: float) -> float:
        """Return the seconds until a message to this address's domain may begin."""
        if not self._domains and not self._per_domain:
            return 0.0
        domain = self._domain(address)
        return domain.delay(now) if domain else 0.0

    def count(self, address: str, now: float) -> None:
        """Note that a message to this address begins."""
        for spacer in self._all:
            spacer.count(now)
        if (self._domains or self._per_domain) and (domain := self._domain(address)):
            domain.count(now)

    def brake(self, address: str) -> None:
        """Note that this address's domain asked us to slow down (4.7.X)."""
        name = _domain_of(address)
        self._domains.setdefault(name, _Domain(self._per_domain)).brake()

    def relieve(self, address: str) -> None:
        """Note that a message to this address was taken."""
        if self._domains and (domain := self._domains.get(_domain_of(address))):
            domain.relieve()

    def _domain(self, address: str) -> _Domain | None:
        name = _domain_of(address)
        if self._per_domain:
            return self._domains.setdefault(name, _Domain(self._per_domain))
        return self._domains.get(name)


def _domain_of(address: str) -> str:
    return address.rpartition("@")[2].lower()

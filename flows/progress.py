"""How far a run is, told to whoever listens: a progress bar, or lines for a machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Where one step stands."""

    step: int
    channel: str
    done: int
    """Deliveries with an outcome."""
    planned: int
    at: datetime
    deadline: datetime
    waiting: str = ""
    """Why nothing moves just now, in words for people; empty while it does."""


Listener = Callable[[Progress], None]


def _nobody(progress: Progress) -> None:
    """Listen to nothing."""


_listener: Listener = _nobody


def tell(progress: Progress) -> None:
    """Say how far a step is."""
    _listener(progress)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Have `listener` told within the block."""
    global _listener
    before, _listener = _listener, listener
    try:
        yield
    finally:
        _listener = before

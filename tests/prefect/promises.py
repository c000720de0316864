"""What the tests against a real Prefect ask of the ledger and the relay in the end."""

from __future__ import annotations

from collections.abc import Callable

from flows.models import DeliveryState, StepState
from flows.reporting.gather import gather
from flows.reporting.text import render_text
from tests.prefect.house import House


def is_done(house: House, slug: str, number: int = 1) -> Callable[[], bool]:
    return lambda: house.step(slug, number).state in (StepState.DONE, StepState.SKIPPED)


def require_once_each(house: House, slug: str) -> None:
    taken = house.taken(slug)
    assert len(taken) == len(set(taken)), "somebody got it twice"


def require_whole(house: House, slug: str, *, people: int, steps: int = 1) -> None:
    """Everybody got it, once."""
    require_once_each(house, slug)
    assert len(house.taken(slug)) == people * steps
    for number in range(1, steps + 1):
        assert house.counts(slug, number) == {DeliveryState.SENT: people}


def report(house: House, slug: str) -> str:
    return " ".join(render_text(gather(house.ledger, slug)).split())

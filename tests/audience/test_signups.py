"""Nobody can fill a stranger's mailbox with mails that ask to confirm."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Engine

from flows.audience.signups import PER_ADDRESS, PER_NETWORK, admit
from flows.audience.subscribers import Audience
from flows.clock import SimulatedClock


def test_one_address_gets_a_few_mails_a_day_from_wherever_they_are_asked(
    audience: Audience, time: SimulatedClock
) -> None:
    def asked(number: int) -> bool:
        return admit(audience, address="Anna@a.example", network=f"192.0.2.{number}")

    assert [asked(number) for number in range(PER_ADDRESS.most + 1)] == [
        *[True] * PER_ADDRESS.most,
        False,
    ]
    assert admit(audience, address="bob@a.example", network="192.0.2.1")
    time.advance(timedelta(days=1))
    assert asked(1)


def test_one_network_signs_up_a_few_people_an_hour(
    audience: Audience, time: SimulatedClock
) -> None:
    def asked(number: int) -> bool:
        # Another address out of the same network.
        return admit(audience, address=f"{number}@a.example", network=f"2001:db8::{number}")

    assert all(asked(number) for number in range(PER_NETWORK.most))
    assert not asked(99)
    assert admit(audience, address="99@a.example", network="2001:db8:1::1")
    time.advance(timedelta(hours=1))
    assert asked(100)


def test_no_address_is_noted_and_nothing_for_longer_than_a_day(
    audience: Audience, engine: Engine, time: SimulatedClock
) -> None:
    admit(audience, address="anna@a.example", network="::ffff:192.0.2.1")
    with engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT * FROM signup").all()
    assert len(rows) == 2
    assert "anna" not in repr(rows)
    time.advance(timedelta(days=1))
    admit(audience, address="bob@a.example", network="192.0.2.1")
    with engine.connect() as connection:
        assert len(connection.exec_driver_sql("SELECT * FROM signup").all()) == 2

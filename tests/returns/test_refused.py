"""What the relay refuses at the hand-over is acted on like a bounce, once, and not in a panic."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from flows.channels.batch import Outcome
from flows.channels.smtp_outcomes import BLOCKED
from flows.cli import tracking
from flows.clock import SimulatedClock
from flows.ledger.hand_over import Worker
from flows.models import DeliveryState
from flows.returns.round import Summary, process
from tests.returns.conftest import LIST, ORGANISATION, House

READER, OTHER = "lezer@lezers.example", "ander@lezers.example"
UNKNOWN = (550, "5.1.1", f"<{READER}>: Recipient address rejected: User unknown")


def refused(house: House, slug: str, *readers: str, reply: tuple[int, str, str] = UNKNOWN) -> None:
    """A campaign that ended, of which the relay took nothing."""
    step = house.launch(slug, *readers, sent=False).steps[0]
    worker = Worker(house.engine)
    ids = [claim.id for claim in worker.claim(step.id, len(readers))]
    reason = BLOCKED if reply[1].startswith("5.7") else None
    worker.record(ids, [])
    worker.record([], [Outcome(each, DeliveryState.REJECTED, reason, *reply) for each in ids])
    worker.release()
    house.ledger.end_step(step.id)


@pytest.fixture(autouse=True)
def _mailbox(maildir: Path) -> Path:
    return maildir


def round_of(house: House) -> Summary:
    return process(house.settings, ORGANISATION)


def test_an_address_that_the_relay_calls_unknown_is_suppressed_once(house: House) -> None:
    house.subscribe(READER, OTHER)
    refused(house, "oproep", READER)
    summary = round_of(house)
    assert summary.suppressed == 1
    assert "1 addresses will not be mailed again" in "\n".join(summary.lines())
    assert house.suppressed(READER) == "address-gone"
    assert house.suppressed(OTHER) is None
    assert house.state("oproep", READER) == "rejected"
    house.audience.lift(READER)
    assert round_of(house).suppressed == 0
    assert house.suppressed(READER) is None, "what a colleague lifted stays lifted"


def test_no_address_stands_in_the_words_that_are_kept(house: House) -> None:
    from sqlalchemy import select

    from flows.database import reading
    from flows.returns.tables import returned

    refused(house, "oproep", READER)
    round_of(house)
    with reading(house.engine) as connection:
        assert READER not in str(connection.scalar(select(returned.c.words)))


@pytest.mark.parametrize(
    "reply",
    [
        (550, "5.7.1", "Client host blocked using zen.example"),
        (552, "5.3.4", "Message too big for system"),
        (554, "5.0.0", "Transaction failed"),
    ],
)
def test_a_refusal_of_us_or_of_the_message_touches_no_address(
    house: House, reply: tuple[int, str, str]
) -> None:
    house.subscribe(READER)
    refused(house, "oproep", READER, reply=reply)
    assert round_of(house).suppressed == 0
    assert [each.address for each in house.audience.confirmed(LIST)] == [READER]


def test_a_full_mailbox_that_the_relay_tells_of_counts_as_one_campaign(
    house: House, time: SimulatedClock
) -> None:
    for number in range(ORGANISATION.returns.give_up_after):
        assert house.suppressed(READER) is None
        refused(house, f"oproep-{number}", READER, reply=(552, "5.2.2", "Mailbox full"))
        round_of(house)
        time.advance(timedelta(days=7))
    assert house.suppressed(READER) == "mailbox-full"


def test_a_relay_in_trouble_empties_no_list(house: House) -> None:
    readers = [f"lezer{number}@lezers.example" for number in range(30)]
    refused(house, "oproep", *readers)
    summary = round_of(house)
    assert summary.suppressed == 0
    assert "the relay says of 30 of 30 addresses" in "\n".join(summary.lines())
    assert {house.suppressed(each) for each in readers} == {None}


def test_who_waits_for_mail_is_told_once_of_a_relay_in_trouble(
    house: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    refused(house, "oproep", *[f"lezer{number}@lezers.example" for number in range(30)])
    rounds = 0

    def no_mail(settings: object, seconds: float) -> None:
        nonlocal rounds
        rounds += 1
        if rounds == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr("flows.settings.load", lambda: house.settings)
    monkeypatch.setattr("flows.returns.round.wait_for_mail", no_mail)
    monkeypatch.setattr(tracking, "_organisation", lambda settings: ORGANISATION)
    with pytest.raises(KeyboardInterrupt):
        tracking._wait(until_closed=False)
    assert capsys.readouterr().out.count("the relay says of 30 of 30 addresses") == 1

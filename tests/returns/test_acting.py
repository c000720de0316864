"""What is done about what comes back, and what nobody can bring about by writing to us."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from flows.audience.tokens import Purpose, Signer, verp_sender
from flows.clock import SimulatedClock
from flows.database import reading
from flows.models import StepState
from flows.returns.findings import Action
from flows.returns.lookup import Proof
from flows.returns.tables import returned
from tests.returns.conftest import HOST, LIST, House
from tests.returns.letters import answer, dsn, feedback, plain

READER = "Lezer@lezers.example"
OTHER = "ander@lezers.example"


@pytest.fixture(autouse=True)
def launched(house: House) -> None:
    house.subscribe(READER, OTHER)
    house.launch("oproep", READER, OTHER)


def test_an_address_that_is_gone_is_suppressed_at_once(house: House) -> None:
    taken = house.take(dsn(to=house.verp("oproep", READER), recipient=READER))
    assert taken.findings[0][2].suppressed
    assert house.state("oproep", READER) == "bounced"
    assert house.suppressed(READER) == "address-gone"
    assert house.suppressed(OTHER) is None


def test_our_own_message_id_proves_a_delivery_too(house: House) -> None:
    house.take(dsn(recipient=READER, message_id=house.message_id("oproep", READER)))
    assert house.suppressed(READER) == "address-gone"


def test_our_message_id_is_recognised_when_the_mail_was_forwarded_elsewhere(house: House) -> None:
    own = house.message_id("oproep", READER)
    taken = house.take(dsn(recipient="elders@anders.example", message_id=own))
    match = taken.findings[0][1]
    assert match is not None
    assert match.proof is Proof.MESSAGE_ID
    assert house.suppressed(READER) == "address-gone"
    assert house.suppressed("elders@anders.example") is None


def test_a_verp_address_counts_in_any_case(house: House) -> None:
    house.take(dsn(to=house.verp("oproep", READER).upper(), recipient=READER))
    assert house.suppressed(READER) == "address-gone"


def test_a_report_that_names_somebody_else_touches_nobody_else(house: House) -> None:
    house.take(dsn(to=house.verp("oproep", READER), recipient=OTHER))
    assert house.suppressed(OTHER) is None
    assert house.state("oproep", OTHER) == "sent"


@pytest.mark.parametrize("proof", ["none", "forged verp", "another purpose", "forged id"])
def test_nobody_is_suppressed_on_the_word_of_a_stranger(house: House, proof: str) -> None:
    number = house.delivery("oproep", READER)
    to = {
        "none": f"bounce@{HOST}",
        "forged verp": verp_sender(Signer("x" * 40, Purpose.BOUNCE), number, domain=HOST),
        "another purpose": verp_sender(
            Signer("geheim" * 8, Purpose.UNSUBSCRIBE), number, domain=HOST
        ),
        "forged id": f"bounce@{HOST}",
    }[proof]
    own = f"<{'0' * 30}@{HOST}>" if proof == "forged id" else "<1@x.example>"
    taken = house.take(dsn(to=to, recipient=READER, message_id=own))
    match = taken.findings[0][1]
    assert match is not None
    assert match.proof is Proof.RECIPIENT
    assert house.suppressed(READER) is None
    assert house.state("oproep", READER) == "sent"


@pytest.mark.parametrize("number", [0, 2**40, 2**63, 2**64 - 1])
def test_a_signed_address_of_a_delivery_that_is_not_there_is_none(
    house: House, number: int
) -> None:
    to = verp_sender(Signer("geheim" * 8, Purpose.BOUNCE), number, domain=HOST)
    taken = house.take(dsn(to=to, recipient="niemand@lezers.example"))
    assert taken.findings[0][1] is None
    assert taken.kept is not None


def test_the_same_message_is_processed_once(house: House) -> None:
    raw = dsn(to=house.verp("oproep", READER), recipient=READER)
    assert house.take(raw).findings
    house.audience.lift(READER)
    assert house.take(raw).findings == ()
    assert house.suppressed(READER) is None


def test_a_second_report_about_the_same_delivery_changes_nothing(house: House) -> None:
    to = house.verp("oproep", READER)
    house.take(dsn(to=to, recipient=READER))
    done = house.take(dsn(to=to, recipient=READER, diagnostic="smtp; 550 no such user")).findings
    assert done[0][2].state is None
    assert house.state("oproep", READER) == "bounced"


def test_what_they_go_on_trying_has_not_bounced(house: House) -> None:
    house.take(
        dsn(
            to=house.verp("oproep", READER),
            recipient=READER,
            action="delayed",
            status="4.4.1",
            diagnostic="smtp; Connection timed out",
        )
    )
    assert house.state("oproep", READER) == "sent"


def full(house: House, slug: str) -> bytes:
    return dsn(
        to=house.verp(slug, READER),
        recipient=READER,
        status="5.2.2",
        diagnostic=f"smtp; 552 5.2.2 mailbox full {slug}",
    )


def test_a_full_mailbox_is_given_up_after_several_campaigns(
    house: House, time: SimulatedClock
) -> None:
    for number in (1, 2, 3):
        time.advance(timedelta(minutes=1))
        slug = f"oproep-{number}"
        house.launch(slug, READER)
        house.take(full(house, slug))
        house.take(full(house, slug) + b"\n")  # twice about one mail is once
        assert house.state(slug, READER) == "bounced"
        assert house.suppressed(READER) == ("mailbox-full" if number == 3 else None)


def test_a_sign_of_life_starts_the_count_anew(house: House) -> None:
    for number in (1, 2, 3, 4):
        slug = f"oproep-{number}"
        house.launch(slug, READER)
        house.take(full(house, slug))
        if number == 2:
            house.take(answer(to=house.verp(slug, READER), sender=READER))
    assert house.suppressed(READER) is None


def test_a_complaint_ends_every_subscription(house: House) -> None:
    house.take(feedback(to=house.verp("oproep", READER), recipient=READER))
    assert house.state("oproep", READER) == "complained"
    assert house.suppressed(READER) == "complaint"
    person = house.audience.find(READER)
    assert person is not None
    assert person.lists == ()
    assert [each.address for each in house.audience.confirmed(LIST)] == [OTHER]


def blocked(house: House, address: str) -> bytes:
    return dsn(
        to=house.verp("oproep", address),
        recipient=address,
        status="5.7.1",
        diagnostic="smtp; 554 5.7.1 Service unavailable; Client host blocked using zen.example",
    )


def test_who_blocks_us_holds_the_step_and_keeps_the_address(house: House) -> None:
    house.take(blocked(house, READER))
    step = house.ledger.campaign("oproep").steps[0]
    assert step.state is StepState.PAUSED
    assert step.reason is not None
    assert "lezers.example weigert onze mailserver" in step.reason
    assert "oproep resume" in step.reason
    assert house.suppressed(READER) is None
    assert house.state("oproep", READER) == "bounced"
    person = house.audience.find(READER)
    assert person is not None
    assert person.lists == (LIST,)


def test_what_one_recipient_refuses_for_themselves_holds_nobody_else_back(house: House) -> None:
    refusal = dsn(
        to=house.verp("oproep", READER),
        recipient=READER,
        status="5.7.1",
        diagnostic="smtp; 550 5.7.1 Refused by the user's preferences",
    )
    ((finding, _, done),) = house.take(refusal).findings
    assert (finding.action, done.paused) == (Action.WE_ARE_BLOCKED, "")
    step = house.ledger.campaign("oproep").steps[0]
    assert step.state is StepState.RUNNING
    assert house.suppressed(READER) is None
    house.take(blocked(house, OTHER))
    assert house.ledger.campaign("oproep").steps[0].state is StepState.PAUSED


def test_who_resumed_a_step_is_not_stopped_by_the_same_domain_again(house: House) -> None:
    from flows.ledger.control import Control

    house.take(blocked(house, READER))
    Control(house.ledger).resume("oproep")
    house.take(blocked(house, OTHER))
    assert house.ledger.campaign("oproep").steps[0].state is StepState.SCHEDULED


def test_a_step_that_has_ended_is_not_held_back(house: House) -> None:
    house.ledger.end_step(house.ledger.campaign("oproep").steps[0].id)
    assert house.take(blocked(house, READER)).findings[0][2].paused == ""


def test_a_delivery_that_was_in_doubt_is_proved_by_its_bounce(house: House) -> None:
    from flows import clock
    from flows.ledger.transitions import move
    from flows.models import DeliveryState

    house.launch("twijfel", OTHER)
    number = house.delivery("twijfel", OTHER)
    with house.engine.begin() as connection:
        from sqlalchemy import update

        from flows.ledger import tables as t

        connection.execute(
            update(t.delivery).where(t.delivery.c.id == number).values(state="sending")
        )
        move(connection, [number], DeliveryState.UNCONFIRMED, now=clock.now())
    house.take(dsn(to=house.verp("twijfel", OTHER), recipient=OTHER))
    assert house.state("twijfel", OTHER) == "bounced"


def test_a_delivered_notice_is_delivered_and_a_later_bounce_a_bounce(house: House) -> None:
    to = house.verp("oproep", READER)
    house.take(dsn(to=to, recipient=READER, action="delivered", status="2.0.0", diagnostic=""))
    assert house.state("oproep", READER) == "delivered"
    house.take(dsn(to=to, recipient=READER))
    assert house.state("oproep", READER) == "bounced"


def test_an_out_of_office_changes_nothing(house: House) -> None:
    raw = plain("Tot maandag.", subject="Afwezig", sender=READER, to=house.verp("oproep", READER))
    house.take(raw)
    assert house.state("oproep", READER) == "sent"
    assert house.suppressed(READER) is None


@pytest.mark.parametrize(
    "letter",
    [
        dsn(diagnostic="smtp; 550 \x00 user unknown"),
        dsn(recipient="le\x00zer@lezers.example"),
        dsn(recipient="\\x{0}\\x{D800}lezer@lezers.example"),
        dsn(recipient=f"{'a' * 5_000}@lezers.example"),
        dsn(message_id="<1\x00@x.example>"),
        dsn(message_id=f"<{'1' * 5_000}@x.example>"),
        dsn(action="delivered", status=f"2.{'0' * 300}"),
        dsn(status=f"5.{'1' * 300}.1"),
        feedback(to="bounce@organisatie.example", recipient="a\x00b@x.example"),
        answer(to="bounce@organisatie.example", sender="a\x00@b.example", text="\x00"),
    ],
)
def test_what_no_database_takes_is_left_out_of_what_is_stored(house: House, letter: bytes) -> None:
    to = house.verp("oproep", READER).encode()
    assert house.take(letter.replace(b"bounce@organisatie.example", to)).findings


def test_what_is_not_understood_is_kept(house: House) -> None:
    raw = b"Subject: ?\n\n\xff\xfe\x00"
    taken = house.take(raw)
    assert taken.kept is not None
    assert taken.kept.read_bytes() == raw
    assert taken.kept.parent.stat().st_mode & 0o077 == 0


def test_no_address_stands_in_what_is_kept_for_good(house: House) -> None:
    house.take(
        dsn(
            to=house.verp("oproep", READER),
            recipient=READER,
            diagnostic=f"smtp; 550 5.1.1 <{READER}>: user unknown",
        )
    )
    with reading(house.engine) as connection:
        assert READER not in str(connection.scalar(select(returned.c.words)))


def test_forgetting_a_person_reaches_what_came_back(house: House) -> None:
    from flows.campaign.person import known_of
    from flows.campaign.retention import forget

    house.take(dsn(to=house.verp("oproep", READER), recipient=READER))
    theirs = house.take(answer(to=house.verp("oproep", READER), sender=READER)).kept
    other = house.take(answer(to="bounce@organisatie.example", sender=OTHER)).kept
    assert theirs is not None
    assert other is not None
    known = known_of(house.audience, READER, letters=theirs.parent)
    assert [each["letter"] for each in known.returned] == [str(theirs), None]
    forgotten = forget(house.audience, READER, letters=theirs.parent)
    assert (forgotten.returned, forgotten.letters) == (2, 1)
    assert (theirs.exists(), other.exists()) == (False, True)
    with reading(house.engine) as connection:
        rows = connection.execute(select(returned.c.recipient, returned.c.forward)).all()
    assert {tuple(row) for row in rows} == {(None, ""), (OTHER, "kept")}

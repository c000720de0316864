"""The link in a mail leads to a person and a list, for as long as anybody keeps the mail."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Engine, select, update

from flows.audience.people import Left
from flows.audience.subscribers import Audience
from flows.ledger import tables as t
from flows.ledger.book import Ledger, Planned
from flows.ledger.leaving import unsubscribe_delivery
from flows.models import Recipient, SkipReason
from tests.audience.conftest import ask, join
from tests.ledger.conftest import campaign

ANNA = "Anna@lezers.example"


def delivery_to(engine: Engine, address: str, *, list_: str = "nieuwsbrief") -> int:
    plan = campaign("newsletter")
    plan = replace(plan, steps=(replace(plan.steps[0], list=list_),))
    Ledger(engine).freeze(plan, [[Planned(recipient=Recipient(address=address))]])
    with engine.connect() as connection:
        return int(connection.execute(select(t.delivery.c.id)).scalar_one())


def test_the_link_takes_the_reader_off_the_list_it_was_sent_to(
    audience: Audience, engine: Engine
) -> None:
    join(audience, ANNA)
    join(audience, ANNA, "kamerbrief")
    number = delivery_to(engine, ANNA)
    reached = unsubscribe_delivery(audience, number, how=Left.ONE_CLICK)
    assert reached is not None
    assert reached == unsubscribe_delivery(audience, number, how=Left.LINK)
    assert reached.list == "nieuwsbrief"
    assert reached.subscriber is not None
    assert reached.subscriber.lists == ("kamerbrief",)


def test_the_link_still_works_when_of_the_delivery_only_a_hash_is_left(
    audience: Audience, engine: Engine
) -> None:
    join(audience, ANNA)
    number = delivery_to(engine, ANNA)
    with engine.begin() as connection:
        connection.execute(update(t.delivery).values(recipient_key=audience.hash(ANNA)))
    unsubscribe_delivery(audience, number, how=Left.LINK)
    assert list(audience.confirmed("nieuwsbrief")) == []


def test_who_was_forgotten_meanwhile_has_left_all_the_same(
    audience: Audience, engine: Engine
) -> None:
    join(audience, ANNA)
    number = delivery_to(engine, ANNA)
    audience.forget(ANNA)
    reached = unsubscribe_delivery(audience, number, how=Left.LINK)
    assert reached is not None
    assert reached.subscriber is None
    ask(audience, ANNA)
    assert list(audience.confirmed("nieuwsbrief")) == []


def test_a_partner_has_no_list_to_leave_and_is_left_in_peace(
    audience: Audience, engine: Engine
) -> None:
    number = delivery_to(engine, "pers@partner.example", list_="")
    unsubscribe_delivery(audience, number, how=Left.MAIL)
    assert audience.keep_out(["pers@partner.example"], list_=None) == {
        "pers@partner.example": SkipReason.SUPPRESSED
    }


def test_a_number_that_names_no_delivery_names_nobody(audience: Audience) -> None:
    assert unsubscribe_delivery(audience, 99, how=Left.LINK) is None

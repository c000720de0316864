"""Who is mailed, and who is left in peace."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine

from flows.audience.people import SELF_LIFTED, Details, Left, SubscriptionState, SuppressionReason
from flows.audience.subscribers import CONFIRM_WITHIN, Audience
from flows.clock import SimulatedClock
from flows.errors import InputError, LedgerError
from flows.models import SkipReason
from tests.audience.conftest import CONSENT, SECRET, START, ask, join

ANNA = "anna@lezers.example"


def mailed(audience: Audience, list_: str = "nieuwsbrief", **segment: object) -> list[str]:
    """Whom a step would freeze and then really hand over."""
    people = [each.address for each in audience.confirmed(list_, **segment)]  # type: ignore[arg-type]
    out = audience.keep_out(people, list_=list_)
    return [address for address in people if address.casefold() not in out]


def test_who_only_asked_is_not_mailed_and_who_confirmed_is(audience: Audience) -> None:
    asked = ask(audience)
    assert asked.state is SubscriptionState.PENDING
    assert mailed(audience) == []
    confirmed = audience.confirm(asked.id)
    assert confirmed is not None
    assert confirmed.confirmed_at == START
    assert (confirmed.wording, confirmed.purpose, confirmed.source) == (
        CONSENT.wording,
        CONSENT.purpose,
        CONSENT.source,
    )
    assert mailed(audience) == [ANNA]
    assert audience.confirm(asked.id) == confirmed


def test_an_address_in_other_letters_is_the_same_person(audience: Audience) -> None:
    join(audience, "Anna@Lezers.Example")
    join(audience, "anna@LEZERS.example")
    join(audience, "jan@münchen.example")
    join(audience, "JAN@xn--mnchen-3ya.example")
    assert mailed(audience) == ["Anna@lezers.example", "jan@münchen.example"]


def test_dots_and_tags_make_another_person(audience: Audience) -> None:
    for address in ("jan.de@a.example", "jande@a.example", "jande+x@a.example"):
        join(audience, address)
    assert len(mailed(audience)) == 3


def test_a_confirmation_that_comes_too_late_does_nothing(
    audience: Audience, time: SimulatedClock
) -> None:
    asked = ask(audience)
    time.advance(CONFIRM_WITHIN)
    assert audience.confirm(asked.id) is None
    assert mailed(audience) == []


def test_who_left_is_not_mailed_and_the_old_confirmation_does_not_bring_them_back(
    audience: Audience,
) -> None:
    joined = join(audience)
    left = audience.unsubscribe(joined.id, how=Left.ONE_CLICK)
    assert left is not None
    assert (left.state, left.ended_how) == (SubscriptionState.ENDED, Left.ONE_CLICK)
    assert audience.confirm(joined.id) is None
    assert audience.unsubscribe(joined.id, how=Left.LINK) == left
    assert mailed(audience) == []
    assert audience.keep_out([ANNA], list_="nieuwsbrief") == {ANNA: SkipReason.UNSUBSCRIBED}
    assert audience.keep_out([ANNA], list_=None) == {}


def test_who_left_can_come_back_by_confirming_again(audience: Audience) -> None:
    audience.unsubscribe(join(audience).id, how=Left.LINK)
    asked = ask(audience)
    assert mailed(audience) == []
    audience.confirm(asked.id)
    assert mailed(audience) == [ANNA]


def test_a_stranger_with_the_form_changes_nothing_of_who_is_subscribed(audience: Audience) -> None:
    joined = join(audience, name="Anna")
    assert ask(audience, ANNA.upper(), name="Stranger", language="en") == joined
    ask(audience, ANNA, "kamerbrief", name="Stranger")
    person = audience.find(ANNA)
    assert person is not None
    assert (person.name, person.language, person.lists) == ("Anna", "nl", ("nieuwsbrief",))
    audience.change_details(person.id, Details(name="Anna B.", language="en"))
    assert [each.name for each in audience.confirmed("nieuwsbrief", language="en")] == ["Anna B."]


def test_leaving_one_list_leaves_the_others(audience: Audience) -> None:
    join(audience, ANNA, "nieuwsbrief")
    join(audience, ANNA, "kamerbrief")
    ended = audience.unsubscribe_address(audience.hash(ANNA), how=Left.LINK, list_="nieuwsbrief")
    assert ended == ["nieuwsbrief"]
    assert mailed(audience, "nieuwsbrief") == []
    assert mailed(audience, "kamerbrief") == [ANNA]
    assert audience.unsubscribe_address(audience.hash(ANNA), how=Left.COMPLAINT) == ["kamerbrief"]


@pytest.mark.parametrize("reason", SuppressionReason)
def test_a_suppressed_address_is_mailed_by_nobody(
    audience: Audience, reason: SuppressionReason
) -> None:
    join(audience)
    assert audience.suppress("ANNA@lezers.example", reason=reason, source="test")
    assert not audience.suppress(ANNA, reason=reason, source="again")
    for list_ in ("nieuwsbrief", "kamerbrief", None):
        assert audience.keep_out([ANNA], list_=list_) == {ANNA: SkipReason.SUPPRESSED}
    assert mailed(audience) == []
    assert audience.lift(ANNA)
    assert not audience.lift(ANNA)
    assert mailed(audience) == [ANNA]


@pytest.mark.parametrize("reason", SuppressionReason)
def test_what_a_colleague_decided_only_a_colleague_takes_back(
    audience: Audience, reason: SuppressionReason
) -> None:
    audience.suppress(ANNA, reason=reason, source="test")
    asked = ask(audience)
    audience.confirm(asked.id)
    assert mailed(audience) == ([ANNA] if reason in SELF_LIFTED else [])


def test_a_colleagues_word_stays_when_a_bounce_comes_after_it(audience: Audience) -> None:
    audience.suppress(ANNA, reason=SuppressionReason.GONE, source="bounce")
    audience.suppress(ANNA, reason=SuppressionReason.STAFF, source="asked by letter")
    audience.suppress(ANNA, reason=SuppressionReason.GONE, source="bounce")
    found = audience.suppression(ANNA)
    assert found is not None
    assert (found.reason, found.source) == (SuppressionReason.STAFF, "asked by letter")


def test_of_who_is_forgotten_nothing_is_left_but_a_mark(audience: Audience, engine: Engine) -> None:
    join(audience, name="Anna", fields={"provincie": "Utrecht"})
    number = audience.find(ANNA)
    assert number is not None
    assert audience.forget(ANNA.upper())
    assert not audience.forget(ANNA)
    assert audience.find(ANNA) is None
    assert audience.keep_out([ANNA], list_=None) == {ANNA: SkipReason.SUPPRESSED}
    with engine.connect() as connection:
        for table in ("subscriber", "subscription", "suppression", "departure", "signup"):
            rows = connection.exec_driver_sql(f"SELECT * FROM {table}").all()
            assert "anna" not in repr(rows).lower()
    # A link that named the forgotten person must never open somebody else's page.
    later = audience.find("bob@lezers.example") or join(audience, "bob@lezers.example")
    assert later is not None
    bob = audience.find("bob@lezers.example")
    assert bob is not None
    assert bob.id != number.id


def test_many_are_asked_about_at_once(audience: Audience) -> None:
    people = [f"lezer{number}@lezers.example" for number in range(500)]
    for address in people[:20]:
        join(audience, address)
    audience.suppress(people[3], reason=SuppressionReason.GONE, source="test")
    out = audience.keep_out(people, list_="nieuwsbrief")
    assert out[people[3]] is SkipReason.SUPPRESSED
    assert set(people) - set(out) == {*people[:3], *people[4:20]}
    assert audience.keep_out([], list_="nieuwsbrief") == {}


def test_what_was_forgotten_while_it_waited_is_no_address_any_more(audience: Audience) -> None:
    hashed = audience.hash(ANNA)
    assert audience.hash(hashed) == hashed
    assert audience.keep_out([hashed], list_=None) == {hashed: SkipReason.SUPPRESSED}


def test_a_segment_is_a_list_a_language_and_fields(audience: Audience) -> None:
    join(audience, "a@a.example", language="nl", fields={"provincie": "Utrecht", "rol": "ouder"})
    join(audience, "b@a.example", language="en", fields={"provincie": "Utrecht"})
    join(audience, "c@a.example", language="nl", fields={"provincie": "Fryslân"})
    assert mailed(audience, language="nl") == ["a@a.example", "c@a.example"]
    assert mailed(audience, where={"provincie": "Utrecht"}) == ["a@a.example", "b@a.example"]
    assert mailed(audience, language="nl", where={"provincie": "Fryslân"}) == ["c@a.example"]
    assert mailed(audience, where={"provincie": "Utrecht", "rol": "ouder"}) == ["a@a.example"]
    assert audience.count("nieuwsbrief", language="nl") == 2
    assert audience.count("kamerbrief") == 0
    carried = list(audience.confirmed("nieuwsbrief", language="en", fields=["provincie", "rol"]))
    assert carried[0].values == {"provincie": "Utrecht"}


def test_a_call_within_a_transaction_is_undone_with_it(audience: Audience, engine: Engine) -> None:
    with pytest.raises(RuntimeError, match="crash"), engine.begin() as connection:  # noqa: PT012
        join(audience.within(connection))
        raise RuntimeError("crash")
    assert audience.find(ANNA) is None


def test_another_secret_key_is_refused(audience: Audience, engine: Engine) -> None:
    assert Audience(engine, SECRET).hash(ANNA) == audience.hash(ANNA)
    with pytest.raises(LedgerError, match="another secret key"):
        Audience(engine, SecretStr("another"))
    with pytest.raises(InputError, match="no secret key"):
        Audience(engine, SecretStr(""))


@pytest.mark.parametrize("rubbish", ["", "anna", "a@b@c", "a@b.example\r\nBcc: x@y.example", "@"])
def test_what_is_no_address_is_refused_with_a_sentence(audience: Audience, rubbish: str) -> None:
    with pytest.raises(InputError):
        ask(audience, rubbish)
    assert audience.find(rubbish) is None
    assert audience.keep_out([rubbish], list_=None) in ({}, {rubbish: SkipReason.SUPPRESSED})


def test_time_of_a_suppression_is_kept(audience: Audience, time: SimulatedClock) -> None:
    time.advance(timedelta(hours=3))
    audience.suppress(ANNA, reason=SuppressionReason.GONE, source="bounce")
    found = audience.suppression(ANNA)
    assert found is not None
    assert found.at == START + timedelta(hours=3)

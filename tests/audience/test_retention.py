"""Details go when their time has come, or when somebody asks; totals stay."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, insert, select, update
from sqlalchemy.exc import DatabaseError

from flows.audience.people import Left
from flows.audience.subscribers import Audience
from flows.campaign.person import known_of
from flows.campaign.retention import forget, purge
from flows.channels.batch import Outcome
from flows.clock import SimulatedClock
from flows.console.public.leaving import addressee
from flows.ledger import tables as t
from flows.ledger.book import Ledger
from flows.ledger.frozen import FrozenCampaign, Planned
from flows.ledger.hand_over import Worker
from flows.models import DeliveryState, Recipient
from flows.purge import purge as round_of_a_day
from flows.reporting.gather import gather
from flows.returns.tables import returned
from tests.audience.conftest import SECRET, START, ask, join
from tests.ledger.conftest import campaign

NONE = Path("/nonexistent")
"""A folder of letters that is not there."""
ANNA, BOB, EVA = "Anna@lezers.example", "bob@lezers.example", "eva@lezers.example"


def leave_by_link(audience: Audience, delivery: int) -> None:
    """What the page behind a mail's link does."""
    found = addressee(audience.engine, delivery)
    assert found is not None
    audience.unsubscribe_address(
        audience.hash(found.recipient), how=Left.ONE_CLICK, list_=found.list
    )


def sent_to(engine: Engine, *addresses: str, waiting: int = 0) -> FrozenCampaign:
    """A campaign that went to these people; the last `waiting` of them are still to come."""
    plan = campaign("newsletter", "mastodon")
    plan = replace(
        plan,
        steps=(
            replace(plan.steps[0], list="nieuwsbrief"),
            replace(plan.steps[1], account="default"),
        ),
    )
    people = [
        Planned(recipient=Recipient(address=each, name="Naam van iemand", values={"name": "x"}))
        for each in addresses
    ]
    account = [Planned(recipient=Recipient(address="default@mastodon", name="default"))]
    ledger = Ledger(engine)
    frozen = ledger.freeze(plan, [people, account])
    worker = Worker(engine)
    for step, number in zip(frozen.steps, (len(addresses) - waiting, 1), strict=True):
        ledger.begin_step(step.id)
        ids = [claim.id for claim in worker.claim(step.id, number)]
        reply = "250 Ok <anna@lezers.example>" if number > 1 else "Ok"
        worker.record(ids, [])
        worker.record(
            [], [Outcome(i, DeliveryState.SENT, reply=reply, remote_id="4XYZ") for i in ids]
        )
    return ledger.campaign(plan.slug)


def everything(engine: Engine) -> str:
    """All that the database holds, in one text."""
    tables = ("delivery", "event", "attempt", "subscriber", "subscription", "suppression")
    with engine.connect() as connection:
        return repr(
            [
                connection.exec_driver_sql(f"SELECT * FROM {table}").all()
                for table in (*tables, "departure", "signup", "returned", "journal")
            ]
        ).casefold()


def came_back(audience: Audience, engine: Engine, address: str) -> None:
    with engine.begin() as connection:
        connection.execute(
            insert(returned).values(
                digest="d",
                place=0,
                at=START + timedelta(days=11),
                kind="bounce",
                action="none",
                reason="full",
                words="naam van iemand is full",
                final=True,
                recipient=address,
                address_hash=audience.hash(address),
                message_id=f"<{address}>",
            )
        )


def test_after_the_period_nobody_can_be_found_in_the_deliveries_and_the_report_still_adds_up(
    audience: Audience, engine: Engine, time: SimulatedClock
) -> None:
    frozen = sent_to(engine, ANNA, BOB)
    came_back(audience, engine, ANNA)
    before = gather(Ledger(engine), frozen.slug)
    time.advance(timedelta(days=11 + 89))
    assert purge(audience, retention_days=90, letters=NONE).deliveries == 0
    time.advance(timedelta(days=2))
    would = purge(audience, retention_days=90, letters=NONE, dry_run=True)
    assert "anna" in everything(engine)
    assert purge(audience, retention_days=90, letters=NONE) == would
    assert (would.deliveries, would.returned) == (2, 1)
    text = everything(engine)
    assert not [word for word in ("anna", "bob", "naam van") if word in text]
    assert "4xyz" in text, "what the network said of our own post stays"
    assert "default@mastodon" in text
    after = gather(Ledger(engine), frozen.slug)
    after.require_balance()
    assert [step.counts for step in after.steps] == [step.counts for step in before.steps]
    assert purge(audience, retention_days=90, letters=NONE).deliveries == 0


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_round_of_every_day_lets_go_of_it(
    audience: Audience,
    engine: Engine,
    time: SimulatedClock,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    frozen = sent_to(engine, ANNA, BOB)
    time.advance(timedelta(days=102))
    (tmp_path / "organisation.toml").write_text(
        'name = "O"\nlegal_name = "O"\naddress = ["S 1"]\nwebsite = "https://o.example"\n'
        'retention_days = 90\n[mail]\nfrom_name = "O"\nfrom_address = "nieuws@o.example"\n'
        'reply_to = "redactie@o.example"\n'
    )
    monkeypatch.setenv("OPROEP_CONTENT_DIR", str(tmp_path))
    monkeypatch.setenv("OPROEP_DATABASE_URL", str(engine.url))
    monkeypatch.setenv("OPROEP_SECRET_KEY", SECRET.get_secret_value())
    lines = asyncio.run(round_of_a_day.fn())
    assert lines[0] == "Older than 90 days:"
    assert f"2  recipients of {frozen.slug}" in lines[1]
    assert "anna" not in everything(engine)


def test_the_link_in_an_old_mail_still_takes_its_reader_off_the_list(
    audience: Audience, engine: Engine, time: SimulatedClock
) -> None:
    join(audience, ANNA)
    sent_to(engine, ANNA)
    time.advance(timedelta(days=200))
    purge(audience, retention_days=90, letters=NONE)
    with engine.connect() as connection:
        number = connection.execute(select(func.min(t.delivery.c.id))).scalar_one()
    leave_by_link(audience, number)
    assert list(audience.confirmed("nieuwsbrief")) == []


def test_of_who_is_forgotten_no_table_holds_a_trace_and_nothing_more_is_sent(
    audience: Audience, engine: Engine
) -> None:
    join(audience, BOB)
    frozen = sent_to(engine, ANNA, BOB, waiting=1)
    came_back(audience, engine, BOB)
    forgotten = forget(audience, BOB.upper(), letters=NONE)
    assert (forgotten.known, forgotten.deliveries, forgotten.returned) == (True, 1, 1)
    assert "bob" not in everything(engine)
    assert "anna" in everything(engine)
    counts = Ledger(engine).counts(frozen.id)[frozen.steps[0].id]
    assert counts == {DeliveryState.SENT: 1, DeliveryState.SKIPPED: 1}
    assert known_of(audience, BOB).suppression is not None
    assert forget(audience, BOB, letters=NONE).deliveries == 0
    assert forget(audience, "nobody@a.example", letters=NONE).known is False


def test_a_person_is_told_everything_that_is_kept_of_them(
    audience: Audience, engine: Engine
) -> None:
    join(audience, ANNA, name="Anna", fields={"regio": "Utrecht"})
    sent_to(engine, ANNA)
    came_back(audience, engine, ANNA)
    audience.unsubscribe_address(audience.hash(ANNA), how=Left.LINK, list_="nieuwsbrief")
    known = known_of(audience, "anna@LEZERS.example").to_json()
    assert known["subscriber"]["fields"] == {"regio": "Utrecht"}
    assert known["subscriber"]["subscriptions"][0]["wording"]
    assert list(known["left"]) == ["nieuwsbrief"]
    assert [each["state"] for each in known["deliveries"]] == ["sent"]
    assert [each["reason"] for each in known["returned"]] == ["full"]
    assert known_of(audience, "nobody@a.example").is_nothing


def test_requests_that_came_to_nothing_and_people_who_left_go_as_well(
    audience: Audience, engine: Engine, time: SimulatedClock
) -> None:
    ask(audience, ANNA)
    left = join(audience, BOB)
    audience.unsubscribe(left.id, how=Left.LINK)
    join(audience, EVA)
    ask(audience, EVA, "kamerbrief")
    time.advance(timedelta(days=31))
    found = purge(audience, retention_days=90, letters=NONE).audience
    assert (found.unconfirmed, found.left, found.people) == (2, 0, 1)
    assert audience.find(ANNA) is None
    assert audience.find(BOB) is not None
    time.advance(timedelta(days=60))
    would = purge(audience, retention_days=90, letters=NONE, dry_run=True)
    assert purge(audience, retention_days=90, letters=NONE) == would
    assert (would.audience.left, would.audience.people) == (1, 1)
    assert "bob" not in everything(engine)
    assert known_of(audience, BOB).left
    eva = audience.find(EVA)
    assert eva is not None
    assert eva.lists == ("nieuwsbrief",)


@pytest.mark.parametrize(
    "change",
    [
        {"state": "bounced"},
        {"reply": None, "remote_id": None, "state": "bounced"},
        {"reply": None, "remote_id": None, "code": 1},
        {"reply": "another", "remote_id": None},
        {"reply": None},
        {"reply": None, "remote_id": None, "delivery_id": 2},
        {"reply": None, "remote_id": None, "url": "https://a.example"},
        {"reply": None, "remote_id": None, "id": 77},
    ],
)
def test_history_can_forget_what_it_says_of_people_and_nothing_else(
    audience: Audience, engine: Engine, change: dict[str, object]
) -> None:
    sent_to(engine, ANNA, BOB)
    with pytest.raises(DatabaseError, match="append-only"), engine.begin() as connection:
        connection.execute(update(t.event).where(t.event.c.id == 1).values(change))
    with engine.begin() as connection:
        connection.execute(update(t.event).values(reply=None, remote_id=None))

"""From a real ledger to a report, on each database that the ledger runs on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from flows import clock
from flows.channels.batch import Outcome
from flows.clock import SimulatedClock
from flows.errors import LedgerError
from flows.ledger.book import Ledger
from flows.ledger.control import Control
from flows.ledger.frozen import FrozenCampaign, FrozenStep, Planned
from flows.ledger.hand_over import Worker
from flows.models import DeliveryState, MessageKind, Recipient, SkipReason, StepState
from flows.reporting import gather as gathering
from flows.reporting.gather import each_delivery, gather
from flows.reporting.html import render_html
from flows.reporting.text import render_text

D = DeliveryState
EVENT = datetime(2026, 2, 12, 9, tzinfo=UTC)
SLUG = "geen-kind-in-de-cel"


@pytest.fixture
def start() -> datetime:
    return EVENT - timedelta(hours=16)


@pytest.fixture
def ledger(engine: Engine, time: SimulatedClock) -> Ledger:
    return Ledger(engine)


def frozen(ledger: Ledger, *, readers: int = 6, rehearsal: bool = True) -> FrozenCampaign:
    campaign = FrozenCampaign(
        slug=SLUG,
        title="Geen Kind in de Cel",
        language="nl",
        time_zone="Europe/Amsterdam",
        event_name="Rondetafelgesprek",
        event_at=EVENT,
        fingerprint="f" * 64,
        rehearsal=rehearsal,
        steps=tuple(
            FrozenStep(
                number=number,
                channel=channel,
                draft=f"{number}.md",
                at=EVENT - timedelta(hours=17 - number),
                deadline=EVENT,
            )
            for number, channel in enumerate(("newsletter", "mastodon:jeugd"), 1)
        ),
    )
    people = [
        Planned(recipient=Recipient(address=f"lezer{number}@post.example", name="=Lezer"))
        for number in range(readers)
    ]
    left = Recipient(address="weg@post.example")
    account = Recipient(address="@jeugd@mastodon.example")
    return ledger.freeze(
        campaign,
        [
            [*people, Planned(recipient=left, skip=SkipReason.UNSUBSCRIBED)],
            [Planned(recipient=account, part=part) for part in range(2)],
        ],
    )


def hand_over(ledger: Ledger, step_id: int, *outcomes: tuple[DeliveryState, str]) -> None:
    """Begin a step and give its first deliveries these ends, each with a reply or a URL."""
    ledger.begin_step(step_id)
    worker = Worker(ledger.engine)
    claimed = [claim.id for claim in worker.claim(step_id, len(outcomes))]
    worker.record(
        claimed,
        [
            Outcome(
                number,
                state,
                code=550 if state is D.REJECTED else None,
                enhanced="5.1.1" if state is D.REJECTED else None,
                reply="" if said.startswith("http") else said,
                url=said if said.startswith("http") else None,
            )
            for number, (state, said) in zip(claimed, outcomes, strict=True)
        ],
    )


def test_a_frozen_campaign_is_all_there_and_waiting(ledger: Ledger) -> None:
    frozen(ledger)
    report = gather(ledger, SLUG)
    assert report.rehearsal
    assert report.planned == 9
    assert report.count(D.QUEUED) == 8
    assert report.steps[0].skipped_reasons == {SkipReason.UNSUBSCRIBED: 1}
    assert report.steps[1].kind is MessageKind.POST
    assert report.generated_at == EVENT - timedelta(hours=16)
    assert report.event.name == "Rondetafelgesprek"
    assert not report.event.all_day
    assert [post.number for post in report.posts] == [1, 2]
    report.require_balance()


def test_what_became_of_it_stands_there_with_the_other_sides_words(ledger: Ledger) -> None:
    newsletter, posts = frozen(ledger).steps
    hand_over(
        ledger,
        newsletter.id,
        (D.SENT, "ok"),
        (D.REJECTED, "User unknown"),
        (D.UNCONFIRMED, ""),
        (D.SENT, "ok"),
    )
    hand_over(ledger, posts.id, (D.DELIVERED, "https://mastodon.example/@jeugd/1"))
    report = gather(ledger, SLUG)
    assert report.steps[0].state is StepState.RUNNING
    assert report.steps[0].started_at == EVENT - timedelta(hours=16)
    assert report.steps[0].counts == {
        D.SENT: 2,
        D.REJECTED: 1,
        D.UNCONFIRMED: 1,
        D.QUEUED: 2,
        D.SKIPPED: 1,
    }
    assert [problem.state for problem in report.problems] == [D.UNCONFIRMED, D.REJECTED]
    assert report.problems[1].reply == "User unknown"
    assert report.problems[1].enhanced == "5.1.1"
    assert report.posts[0].url == "https://mastodon.example/@jeugd/1"
    assert report.channels[1].counts[D.DELIVERED] == 1
    report.require_balance()


def test_a_row_that_vanished_is_noticed(ledger: Ledger) -> None:
    from flows.ledger import tables as t

    newsletter, _ = frozen(ledger).steps
    with ledger.engine.begin() as connection:
        connection.execute(t.delivery.delete().where(t.delivery.c.recipient == "weg@post.example"))
    report = gather(ledger, SLUG)
    assert not report.balanced
    assert not report.steps[0].balanced
    assert report.steps[0].planned == newsletter.planned == 7


def test_only_so_many_problems_are_named_but_all_are_counted(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gathering, "MOST_PROBLEMS", 2)
    newsletter, _ = frozen(ledger).steps
    hand_over(ledger, newsletter.id, *[(D.REJECTED, "no")] * 5, (D.UNCONFIRMED, ""))
    report = gather(ledger, SLUG)
    assert len(report.problems) == 2
    assert report.problems[0].state is D.UNCONFIRMED
    assert report.attention == 6


def test_an_event_at_midnight_is_one_whose_time_is_not_known(ledger: Ledger) -> None:
    from flows.ledger import tables as t

    frozen(ledger)
    midnight = datetime(2026, 2, 11, 23, tzinfo=UTC)
    with ledger.engine.begin() as connection:
        connection.execute(t.campaign.update().values(event_at=midnight))
    assert gather(ledger, SLUG).event.all_day


def test_every_delivery_is_listed_once(ledger: Ledger) -> None:
    frozen(ledger)
    rows = list(each_delivery(ledger, SLUG))
    assert len(rows) == 9
    assert rows[0].name == "=Lezer"
    assert rows[6].reason == "unsubscribed"
    assert {row.channel for row in rows} == {"newsletter", "mastodon:jeugd"}


def test_a_campaign_that_nobody_launched_has_no_report(ledger: Ledger) -> None:
    with pytest.raises(LedgerError, match="has not been launched"):
        gather(ledger, "iets-anders")


def test_the_report_tells_what_people_did_and_why(ledger: Ledger) -> None:
    frozen(ledger, rehearsal=False)
    Control(ledger).stop(SLUG, reason="Er staat een fout in.", step=1, who="Noor")
    report = gather(ledger, SLUG)
    assert [(act.act, act.step, act.who, act.words) for act in report.acts] == [
        ("launched", None, "", ""),
        ("stopped", 1, "Noor", "Er staat een fout in."),
    ]
    assert "Stap 1 gestopt door Noor: Er staat een fout in." in render_text(report, language="nl")
    assert "Step 1 stopped by Noor: Er staat een fout in." in render_html(report, language="en")


def test_nobody_did_what_was_only_rehearsed(ledger: Ledger) -> None:
    frozen(ledger)
    assert gather(ledger, SLUG).acts == ()


def test_how_late_a_step_began_is_counted_from_its_launch_if_that_came_later(
    ledger: Ledger,
) -> None:
    launched = EVENT - timedelta(hours=15, minutes=30)
    with clock.use(SimulatedClock(launched)):
        first, second = frozen(ledger, rehearsal=False).steps
    assert first.at < launched < second.at
    with clock.use(SimulatedClock(launched + timedelta(minutes=5))):
        ledger.begin_step(first.id)
    with clock.use(SimulatedClock(second.at + timedelta(minutes=10))):
        ledger.begin_step(second.id)
        steps = gather(ledger, SLUG).steps
    assert [step.late for step in steps] == [timedelta(minutes=5), timedelta(minutes=10)]

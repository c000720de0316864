"""Posts in the ledger: their thread, their doubts, what became of them; on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from flows.channels.batch import Outcome
from flows.clock import SimulatedClock
from flows.compose.messages import Picture, Post
from flows.ledger.book import Ledger
from flows.ledger.doubts import doubts, settle
from flows.ledger.engagement import Happening, keep, keep_act, posts_out, receptions
from flows.ledger.frozen import Planned
from flows.ledger.hand_over import Worker
from flows.ledger.threads import claim_post, keep_wording, kept_wording, taken, thread
from flows.models import DeliveryState, Recipient, StepState
from flows.reporting.gather import gather
from tests.ledger.conftest import campaign

_D = DeliveryState
ACCOUNT = Recipient(address="default@mastodon")


@pytest.fixture
def step_id(ledger: Ledger) -> int:
    """A thread of three posts, whose step runs."""
    frozen = campaign("mastodon")
    frozen = replace(frozen, steps=(replace(frozen.steps[0], account="default"),))
    made = ledger.freeze(frozen, [[Planned(recipient=ACCOUNT, part=part) for part in range(3)]])
    ledger.begin_step(made.steps[0].id)
    return made.steps[0].id


def attempt(engine: Engine, worker: Worker, delivery_id: int, outcome: Outcome) -> None:
    assert claim_post(engine, worker.id, delivery_id)
    worker.record([delivery_id], [])
    worker.record([], [outcome])


def sent(delivery_id: int, remote_id: str) -> Outcome:
    return Outcome(delivery_id, _D.SENT, remote_id=remote_id, url=f"https://a.example/{remote_id}")


def test_a_thread_stands_in_its_order_with_its_first_and_last_attempt(
    engine: Engine, step_id: int, time: SimulatedClock
) -> None:
    worker = Worker(engine, lease=timedelta(hours=1))
    first, second, _ = thread(engine, step_id)
    attempt(engine, worker, second.id, Outcome(second.id, _D.DEFERRED, due_at=time.now()))
    began = time.now()
    time.advance(timedelta(minutes=5))
    attempt(engine, worker, second.id, Outcome(second.id, _D.UNCONFIRMED))
    after = thread(engine, step_id)
    assert [post.part for post in after] == [0, 1, 2]
    assert [post.state for post in after] == [_D.QUEUED, _D.UNCONFIRMED, _D.QUEUED]
    assert (after[1].first_tried, after[1].last_tried) == (began, time.now())
    assert after[0].first_tried is None
    assert not claim_post(engine, worker.id, second.id)
    assert claim_post(engine, worker.id, first.id)
    assert not claim_post(engine, Worker(engine).id, first.id)


def test_a_doubt_ends_once_and_never_on_proof_from_before_another_attempt(
    engine: Engine, ledger: Ledger, step_id: int, time: SimulatedClock
) -> None:
    worker = Worker(engine, lease=timedelta(hours=1))
    post = thread(engine, step_id)[0]
    attempt(engine, worker, post.id, Outcome(post.id, _D.UNCONFIRMED))
    [doubt] = doubts(engine, "oproep")
    assert (doubt.step, doubt.part, doubt.attempts) == (1, 0, 1)
    assert doubts(engine, "oproep", step=2) == []
    queued = Outcome(post.id, _D.QUEUED)
    assert settle(engine, post.id, doubt.attempts, queued)
    assert not settle(engine, post.id, doubt.attempts, queued)
    attempt(engine, worker, post.id, Outcome(post.id, _D.UNCONFIRMED))
    assert not settle(engine, post.id, doubt.attempts, queued)
    assert settle(engine, post.id, 2, sent(post.id, "7"))
    assert thread(engine, step_id)[0].state is _D.SENT


def test_what_is_proved_not_to_be_out_opens_its_step_again_or_is_too_late(
    engine: Engine, ledger: Ledger, step_id: int, time: SimulatedClock
) -> None:
    worker = Worker(engine, lease=timedelta(days=2))
    posts = thread(engine, step_id)
    for post in posts:
        attempt(engine, worker, post.id, Outcome(post.id, _D.UNCONFIRMED))
    assert ledger.end_step(step_id) is StepState.DONE
    revision = ledger.campaign("oproep").revision
    assert settle(engine, posts[0].id, 1, Outcome(posts[0].id, _D.QUEUED))
    after = ledger.campaign("oproep")
    assert (after.step(1).state, after.revision) == (StepState.SCHEDULED, revision + 1)
    time.advance(timedelta(days=1))
    assert settle(engine, posts[1].id, 1, Outcome(posts[1].id, _D.QUEUED))
    assert thread(engine, step_id)[1].state is _D.SKIPPED


def test_what_a_post_said_is_kept_as_it_was_last_tried(engine: Engine, step_id: int) -> None:
    post = thread(engine, step_id)[1]
    assert kept_wording(engine, post.id) is None
    picture = Picture(file_name="a.png", media_type="image/png", content=b"x", alt="Een gang")
    for text in ("Een.", "Twee."):
        said = Post(account="a", text=text, language="nl", pictures=(picture,))
        keep_wording(engine, post.id, said)
    kept = kept_wording(engine, post.id)
    assert kept is not None
    assert (kept.text, len(kept.pictures), kept.number) == ("Twee.", 1, 2)


def test_remote_ids_are_taken_by_other_deliveries_to_the_same_account_only(
    engine: Engine, step_id: int
) -> None:
    worker = Worker(engine)
    first, second, _ = thread(engine, step_id)
    attempt(engine, worker, first.id, sent(first.id, "7"))
    assert taken(engine, "Default@Mastodon", but=second.id) == {"7"}
    assert taken(engine, "default@mastodon", but=first.id) == set()
    assert taken(engine, "jeugd@mastodon", but=second.id) == set()


def test_what_became_of_posts_is_kept_when_it_is_new_and_stands_in_the_report(
    engine: Engine, ledger: Ledger, step_id: int, time: SimulatedClock
) -> None:
    worker = Worker(engine, lease=timedelta(days=2))
    for post in thread(engine, step_id)[:2]:
        attempt(engine, worker, post.id, sent(post.id, f"r{post.part}"))
    first, second = posts_out(engine, "oproep")
    assert (first.sent_at, first.receipt.remote_id) == (time.now(), "r0")
    for favourites, passed_on, gone in ((1, ["Amnesty"], []), (1, ["Amnesty"], [second.id])):
        time.advance(timedelta(minutes=5))
        keep(
            engine,
            [first.id, second.id],
            {first.id: {"favourites": favourites}},
            {first.id: passed_on},
            gone,
        )
    time.advance(timedelta(minutes=5))
    keep(engine, [first.id], {first.id: {"favourites": 4}}, {}, [])
    now = receptions(engine, [first.id, second.id])
    assert now[first.id].passed_on_by == ("Amnesty",)
    assert now[first.id].numbers == {"favourites": 4}
    assert now[second.id].gone_at == time.now() - timedelta(minutes=5)
    keep(engine, [second.id], {}, {}, [])
    assert receptions(engine, [second.id])[second.id].gone_at is None
    keep_act(engine, first.id, Happening.WITHDRAWN)
    assert [post.id for post in posts_out(engine)] == [second.id]
    report = gather(ledger, "oproep")
    assert report.posts[0].numbers == {"favourites": 4}
    assert [(each.what, each.number) for each in report.posts[0].over_time] == [
        ("favourites", 1),
        ("favourites", 4),
    ]
    assert report.posts[0].withdrawn_at is not None
    assert report.partner_uptake == ("Amnesty",)

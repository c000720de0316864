"""How a step of posts is handed over: in order, each answering the one before."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from prefect import task
from prefect.cache_policies import NO_CACHE

from flows import clock
from flows.campaign.rendering import StepContent
from flows.channels.batch import Outcome
from flows.channels.opening import PostDeliverer
from flows.compose.messages import Post
from flows.errors import AuthLost, Deferred, DeliveryError, Rejected, Unconfirmed
from flows.ledger.book import FrozenStep, Ledger
from flows.ledger.hand_over import Claim, Worker
from flows.models import DeliveryState
from flows.progress import Progress, tell

RETRY_AFTER = timedelta(minutes=5)
"""When to come back to a server that said "later" without saying when."""


async def deliver_thread(
    ledger: Ledger,
    worker: Worker,
    step: FrozenStep,
    content: StepContent,
    channel: PostDeliverer,
    slug: str,
) -> int:
    """Hand over the posts of a thread in order, each answering the one before.

    Raises:
        AuthLost: our credentials are no longer accepted; the step is paused.
    """
    sent = 0
    while clock.now() < step.deadline and ledger.is_running(step.id):
        worker.renew()
        claims = worker.claim(step.id, 1)
        if not claims:
            due = ledger.next_due(step.id)
            if due is None:
                break
            await clock.sleep_until(min(due, step.deadline))
            continue
        out = ledger.accepted(step.id)
        part = claims[0].part
        if part and part - 1 not in out:
            # What comes before it is not out, so this has to wait for a person or a proof.
            ledger.pause_step(step.id)
            break
        post = replace(content.posts[part], reply_to=out.get(part - 1), root=out.get(0))
        try:
            thread = f"{slug}/{step.number}"
            outcome = await hand_over_post(ledger, worker, channel, claims[0], post, thread)
        except AuthLost:
            ledger.pause_step(step.id)
            raise
        sent += outcome.state is DeliveryState.SENT
        tell(
            Progress(
                step=step.number,
                channel=step.channel,
                done=ledger.done(step.id),
                planned=step.planned,
                at=clock.now(),
                deadline=step.deadline,
            )
        )
    return sent


@task(name="hand over post", cache_policy=NO_CACHE, persist_result=False)
async def hand_over_post(
    ledger: Ledger, worker: Worker, channel: PostDeliverer, claim: Claim, post: Post, thread: str
) -> Outcome:
    """Make one attempt at one post and record its outcome.

    Raises:
        AuthLost: our credentials are no longer accepted; the post is back in the queue.
    """
    worker.record([claim.id], [])
    try:
        receipt = channel.deliver(
            post,
            delivery_id=f"{thread}/{claim.part}",
            first_tried=ledger.first_tried(claim.id),
        )
    except AuthLost as error:
        worker.record([], [_outcome_of(error, claim)])
        raise
    except DeliveryError as error:
        outcome = _outcome_of(error, claim)
    else:
        outcome = Outcome(
            claim.id,
            DeliveryState.SENT,
            code=receipt.code,
            enhanced=receipt.enhanced,
            reply=receipt.reply,
            remote_id=receipt.remote_id,
            url=receipt.url,
        )
    worker.record([], [outcome])
    return outcome


def _outcome_of(error: DeliveryError, claim: Claim) -> Outcome:
    """Translate a channel's error into the state it leaves the delivery in."""
    state = {
        Rejected: DeliveryState.REJECTED,
        Deferred: DeliveryState.DEFERRED,
        Unconfirmed: DeliveryState.UNCONFIRMED,
        AuthLost: DeliveryState.QUEUED,
    }[type(error)]
    due_at = None
    if isinstance(error, Deferred):
        due_at = clock.now() + (error.retry_after or RETRY_AFTER)
    return Outcome(
        claim.id,
        state,
        code=error.code,
        enhanced=error.enhanced,
        reply=error.reply or error.what,
        due_at=due_at,
    )

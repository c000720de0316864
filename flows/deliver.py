"""The flow that carries out one step: wait for its time, hand over, stop at its deadline.

Prefect may run this twice, or late; the ledger decides what may be sent, so neither does harm.
"""

from __future__ import annotations

from datetime import timedelta

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.states import Cancelled, Completed

from flows import clock
from flows.campaign.carrier import Carrier, open_carrier
from flows.campaign.folder import find_campaign, load_campaign
from flows.database import open_database
from flows.errors import AuthLost, Deferred, DeliveryError, OproepError, Rejected, Unconfirmed
from flows.ledger.book import FrozenStep, Ledger
from flows.ledger.hand_over import Claim, Worker, recover
from flows.ledger.transitions import Outcome
from flows.models import DeliveryState
from flows.progress import Progress, tell
from flows.settings import load

SHARE = 200
"""Deliveries per Prefect task: seconds of work, so that Prefect's own part stays small."""
RETRY_AFTER = timedelta(minutes=5)
"""When to come back to a server that said "later" without saying when."""


@flow(name="deliver", flow_run_name="{campaign}-step-{step}", persist_result=False)
async def deliver(campaign: str, step: int, rehearsal: bool = False) -> State[int]:
    """Carry out one step of a launched campaign.

    Args:
        campaign: Slug or folder of the campaign.
        step: Number of the step in `campaign.toml`, from 1.
        rehearsal: Whether this is a rehearsal, which leads nowhere but the outbox.

    Returns:
        Completed with the number of deliveries handed over; Cancelled when the step's time had
        passed, or when it had ended or was held back.
    """
    settings = load()
    content = load_campaign(find_campaign(settings, campaign), settings)
    if rehearsal:
        settings = settings.for_rehearsal(content.slug)
    engine = open_database(settings.database)
    try:
        ledger = Ledger(engine)
        the_step = ledger.campaign(content.slug).step(step)
        await clock.sleep_until(the_step.at)
        recover(engine)
        if clock.now() >= the_step.deadline:
            skipped = ledger.close_at_deadline(the_step.id)
            return Cancelled(message=f"The deadline had passed: {skipped} not sent.")
        if not ledger.begin_step(the_step.id):
            return Cancelled(message="This step has ended or is held back.")
        carrier = open_carrier(settings, ledger, content, the_step)
        handed_over = await _hand_over_all(ledger, the_step, carrier)
        return Completed(data=handed_over, message=f"{handed_over} handed over.")
    finally:
        engine.dispose()


async def _hand_over_all(ledger: Ledger, step: FrozenStep, carrier: Carrier) -> int:
    """Hand over share after share until the step is empty, held back or at its deadline."""
    worker = Worker(ledger.engine)
    done = 0
    try:
        while clock.now() < step.deadline and ledger.is_running(step.id):
            worker.renew()
            share = worker.claim(step.id, SHARE)
            if share:
                done += await hand_over(ledger, worker, carrier, share, step)
            elif due := ledger.next_due(step.id):
                await clock.sleep_until(min(due, step.deadline))
            else:
                break
    finally:
        worker.release()
    if clock.now() >= step.deadline:
        ledger.close_at_deadline(step.id)
    else:
        ledger.end_step(step.id)
    return done


@task(name="hand over", cache_policy=NO_CACHE, persist_result=False)
async def hand_over(
    ledger: Ledger, worker: Worker, carrier: Carrier, share: list[Claim], step: FrozenStep
) -> int:
    """Hand over one share; return how many the other side accepted.

    Raises:
        AuthLost: our credentials are no longer accepted; the step is paused.
    """
    accepted = 0
    for claim in share:
        if clock.now() >= step.deadline:
            break
        try:
            outcome = _attempt(worker, carrier, claim)
        except AuthLost:
            ledger.pause_step(step.id)
            raise
        accepted += outcome.state is DeliveryState.SENT
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
        if carrier.in_order and outcome.state is not DeliveryState.SENT:
            # The rest of a thread waits for this post.
            ledger.pause_step(step.id)
            break
    return accepted


def _attempt(worker: Worker, carrier: Carrier, claim: Claim) -> Outcome:
    """Make one attempt and record its outcome.

    Raises:
        AuthLost: our credentials are no longer accepted; the delivery is back in the queue.
    """
    try:
        carrier.prepare(claim)
    except OproepError as error:
        outcome = Outcome(delivery_id=claim.id, state=DeliveryState.FAILED, reply=str(error))
        worker.settle([outcome])
        return outcome
    worker.intend([claim.id])
    try:
        receipt = carrier.deliver(claim)
    except DeliveryError as error:
        outcome = _outcome_of(error, claim)
        worker.settle([outcome])
        if isinstance(error, AuthLost):
            raise
        return outcome
    outcome = Outcome(
        delivery_id=claim.id,
        state=DeliveryState.SENT,
        code=receipt.code,
        enhanced=receipt.enhanced,
        reply=receipt.reply,
        remote_id=receipt.remote_id,
        url=receipt.url,
    )
    worker.settle([outcome])
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
        delivery_id=claim.id,
        state=state,
        code=error.code,
        enhanced=error.enhanced,
        reply=error.reply or error.what,
        due_at=due_at,
    )

"""The flow that carries out one step: wait for its time, hand over, stop at its deadline.

Prefect may run this twice, or late; the ledger decides what may be sent, so neither does harm.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.states import Cancelled, Completed

from flows import clock
from flows.campaign.folder import Campaign, find_campaign, load_campaign
from flows.campaign.mailing import Mailing
from flows.campaign.rendering import StepContent, compose_step
from flows.campaign.share import MailShare
from flows.channels.batch import BatchChannel, Ended, HandOver, Outcome
from flows.channels.opening import PostDeliverer, open_mail, open_posts
from flows.compose.messages import Mail, Post
from flows.database import open_database
from flows.errors import AuthLost, Deferred, DeliveryError, Rejected, Unconfirmed
from flows.ledger.book import FrozenStep, Ledger
from flows.ledger.hand_over import Claim, Worker, recover
from flows.models import DeliveryState
from flows.progress import Progress, tell
from flows.settings import Settings, load

RETRY_AFTER = timedelta(minutes=5)
"""When to come back to a server that said "later" without saying when."""
UNREACHABLE_PAUSE = timedelta(seconds=30)
"""When to look again for a relay that cannot be reached."""


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
        handed_over = await _carry_out(settings, ledger, content, the_step)
        if clock.now() >= the_step.deadline:
            ledger.close_at_deadline(the_step.id)
        else:
            ledger.end_step(the_step.id)
        return Completed(data=handed_over, message=f"{handed_over} handed over.")
    finally:
        engine.dispose()


async def _carry_out(
    settings: Settings, ledger: Ledger, campaign: Campaign, step: FrozenStep
) -> int:
    """Compose a step and hand it over; return how many deliveries the other side accepted."""
    planned = next(one for one in campaign.plan.steps if one.number == step.number)
    content = compose_step(campaign, planned, settings)
    worker = Worker(ledger.engine)
    try:
        if planned.kind.is_mail:
            mailing = Mailing(
                settings, campaign, content, step=step.number, list_=planned.list or step.channel
            )
            channel = open_mail(settings, step=step.channel)
            return await _hand_over_mails(ledger, worker, step, mailing, channel)
        posts = open_posts(settings, step=step.channel, account=planned.account)
        return await _hand_over_thread(ledger, worker, step, content, posts, campaign.slug)
    finally:
        worker.release()


# --- mail ---------------------------------------------------------------------------------------


async def _hand_over_mails(
    ledger: Ledger, worker: Worker, step: FrozenStep, mailing: Mailing, channel: BatchChannel[Mail]
) -> int:
    """Hand over share after share until the step is empty, held back or at its deadline.

    Raises:
        AuthLost: our credentials are no longer accepted; the step is paused.
    """
    sent = 0
    while clock.now() < step.deadline and ledger.is_running(step.id):
        share = MailShare(ledger, worker, step, mailing)
        end = await hand_over_mails(channel, share)
        sent += share.sent
        if end.why is Ended.AUTH_LOST:
            ledger.pause_step(step.id)
            raise AuthLost(end.words, where="OPROEP_SMTP_URL", code=end.code)
        if end.why is Ended.BLOCKED:
            ledger.pause_step(step.id)
        elif end.why is Ended.UNREACHABLE:
            await clock.sleep_until(min(clock.now() + UNREACHABLE_PAUSE, step.deadline))
        elif end.why is Ended.EMPTY and not share.taken:
            due = ledger.next_due(step.id)
            if due is None:
                break
            await clock.sleep_until(min(due, step.deadline))
    return sent


@task(name="hand over mails", cache_policy=NO_CACHE, persist_result=False)
async def hand_over_mails(channel: BatchChannel[Mail], share: MailShare) -> HandOver:
    """Hand over one share of a mail step: seconds of work."""
    end = await channel.deliver_many(share.source, record=share.record, stop=share.stop)
    share.close(end)
    return end


# --- posts --------------------------------------------------------------------------------------


async def _hand_over_thread(
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

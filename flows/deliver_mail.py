"""How a mail step is handed over: share after share, until it is empty or may not go on."""

from __future__ import annotations

from datetime import datetime, timedelta

from prefect import task
from prefect.cache_policies import NO_CACHE

from flows import clock
from flows.campaign.held import HeldWords
from flows.campaign.keeping_out import KeepOut
from flows.campaign.mailing import Mailing
from flows.campaign.share import MailShare
from flows.channels.batch import BatchChannel, Ended, HandOver
from flows.compose.messages import Mail
from flows.errors import AuthLost
from flows.ledger.book import Ledger
from flows.ledger.frozen import FrozenStep
from flows.ledger.hand_over import LEASE, Worker
from flows.progress import Progress, tell

UNREACHABLE_PAUSE = timedelta(seconds=30)
"""When to look again for a relay that cannot be reached."""
LOOK_AGAIN = timedelta(seconds=1)
"""How often, while nothing can be handed over, to look whether the step may still go on."""


async def deliver_mails(
    ledger: Ledger,
    worker: Worker,
    step: FrozenStep,
    mailing: Mailing,
    channel: BatchChannel[Mail],
    *,
    keep_out: KeepOut,
    words: HeldWords,
) -> int:
    """Hand over share after share until the step is empty, held back or at its deadline.

    Args:
        ledger: Where the step is frozen.
        worker: Who hands over.
        step: The step.
        mailing: Its mail.
        channel: What carries it.
        keep_out: Tells at every claim who must not be mailed.
        words: In which it is said why the step is held back.

    Raises:
        AuthLost: our credentials are no longer accepted; the step is paused.
    """
    sent = 0
    while clock.now() < step.deadline and ledger.is_running(step.id):
        share = MailShare(ledger, worker, step, mailing, keep_out=keep_out)
        end = await hand_over_mails(channel, share)
        sent += share.sent
        if end.why is Ended.AUTH_LOST:
            ledger.pause_step(step.id, words.credentials.format(words=end.words))
            raise AuthLost(
                end.words,
                where="OPROEP_SMTP_URL",
                mend="Correct user and password there, and say `oproep resume CAMPAIGN`.",
                code=end.code,
            )
        if end.why is Ended.BLOCKED:
            ledger.pause_step(step.id, words.blocked.format(words=end.words))
        elif end.why is Ended.UNREACHABLE:
            pause = clock.now() + UNREACHABLE_PAUSE
            _say_waiting(ledger, step, words.unreachable.format(words=end.words))
            await _wait(ledger, worker, step, min(pause, step.deadline))
        elif end.why is Ended.EMPTY and not share.taken:
            due = ledger.next_due(step.id)
            if due is None:
                break
            # What is due and was not to be had is in another worker's hands, for a moment at least.
            due = max(due, clock.now() + LOOK_AGAIN)
            await _wait(ledger, worker, step, min(due, step.deadline))
    return sent


def _say_waiting(ledger: Ledger, step: FrozenStep, words: str) -> None:
    tell(
        Progress(
            step=step.number,
            channel=step.channel,
            done=ledger.done(step.id),
            planned=step.planned,
            at=clock.now(),
            deadline=step.deadline,
            waiting=words,
        )
    )


async def _wait(ledger: Ledger, worker: Worker, step: FrozenStep, until: datetime) -> None:
    """Wait, but not longer than the step may go on: a person may stop it, or end the process.

    Meanwhile the worker says that it is alive: a greylist takes longer than a lease.
    """
    renewed = clock.now()
    while (now := clock.now()) < until and ledger.is_running(step.id):
        if now - renewed >= LEASE / 2:
            worker.renew()
            renewed = now
        await clock.sleep_until(min(until, now + LOOK_AGAIN))


@task(name="hand over mails", cache_policy=NO_CACHE, persist_result=False)
async def hand_over_mails(channel: BatchChannel[Mail], share: MailShare) -> HandOver:
    """Hand over one share of a mail step: seconds of work."""
    end = await channel.deliver_many(share.source, record=share.record, stop=share.stop)
    share.close(end)
    return end

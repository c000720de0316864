"""The flow that carries out one step: wait for its time, hand over, stop at its deadline.

Prefect may run this twice, or late; the ledger decides what may be sent, so neither does harm.
"""

from __future__ import annotations

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Cancelled, Completed

from flows import clock
from flows.campaign.folder import Campaign, find_campaign, load_campaign
from flows.campaign.mailing import Mailing
from flows.campaign.rendering import compose_step
from flows.channels.opening import open_mail, open_posts
from flows.database import open_database
from flows.deliver_mail import deliver_mails
from flows.deliver_posts import deliver_thread
from flows.ledger.book import FrozenStep, Ledger
from flows.ledger.hand_over import Worker, recover
from flows.settings import Settings, load


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
            return await deliver_mails(ledger, worker, step, mailing, channel)
        posts = open_posts(settings, step=step.channel, account=planned.account)
        return await deliver_thread(ledger, worker, step, content, posts, campaign.slug)
    finally:
        worker.release()

"""One process that hands over what is left of a step, to be killed at any moment.

Run as `python -m tests.soak.sender SLUG STEP`, with settings from the environment.
"""

from __future__ import annotations

import asyncio
import sys

from flows.campaign.folder import find_campaign, load_campaign
from flows.campaign.keeping_out import nobody
from flows.campaign.mailing import Mailing
from flows.campaign.rendering import compose_step
from flows.campaign.share import MailShare
from flows.channels.batch import Ended
from flows.channels.opening import open_mail
from flows.database import open_database
from flows.ledger.book import Ledger
from flows.ledger.hand_over import Worker, recover
from flows.settings import load


def main(slug: str, number: int) -> None:
    """Hand over until nothing is left."""
    settings = load()
    campaign = load_campaign(find_campaign(settings, slug), settings)
    engine = open_database(settings.database)
    ledger = Ledger(engine)
    recover(engine)
    step = ledger.campaign(slug).step(number)
    planned = next(one for one in campaign.plan.steps if one.number == number)
    content = compose_step(campaign, planned, settings)
    ledger.begin_step(step.id)
    worker = Worker(engine)
    mailing = Mailing(settings, campaign, content, step=number, list_=planned.list)
    channel = open_mail(settings, step=step.channel)
    while True:
        share = MailShare(ledger, worker, step, mailing, keep_out=nobody)
        end = asyncio.run(channel.deliver_many(share.source, record=share.record, stop=share.stop))
        share.close(end)
        if end.why is not Ended.EMPTY:
            sys.exit(f"{end.why}: {end.words}")
        if not share.taken:
            break
    worker.release()
    ledger.end_step(step.id)
    engine.dispose()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))

"""How a step of posts is handed over as part of a flow: one Prefect task per attempt."""

from __future__ import annotations

from prefect import task
from prefect.cache_policies import NO_CACHE

from flows.campaign import posting
from flows.campaign.posting import Desk
from flows.campaign.rendering import StepContent
from flows.channels.base import PostCarrier
from flows.channels.batch import Outcome
from flows.compose.messages import Post
from flows.ledger.book import Ledger
from flows.ledger.frozen import FrozenStep
from flows.ledger.hand_over import Worker
from flows.ledger.threads import Standing


async def deliver_thread(
    ledger: Ledger,
    worker: Worker,
    step: FrozenStep,
    content: StepContent,
    channel: PostCarrier,
    slug: str,
) -> int:
    """Hand over a step's posts in order; return how many went out.

    Raises:
        AuthLost: our credentials are no longer accepted; the step is paused.
    """
    desk = Desk(
        ledger=ledger, worker=worker, step=step, content=content, channel=channel, slug=slug
    )
    return await posting.deliver_thread(desk, attempt=hand_over_post)


@task(name="hand over post", cache_policy=NO_CACHE, persist_result=False)
async def hand_over_post(desk: Desk, delivery: Standing, post: Post) -> Outcome:
    """Make one attempt at one post and record its outcome.

    Raises:
        AuthLost: our credentials are no longer accepted; the post is back in the queue.
    """
    return await posting.hand_over(desk, delivery, post)

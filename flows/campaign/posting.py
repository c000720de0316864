"""How a step of posts is handed over: in order, each answering the one before, each once.

The ledger says where every post of the thread stands; from that follows what comes next. A post
that may have gone out is looked for first, and nothing of its thread goes out until it is known.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from flows import clock
from flows.campaign.held import HeldWords, held_words
from flows.campaign.rendering import StepContent
from flows.campaign.settling import accepted, delivery_name, in_its_place, look_for
from flows.channels.base import PostCarrier
from flows.channels.batch import Outcome
from flows.compose.messages import Post
from flows.errors import AuthLost, Deferred, DeliveryError, LedgerError, Rejected, Unconfirmed
from flows.ledger.book import Ledger
from flows.ledger.engagement import Reception, receptions
from flows.ledger.frozen import FrozenStep
from flows.ledger.hand_over import Worker, recover
from flows.ledger.threads import (
    ACCEPTED,
    BY_HAND,
    WAITING,
    Standing,
    claim_post,
    keep_wording,
    leave_to_person,
    thread,
)
from flows.models import DeliveryState
from flows.progress import Progress, tell

RETRY_AFTER = timedelta(minutes=5)
"""When to come back to a server that said "later" without saying when."""
LEASE = timedelta(minutes=10)
"""How long a worker with posts counts as alive: pictures may take minutes to be processed."""
NAP = timedelta(seconds=20)
"""How long to wait before saying again that this worker is alive."""
LOOK = timedelta(seconds=2)
"""How long to wait before looking again whether the step may go on."""

_GOES_ON = (*WAITING, DeliveryState.SENDING, DeliveryState.UNCONFIRMED)
"""States of a post that may still go out."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """One step of posts, and all that handing it over takes."""

    ledger: Ledger
    worker: Worker
    step: FrozenStep
    content: StepContent
    channel: PostCarrier
    slug: str

    @property
    def deadline(self) -> datetime:
        """The deadline as it is now: it follows the event when that moves."""
        return self.ledger.campaign(self.slug).step(self.step.number).deadline

    @property
    def words(self) -> HeldWords:
        """What to say when it is held back, in the campaign's language."""
        return held_words(self.ledger.campaign(self.slug).language)

    def post(self, part: int) -> Post:
        """Return a post in its place in the thread."""
        receipts = self.ledger.accepted(self.step.id)
        return in_its_place(self.content.posts[part], self.channel, part, receipts)

    def gate(self) -> None:
        """Let a post through if the step still may hand over, right before it becomes visible.

        Raises:
            Deferred: it may not.
            LedgerError: this worker was silent for so long that another may have taken over.
        """
        self.worker.renew()
        if not self.ledger.is_running(self.step.id):
            raise Deferred(
                "It was held back just before it went out.", retry_after=timedelta(seconds=1)
            )


Attempt = Callable[[Desk, Standing, Post], Awaitable[Outcome]]


async def hand_over(desk: Desk, delivery: Standing, post: Post) -> Outcome:
    """Make one attempt at one post and record its outcome.

    Raises:
        AuthLost: our credentials are no longer accepted; the post is back in the queue.
        LedgerError: this worker's lease ran out meanwhile; what is unknown will be looked for.
    """
    desk.worker.record([delivery.id], [])
    keep_wording(desk.ledger.engine, delivery.id, post)
    first_tried = desk.ledger.first_tried(delivery.id)
    try:
        receipt = await _kept_alive(
            desk,
            lambda: desk.channel.deliver(
                post,
                delivery_id=delivery_name(desk.slug, desk.step.number, delivery.part),
                first_tried=first_tried,
                gate=desk.gate,
            ),
        )
    except AuthLost as error:
        desk.worker.record([], [_outcome_of(error, delivery, desk)])
        raise
    except DeliveryError as error:
        outcome = _outcome_of(error, delivery, desk)
    else:
        outcome = accepted(delivery.id, receipt)
    desk.worker.record([], [outcome])
    return outcome


async def deliver_thread(desk: Desk, *, attempt: Attempt = hand_over) -> int:
    """Hand over a step's posts until none is left, or it may not go on.

    A post that is refused holds back those after it; a lost answer is looked into; a server that
    asks for patience is given it, but never past the deadline.

    Args:
        desk: The step.
        attempt: Makes one attempt; a flow gives it as a task of its own.

    Returns:
        How many posts went out.

    Raises:
        AuthLost: our credentials are no longer accepted; the step is paused.
    """
    sent = 0
    while desk.ledger.is_running(desk.step.id):
        desk.worker.renew()
        posts = thread(desk.ledger.engine, desk.step.id)
        following = _next(desk, posts)
        if following is None:
            break
        if _is_cut_off(desk, posts, following):
            desk.ledger.pause_step(
                desk.step.id, desk.words.thread_cut.format(number=following.part)
            )
            break
        try:
            sent += await _take(desk, following, attempt)
        except AuthLost as error:
            words = desk.words.credentials.format(words=error.what)
            desk.ledger.pause_step(desk.step.id, words)
            raise
        _tell(desk)
    if not desk.channel.in_order:
        leave_to_person(desk.ledger.engine, desk.step.id)
    return sent


def _next(desk: Desk, posts: list[Standing]) -> Standing | None:
    """Return the post that something is to be done about; None if there is nothing to do."""
    for place, post in enumerate(posts):
        if not desk.channel.in_order and post.state is not DeliveryState.QUEUED:
            # Laid ready, done or refused: none of that concerns the others.
            continue
        ended = post.state in ACCEPTED or post.state not in _GOES_ON
        if ended and (post.state in ACCEPTED or post is posts[-1]):
            continue
        if ended and not any(later.state in _GOES_ON for later in posts[place:]):
            return None
        return post
    return None


def _is_cut_off(desk: Desk, posts: list[Standing], post: Standing) -> bool:
    """Return whether a post would answer one that was withdrawn, or deleted elsewhere."""
    if not desk.channel.in_order or not post.part or post.state not in WAITING:
        return False
    before = posts[posts.index(post) - 1].id
    stands = receptions(desk.ledger.engine, [before]).get(before, Reception())
    return stands.withdrawn_at is not None or stands.gone_at is not None


async def _take(desk: Desk, post: Standing, attempt: Attempt) -> bool:
    """Do what the state of a post asks for; return whether it went out by that."""
    if post.state is DeliveryState.UNCONFIRMED:
        await _settle(desk, post)
    elif post.state not in _GOES_ON:
        words = desk.words.thread_refused.format(
            number=post.part + 1,
            words=post.reply or post.state,
            command=f"`oproep retry {desk.slug}` + `oproep resume {desk.slug}`",
        )
        desk.ledger.pause_step(desk.step.id, words)
    elif post.due_at is not None and post.due_at > clock.now():
        await _wait(desk, post.due_at)
    elif claim_post(desk.ledger.engine, desk.worker.id, post.id):
        outcome = await attempt(desk, post, desk.post(post.part))
        return outcome.state is DeliveryState.SENT
    else:
        # Somebody else is at it. If that one is gone, what it began is in doubt from now on.
        recover(desk.ledger.engine)
        await _wait(desk, clock.now() + timedelta(seconds=1))
    return False


async def _settle(desk: Desk, post: Standing) -> None:
    """Look for a post that may have gone out, once that can be believed."""
    believable = (post.last_tried or clock.now()) + desk.channel.settle_after
    if believable > clock.now():
        await _wait(desk, believable)
        return

    def look() -> None:
        look_for(desk.ledger, desk.channel, post, slug=desk.slug, step=desk.step)

    try:
        await _kept_alive(desk, look)
    except Deferred as error:
        await _wait(desk, clock.now() + (error.retry_after or RETRY_AFTER))
    except Unconfirmed as error:
        words = desk.words.thread_broken.format(number=post.part + 1, words=error)
        desk.ledger.pause_step(desk.step.id, words)


async def _wait(desk: Desk, until: datetime) -> None:
    """Wait, as long as the step may go on, without being taken for dead."""
    until = min(until, desk.deadline)
    renewed = clock.now()
    while clock.now() < until and desk.ledger.is_running(desk.step.id):
        await clock.sleep_until(min(until, clock.now() + LOOK))
        if clock.now() - renewed >= NAP:
            desk.worker.renew()
            renewed = clock.now()


async def _kept_alive(desk: Desk, work: Callable[[], T]) -> T:
    """Do blocking work in a thread, and say meanwhile that this worker is alive."""
    running = asyncio.ensure_future(asyncio.to_thread(work))
    while not running.done():
        await asyncio.wait({running}, timeout=NAP.total_seconds())
        try:
            desk.worker.renew()
        except LedgerError:
            # The gate lets nothing through any more; what came of it still has to be told.
            await asyncio.wait({running})
    return running.result()


def _outcome_of(error: DeliveryError, delivery: Standing, desk: Desk) -> Outcome:
    """Translate a channel's error into the state it leaves the delivery in."""
    state = {
        Rejected: DeliveryState.REJECTED,
        Deferred: DeliveryState.DEFERRED,
        Unconfirmed: DeliveryState.UNCONFIRMED,
        AuthLost: DeliveryState.QUEUED,
    }[type(error)]
    due_at, reason, reply = None, None, error.what
    if error.reply and error.reply not in reply:
        reply = f"{reply} {error.reply}"
    if isinstance(error, Deferred):
        due_at = clock.now() + (error.retry_after or RETRY_AFTER)
        if not desk.channel.in_order and error.retry_after is None:
            # It lies ready; from here on only a person can do something, until the deadline.
            due_at, reason, reply = desk.deadline, BY_HAND, f"{error.what} {error.where}"
    return Outcome(
        delivery.id,
        state,
        reason=reason,
        code=error.code,
        enhanced=error.enhanced,
        reply=reply,
        due_at=due_at,
    )


def _tell(desk: Desk) -> None:
    step = desk.step
    tell(
        Progress(
            step=step.number,
            channel=step.channel,
            done=desk.ledger.done(step.id),
            planned=step.planned,
            at=clock.now(),
            deadline=step.deadline,
        )
    )

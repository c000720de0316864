"""Taking a campaign back: what is out is deleted where that can be, the rest is cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, select

from flows import clock
from flows.campaign.channel_kinds import CHANNEL_KINDS
from flows.campaign.folder import Campaign
from flows.campaign.held import held_words
from flows.channels.base import PostChannel
from flows.channels.opening import open_account
from flows.database import reading
from flows.errors import Deferred, OproepError
from flows.ledger import tables as t
from flows.ledger.book import Ledger
from flows.ledger.control import Control
from flows.ledger.engagement import Happening, OutPost, keep_act, posts_out
from flows.ledger.frozen import FrozenStep
from flows.ledger.hand_over import recover
from flows.ledger.journal import note
from flows.ledger.threads import WAITING
from flows.ledger.transitions import move
from flows.models import DeliveryState, SkipReason
from flows.settings import Settings

PATIENCE = timedelta(minutes=2)
"""How long what is in flight may take to finish before it is left as it is."""
TRIES = 3
"""How often a deletion is asked for whose answer was lost, or that was refused for now."""
_GONE_OUT = (DeliveryState.SENT, DeliveryState.DELIVERED, DeliveryState.BOUNCED)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepToWithdraw:
    """What withdrawing one step will do."""

    step: FrozenStep
    delete: tuple[OutPost, ...] = ()
    """Posts, in the order in which they are deleted: the last of a thread first."""
    by_hand: tuple[OutPost, ...] = ()
    """Posts that a person has to delete."""
    cancel: int = 0
    """Messages that have not gone out."""
    stays: int = 0
    """Mails that have gone out: nobody can call them back."""
    in_doubt: int = 0
    """Messages that may have gone out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deleted:
    """One post, and why it could not be deleted if it could not."""

    post: OutPost
    fault: OproepError | None = None


def to_withdraw(ledger: Ledger, slug: str, *, step: int | None = None) -> list[StepToWithdraw]:
    """Return what a withdrawal would do, step by step; steps for which it is nothing are left out.

    Raises:
        LedgerError: the campaign is not launched, or has no such step.
    """
    campaign = ledger.campaign(slug)
    steps = campaign.steps if step is None else (campaign.step(step),)
    found = [_of_step(ledger, slug, one) for one in steps]
    return [
        one for one in found if one.delete or one.by_hand or one.cancel or one.stays or one.in_doubt
    ]


def _of_step(ledger: Ledger, slug: str, step: FrozenStep) -> StepToWithdraw:
    kind = CHANNEL_KINDS[step.channel]
    out = tuple(reversed(posts_out(ledger.engine, slug, step=step.number)))
    d = t.delivery.c
    with reading(ledger.engine) as connection:
        rows = connection.execute(
            select(d.state, func.count()).where(d.step_id == step.id).group_by(d.state)
        ).all()
    counts = {DeliveryState(state): number for state, number in rows}
    waiting = sum(counts.get(state, 0) for state in (*WAITING, DeliveryState.SENDING))
    return StepToWithdraw(
        step=step,
        delete=() if kind.by_hand or kind.is_mail else out,
        by_hand=out if kind.by_hand else (),
        cancel=waiting,
        stays=sum(counts.get(state, 0) for state in _GONE_OUT) if kind.is_mail else 0,
        in_doubt=counts.get(DeliveryState.UNCONFIRMED, 0),
    )


def stop_and_cancel(
    ledger: Ledger, slug: str, *, step: int | None = None, who: str | None = None
) -> int:
    """End new hand-overs, wait for those in flight, and cancel what has not gone out.

    Returns:
        How many messages were cancelled.

    Raises:
        LedgerError: the campaign is not launched, or has no such step.
    """
    campaign = ledger.campaign(slug)
    reason = held_words(campaign.language).withdrawn
    Control(ledger).stop(slug, reason=reason, step=step, who=who)
    steps = campaign.steps if step is None else (campaign.step(step),)
    asyncio.run(_wait_for_flights(ledger, [one.id for one in steps]))
    total = 0
    d = t.delivery.c
    with ledger.engine.begin() as connection:
        for one in steps:
            ids = connection.scalars(
                select(d.id)
                .where(d.step_id == one.id, d.state.in_(WAITING), d.worker_id.is_(None))
                .with_for_update()
            ).all()
            move(
                connection,
                ids,
                DeliveryState.SKIPPED,
                reason=SkipReason.CANCELLED,
                now=clock.now(),
            )
            if ids:
                words = f"{len(ids)}"
                note(connection, slug, "cancelled", step=one.number, who=who, words=words)
            total += len(ids)
    return total


async def _wait_for_flights(ledger: Ledger, step_ids: list[int]) -> None:
    """Wait until nobody is at any delivery of these steps any more."""
    until = clock.now() + PATIENCE
    query = select(func.count()).where(
        t.delivery.c.step_id.in_(step_ids), t.delivery.c.worker_id.is_not(None)
    )
    while clock.now() < until:
        recover(ledger.engine)
        with reading(ledger.engine) as connection:
            if not connection.scalar(query):
                return
        await clock.sleep_until(clock.now() + timedelta(seconds=0.5))


def delete_posts(
    ledger: Ledger,
    campaign: Campaign,
    settings: Settings,
    *,
    step: int | None = None,
    who: str | None = None,
) -> Iterator[Deleted]:
    """Delete the posts that are out, the last of a thread first, and yield each as it is done.

    Doing it again goes on with those that are left.
    """
    for one in to_withdraw(ledger, campaign.slug, step=step):
        deleted = 0
        for post in one.delete:
            try:
                channel = open_account(settings, network=post.channel, account=post.account)
                _delete(channel, post)
            except OproepError as error:
                yield Deleted(post=post, fault=error)
                continue
            keep_act(ledger.engine, post.id, Happening.WITHDRAWN)
            deleted += 1
            yield Deleted(post=post)
        if deleted:
            with ledger.engine.begin() as connection:
                words = f"{deleted}/{len(one.delete)}"
                note(
                    connection,
                    campaign.slug,
                    "withdrawn",
                    step=one.step.number,
                    who=who,
                    words=words,
                )


def _delete(channel: PostChannel, post: OutPost) -> None:
    """Delete one post; a lost answer is asked for again.

    Raises:
        DeliveryError: it cannot be deleted, or not now.
    """
    for left in reversed(range(TRIES)):
        try:
            channel.withdraw(post.receipt)
        except Deferred as error:
            wait = error.retry_after or timedelta(seconds=2)
            if not left or wait > PATIENCE:
                raise
            asyncio.run(clock.sleep_until(clock.now() + wait))
        else:
            return

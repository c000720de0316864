"""Messages of which nobody knows whether they are out, and how it is found out.

Posts are looked for where they would stand. For mail the relay's log can tell, or a person.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import groupby
from operator import attrgetter

from flows import clock
from flows.campaign.channel_kinds import CHANNEL_KINDS
from flows.channels.base import PostCarrier
from flows.channels.batch import Outcome
from flows.channels.opening import open_account
from flows.compose.messages import Post
from flows.errors import InputError, OproepError
from flows.ledger.book import Ledger
from flows.ledger.doubts import Doubt, doubts, settle
from flows.ledger.frozen import FrozenStep
from flows.ledger.journal import note
from flows.ledger.threads import Standing, kept_wording, taken, thread
from flows.models import DeliveryState, Receipt
from flows.settings import Settings

BY_A_PERSON = "by a person"
"""The reason beside a delivery whose doubt a person ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """One doubt, and what became of it."""

    doubt: Doubt
    state: DeliveryState
    fault: OproepError | None = None
    """Why it could not be ended."""


def look_for(
    ledger: Ledger, channel: PostCarrier, post: Standing, *, slug: str, step: FrozenStep
) -> DeliveryState:
    """Look whether a post that may have gone out is out, and settle it in the ledger.

    It is looked for as it was when it was tried, whatever became of its draft since. Not to be
    asked before `channel.settle_after` has passed since the last attempt.

    Returns:
        `sent`, or `queued` when it is certain that it is not out.

    Raises:
        Deferred: the other side cannot be asked now.
        Unconfirmed: it cannot tell; a person has to look.
        AuthLost: our credentials are no longer accepted.
    """
    tried = kept_wording(ledger.engine, post.id)
    found: Receipt | None = None
    # Without a wording it was given up before any request: the wording is kept first.
    if tried is not None and post.first_tried is not None:
        found = channel.find(
            in_its_place(tried, channel, post.part, ledger.accepted(step.id)),
            delivery_id=delivery_name(slug, step.number, post.part),
            first_tried=post.first_tried,
            taken=taken(ledger.engine, post.recipient, but=post.id),
        )
    outcome = accepted(post.id, found) if found else Outcome(post.id, DeliveryState.QUEUED)
    settle(ledger.engine, post.id, post.attempts, outcome)
    return outcome.state


def settle_posts(
    ledger: Ledger, slug: str, settings: Settings, *, step: int | None = None
) -> Iterator[Settled]:
    """Look for every post of a campaign that may have gone out, and yield each as it is settled.

    What was tried only just now is waited for, since a slow server may still be at it.

    Raises:
        LedgerError: the campaign is not launched.
    """
    frozen = ledger.campaign(slug)
    of_posts = [
        doubt
        for doubt in doubts(ledger.engine, slug, step=step)
        if not CHANNEL_KINDS[doubt.channel].is_mail
    ]
    for number, several in groupby(of_posts, key=attrgetter("step")):
        its_step = frozen.step(number)
        for doubt in several:
            try:
                state = _settle_post(ledger, slug, settings, its_step, doubt)
            except OproepError as error:
                yield Settled(doubt=doubt, state=DeliveryState.UNCONFIRMED, fault=error)
                continue
            yield Settled(doubt=doubt, state=state)


def _settle_post(
    ledger: Ledger, slug: str, settings: Settings, step: FrozenStep, doubt: Doubt
) -> DeliveryState:
    """Look for one post.

    Raises:
        OproepError: it cannot be told, or not now.
    """
    channel = open_account(settings, network=step.channel, account=step.account)
    asyncio.run(clock.sleep_until(doubt.last_tried + channel.settle_after))
    # Read anew: a process that still runs may have settled it while we waited.
    post = next(one for one in thread(ledger.engine, step.id) if one.id == doubt.id)
    if post.state is not DeliveryState.UNCONFIRMED:
        return post.state
    return look_for(ledger, channel, post, slug=slug, step=step)


def settle_by_person(
    ledger: Ledger,
    slug: str,
    *,
    sent: Collection[int] = (),
    not_sent: Collection[int] = (),
    who: str | None = None,
) -> list[Settled]:
    """End doubts by what a person found out.

    Args:
        ledger: The ledger.
        slug: The campaign.
        sent: Deliveries that went out.
        not_sent: Deliveries that did not, and may be tried again.
        who: The person.

    Raises:
        InputError: one of them is not in doubt, or is a post whose thread needs its address.
        LedgerError: the campaign is not launched.
    """
    ledger.campaign(slug)
    open_doubts = {doubt.id: doubt for doubt in doubts(ledger.engine, slug)}
    for number in [*sent, *not_sent]:
        if number not in open_doubts:
            raise InputError(
                f"Delivery {number} is not in doubt.",
                where=slug,
                mend=f"`oproep settle {slug}` lists those that are.",
            )
    for number in sent:
        _require_no_thread(ledger, slug, open_doubts[number])
    said = dict.fromkeys(sent, DeliveryState.SENT)
    said |= dict.fromkeys(not_sent, DeliveryState.QUEUED)
    settled = []
    for number, state in said.items():
        doubt = open_doubts[number]
        words = "A person says that it went out." if state is DeliveryState.SENT else None
        outcome = Outcome(number, state, reason=BY_A_PERSON, reply=words)
        settle(ledger.engine, number, doubt.attempts, outcome)
        with ledger.engine.begin() as connection:
            # By number: the journal is kept for ever, and must hold nobody's address.
            said_of_it = f"{number}: {state}"
            note(connection, slug, "settled", step=doubt.step, who=who, words=said_of_it)
        settled.append(Settled(doubt=doubt, state=state))
    return settled


def _require_no_thread(ledger: Ledger, slug: str, doubt: Doubt) -> None:
    """Refuse a post that others answer: those need its address at the network.

    Raises:
        InputError: it is such a post.
    """
    if CHANNEL_KINDS[doubt.channel].is_mail:
        return
    step = ledger.campaign(slug).step(doubt.step)
    if any(post.part > doubt.part for post in thread(ledger.engine, step.id)):
        raise InputError(
            f"Posts that come after {doubt.id} in its thread have to answer it, and only the "
            "network knows how.",
            where=f"--sent {doubt.id}",
            mend=f"`oproep settle {slug}` looks for it. If that cannot tell: delete the post "
            f"there yourself, then say --not-sent {doubt.id}, and it goes out again.",
        )


def delivery_name(slug: str, step: int, part: int) -> str:
    """Return what names a delivery to a channel, unlike any other's."""
    return f"{slug}/{step}/{part}"


def in_its_place(
    post: Post, channel: PostCarrier, part: int, receipts: Mapping[int, Receipt]
) -> Post:
    """Return a post with the receipts of those that it follows in its thread."""
    if not channel.in_order:
        return post
    return replace(post, reply_to=receipts.get(part - 1), root=receipts.get(0) if part else None)


def accepted(delivery_id: int, receipt: Receipt) -> Outcome:
    """Return the outcome that a receipt stands for."""
    return Outcome(
        delivery_id,
        DeliveryState.SENT,
        code=receipt.code,
        enhanced=receipt.enhanced,
        reply=receipt.reply,
        remote_id=receipt.remote_id,
        url=receipt.url,
    )

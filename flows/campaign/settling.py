"""Posts of which nobody knows whether they are out: looked for where they would stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from flows.campaign.rendering import StepContent
from flows.channels.base import PostCarrier
from flows.channels.batch import Outcome
from flows.compose.messages import Post
from flows.ledger.book import FrozenStep, Ledger
from flows.ledger.doubts import settle
from flows.ledger.threads import Standing, taken
from flows.models import DeliveryState, Receipt


def look_for(
    ledger: Ledger,
    channel: PostCarrier,
    post: Standing,
    *,
    slug: str,
    step: FrozenStep,
    content: StepContent,
) -> DeliveryState:
    """Look whether a post that may have gone out is out, and settle it in the ledger.

    Not to be asked before `channel.settle_after` has passed since the last attempt.

    Returns:
        `sent`, or `queued` when it is certain that it is not out.

    Raises:
        Deferred: the other side cannot be asked now.
        Unconfirmed: it cannot tell; a person has to look.
        AuthLost: our credentials are no longer accepted.
    """
    if post.first_tried is None:
        raise LookupError(f"delivery {post.id} was never tried")
    found = channel.find(
        in_its_place(content.posts[post.part], channel, post.part, ledger.accepted(step.id)),
        delivery_id=delivery_name(slug, step.number, post.part),
        first_tried=post.first_tried,
        taken=taken(ledger.engine, post.recipient, but=post.id),
    )
    outcome = accepted(post.id, found) if found else Outcome(post.id, DeliveryState.QUEUED)
    settle(ledger.engine, post.id, post.attempts, outcome)
    return outcome.state


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

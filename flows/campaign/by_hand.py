"""What a person did by hand: posted it, changed it or took it away; or did not, and why."""

from __future__ import annotations

from sqlalchemy import Connection, select

from flows import clock
from flows.campaign.channel_kinds import CHANNEL_KINDS
from flows.campaign.correcting import texts_now
from flows.campaign.folder import Campaign
from flows.channels.batch import Outcome
from flows.channels.byhand import ByHand
from flows.channels.opening import open_account
from flows.errors import InputError
from flows.ledger import tables as t
from flows.ledger.book import Ledger
from flows.ledger.engagement import Happening, keep_act, posts_out
from flows.ledger.frozen import FrozenStep
from flows.ledger.journal import note
from flows.ledger.threads import keep_wording
from flows.ledger.transitions import dialect, record
from flows.models import TRANSITIONS, DeliveryState, Receipt
from flows.settings import Settings

NOT_DONE = "not done"
"""The reason beside a delivery that a person decided not to make."""
_D = DeliveryState


def done(
    ledger: Ledger,
    settings: Settings,
    slug: str,
    number: int,
    *,
    url: str,
    part: int | None = None,
    who: str | None = None,
) -> int:
    """Record that a person posted a step, or one post of it; also before its time, and after it.

    Args:
        ledger: Where it is recorded.
        settings: Of this installation.
        slug: The campaign.
        number: Of the step.
        url: Where it stands; empty where posts have no address.
        part: Number of the post in the thread, from 1; all of them by default.
        who: The person.

    Returns:
        How many posts that were.

    Raises:
        InputError: it is no step by hand, has no such post, or the address is none.
        LedgerError: the campaign is not launched, or has no such step.
    """
    step = ledger.campaign(slug).step(number)
    channel = _by_hand(settings, step)
    receipt = channel.confirmed(url)
    words = receipt.url or receipt.reply
    return _record(
        ledger, slug, step, part, _D.DELIVERED, receipt, act="posted", who=who, why=words
    )


def not_done(
    ledger: Ledger,
    settings: Settings,
    slug: str,
    number: int,
    *,
    why: str,
    part: int | None = None,
    who: str | None = None,
) -> int:
    """Record that a step, or one post of it, was not posted.

    Raises:
        InputError: it is no step by hand, or has no such post.
        LedgerError: the campaign is not launched, or has no such step.
    """
    step = ledger.campaign(slug).step(number)
    _by_hand(settings, step)
    receipt = Receipt(at=clock.now(), reply=why)
    return _record(ledger, slug, step, part, _D.FAILED, receipt, act=NOT_DONE, who=who, why=why)


def changed(
    ledger: Ledger,
    settings: Settings,
    campaign: Campaign,
    number: int,
    *,
    act: Happening,
    part: int | None = None,
    who: str | None = None,
) -> int:
    """Record that a person changed or deleted the posts of a step, or one of them, that were out.

    Args:
        ledger: Where it is recorded.
        settings: Of this installation.
        campaign: With the drafts as they are now.
        number: Of the step.
        act: `CORRECTED` or `WITHDRAWN`.
        part: Number of the post in the thread, from 1; all of them by default.
        who: The person.

    Returns:
        How many posts that were.

    Raises:
        InputError: it is no step by hand, no such post is out, or its draft cannot be read.
        LedgerError: the campaign is not launched, or has no such step.
    """
    slug = campaign.slug
    step = ledger.campaign(slug).step(number)
    _by_hand(settings, step)
    texts = texts_now(campaign, settings, step) if act is Happening.CORRECTED else ()
    out = [
        post
        for post in posts_out(ledger.engine, slug, step=number)
        if part is None or post.part == part - 1
    ]
    if not out:
        raise InputError(
            f"Of step {number} no such post is out.",
            where=f"step {number}",
            mend="`oproep report` shows where each stands.",
        )
    for post in out:
        if texts:
            keep_wording(ledger.engine, post.id, texts[post.part])
        keep_act(ledger.engine, post.id, act)
    with ledger.engine.begin() as connection:
        note(connection, slug, act, step=number, who=who, words=f"{len(out)}/{len(out)}")
    return len(out)


def _by_hand(settings: Settings, step: FrozenStep) -> ByHand:
    channel = (
        open_account(settings, network=step.channel, account=step.account)
        if CHANNEL_KINDS[step.channel].by_hand
        else None
    )
    if not isinstance(channel, ByHand):
        raise InputError(
            f"Step {step.number} ({step.channel}) is not done by hand.",
            where=f"step {step.number}",
            mend="`oproep settle` looks whether it is out.",
        )
    return channel


def _record(
    ledger: Ledger,
    slug: str,
    step: FrozenStep,
    part: int | None,
    state: DeliveryState,
    receipt: Receipt,
    *,
    act: str,
    who: str | None,
    why: str,
) -> int:
    """Bring the posts of a step to a state by what a person said; return how many."""
    with ledger.engine.begin() as connection:
        posts = _posts(connection, step, part)
        reason = NOT_DONE if state is _D.FAILED else None
        for delivery_id, here in posts:
            _bring(connection, delivery_id, here, state, receipt, reason=reason)
        of = f"{part}/{step.planned}: " if part is not None and step.planned > 1 else ""
        note(connection, slug, act, step=step.number, who=who, words=f"{of}{why}")
    ledger.end_step(step.id)
    return len(posts)


def _posts(
    connection: Connection, step: FrozenStep, part: int | None
) -> list[tuple[int, DeliveryState]]:
    """Return the posts that are meant.

    Raises:
        InputError: there is no such post.
    """
    d = t.delivery.c
    query = select(d.id, d.state).where(d.step_id == step.id).order_by(d.part).with_for_update()
    if part is not None:
        query = query.where(d.part == part - 1)
    posts = connection.execute(query).all()
    if not posts:
        raise InputError(
            f"Step {step.number} has no post {part}: there are {step.planned}.",
            where="--part",
            mend="Count from 1.",
        )
    return [(post.id, DeliveryState(post.state)) for post in posts]


def _bring(
    connection: Connection,
    delivery_id: int,
    here: DeliveryState,
    there: DeliveryState,
    receipt: Receipt,
    *,
    reason: str | None,
) -> None:
    """Record one post's way to a state, step by step, as the table of transitions has it."""
    last = Outcome(
        delivery_id,
        there,
        reason=reason,
        reply=receipt.reply,
        remote_id=receipt.remote_id,
        url=receipt.url,
    )
    for state in _way(here, there):
        outcome = last if state is there else Outcome(delivery_id, state)
        cursor = connection.connection.cursor()
        record(cursor, dialect(connection.dialect.name), [outcome], now=clock.now())


def _way(here: DeliveryState, there: DeliveryState) -> list[DeliveryState]:
    """Return the shortest way from one state to another.

    Raises:
        InputError: there is none.
    """
    ways = [[here]]
    seen = {here}
    while ways:
        way = ways.pop(0)
        for following in sorted(TRANSITIONS[way[-1]]):
            if following is there:
                return [*way[1:], following]
            if following not in seen:
                seen.add(following)
                ways.append([*way, following])
    raise InputError(
        f"It is {here} already and cannot become {there}.",
        mend="`oproep report` shows where it stands.",
    )

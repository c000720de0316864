"""A change of posts that are out, where the network allows it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from operator import attrgetter

from flows.campaign.channel_kinds import CHANNEL_KINDS
from flows.campaign.folder import Campaign
from flows.campaign.rendering import compose_step
from flows.campaign.settling import in_its_place
from flows.channels.opening import open_account
from flows.compose.messages import Post
from flows.compose.networks import NETWORKS
from flows.errors import DeliveryError, InputError, OproepError, Rejected
from flows.ledger.book import Ledger
from flows.ledger.engagement import Happening, OutPost, keep_act, posts_out
from flows.ledger.frozen import FrozenStep
from flows.ledger.journal import note
from flows.ledger.threads import keep_wording, kept_wording
from flows.settings import Settings


class Did(StrEnum):
    """What became of a correction."""

    CORRECTED = "corrected"
    UNCHANGED = "unchanged"
    """It stood there like that already."""
    NOT = "not corrected"
    """The network does not allow it, or refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """One post that is out, and what became of its correction."""

    post: OutPost
    did: Did
    fault: OproepError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepToCorrect:
    """What correcting one step will do."""

    step: FrozenStep
    change: tuple[OutPost, ...] = ()
    """Posts that will get other words."""
    cannot: tuple[OutPost, ...] = ()
    """Posts that would, on a network that does not show corrections."""
    by_hand: tuple[OutPost, ...] = ()
    """Posts that a person has to change."""
    look_at: int = 0
    """Posts whose alternative texts are compared with what stands there."""


def to_correct(
    ledger: Ledger, campaign: Campaign, settings: Settings, *, step: int | None = None
) -> list[StepToCorrect]:
    """Return what a correction would do, step by step; what keeps it from that, `correct` tells.

    Raises:
        LedgerError: the campaign is not launched.
    """
    out = posts_out(ledger.engine, campaign.slug, step=step)
    found = []
    for number, posts in groupby(out, key=attrgetter("step")):
        frozen = ledger.campaign(campaign.slug).step(number)
        try:
            texts = texts_now(campaign, settings, frozen)
        except OproepError:
            continue
        several = list(posts)
        other = tuple(post for post in several if not _says(ledger, post, texts[post.part]))
        edits = NETWORKS[frozen.channel].edits
        by_hand = CHANNEL_KINDS[frozen.channel].by_hand
        found.append(
            StepToCorrect(
                step=frozen,
                change=other if edits else (),
                cannot=() if edits or by_hand else other,
                by_hand=other if by_hand else (),
                look_at=sum(bool(texts[post.part].pictures) for post in several) if edits else 0,
            )
        )
    return found


def correct(
    ledger: Ledger,
    campaign: Campaign,
    settings: Settings,
    *,
    step: int | None = None,
    who: str | None = None,
) -> Iterator[Correction]:
    """Give posts that are out the text of the changed drafts, and yield each as it is done.

    Doing it again does no harm. Posts that are not out yet go out with the new text anyway.

    Args:
        ledger: Where it is recorded.
        campaign: With the changed drafts.
        settings: Where the accounts are.
        step: Number of one step; all by default.
        who: The person who corrects.

    Raises:
        InputError: a draft cannot be read.
    """
    out = posts_out(ledger.engine, campaign.slug, step=step)
    for number, posts in groupby(out, key=attrgetter("step")):
        yield from _correct_step(ledger, campaign, settings, number, list(posts), who)


def _correct_step(
    ledger: Ledger,
    campaign: Campaign,
    settings: Settings,
    number: int,
    out: list[OutPost],
    who: str | None,
) -> Iterator[Correction]:
    frozen = ledger.campaign(campaign.slug).step(number)
    try:
        texts = texts_now(campaign, settings, frozen)
        channel = open_account(settings, network=frozen.channel, account=frozen.account)
    except OproepError as error:
        yield from (Correction(post=post, did=Did.NOT, fault=error) for post in out)
        return
    receipts = ledger.accepted(frozen.id)
    corrected = 0
    for post in out:
        text = in_its_place(texts[post.part], channel, post.part, receipts)
        try:
            edited = channel.edit(text, post.receipt)
        except DeliveryError as error:
            if isinstance(error, Rejected) and _says(ledger, post, text):
                # What cannot be changed need not be either.
                yield Correction(post=post, did=Did.UNCHANGED)
            else:
                yield Correction(post=post, did=Did.NOT, fault=error)
            continue
        if edited is None:
            yield Correction(post=post, did=Did.UNCHANGED)
            continue
        keep_wording(ledger.engine, post.id, text)
        keep_act(ledger.engine, post.id, Happening.CORRECTED)
        corrected += 1
        yield Correction(post=post, did=Did.CORRECTED)
    if corrected:
        with ledger.engine.begin() as connection:
            words = f"{corrected}/{len(out)}"
            note(connection, campaign.slug, "corrected", step=number, who=who, words=words)


def texts_now(campaign: Campaign, settings: Settings, frozen: FrozenStep) -> tuple[Post, ...]:
    """Return a step's posts as its draft makes them now.

    Raises:
        InputError: the draft cannot be read, or does not make as many as were planned.
    """
    planned = next((one for one in campaign.plan.steps if one.number == frozen.number), None)
    if planned is None:
        raise InputError(f"campaign.toml has no step {frozen.number} any more.")
    texts = compose_step(campaign, planned, settings).posts
    if len(texts) != frozen.planned:
        raise InputError(
            f"The draft makes {len(texts)} posts now, and {frozen.planned} were planned.",
            where=frozen.draft,
            mend="Keep their number: a line `---` begins a new post.",
        )
    return texts


def _says(ledger: Ledger, post: OutPost, text: Post) -> bool:
    """Return whether a post went out with these words."""
    kept = kept_wording(ledger.engine, post.id)
    return kept is not None and (kept.text, kept.content_warning) == (
        text.text,
        text.content_warning,
    )

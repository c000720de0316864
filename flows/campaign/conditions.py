"""Whether that which a step waits for has come."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum

from flows.campaign.folder import Campaign
from flows.campaign.issues import issue_url
from flows.campaign.plan import Step
from flows.campaign.waiting import ISSUE, PAGE, Wait
from flows.ledger.frozen import FrozenCampaign, FrozenStep
from flows.models import DeliveryState, StepState
from flows.settings import Settings

BAD = (DeliveryState.REJECTED, DeliveryState.FAILED, DeliveryState.UNCONFIRMED)
TOLERATED = 0.1
"""The part of a step's deliveries that may go wrong while the step still went well: a long list
always holds some addresses that are gone."""
PATIENCE = 10.0
"""Seconds that a page may take to answer."""


class Come(StrEnum):
    """Where it stands with what a step waits for."""

    YES = "yes"
    NOT_YET = "not yet"
    FAILED = "failed"
    """The step that it waits for went wrong, or did not happen."""


Counts = Mapping[int, Mapping[DeliveryState, int]]
"""By the id of a step: how many deliveries are in each state."""


def has_come(
    step: Step,
    wait: Wait,
    frozen: FrozenCampaign,
    counts: Counts,
    *,
    pages: Mapping[str, str],
    answers: Callable[[str], bool],
) -> Come:
    """Return whether what a step waits for has come.

    Args:
        step: The step that waits.
        wait: For what.
        frozen: The campaign as the ledger holds it.
        counts: How its deliveries stand.
        pages: The addresses of the pages that have a name: `page`, `issue`.
        answers: Whether a page is there.
    """
    if not wait.is_for_step:
        return Come.YES if answers(wait.url or pages[wait.for_]) else Come.NOT_YET
    others = [each for each in frozen.steps if each.number != step.number and _is(each, wait)]
    stands = {_went(each, counts.get(each.id, {})) for each in others}
    if Come.FAILED in stands:
        return Come.FAILED
    return Come.NOT_YET if Come.NOT_YET in stands else Come.YES


def _is(step: FrozenStep, wait: Wait) -> bool:
    return step.number == wait.step if wait.step else step.channel == wait.for_


def _went(step: FrozenStep, counts: Mapping[DeliveryState, int]) -> Come:
    if step.state is StepState.SKIPPED:
        return Come.FAILED
    if step.state is not StepState.DONE:
        return Come.NOT_YET
    bad = sum(counts.get(state, 0) for state in BAD)
    tried = step.planned - counts.get(DeliveryState.SKIPPED, 0)
    return Come.FAILED if bad > tried * TOLERATED or not tried else Come.YES


def pages_of(campaign: Campaign, settings: Settings) -> dict[str, str]:
    """Return the addresses of the pages that a plan may name."""
    return {PAGE: campaign.item.source, ISSUE: issue_url(settings, campaign.slug)}


def page_answers(url: str) -> bool:
    """Return whether a page is there: it answers, after redirects, with a status below 400."""
    import requests

    try:
        with requests.get(url, timeout=PATIENCE, stream=True) as answer:
            return answer.ok
    except requests.RequestException:
        return False

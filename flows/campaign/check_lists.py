"""Checks on the lists that a newsletter goes to, and on who is on them now."""

from __future__ import annotations

from collections.abc import Iterator

from flows.audience.lists import lists_of
from flows.audience.table import nearest
from flows.campaign.channel_kinds import Whose
from flows.campaign.folder import ORGANISATION_FILE
from flows.campaign.look import Look, error, warning
from flows.campaign.plan import Step
from flows.models import Problem


def list_unknown(look: Look) -> Iterator[Problem]:
    """`list-unknown`: the step's list is not described in organisation.toml."""
    if look.organisation is None:
        return
    lists = lists_of(look.organisation)
    for step in _to_lists(look):
        if step.list not in lists:
            what = f"There is no list {step.list!r}."
            mend = nearest(step.list, lists) or f"There are: {', '.join(lists)}."
            yield error("list-unknown", look.where_step(step), what, mend)


def list_undescribed(look: Look) -> Iterator[Problem]:
    """`list-undescribed`: what people would consent to on the sign-up page is not said."""
    if look.organisation is None:
        return
    for key, each in look.organisation.lists.items():
        if each.public and not any(text.strip() for text in each.about.values()):
            what = f"It is not said what the list {key!r} is about."
            mend = 'Write `about = { nl = "…" }`: the purpose is part of the proof of consent.'
            yield warning("list-undescribed", ORGANISATION_FILE, what, mend)


def list_empty(look: Look) -> Iterator[Problem]:
    """`list-empty`: nobody is on the step's list now, or in the part of it that is meant."""
    for step in _to_lists(look):
        if look.reached.get(step.number) == 0:
            what = f"Nobody is on the list {step.segment.of(step.list)} now."
            mend = "`oproep audience list` shows who is; `oproep audience import` adds."
            yield warning("list-empty", look.where_step(step), what, mend)


def _to_lists(look: Look) -> Iterator[Step]:
    return (step for step in look.steps if step.kind.whose is Whose.SUBSCRIBERS)

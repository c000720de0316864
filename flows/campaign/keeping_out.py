"""Who must not be mailed, asked right before the hand-over: people leave while a step runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from sqlalchemy import Engine

from flows.audience.subscribers import open_audience
from flows.ledger.frozen import FrozenStep
from flows.models import SkipReason
from flows.settings import Settings

KeepOut = Callable[[Sequence[str]], Mapping[str, SkipReason]]
"""Tells of some hundred addresses which must not be mailed now, by `address_key`, and why."""


def nobody(addresses: Sequence[str]) -> Mapping[str, SkipReason]:  # noqa: ARG001 (asks nobody)
    """Keep nobody out: a rehearsal reaches nobody anyway."""
    return {}


def keep_out_of(settings: Settings, engine: Engine, step: FrozenStep) -> KeepOut:
    """Return what tells who must not get a step: the suppressed, and those who left its list.

    Raises:
        SettingsError: there is no secret key.
    """
    if settings.rehearsal is not None:
        return nobody
    audience = open_audience(settings, engine)
    list_ = step.list or None
    return lambda addresses: audience.keep_out(addresses, list_=list_)

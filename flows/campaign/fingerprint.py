"""One short value that stands for everything that will be sent, to whom, when and by whom."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from pathlib import PurePath

from pydantic import BaseModel

from flows.campaign.channel_kinds import Whose
from flows.campaign.folder import Campaign
from flows.campaign.plan import Step
from flows.campaign.rendering import compose, recipients_of
from flows.clock import aware
from flows.compose.wording import Marking
from flows.settings import Settings

VERSION = 1
"""Raised whenever the same campaign would get another fingerprint than before."""


_SENDER = ("name", "legal_name", "address", "mail", "accounts")
"""What else the organisation's file says of the sender is in the messages as rendered."""


def fingerprint(campaign: Campaign, settings: Settings) -> str:
    """Return the SHA-256, in hexadecimal, of what is approved (DESIGN.md, promise 4).

    It covers every message as rendered without a rehearsal's marks, attachments, the sender, the
    event, each step's times, and the selection of recipients: the partners one by one, and of the
    subscribers the name of their list, because people join and leave it until the launch. It is
    the same on every machine, at every time, in a rehearsal and in earnest.

    Raises:
        InputError: something of the campaign cannot be read.
    """
    plan = campaign.plan
    whole = {
        "version": VERSION,
        "campaign": campaign.slug,
        "event": [plan.event.name, plan.event.at],
        "sender": {name: getattr(campaign.organisation, name) for name in _SENDER},
        "steps": [_step(campaign, step, settings) for step in plan.steps],
    }
    return hashlib.sha256(canonical(whole)).hexdigest()


def _step(campaign: Campaign, step: Step, settings: Settings) -> dict[str, object]:
    is_list = step.kind.whose is Whose.SUBSCRIBERS
    return {
        "number": step.number,
        "channel": step.channel,
        "account": step.account,
        "at": step.at,
        "deadline": step.deadline,
        "not_before": step.not_before,
        "recipients": step.list if is_list else recipients_of(campaign, step, ()),
        "content": compose(campaign, step, settings, Marking.NONE),
    }


def canonical(value: object) -> bytes:
    """Return a value as octets that are the same whenever the value is.

    Raises:
        TypeError: it holds something that has no canonical form, which must not be left out.
    """
    return json.dumps(_plain(value), ensure_ascii=False, sort_keys=True).encode(
        "utf-8", "surrogatepass"
    )


def _plain(value: object) -> object:
    """Return a value as what JSON knows."""
    if isinstance(value, Enum):
        return _plain(value.value)
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, datetime):
        return aware(value).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return {"sha256": hashlib.sha256(value).hexdigest()}
    if isinstance(value, PurePath):
        return value.as_posix()
    if isinstance(value, BaseModel):
        return _plain({name: getattr(value, name) for name in type(value).model_fields})
    if is_dataclass(value):
        return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, set | frozenset):
        return sorted((_plain(each) for each in value), key=repr)
    if isinstance(value, Sequence):
        return [_plain(each) for each in value]
    raise TypeError(f"no canonical form for {type(value).__name__}")

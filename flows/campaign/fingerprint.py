"""One short value that stands for everything that will be sent, to whom, when and by whom."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from difflib import unified_diff
from enum import Enum
from pathlib import PurePath
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from flows.campaign.channel_kinds import Whose
from flows.campaign.folder import Campaign
from flows.campaign.plan import Step
from flows.campaign.rendering import StepContent, compose, recipients_of
from flows.clock import aware
from flows.compose.wording import Marking
from flows.settings import Settings

VERSION = 2
"""Raised whenever the same campaign would get another fingerprint than before."""


_SENDER = ("name", "legal_name", "address", "mail", "accounts")
"""What else the organisation's file says of the sender is in the messages as rendered."""


def fingerprint(campaign: Campaign, settings: Settings) -> str:
    """Return the SHA-256, in hexadecimal, of what is approved (DESIGN.md, promise 4).

    It covers every message as rendered without a rehearsal's marks, attachments, the sender, the
    event, each step's times, and the selection of recipients: the partners one by one, and of the
    subscribers the name of their list and the part of it, because people join and leave it until
    the launch. It is the same on every machine, at every time, in a rehearsal and in earnest.

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
    if plan.prefer:
        whole["prefer"] = plan.prefer
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
        "wait": step.wait,
        "recipients": step.segment.of(step.list) if is_list else recipients_of(campaign, step, ()),
        "content": compose(campaign, step, settings, Marking.NONE),
    }


def snapshot(campaign: Campaign, settings: Settings) -> dict[str, str]:
    """Return what is approved in readable parts, to be shown beside what it is later.

    Everything in the fingerprint shows in one of the parts: as its text where there is one, else
    as the beginning of its digest. Addresses are left out: an approval is kept for ever.

    Raises:
        InputError: something of the campaign cannot be read.
    """
    plan, zone = campaign.plan, campaign.zone
    parts = {
        "event": f"{plan.event.name}\n{plan.event.at.astimezone(zone):%Y-%m-%d %H:%M %Z}\n",
        "sender": "".join(
            f"{name}: {canonical(getattr(campaign.organisation, name)).decode()}\n"
            for name in _SENDER
        ),
    }
    if plan.prefer:
        parts["recipients"] = f"whom several mails would reach gets that of: {plan.prefer}\n"
    for step in plan.steps:
        name = f"step {step.number}, {step.kind.label}"
        content = compose(campaign, step, settings, Marking.NONE)
        parts |= {
            name: _times(step, zone),
            f"{name}: recipients": _people(campaign, step),
            f"{name}: text": _text(content),
            f"{name}: look and files": f"{digest(content)}\n",
        }
    return parts


def digest(value: object) -> str:
    """Return the beginning of a value's SHA-256: enough to see that something is another one."""
    return hashlib.sha256(canonical(value)).hexdigest()[:16]


def changes(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    """Yield the lines that tell two snapshots apart, part by part, as `diff -u` shows them."""
    for part in dict.fromkeys([*before, *after]):
        yield from unified_diff(
            before.get(part, "").splitlines(),
            after.get(part, "").splitlines(),
            fromfile=f"{part} (as approved)" if part in before else "(not there when approved)",
            tofile=f"{part} (now)" if part in after else "(gone)",
            lineterm="",
        )


def _times(step: Step, zone: ZoneInfo) -> str:
    moments = {"begins": step.at, "deadline": step.deadline, "embargo": step.not_before}
    lines = [
        f"{name}: {moment.astimezone(zone):%Y-%m-%d %H:%M:%S %Z}"
        for name, moment in moments.items()
        if moment is not None
    ]
    lines += [f"account: {step.account}"] if step.account else []
    lines += [f"waits for: {step.wait.sentence(zone)}"] if step.wait else []
    return "\n".join([*lines, f"draft: {step.draft}", ""])


def _people(campaign: Campaign, step: Step) -> str:
    if step.kind.whose is Whose.SUBSCRIBERS:
        return f"the list {step.segment.of(step.list)}\n"
    return "".join(
        f"{recipient.name} ({digest(recipient)[:6]})\n"
        for recipient in recipients_of(campaign, step, ())
    )


def _text(content: StepContent) -> str:
    if content.rendered is not None:
        return f"Subject: {content.mail.subject}\n\n{content.mail.page_text()}\n"
    return "\n\n".join(
        "\n".join(
            [post.text, *(f"[{picture.file_name}: {picture.alt}]" for picture in post.pictures)]
        )
        for post in content.posts
    )


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
    if value is None or isinstance(value, bool | int | float | str):
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

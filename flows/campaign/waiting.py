"""What a step waits for besides its moment: a page that answers, or another step that went well.

wait_for = "page"                 the published page of the news item
wait_for = "issue"                the newsletter's page in the archive, once that goes out
wait_for = "https://…"            any page
wait_for = "mailout"              the step of that channel is through, and went well
wait_for = "step 1"               the step of that number is
wait_until = "event - 30m"        how long it waits; until its deadline if this is not there
otherwise = "send"                what happens then: `skip` (if this is not there) or `send`
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from flows.campaign.channel_kinds import CHANNEL_KINDS
from flows.campaign.moments import Moment
from flows.campaign.toml_table import Table
from flows.models import MessageKind

WAIT_KEYS = ("wait_for", "wait_until", "otherwise")
PAGE = "page"
ISSUE = "issue"
_STEP = re.compile(r"step\s*(\d{1,3})", re.IGNORECASE)


class Otherwise(StrEnum):
    """What happens when that which a step waits for never comes."""

    SKIP = "skip"
    """It is not sent."""
    SEND = "send"
    """It is sent all the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """What a step waits for, how long, and what happens if it never comes."""

    for_: str
    """`page`, `issue`, a URL, a channel's key, or `step N`."""
    until: datetime | None
    """Aware, UTC; its deadline if None."""
    otherwise: Otherwise

    @property
    def url(self) -> str:
        """The page's URL, if one is named."""
        return self.for_ if self.for_.startswith(("http://", "https://")) else ""

    @property
    def is_for_page(self) -> bool:
        """Whether it is for a page that has nothing to do with a step."""
        return bool(self.url) or self.for_ == PAGE

    @property
    def is_for_step(self) -> bool:
        """Whether it is for another step to be through, and not for a page."""
        return not self.is_for_page and self.for_ != ISSUE

    @property
    def step_channel(self) -> str:
        """The channel of the steps that it hangs on; empty if it hangs on none by its channel."""
        if self.for_ == ISSUE:
            return next(
                key for key, kind in CHANNEL_KINDS.items() if kind.sends is MessageKind.ISSUE
            )
        return self.for_ if self.for_ in CHANNEL_KINDS else ""

    @property
    def step(self) -> int | None:
        """The number of the step that it waits for, if it is named by its number."""
        match = _STEP.fullmatch(self.for_)
        return int(match[1]) if match else None

    def sentence(self, zone: ZoneInfo) -> str:
        """Return it in words for people."""
        until = f" until {self.until.astimezone(zone):%Y-%m-%d %H:%M}" if self.until else ""
        return f"{self.for_}{until}, otherwise {self.otherwise}"


def read_wait(table: Table, *, zone: ZoneInfo, event: Moment | None) -> Wait | None:
    """Return what a step of `campaign.toml` waits for, or note what is wrong with it."""
    named = table.text("wait_for")
    until = None
    if "wait_until" in table.values and event is not None:
        until = table.moment("wait_until", zone=zone, event=event)
    otherwise = table.text("otherwise") or Otherwise.SKIP
    if otherwise not in set(Otherwise):
        what = f"{otherwise!r} is not something that can happen otherwise."
        table.blame("wait", what, "Write `skip` or `send`.", key="otherwise")
        return None
    if not named:
        for key in {"wait_until", "otherwise"} & table.values.keys():
            what = f"{key} means nothing without wait_for."
            table.blame("wait", what, 'Write `wait_for = "page"`, or remove it.', key=key)
        return None
    if otherwise == Otherwise.SEND and until is None:
        what = "It is to be sent if what it waits for never comes, and nothing says when that is."
        mend = 'Write `wait_until = "event - 1h"`.'
        table.blame("wait", what, mend, key="otherwise")
        return None
    wait = Wait(for_=named, until=until.at if until else None, otherwise=Otherwise(otherwise))
    if not (named in (PAGE, ISSUE) or wait.url or wait.step or named in CHANNEL_KINDS):
        mend = 'Write "page", "issue", a URL, a channel such as "mailout", or "step 1".'
        table.blame("wait", f"Nothing is called {named!r}.", mend, key="wait_for")
        return None
    return wait

"""What a check may look at, and how it says what it found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from flows.campaign.folder import Campaign
from flows.campaign.plan import CampaignPlan, Step
from flows.campaign.rendering import StepContent
from flows.models import NewsItem, Organisation, Partner, Problem, Recipient, Severity
from flows.settings import Settings

if TYPE_CHECKING:
    from lxml.html import HtmlElement


@dataclass(frozen=True, slots=True, kw_only=True)
class FilledMail:
    """One mail step's mail, filled in for one recipient."""

    step: Step
    where: str
    """Its draft, relative to the content folder."""
    subject: str
    preheader: str
    html: str
    text: str
    tree: HtmlElement
    """The HTML, parsed."""
    unsubscribe_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lacking:
    """The recipients of a mail about whom something that it says is not known."""

    fields: frozenset[str]
    people: int
    some: tuple[str, ...]
    """The addresses of a few of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Everything that could be read of a campaign; what could not be read is None or missing."""

    campaign: Campaign
    settings: Settings
    now: datetime
    zone: ZoneInfo
    """The organisation's; that of Amsterdam as long as it cannot be read."""
    organisation: Organisation | None
    item: NewsItem | None
    plan: CampaignPlan | None
    partners: tuple[Partner, ...] | None
    readers: tuple[Recipient, ...] | None
    """A rehearsal's; None when the file is not there."""
    reached: Mapping[int, int]
    """How many recipients each mail step has now, by its number, where that is known."""
    lacking: Mapping[int, Lacking]
    """What subscribers lack that a mail step asks for, by its number, where that is known."""
    texts: Mapping[str, str]
    """Each draft that a step names, by its path within the folder."""
    contents: Mapping[int, StepContent]
    """What each step sends, by its number."""
    mails: tuple[FilledMail, ...]
    """Each mail step's mail as its recipient with the longest values gets it."""

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps, as far as there is a plan."""
        return self.plan.steps if self.plan else ()

    @property
    def composed(self) -> list[tuple[Step, StepContent]]:
        """The steps that could be composed, each with what it sends."""
        return [
            (step, self.contents[step.number])
            for step in self.steps
            if step.number in self.contents
        ]

    def where(self, file: str, line: int | None = None) -> str:
        """Return a place in a file of the campaign's folder, relative to the content folder."""
        path = relative(str(self.campaign.path / file), self.settings.content_dir)
        return f"{path}:{line}" if line else path

    def where_field(self, mail: FilledMail, name: str) -> str:
        """Return where a field stands in the front matter of a mail's draft."""
        lines = self.texts.get(mail.step.draft, "").split("\n")
        for number, line in enumerate(lines, 1):
            if line.startswith(f"{name}:"):
                return f"{mail.where}:{number}"
        return mail.where

    def where_step(self, step: Step) -> str:
        """Return where a step begins."""
        return self.where("campaign.toml", step.line)


Check = Callable[[Look], Iterable[Problem]]


def relative(where: str, content_dir: Path) -> str:
    """Return a place without the content folder before it."""
    return where.removeprefix(f"{content_dir}/")


def error(code: str, where: str, what: str, mend: str) -> Problem:
    """Return a problem that keeps the campaign from being launched."""
    return found(Severity.ERROR, code, where, what, mend)


def warning(code: str, where: str, what: str, mend: str) -> Problem:
    """Return a problem that is worth a look."""
    return found(Severity.WARNING, code, where, what, mend)


def found(severity: Severity, code: str, where: str, what: str, mend: str) -> Problem:
    """Return a problem whose severity is for the organisation to say."""
    return Problem(severity=severity, code=code, where=where, what=what, mend=mend)

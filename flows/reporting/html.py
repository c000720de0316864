"""The report as one self-contained page: nothing is fetched, nothing runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from flows.models import DeliveryState
from flows.reporting import verdict
from flows.reporting.explain import explain, their_words
from flows.reporting.idiom import Idiom, printable
from flows.reporting.model import Counts, Report, StepReport
from flows.settings import HOUSE

if TYPE_CHECKING:
    from jinja2 import Template
    from markupsafe import Markup

TEMPLATE = "report.html.j2"
LEAST_WIDTH = 1.2
"""Percent of the bar that even a single delivery gets, so that it can be seen."""
LEAST_LABEL = 14.0
"""Percent of the bar that a number needs to stand in it on a phone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One state in a channel's bar; places and widths in percent of the bar."""

    state: DeliveryState
    number: int
    x: float
    width: float

    @property
    def middle(self) -> float:
        """Where its number stands."""
        return round(self.x + self.width / 2, 3)

    @property
    def labelled(self) -> bool:
        """Whether its number fits into it and can be read on its fill."""
        plain = self.state in (DeliveryState.SENT, DeliveryState.DELIVERED)
        return plain and self.width >= LEAST_LABEL


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """One place on the timeline: a step, or the event itself."""

    place: int
    """Breaks ties: the event comes after the steps of the same moment."""
    step: StepReport | None = None
    at: datetime | None = None
    act: str = ""
    """What somebody did then, if it is neither a step nor the event."""


def render_html(
    report: Report, *, language: str | None = None, templates: Path = HOUSE / "templates"
) -> str:
    """Return the report as an HTML page.

    Args:
        report: What to tell.
        language: `nl` or `en`; the campaign's own if None.
        templates: The folder that holds `report.html.j2`.
    """
    idiom = Idiom.of(report, language=language)
    return _template(templates).render(
        report=report,
        idiom=idiom,
        w=idiom.words,
        sentence=verdict.sentence(report, idiom),
        known=verdict.known(report, idiom),
        attention=verdict.attention(report, idiom),
        sum_line=verdict.sum_line,
        answers_line=verdict.answers_line,
        standing=verdict.standing,
        uptake=verdict.uptake_of(report, idiom),
        segments=segments,
        stops=stops(report, idiom),
        why=explain,
        their_words=their_words,
        states=tuple(DeliveryState),
    )


def segments(counts: Counts) -> list[Segment]:
    """Return the bar of a channel: a segment per state that occurs, in the glossary's order."""
    found = {state: counts[state] for state in DeliveryState if counts.get(state)}
    widths = _widths(found)
    bar: list[Segment] = []
    x = 0.0
    for state, number in found.items():
        bar.append(Segment(state=state, number=number, x=round(x, 3), width=widths[state]))
        x += widths[state]
    return bar


def stops(report: Report, idiom: Idiom) -> list[Stop]:
    """Return the steps, what people did and the event, in the order in which they happen."""
    timed = [
        (step.started_at or step.at, Stop(place=step.number, step=step)) for step in report.steps
    ]
    timed.append((report.event.at, Stop(place=len(report.steps) + 1)))
    timed += [
        (act.at, Stop(place=0, at=act.at, act=told))
        for act in report.acts
        if (told := verdict.act_line(act, idiom))
    ]
    return [stop for _, stop in sorted(timed, key=lambda pair: (pair[0], pair[1].place))]


def _widths(counts: Counts) -> Mapping[DeliveryState, float]:
    """Return shares in percent that add up to a hundred, none of them too small to be seen."""
    total = sum(counts.values())
    shares = {state: max(100 * number / total, LEAST_WIDTH) for state, number in counts.items()}
    scale = 100 / sum(shares.values()) if shares else 1
    return {state: round(share * scale, 3) for state, share in shares.items()}


@lru_cache(maxsize=4)
def _template(templates: Path) -> Template:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(templates),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["printable"] = printable
    environment.filters["commands"] = _with_commands
    return environment.get_template(TEMPLATE)


def _with_commands(line: str) -> Markup:
    """Return a sentence of ours as HTML, with what stands between backticks set as code."""
    from markupsafe import Markup, escape

    parts = line.split("`")
    marked = [
        Markup("<code>{}</code>").format(part) if place % 2 else escape(part)
        for place, part in enumerate(parts)
    ]
    return Markup("").join(marked)

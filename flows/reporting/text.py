"""The report for a terminal and for paper: plain text, no wider than 80 columns."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

from flows.models import DeliveryState
from flows.reporting.explain import explain, their_words
from flows.reporting.idiom import Idiom, printable
from flows.reporting.model import PostReport, ProblemDelivery, Report, StepReport
from flows.reporting.verdict import (
    act_line,
    answers_line,
    attention,
    known,
    place_of,
    sentence,
    standing,
    sum_line,
    uptake_of,
)

WIDTH = 80
GAP = 2
"""Spaces between two columns."""


def render_text(report: Report, *, language: str | None = None) -> str:
    """Return the report as plain text that ends with a line break.

    Args:
        report: What to tell.
        language: `nl` or `en`; the campaign's own if None.
    """
    idiom = Idiom.of(report, language=language)
    parts = [
        _head(report, idiom),
        _table(report, idiom),
        _timeline(report, idiom),
        _attention(report, idiom),
        _posts(report, idiom),
        _foot(report, idiom),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(report: Report, idiom: Idiom) -> str:
    words = idiom.words
    title = f"{words.heading}: {printable(report.title) or report.campaign}"
    lines = [*_wrapped(title), "=" * min(len(title), WIDTH)]
    if report.rehearsal:
        lines += [*_wrapped(f"*** {words.rehearsal.upper()} *** {words.rehearsal_means}"), ""]
    lines += _wrapped(f"{sentence(report, idiom)} {known(report, idiom)}")
    event = f"{words.event}: {printable(report.event.name)}, {idiom.event_moment(report.event)}"
    return "\n".join([*lines, "", *_wrapped(event)])


def _table(report: Report, idiom: Idiom) -> str:
    """Return a row per state and a column per channel, in as many tables as the width asks."""
    words = idiom.words
    states = [state for state in DeliveryState if report.count(state)]
    first = ["", *(words.states[state] for state in states), words.planned]
    columns = [
        [
            idiom.channel(channel.key),
            *(idiom.number(channel.counts.get(state, 0)) for state in states),
            idiom.number(channel.planned),
        ]
        for channel in report.channels
    ]
    if len(columns) > 1:
        totals = [report.count(state) for state in states]
        columns.append([words.total, *map(idiom.number, totals), idiom.number(report.planned)])
    blocks = [_aligned([first, *group]) for group in _fitting(columns, beside=max(map(len, first)))]
    sums = [
        line
        for step in report.steps
        for line in _wrapped(
            f"{words.step} {step.number} {idiom.channel(step.channel)}: "
            + sum_line(step.planned, step.counts, idiom),
            indent="  ",
        )
    ]
    total = _wrapped(f"{words.total}: {sum_line(report.planned, report.counts, idiom)}")
    return "\n\n".join(
        [
            words.per_channel.upper(),
            *blocks,
            "\n".join([*sums, *_skips(report, idiom), *_answers(report, idiom), *total]),
        ]
    )


def _fitting(columns: Sequence[list[str]], *, beside: int) -> list[list[list[str]]]:
    """Divide columns over as many tables as it takes to stay within the width."""
    groups: list[list[list[str]]] = []
    room = 0
    for column in columns:
        width = GAP + max(map(len, column))
        if width > room:
            groups.append([])
            room = WIDTH - beside
        groups[-1].append(column)
        room -= width
    return groups


def _aligned(columns: Sequence[Sequence[str]]) -> str:
    """Return columns side by side: the first to the left, numbers to the right, last row a sum."""
    widths = [max(map(len, column)) for column in columns]
    rows = [
        (" " * GAP)
        .join(
            cell.ljust(width) if place == 0 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        .rstrip()
        for row in zip(*columns, strict=True)
    ]
    rule = "-" * (sum(widths) + GAP * (len(widths) - 1))
    return "\n".join([rows[0], rule, *rows[1:-1], rule, rows[-1]])


def _skips(report: Report, idiom: Idiom) -> Iterable[str]:
    """Say why deliveries were skipped, per channel."""
    skipped = idiom.words.states[DeliveryState.SKIPPED]
    for channel in report.channels:
        for reason, number in channel.skipped_reasons.items():
            yield from _wrapped(
                f"{idiom.channel(channel.key)}: {idiom.number(number)} {skipped}: "
                f"{idiom.words.reasons[reason]}",
                indent="  ",
            )


def _answers(report: Report, idiom: Idiom) -> Iterable[str]:
    """Say who answered, per channel."""
    for channel in report.channels:
        if channel.answered:
            yield from _wrapped(
                f"{idiom.channel(channel.key)}: {answers_line(channel, idiom)}", indent="  "
            )


def _timeline(report: Report, idiom: Idiom) -> str:
    words = idiom.words
    moments = [
        (step.started_at or step.at, _step_line(report, step, idiom)) for step in report.steps
    ]
    for act in report.acts:
        if told := act_line(act, idiom):
            at = idiom.short(act.at)
            lines = _wrapped(f"{at}  {told}", indent=" " * (len(at) + 2))
            moments.append((act.at, "\n".join(lines)))
    name = printable(report.event.name)
    moments.append((report.event.at, f"{idiom.short(report.event.at)}  *** {name} ***"))
    ordered = [line for _, line in sorted(moments, key=lambda pair: pair[0])]
    return "\n".join([words.timeline.upper(), "", *ordered])


def _step_line(report: Report, step: StepReport, idiom: Idiom) -> str:
    words = idiom.words
    moment = step.started_at or step.at
    of_planned = words.of_planned.format(
        count=idiom.number(step.accepted), planned=idiom.number(step.planned)
    )
    lines = [
        f"{idiom.short(moment)}  {words.step} {step.number} {idiom.channel(step.channel)}: "
        f"{words.step_states[step.state]}, {words.handed_over} {of_planned}",
        f"{'':{len(idiom.short(moment))}}  {idiom.before(moment, report.event)}",
    ]
    return "\n".join(lines)


def _attention(report: Report, idiom: Idiom) -> str:
    words = idiom.words
    lines = [
        line
        for what in attention(report, idiom) or [words.nothing_needs_attention]
        for line in _wrapped(f"- {what}", indent="  ")
    ]
    if report.problems:
        lines += ["", *_wrapped(words.personal_data)]
    for problem in report.problems:
        lines += ["", *_problem(problem, idiom)]
    if report.problems and report.attention > len(report.problems):
        shown = words.problems_shown.format(
            shown=idiom.number(len(report.problems)), total=idiom.number(report.attention)
        )
        lines += ["", *_wrapped(shown)]
    return "\n".join([words.attention.upper(), "", *lines])


def _problem(problem: ProblemDelivery, idiom: Idiom) -> list[str]:
    why = explain(problem, language=idiom.code)
    theirs = printable(their_words(problem))
    lines = [
        f"{printable(problem.recipient)}  [{idiom.words.states[problem.state]}, "
        f"{idiom.channel(problem.channel)}]",
        *_wrapped(f"  {why}", indent="  "),
    ]
    return lines + (
        _wrapped(f"  {idiom.words.their_words}: {theirs}", indent="  ") if theirs else []
    )


def _posts(report: Report, idiom: Idiom) -> str:
    if not report.posts:
        return ""
    lines = [line for post in report.posts for line in _post(post, idiom)]
    if uptake := uptake_of(report, idiom):
        lines += ["", *_wrapped(uptake)]
    return "\n".join([idiom.words.posts.upper(), "", *lines])


def _post(post: PostReport, idiom: Idiom) -> list[str]:
    words = idiom.words
    lines = [
        *_wrapped(f"{place_of(post, idiom)}: {standing(post, idiom)}", indent="  "),
        f"  {printable(post.url)}" if post.url else "",
        *(
            f"  {words.networks.get(what, what)} {idiom.number(n)}"
            for what, n in post.numbers.items()
        ),
    ]
    if post.passed_on_by:
        names = ", ".join(printable(name) for name in post.passed_on_by)
        lines += _wrapped(f"  {words.passed_on_by}: {names}", indent="    ")
    return [line for line in lines if line]


def _foot(report: Report, idiom: Idiom) -> str:
    words = idiom.words
    generated = f"{words.generated} {idiom.moment(report.generated_at)}."
    zone = words.zone.format(zone=idiom.time_zone)
    return "\n".join([*_wrapped(words.unknowns[0]), "", *_wrapped(f"{generated} {zone}")])


def _wrapped(text: str, *, indent: str = "") -> list[str]:
    """Break a paragraph into lines; a long address or link stays whole."""
    return textwrap.wrap(
        text, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )

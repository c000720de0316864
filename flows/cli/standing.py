"""Where a launched campaign stands, a line a step."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import click

from flows.models import DeliveryState
from flows.reporting.model import Report


def show_steps(report: Report, zone: ZoneInfo) -> None:
    """Print each step with its time, state, counts and what is in its way."""
    for step in report.steps:
        counts = ", ".join(f"{number} {state}" for state, number in step.counts.items() if number)
        local = step.at.astimezone(zone)
        when = f"{step.number:>2}. {local:%d-%m-%Y %H:%M}"
        click.echo(f"{when}  {step.channel:<12} {step.state:<10} {counts}")
        if step.reason:
            click.echo(f"{'':>4}{step.reason}")
        if step.for_a_person.get(DeliveryState.DEFERRED):
            click.echo(
                f"{'':>4}It lies ready to be posted by hand; then say "
                f"`oproep done {report.campaign} {step.number} --url URL`."
            )
        elif step.for_a_person.get(DeliveryState.SKIPPED):
            click.echo(f"{'':>4}It was not reported as posted before its deadline.")

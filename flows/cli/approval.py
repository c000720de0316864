"""Commands before the launch: plan, test, approve, diff."""

from __future__ import annotations

import json

import click

from flows import clock
from flows.cli.opened import Opened, opened

APPROVED_SHOWN = 8
"""Characters of a fingerprint that are shown: enough to tell two apart over the telephone."""


@click.command("plan")
@click.argument("campaign")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def plan_command(campaign: str, as_json: bool) -> int:
    """Show the steps of CAMPAIGN on a line before the event."""
    from flows.campaign.reached import Reach
    from flows.campaign.timeline import rows, timeline

    with opened(campaign) as there:
        event, zone = there.campaign.plan.event, there.campaign.zone
        reach = Reach(there.campaign, there.settings, there.ledger.engine)
        line = timeline(there.campaign, there.settings, recipients=reach.count)
    now = clock.now()
    told = rows(line, event=event.at, zone=zone, now=now)
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        click.echo(f"{event.name}: {event.at.astimezone(zone):%d-%m-%Y %H:%M} ({zone.key})")
        click.echo(
            f"{'step':<16} {'local time':<17} {'UTC':<17} {'before':<11} {'messages':>8} "
            f"{'minutes':>8}  latest start"
        )
        for each, values in zip(line, told, strict=True):
            step = each.step
            minutes = values["minutes_needed"]
            click.echo(
                f"{step.number:>2} {step.channel:<13} {step.starts.astimezone(zone):%d-%m-%Y %H:%M}"
                f"  {step.starts:%d-%m-%Y %H:%M}  {values['before']:<11} {each.messages:>8,} "
                f"{'-' if minutes is None else minutes:>8}  "
                f"{each.latest_start.astimezone(zone):%d-%m %H:%M}"
            )
            if step.wait:
                click.echo(f"{'':<16} waits for {step.wait.sentence(zone)}")
    late = [each.step.number for each in line if not each.fits(now)]
    for number in late:
        click.echo(f"Step {number} cannot be through by its deadline.", err=True)
    return 1 if late else 0


@click.command("test")
@click.argument("campaign")
@click.option("--to", required=True, help="Your own address.")
def test_command(campaign: str, to: str) -> int:
    """Send one copy of each mail of CAMPAIGN to yourself, marked as a test."""
    import asyncio

    from flows.campaign.trial import send_trials
    from flows.channels.opening import open_mail

    with opened(campaign) as there:
        channel = open_mail(there.settings, step="test")
        tried = asyncio.run(send_trials(there.campaign, there.settings, channel, to=to))
    for each in tried:
        if each.sent:
            click.echo(f"Sent to {to}: {each.subject}")
        else:
            click.echo(f"Not sent: {each.subject}: {each.words}", err=True)
    return 0 if all(each.sent for each in tried) else 1


@click.command("approve")
@click.argument("campaign")
@click.option("--by", "name", required=True, help="Your name, as it stands in the report.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def approve_command(campaign: str, name: str, yes: bool) -> None:
    """Say yes to exactly what CAMPAIGN would send now; any change afterwards voids it."""
    from flows.campaign.fingerprint import fingerprint, snapshot
    from flows.campaign.launching import is_changed, require_no_errors, standing_approvals
    from flows.cli.content import show_problems
    from flows.errors import InputError
    from flows.ledger.approvals import Approvals

    who = " ".join(name.split())
    if not who:
        raise InputError("An approval needs a name.", where="--by", mend="Write --by 'Your name'.")
    with opened(campaign) as there:
        show_problems(require_no_errors(there.campaign, there.settings))
        mark = fingerprint(there.campaign, there.settings)
        click.echo(_what(there), err=True)
        if not yes:
            click.confirm(f"Does {who} approve this?", abort=True, err=True)
        approvals = Approvals(there.ledger.engine, there.slug)
        parts = snapshot(there.campaign, there.settings)
        if approvals.add(mark, by=who, snapshot=parts):
            click.echo(f"Approved by {who}: {mark[:APPROVED_SHOWN]}.")
        else:
            click.echo(f"{who} approved exactly this already: {mark[:APPROVED_SHOWN]}.")
        _, missing = standing_approvals(there.campaign, there.settings, there.ledger)
        launched = there.ledger.find(there.slug)
        if missing:
            click.echo(f"{missing} more must approve it before it can be launched.")
        elif launched is None:
            click.echo(f"It can be launched: `oproep launch {there.slug}`.")
        elif is_changed(launched, mark):
            from flows.cli.launching import launch_approved

            launch_approved(there)


def _what(there: Opened) -> str:
    """Return in a few lines what is being approved."""
    plan, zone = there.campaign.plan, there.campaign.zone
    lines = [
        f"  {step.number}. {step.kind.label}"
        f" on {step.starts.astimezone(zone):%d-%m-%Y at %H:%M}: {step.draft}"
        for step in plan.steps
    ]
    return "\n".join(
        [
            f"{there.campaign.item.title}",
            *lines,
            f"before {plan.event.name}, {plan.event.at.astimezone(zone):%d-%m-%Y at %H:%M}.",
            f"`oproep preview {there.slug}` shows every message.",
        ]
    )


@click.command("diff")
@click.argument("campaign")
def diff_command(campaign: str) -> int:
    """Show what changed in CAMPAIGN since it was approved. Exit code 1 if anything did."""
    from flows.campaign.fingerprint import changes, fingerprint, snapshot
    from flows.errors import InputError
    from flows.ledger.approvals import Approvals

    with opened(campaign) as there:
        approvals = Approvals(there.ledger.engine, there.slug).all()
        if not approvals:
            raise InputError(
                "It was never approved, so there is nothing to compare it with.",
                where=there.slug,
                mend=f"`oproep approve {there.slug} --by NAME` approves it.",
            )
        last, zone = approvals[-1], there.campaign.zone
        when = f"{last.at.astimezone(zone):%d-%m-%Y %H:%M}"
        if last.fingerprint == fingerprint(there.campaign, there.settings):
            click.echo(f"Nothing changed since {last.approved_by} approved it on {when}.", err=True)
            return 0
        click.echo(f"Changed since {last.approved_by} approved it on {when}:", err=True)
        for line in changes(last.snapshot, snapshot(there.campaign, there.settings)):
            click.echo(line)
    return 1

"""Commands around a campaign's texts: draft, preview, check."""

from __future__ import annotations

import json
from collections.abc import Sequence

import click

from flows.models import Problem, Severity
from flows.settings import load


@click.command("draft")
@click.argument("campaign")
@click.option("--force", is_flag=True, help="Write over drafts that were edited.")
def draft_command(campaign: str, force: bool) -> None:
    """Write drafts for CAMPAIGN from its item. Edited drafts are left as they are."""
    from flows.campaign.drafting import write_drafts
    from flows.campaign.folder import find_campaign

    settings = load()
    folder = find_campaign(settings, campaign)
    for path, outcome in write_drafts(settings, folder, force=force):
        click.echo(f"{outcome + ':':<11}{path}")
    click.echo(f"Next: edit the drafts, then `oproep check {folder.name}`.", err=True)


@click.command("preview")
@click.argument("campaign")
@click.option("--open", "open_it", is_flag=True, help="Open it in the browser.")
def preview_command(campaign: str, open_it: bool) -> None:
    """Show every message of CAMPAIGN as it would go out, for each recipient by name."""
    from flows.audience.readers import read_readers
    from flows.campaign.folder import READERS_FILE, find_campaign, load_campaign
    from flows.campaign.preview import write_preview

    settings = load()
    content = load_campaign(find_campaign(settings, campaign), settings)
    readers = read_readers(settings.content_dir / READERS_FILE)
    index = write_preview(content, settings, readers, settings.var_dir / "preview" / content.slug)
    click.echo(f"The preview is at {index}")
    if open_it:
        click.launch(str(index))


@click.command("check")
@click.argument("campaign")
@click.option("--online", is_flag=True, help="Ask accounts and linked pages as well.")
@click.option("--allow-private", is_flag=True, help="With --online: also pages of an intranet.")
@click.option("--json", "as_json", is_flag=True, help="Print the problems as JSON.")
def check_command(campaign: str, online: bool, allow_private: bool, as_json: bool) -> int:
    """List every problem of CAMPAIGN at once. Errors (exit 1) stop a launch, warnings do not."""
    from flows.campaign.checks import check_campaign
    from flows.campaign.folder import find_campaign, load_campaign

    settings = load()
    folder = find_campaign(settings, campaign)
    content = load_campaign(folder, settings)
    problems = check_campaign(content, settings)
    if online:
        from flows.campaign.check_online import check_online

        problems += check_online(content, settings, allow_private=allow_private)
    errors = [problem for problem in problems if problem.severity is Severity.ERROR]
    if as_json:
        click.echo(json.dumps([_problem_json(problem) for problem in problems], indent=2))
    else:
        show_problems(problems, err=False)
        click.echo(f"{len(errors)} errors, {len(problems) - len(errors)} warnings.")
        if not errors:
            click.echo(f"Next: `oproep rehearse {folder.name}`.", err=True)
    return 1 if errors else 0


def show_problems(problems: Sequence[Problem], *, err: bool = True) -> None:
    """Print problems, errors first: where, what, and the mend."""
    for problem in sorted(problems, key=lambda problem: problem.severity is Severity.WARNING):
        click.echo(f"{problem.severity}: {problem.what} [{problem.code}]", err=err)
        click.echo(f"  where: {problem.where}", err=err)
        click.echo(f"  mend:  {problem.mend}", err=err)


def _problem_json(problem: Problem) -> dict[str, str]:
    return {
        "severity": problem.severity,
        "code": problem.code,
        "where": problem.where,
        "what": problem.what,
        "mend": problem.mend,
    }

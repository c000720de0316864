"""Commands around one campaign's way out: rehearse, status, report."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from flows.campaign.checks import check_campaign
from flows.campaign.folder import Campaign, find_campaign, load_campaign
from flows.cli.content import show_problems
from flows.cli.opened import Opened, opened
from flows.cli.standing import show_steps
from flows.cli.terminal import progress_shown
from flows.database import open_database
from flows.errors import InputError, LedgerError
from flows.files import write_text
from flows.ledger.book import Ledger
from flows.ledger.frozen import ENDED, FrozenCampaign
from flows.models import CampaignState, Severity
from flows.prefect_home import own_server
from flows.progress import listening
from flows.reporting.gather import each_delivery, gather
from flows.reporting.model import Report
from flows.settings import Settings, load


@click.command("rehearse")
@click.argument("campaign")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def rehearse_command(campaign: str, as_json: bool) -> None:
    """Run the whole of CAMPAIGN on a simulated clock. Nothing is sent."""
    settings = load()
    content = load_campaign(find_campaign(settings, campaign), settings)
    with own_server(settings.var_dir) as server_is_up:
        _require_no_errors(content, settings)
        click.echo("Rehearsing: nothing is sent. Waiting for Prefect…", err=True)
        from flows.rehearse import rehearse

        server_is_up()
        with progress_shown(content.zone) as show, listening(show):
            report: Report = asyncio.run(rehearse(campaign=campaign))
    outbox = settings.outbox(content.slug)
    if as_json:
        click.echo(_json(report.to_json() | {"outbox": str(outbox)}))
        return
    from flows.reporting.text import render_text

    click.echo(render_text(report), err=True)
    click.echo(f"Rehearsed. The report is at {outbox / 'report.html'}")


def _require_no_errors(content: Campaign, settings: Settings) -> None:
    """Show all problems.

    Raises:
        InputError: one of them is an error.
    """
    problems = check_campaign(content, settings)
    show_problems(problems)
    if any(problem.severity is Severity.ERROR for problem in problems):
        raise InputError(
            "These errors would stop a launch, so there is nothing to rehearse yet.",
            where=content.slug,
            mend=f"Mend them and try again; `oproep check {content.slug}` lists them.",
        )


@click.command("status")
@click.argument("campaign")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def status_command(campaign: str, as_json: bool) -> None:
    """Show where CAMPAIGN stands: its state and each step's."""
    with opened(campaign) as there:
        frozen = there.ledger.find(there.slug)
        if frozen is None:
            _show_unlaunched(there, as_json=as_json)
            return
        report = gather(there.ledger, there.slug)
        holds = _still_approved(there, frozen)
    if as_json:
        click.echo(_json({"state": frozen.state, "approval_holds": holds} | report.to_json()))
        return
    click.echo(f"{frozen.title}: {frozen.state}")
    if not holds:
        click.echo(
            "Changed since it was approved, so nothing more begins: "
            f"`oproep diff {frozen.slug}` shows what, "
            f"`oproep approve {frozen.slug} --by NAME` approves it."
        )
    show_steps(report, ZoneInfo(frozen.time_zone))


def _still_approved(there: Opened, frozen: FrozenCampaign) -> bool:
    """Return whether what is to come of a launched campaign is what was approved."""
    from flows.campaign.fingerprint import fingerprint
    from flows.campaign.launching import is_changed

    if all(step.state in ENDED for step in frozen.steps):
        return True
    try:
        return not is_changed(frozen, fingerprint(there.campaign, there.settings))
    except InputError:
        return False


def _show_unlaunched(there: Opened, *, as_json: bool) -> None:
    """Say of a campaign that is not launched whether it is approved as it is now."""
    from flows.campaign.launching import standing_approvals

    names, missing = standing_approvals(there.campaign, there.settings, there.ledger)
    state = CampaignState.DRAFT if missing else CampaignState.APPROVED
    if as_json:
        click.echo(_json({"campaign": there.slug, "state": state, "approved_by": names}))
        return
    click.echo(f"{there.campaign.item.title}: {state}, not launched")
    if names:
        click.echo(f"Approved by {', '.join(names)}.")
    if missing:
        click.echo(f"To approve it: `oproep approve {there.slug} --by NAME`.")
    else:
        click.echo(f"To launch it: `oproep launch {there.slug}`.")


@click.command("report")
@click.argument("campaign")
@click.option("--json", "form", flag_value="json", help="Print it as JSON.")
@click.option("--csv", "form", flag_value="csv", help="Print counts per step for a spreadsheet.")
@click.option(
    "--deliveries", "form", flag_value="deliveries", help="The same, a row per recipient."
)
@click.option("--html", "form", flag_value="html", help="Print a self-contained page.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write into this file.")
@click.option("--language", type=click.Choice(["nl", "en"]), help="Default: the campaign's.")
def report_command(
    campaign: str, form: str | None, output: Path | None, language: str | None
) -> None:
    """Show the delivery report of CAMPAIGN: what was planned and what became of it."""
    settings = load()
    with _ledger_of(settings, campaign) as (ledger, slug):
        report = gather(ledger, slug)
        if form == "deliveries":
            from flows.reporting import sheet

            rendered = "".join(sheet.deliveries(each_delivery(ledger, slug)))
        else:
            rendered = _render(report, form or "text", settings, language)
    if output is None:
        click.echo(rendered, nl=not rendered.endswith("\n"))
    else:
        write_text(output, rendered)
        click.echo(f"Written to {output}", err=True)
    report.require_balance()


def _render(report: Report, form: str, settings: Settings, language: str | None) -> str:
    """Return the report in the form asked for."""
    if form == "json":
        return _json(report.to_json())
    if form == "csv":
        from flows.reporting import sheet

        return sheet.steps(report)
    if form == "html":
        from flows.reporting.html import render_html

        return render_html(report, templates=settings.templates_dir, language=language)
    from flows.reporting.text import render_text

    return render_text(report, language=language)


@contextmanager
def _ledger_of(settings: Settings, campaign: str) -> Iterator[tuple[Ledger, str]]:
    """Yield the ledger that knows a campaign, and its slug: launched, or else its last rehearsal.

    Raises:
        LedgerError: it has been neither launched nor rehearsed.
    """
    slug = load_campaign(find_campaign(settings, campaign), settings).slug
    rehearsal = settings.for_rehearsal(slug)
    for place in (settings, rehearsal):
        if place is rehearsal and not rehearsal.rehearsal_ledger.exists():
            break
        engine = open_database(place.database)
        try:
            ledger = Ledger(engine)
            if ledger.find(slug) is not None:
                if place is rehearsal:
                    click.echo("Not launched yet; this is its last rehearsal.", err=True)
                else:
                    ledger.close_overdue()
                yield ledger, slug
                return
        finally:
            engine.dispose()
    raise LedgerError(
        f"Campaign {slug} has been neither launched nor rehearsed, so there is nothing to report.",
        mend=f"`oproep rehearse {slug}` shows what would happen.",
    )


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)

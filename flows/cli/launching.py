"""Commands around the launch: launch, unlaunch, move, stop, resume, retry."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from types import ModuleType
from typing import TYPE_CHECKING

import click

from flows import clock
from flows.campaign.launching import Launch, Launched, launch_campaign
from flows.campaign.readiness import unready
from flows.cli.opened import Opened, opened
from flows.cli.standing import show_steps
from flows.errors import OproepError
from flows.ledger.control import Control
from flows.ledger.frozen import ENDED
from flows.models import SkipReason

if TYPE_CHECKING:
    from flows.reporting.model import StepReport

_STEP = click.argument("step", type=int, required=False)
_BY = click.option("--by", "who", help="Your name, for the report.")
_YES = click.option("--yes", is_flag=True, help="Do not ask.")

INTERRUPTED = 130
"""Exit code of what a person broke off."""


@click.command("launch")
@click.argument("campaign")
@click.option("--now", is_flag=True, help="Carry out what is due, here and now, without a server.")
@click.option("--json", "as_json", is_flag=True, help="With --now: progress as lines of JSON.")
@_YES
def launch_command(campaign: str, now: bool, as_json: bool, yes: bool) -> int:
    """Freeze the recipients of CAMPAIGN and schedule its steps. Again, it changes nothing."""
    with opened(campaign) as there:
        if now:
            return _launch_now(there, as_json=as_json, yes=yes)
        with _prefect(there) as prefect:
            launched = _launched(there, yes=yes)
            asyncio.run(prefect.schedule(launched.campaign))
    _say_when(there, launched)
    return 0


def launch_approved(there: Opened) -> None:
    """Let what was approved after the launch hold from now on."""
    launched = _launched(there, yes=True)
    _say_when(there, launched)
    _schedule_if_served(there)


def _launched(there: Opened, *, yes: bool) -> Launched:
    """Freeze or adopt, after a yes.

    Raises:
        InputError: it has errors, or is not approved as it is now.
        Abort: the person said no.
    """
    from flows.campaign.reached import Reach

    reach = Reach(there.campaign, there.settings, there.ledger.engine)
    if there.ledger.find(there.slug) is None:
        click.echo(reach.sentence(), err=True)
        if not yes:
            click.confirm("Launch it?", abort=True, err=True)
    return launch_campaign(there.campaign, there.settings, there.ledger, reach)


def _say_when(there: Opened, launched: Launched) -> None:
    """Say what the launch did, and what happens when."""
    did = {
        Launch.FROZEN: "Launched.",
        Launch.ADOPTED: "Launched already; what was changed and approved since holds from now on.",
        Launch.UNCHANGED: "Launched already; nothing changed.",
    }
    click.echo(did[launched.did])
    zone = there.campaign.zone
    for step in launched.campaign.by_time:
        click.echo(
            f"  {step.at.astimezone(zone):%d-%m-%Y %H:%M}  {step.number}. {step.channel}: "
            f"{step.planned} {'message' if step.planned == 1 else 'messages'}, {step.state}"
        )
    for step, fault in unready(there.settings, launched.campaign):
        # Now there is time to mend it; at the step's hour there may be none.
        click.echo(f"Warning: step {step.number} cannot go out yet: {fault}", err=True)


def _launch_now(there: Opened, *, as_json: bool, yes: bool) -> int:
    """Launch, and carry out what is due in this process; return the exit code."""
    from flows.prefect_home import own_server
    from flows.reporting.gather import gather

    ended: dict[int, OproepError | str | None] = {}
    # Started first, the server comes up while the recipients are frozen.
    with own_server(there.settings.var_dir) if _will_be_due(there) else nullcontext() as server:
        launched = _launched(there, yes=yes)
        if not as_json:
            _say_when(there, launched)
        if server is not None:
            ended, asked_to_end = _carried_out(there, server, as_json=as_json)
            if asked_to_end:
                click.echo(
                    "Interrupted. What was on its way has been finished; "
                    f"`oproep launch {there.slug} --now` goes on with the rest.",
                    err=True,
                )
                return INTERRUPTED
    report = gather(there.ledger, there.slug)
    report.require_balance()
    if ended and not as_json:
        click.echo("\nWhat came of it:")
        show_steps(report, there.campaign.zone)
    complete = not report.attention and not any(map(_cut_off, report.steps))
    return _told(there, ended, complete=complete, as_json=as_json)


def _cut_off(step: StepReport) -> bool:
    """Return whether something of a step was too late, or waited in vain."""
    return bool(step.skipped_reasons.keys() & {SkipReason.DEADLINE, SkipReason.CONDITION})


def _will_be_due(there: Opened) -> bool:
    """Return whether a step may begin as soon as the campaign is launched."""
    frozen = there.ledger.find(there.slug)
    ended = {step.number for step in frozen.steps if step.state in ENDED} if frozen else set()
    now = clock.now()
    return any(
        step.starts <= now < step.deadline and step.number not in ended
        for step in there.campaign.plan.steps
    )


def _carried_out(
    there: Opened, server_is_up: Callable[[], None], *, as_json: bool
) -> tuple[dict[int, OproepError | str | None], bool]:
    """Carry out what is due, showing how far it is.

    Returns:
        How each step ended, and whether a person or the system asked to end it.
    """
    from flows.cli.terminal import progress_shown
    from flows.launch import carry_out_due
    from flows.progress import listening
    from flows.termination import run_in_foreground

    server_is_up()
    with progress_shown(there.campaign.zone, as_json=as_json) as show, listening(show):
        return run_in_foreground(carry_out_due(campaign=str(there.campaign.path)))


def _told(
    there: Opened, ended: dict[int, OproepError | str | None], *, complete: bool, as_json: bool
) -> int:
    """Say how each step that was due ended; return the exit code."""
    from flows.cli import show

    code = 0
    for number, end in ended.items():
        if isinstance(end, OproepError):
            click.echo(f"Step {number} came to a halt:", err=True)
            show(end)
            code = max(code, end.exit_code)
        elif end is not None:
            click.echo(f"Step {number}: {end}", err=True)
    waiting = [
        step.number for step in there.ledger.campaign(there.slug).steps if step.state == "scheduled"
    ]
    if ended and not as_json:
        click.echo(f"`oproep report {there.slug}` shows every recipient.")
    if waiting and not as_json:
        numbers = ", ".join(map(str, waiting))
        click.echo(
            f"Still to come: step {numbers}. They go out when `oproep up` runs, or when "
            f"`oproep launch {there.slug} --now` is called at their time."
        )
    return code or (0 if complete else 3)


@click.command("unlaunch")
@click.argument("campaign")
@_BY
def unlaunch_command(campaign: str, who: str | None) -> None:
    """Take the launch of CAMPAIGN back, if nothing of it has gone out."""
    with opened(campaign) as there:
        Control(there.ledger).unlaunch(there.slug, who=who)
        _withdraw_if_served(there)
        click.echo(f"{there.slug} is a draft again; nothing had gone out.")


@click.command("move")
@click.argument("campaign")
@click.option("--event", "moment", required=True, help="When it is now: 2026-02-12T13:00.")
@_BY
def move_command(campaign: str, moment: str, who: str | None) -> None:
    """Give the event of CAMPAIGN another time; every step that hangs on it moves along."""
    from flows.campaign.moving import move_event

    with opened(campaign) as there:
        moved = move_event(there.campaign, moment, ledger=there.ledger, who=who)
        zone = there.campaign.zone
        event = moved.plan.event
        click.echo(f"{event.name}: {event.at.astimezone(zone):%d-%m-%Y %H:%M}")
        launched = there.ledger.find(there.slug)
        frozen = {step.number: step for step in launched.steps} if launched else {}
        for step in moved.plan.steps:
            known = frozen.get(step.number)
            at = known.at if known else step.starts
            ended = known is not None and known.state in ENDED
            stays = f", {known.state}: it stays as it is" if known and ended else ""
            local = f"{at.astimezone(zone):%d-%m-%Y %H:%M}"
            click.echo(f"  {local}  {step.number}. {step.channel}{stays}")
        if launched is not None:
            _schedule_if_served(there)
        click.echo(
            "Look whether the texts still name the old time. It must be approved again before "
            f"anything more goes out: `oproep approve {there.slug} --by NAME`."
        )


@click.command("stop")
@click.argument("campaign")
@_STEP
@click.option("--why", default="", help="Why, for the report.")
@_BY
def stop_command(campaign: str, step: int | None, why: str, who: str | None) -> None:
    """End all new hand-overs of CAMPAIGN, or of one STEP, within a second."""
    with opened(campaign) as there:
        stopped = Control(there.ledger).stop(there.slug, reason=why, step=step, who=who)
        if not stopped:
            click.echo("Nothing was going on that could be stopped.")
            return
        click.echo(f"Stopped: step {', '.join(map(str, stopped))}. What was in flight finishes.")
        click.echo(f"`oproep resume {there.slug}` goes on with the rest.")


@click.command("resume")
@click.argument("campaign")
@_STEP
@_BY
def resume_command(campaign: str, step: int | None, who: str | None) -> None:
    """Go on with what is left of CAMPAIGN, or of one STEP, after a stop or a pause."""
    with opened(campaign) as there:
        resumed = Control(there.ledger).resume(there.slug, step=step, who=who)
        if not resumed:
            click.echo("Nothing was held back that can still go on.")
            return
        click.echo(f"Goes on: step {', '.join(map(str, resumed))}.")
        _schedule_if_served(there)


@click.command("retry")
@click.argument("campaign")
@_STEP
@_BY
def retry_command(campaign: str, step: int | None, who: str | None) -> None:
    """Try again what failed or was refused in CAMPAIGN, and nothing else."""
    with opened(campaign) as there:
        again = Control(there.ledger).retry(there.slug, step=step, who=who)
        if not again:
            click.echo("Nothing failed that can still be tried again before its deadline.")
            return
        click.echo(f"Tried again: {again}.")
        _schedule_if_served(there)


# --- Prefect ------------------------------------------------------------------------------------


@contextmanager
def _prefect(there: Opened) -> Iterator[ModuleType]:
    """Yield what schedules, with the server of this installation.

    Raises:
        OproepError: no server answers.
    """
    from flows.prefect_home import connected

    with connected(there.settings):
        yield importlib.import_module("flows.deployments")


def _schedule_if_served(there: Opened) -> None:
    """Schedule what is launched; without a server say how it goes on."""
    try:
        with _prefect(there) as prefect:
            asyncio.run(prefect.schedule(there.ledger.campaign(there.slug)))
    except OproepError as error:
        click.echo(
            f"Not scheduled: {error.what} It goes out when `oproep up` runs, or by "
            f"`oproep launch {there.slug} --now`.",
            err=True,
        )


def _withdraw_if_served(there: Opened) -> None:
    """Take back what is scheduled; without a server nothing runs, and what comes later refuses."""
    with suppress(OproepError), _prefect(there) as prefect:
        asyncio.run(prefect.withdraw(there.slug))

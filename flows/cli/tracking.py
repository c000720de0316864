"""The command track: what came back by mail, and what others did with the posts."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

import click

if TYPE_CHECKING:
    from flows.models import Organisation
    from flows.returns.classify import Return
    from flows.returns.findings import Finding
    from flows.settings import Settings

WAIT_SECONDS = 600.0
"""An IDLE that lasts longer may be cut off by the server (RFC 2177 says 29 minutes)."""
TRY_AGAIN = 75
"""What a command that mail is piped to says when it could not take it (EX_TEMPFAIL)."""


@click.command("track")
@click.argument("campaign", required=False)
@click.option(
    "--from",
    "source",
    metavar="PATH",
    help="Read returned mail from a file, folder, Maildir or mbox; - for a pipe.",
)
@click.option("--act", is_flag=True, help="With --from: write it into the ledger and act on it.")
@click.option("--wait", is_flag=True, help="Go on reading the mailbox as mail comes.")
@click.option("--until-closed", is_flag=True, hidden=True, help="End when standard input does.")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@click.pass_context
def track_command(
    context: click.Context,
    campaign: str | None,
    source: str | None,
    act: bool,
    wait: bool,
    until_closed: bool,
    as_json: bool,
) -> int:
    """Read the mailbox of returned mail and ask how posts stand; of CAMPAIGN only its posts.

    With --from, say what returned messages mean, a line per recipient named. That changes nothing
    unless --act is given.
    """
    if source is not None:
        if act:
            return _act_on(source, as_json=as_json)
        return _from_files(source, as_json=as_json)
    if act:
        raise click.UsageError("--act goes with --from.")
    if wait:
        return _wait(until_closed=until_closed)
    from flows.cli.afterwards import track_command as posts

    failed = 0 if campaign else _mailbox(as_json=as_json)
    looked: int = context.invoke(posts, campaign=campaign, as_json=as_json)
    return looked or failed


def _wait(*, until_closed: bool) -> int:
    """Read the mailbox as mail comes, until somebody ends it.

    Args:
        until_closed: Whether it ends with whoever started it, and nothing else ends it: who keeps
            it running would only start it again, and soon.
    """
    from flows.errors import Deferred, OproepError
    from flows.returns.round import process, wait_for_mail
    from flows.settings import load

    settings = load()
    if until_closed:
        threading.Thread(target=_end_with, args=(sys.stdin,), daemon=True).start()
    told: set[str] = set()
    while True:
        try:
            summary = process(settings, _organisation(settings))
            # A doubt is found again in each round for days.
            doubts = set(summary.doubted) - told
            if summary.messages or summary.suppressed or summary.faults or doubts:
                click.echo("\n".join(summary.lines()))
            told |= doubts
            wait_for_mail(settings, WAIT_SECONDS)
        except Deferred as error:
            click.echo(f"{error} Trying again in a minute.", err=True)
            time.sleep(60)
        except OproepError as error:
            if not until_closed:
                raise
            click.echo(f"{error} Trying again in ten minutes.", err=True)
            time.sleep(WAIT_SECONDS)


def _end_with(stream: TextIO) -> None:
    stream.read()  # returns when the other end of the pipe is closed, by whatever end
    os._exit(0)  # nothing is lost: what was not dealt with is read again


def _mailbox(*, as_json: bool) -> int:
    """Read the mailbox of returned mail, if there is one; return the exit code."""
    from flows.errors import OproepError
    from flows.settings import load

    settings = load()
    if settings.returns_url is None:
        return 0
    from flows.returns.round import process

    try:
        summary = process(settings, _organisation(settings))
    except OproepError as error:
        # The posts are looked at all the same.
        click.echo(f"Error: {error}", err=True)
        return error.exit_code
    for line in summary.lines():
        # With --json, stdout holds one object: that of the posts.
        click.echo(line, err=as_json)
    return 1 if summary.faults else 0


def _organisation(settings: Settings) -> Organisation:
    from flows.campaign.folder import ORGANISATION_FILE, read_organisation

    return read_organisation(settings.content_dir / ORGANISATION_FILE)


def _act_on(source: str, *, as_json: bool) -> int:
    """Process the messages of a file or folder like those of the mailbox."""
    from flows.returns.files import PIPE
    from flows.settings import load

    try:
        from flows.returns.round import process

        settings = load()
        summary = process(settings, _organisation(settings), source=source)
    except Exception as error:
        if source != PIPE:
            raise
        # Whatever it is: the mail server that pipes mail to us must keep it and try again later.
        click.echo(f"Error: {error}", err=True)
        return TRY_AGAIN
    if as_json:
        click.echo(json.dumps(summary.to_json(), ensure_ascii=False, indent=2))
    else:
        for line in summary.lines():
            click.echo(line)
    return 1 if summary.faults and source != PIPE else 0


def _from_files(source: str, *, as_json: bool) -> int:
    """Print what the messages of a file or folder say."""
    from flows.returns.classify import read_return
    from flows.returns.files import messages

    number = 0
    with _finder() as find:
        for found in messages(source):
            number += 1
            came_back = read_return(found.raw)
            for finding in came_back.findings:
                told = _told(found.file, finding, find(came_back, finding))
                line = json.dumps(told, ensure_ascii=False) if as_json else _line(told)
                click.echo(line if as_json else f"{line}  {found.place}")
    if not number:
        click.echo("There is no message.", err=True)
    return 0


def _told(file: str, finding: Finding, delivery: int | None) -> dict[str, object]:
    return {
        "file": file,
        "kind": finding.kind,
        "reason": finding.reason,
        "action": finding.action,
        "status": finding.status,
        "recipient": finding.recipient,
        "message_id": finding.message_id,
        "delivery": delivery,
    }


def _line(told: dict[str, object]) -> str:
    status = told["status"] or ""
    delivery = f"  delivery {told['delivery']}" if told["delivery"] else ""
    return (
        f"{told['kind']:<12} {told['action']:<14} {told['reason']:<15} {status:<7} "
        f"{told['recipient'] or '?'}{delivery}"
    )


@contextmanager
def _finder() -> Iterator[Callable[[Return, Finding], int | None]]:
    """Yield what finds the delivery that a finding is about; nothing where there is no ledger."""
    settings = _settings_of_a_ledger()
    if settings is None or settings.secret_key is None:
        yield lambda _came_back, _finding: None
        return
    from flows.database import open_database
    from flows.returns.lookup import Lookup

    engine = open_database(settings.database)
    try:
        lookup = Lookup(engine, settings.secret_key.get_secret_value())

        def find(came_back: Return, finding: Finding) -> int | None:
            match = lookup.find(came_back, finding)
            return match.delivery_id if match else None

        yield find
    finally:
        engine.dispose()


def _settings_of_a_ledger() -> Settings | None:
    """Return the settings if there is a ledger to look things up in; files need none."""
    # Reading the settings takes a tenth of a second.
    from pathlib import Path

    if not any(name.startswith("OPROEP_") for name in os.environ) and not any(
        Path(name).exists() for name in ("secrets.env", "var/ledger.sqlite")
    ):
        return None
    from flows.settings import load

    settings = load()
    if settings.database_url or (settings.var_dir / "ledger.sqlite").exists():
        return settings
    return None

"""Commands around the audience: who is on which list, by what consent, and who is left in peace."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from flows import clock
from flows.audience.lists import lists_of, require_list
from flows.campaign.folder import ORGANISATION_FILE, read_organisation
from flows.database import open_database
from flows.errors import InputError
from flows.models import MailingList, Organisation
from flows.settings import Settings, load

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from flows.audience.counting import Standing
    from flows.audience.importing import Imported
    from flows.audience.subscribers import Audience


@dataclass(frozen=True, slots=True, kw_only=True)
class _Opened:
    settings: Settings
    organisation: Organisation
    audience: Audience


@contextmanager
def _opened() -> Iterator[_Opened]:
    """Yield the audience of this installation.

    Raises:
        InputError: the organisation's file cannot be read.
        SettingsError: there is no secret key.
        LedgerError: the database cannot be opened, or goes with another secret key.
    """
    from flows.audience.subscribers import open_audience

    settings = load()
    organisation = read_organisation(settings.content_dir / ORGANISATION_FILE)
    engine = open_database(settings.database)
    try:
        audience = open_audience(settings, engine)
        yield _Opened(settings=settings, organisation=organisation, audience=audience)
    finally:
        engine.dispose()


@click.group("audience")
def audience_command() -> None:
    """Keep the subscribers: import, export, list, show, suppress, forget, purge."""


@audience_command.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--list", "list_", required=True, help="The list that they are put on.")
@click.option("--consent", required=True, help="The exact words that they agreed to.")
@click.option("--purpose", help="What the mail is for. Default: what the list is about.")
@click.option("--source", help="Where they agreed. Default: the file's name.")
@click.option("--consented-on", help="When they agreed, if the file does not say: 2026-02-01.")
@click.option("--map", "columns", multiple=True, metavar="COLUMN=FIELD", help="Repeatable.")
@click.option("--language", help="Of rows that do not say. Default: the organisation's.")
@click.option("--encoding", type=click.Choice(["utf-8", "windows-1252"]), default="utf-8")
@click.option("--update", is_flag=True, help="Take over names and fields of people on the list.")
@click.option("--refused", type=click.Path(path_type=Path), help="Where refused rows are written.")
@click.option("--dry-run", is_flag=True, help="Say what would happen, and change nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the outcome as JSON.")
def import_command(
    file: Path,
    list_: str,
    consent: str,
    purpose: str | None,
    source: str | None,
    consented_on: str | None,
    columns: tuple[str, ...],
    language: str | None,
    encoding: str,
    update: bool,
    refused: Path | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Put the people in FILE, a CSV file with a line of column names, on a list.

    Everything or nothing is imported. COLUMN=FIELD says what a column holds: email, name (also
    twice), language, consented (when they agreed), or a field of your own such as provincie.

    Nobody is put back who left the list, unless the row names a consent later than that, and
    nobody who is suppressed.
    """
    from flows.audience.importing import Wanted, import_file
    from flows.audience.incoming import read_moment
    from flows.audience.people import Consent
    from flows.cli.reading_bar import octets_shown

    if not consent.strip():
        raise click.UsageError("--consent is empty: write the words that they agreed to.")
    with _opened() as there:
        described = require_list(there.organisation, list_)
        zone = ZoneInfo(there.organisation.time_zone)
        spoken = language or there.organisation.language
        try:
            since = read_moment(consented_on, zone=zone, now=clock.now()) if consented_on else None
        except ValueError as error:
            raise click.BadParameter(str(error), param_hint="--consented-on") from None
        wanted = Wanted(
            path=file,
            list=list_,
            consent=Consent(
                wording=consent.strip(),
                purpose=purpose or described.about_in(spoken) or described.title_in(spoken),
                source=source or f"import of {file.name}",
            ),
            zone=zone,
            columns=columns,
            language=spoken,
            consented=since,
            encoding=encoding,
            update=update,
            dry_run=dry_run,
        )
        refused_to = refused or file.with_name(f"{file.stem}-refused.csv")
        with octets_shown(file.name) as told:
            imported = import_file(there.audience, wanted, refused_to=refused_to, told=told)
    if as_json:
        click.echo(_json(_outcome(imported, wanted.list, dry_run=dry_run)))
    else:
        _say(imported, list_, dry_run=dry_run)


def _outcome(imported: Imported, list_: str, *, dry_run: bool) -> Mapping[str, object]:
    return {
        "list": list_,
        "dry_run": dry_run,
        "rows": imported.rows,
        "on_the_list": imported.mailed,
        **{verdict.value: number for verdict, number in imported.verdicts.items()},
        "unreadable": imported.unreadable,
        "refused": imported.refused,
        "refused_file": str(imported.refused_file) if imported.refused_file else None,
        "role_addresses": imported.roles,
        "role_examples": imported.role_examples,
        "ignored_columns": list(imported.ignored),
    }


def _say(imported: Imported, list_: str, *, dry_run: bool) -> None:
    """Say what became of the rows."""
    from flows.audience.laid_aside import Verdict

    sentences = {
        Verdict.ADDED: "new on the list",
        Verdict.CONFIRMED: "had asked for it and are confirmed now",
        Verdict.RETURNED: "had left it, and consented again since",
        Verdict.UNCHANGED: "are on it already",
        Verdict.LEFT: "refused: they left this list, and no later consent is named",
        Verdict.SUPPRESSED: "refused: suppressed, must not be mailed",
    }
    would = " (a dry run: nothing was changed)" if dry_run else ""
    click.echo(f"{imported.rows:,} rows for the list {list_}{would}")
    for verdict, sentence in sentences.items():
        if number := imported.verdicts.get(verdict):
            click.echo(f"{number:>9,}  {sentence}")
    if imported.unreadable:
        click.echo(f"{imported.unreadable:>9,}  refused: no address, twice there, or unreadable")
    if imported.refused_file:
        click.echo(f"The refused rows, with reasons, are in {imported.refused_file}", err=True)
    if imported.roles:
        some = ", ".join(imported.role_examples[:5])
        what = f"{imported.roles:,} addresses belong to a task, not to a person: {some}"
        click.echo(f"{what}. Did somebody consent there?", err=True)
    if imported.ignored:
        some = ", ".join(imported.ignored)
        click.echo(f"Columns not read: {some}. --map COLUMN=FIELD reads one.", err=True)


@audience_command.command("export")
@click.option("--list", "list_", help="Only this list.")
@click.option("--language", help="Only those who read this language.")
@click.option("--where", multiple=True, metavar="FIELD=VALUE", help="Repeatable.")
@click.option("--all", "everybody", is_flag=True, help="Also those who left or never confirmed.")
@click.option("--json", "as_json", is_flag=True, help="Print a line of JSON per subscription.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write into this file.")
def export_command(
    list_: str | None,
    language: str | None,
    where: tuple[str, ...],
    everybody: bool,
    as_json: bool,
    output: Path | None,
) -> None:
    """Print subscriptions with their proof of consent, as a CSV file safe for spreadsheets."""
    from flows.audience.exporting import Selection, json_lines, subscriptions_sheet, write_private

    with _opened() as there:
        if list_ is not None:
            require_list(there.organisation, list_)
        selection = Selection(
            list=list_, language=language or "", where=_pairs(where), everybody=everybody
        )
        lines = (json_lines if as_json else subscriptions_sheet)(there.audience, selection)
        if output is None:
            for line in lines:
                click.echo(line, nl=False)
        else:
            write_private(output, lines)
            click.echo(f"Written to {output}", err=True)


def _pairs(said: tuple[str, ...]) -> dict[str, str]:
    pairs = [each.partition("=") for each in said]
    if wrong := [name for name, equals, _ in pairs if not equals or not name]:
        raise click.BadParameter(f"{wrong[0]!r} is not FIELD=VALUE.", param_hint="--where")
    return {name.strip(): value.strip() for name, _, value in pairs}


@audience_command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def list_command(as_json: bool) -> None:
    """Show the lists: who is on them, by language, who asked and who left."""
    from flows.audience.counting import suppression_counts

    with _opened() as there:
        described = lists_of(there.organisation)
        standing = _standing(described, there.audience.engine)
        barred = suppression_counts(there.audience.engine)
    if as_json:
        found = {
            key: {
                "title": described[key].title_in("nl") if key in described else None,
                "confirmed": each.confirmed,
                "languages": each.languages,
                "suppressed": each.suppressed,
                "pending": each.pending,
                "ended": each.ended,
            }
            for key, each in standing.items()
        }
        click.echo(_json({"lists": found, "suppressed": barred}))
        return
    for key, each in standing.items():
        languages = ", ".join(f"{number:,} {name}" for name, number in each.languages.items())
        spoken = f" ({languages})" if languages else ""
        unknown = "" if key in described else "; not described in organisation.toml"
        click.echo(
            f"{key:<20} {each.confirmed:>8,} confirmed{spoken}, {each.suppressed:,} suppressed, "
            f"{each.pending:,} asked, {each.ended:,} left{unknown}"
        )
    words = ", ".join(f"{number:,} {reason}" for reason, number in barred.items())
    click.echo(f"{'suppressed':<20} {sum(barred.values()):>8,}{f' ({words})' if words else ''}")


@audience_command.command("show")
@click.argument("address")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def show_command(address: str, as_json: bool) -> None:
    """Show everything that is kept of the person with ADDRESS."""
    from flows.campaign.person import known_of
    from flows.returns.keeping import letters_folder

    with _opened() as there:
        letters = letters_folder(there.settings.var_dir)
        known = known_of(there.audience, address, letters=letters)
        zone = ZoneInfo(there.organisation.time_zone)
    if as_json:
        click.echo(_json(known.to_json()))
        return
    for line in known.lines(zone):
        click.echo(line)


@audience_command.command("forget")
@click.argument("address")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON.")
def forget_command(address: str, yes: bool, as_json: bool) -> None:
    """Delete everything about the person with ADDRESS; only a keyed mark is left.

    The mark keeps imports from bringing them back. They themselves can subscribe again.
    """
    from flows.campaign.retention import forget
    from flows.returns.keeping import letters_folder

    _require_address(address)
    with _opened() as there:
        _confirmed(f"Delete everything about {address}? This cannot be undone.", yes=yes)
        letters = letters_folder(there.settings.var_dir)
        forgotten = forget(there.audience, address, letters=letters)
    if as_json:
        told = {"known": forgotten.known, "deliveries": forgotten.deliveries}
        click.echo(_json(told | {"letters": forgotten.letters}))
        return
    was = "was a subscriber" if forgotten.known else "was no subscriber"
    click.echo(
        f"Forgotten: {address} {was}, and stood in {forgotten.deliveries:,} deliveries; "
        f"{forgotten.letters:,} letters kept for a person to read were deleted. "
        "What is left is a mark that keeps the address from being mailed."
    )


@audience_command.command("suppress")
@click.argument("address")
@click.option("--reason", required=True, help="Why, in words; do not write the address in it.")
@click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON.")
def suppress_command(address: str, reason: str, as_json: bool) -> None:
    """Never mail ADDRESS again, by any list or channel, until `oproep audience lift`."""
    from flows.audience.people import SuppressionReason

    _require_address(address)
    with _opened() as there:
        new = there.audience.suppress(address, reason=SuppressionReason.STAFF, source=reason)
    if as_json:
        click.echo(_json({"suppressed": True, "new": new}))
    else:
        click.echo("Suppressed." if new else "It was suppressed already; your reason stands now.")


@audience_command.command("lift")
@click.argument("address")
@click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON.")
def lift_command(address: str, as_json: bool) -> None:
    """Take the suppression of ADDRESS back. It is mailed again by the lists it is on."""
    _require_address(address)
    with _opened() as there:
        before = there.audience.suppression(address)
        lifted = there.audience.lift(address)
    if as_json:
        click.echo(_json({"lifted": lifted, "reason": before.reason if before else None}))
    else:
        click.echo(f"Lifted: {before.reason}." if before else "It was not suppressed.")


@audience_command.command("purge")
@click.option("--dry-run", is_flag=True, help="Say what would go, and change nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def purge_command(dry_run: bool, as_json: bool) -> None:
    """Let go of details that are older than the retention period; totals stay."""
    from flows.campaign.retention import purge
    from flows.returns.keeping import letters_folder

    with _opened() as there:
        days = there.organisation.retention_days
        letters = letters_folder(there.settings.var_dir)
        purged = purge(there.audience, retention_days=days, letters=letters, dry_run=dry_run)
    if as_json:
        click.echo(_json({"dry_run": dry_run, "retention_days": days} | purged.to_json()))
        return
    click.echo(f"Older than {days} days{' (a dry run: nothing was changed)' if dry_run else ''}:")
    for line in purged.lines():
        click.echo(line)


def _require_address(text: str) -> None:
    from flows.audience.addresses import checked_address

    try:
        checked_address(text)
    except ValueError as error:
        raise InputError(
            f"{text[:80]!r} is not an address: {error}", where="ADDRESS", mend="Correct it."
        ) from None


def _confirmed(question: str, *, yes: bool) -> None:
    """Ask, unless it was answered before."""
    if not yes:
        click.confirm(question, abort=True, err=True)


def _standing(described: Mapping[str, MailingList], engine: Engine) -> dict[str, Standing]:
    """Return how every list stands, those described and those that somebody is or was on."""
    from flows.audience.counting import Standing, list_counts

    counts = list_counts(engine)
    return {key: counts.get(key, Standing()) for key in dict.fromkeys([*described, *counts])}


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2, default=str)

"""The command that reads a news item, and tells what became of its page since."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import click

from flows.errors import InputError
from flows.models import NewsItem
from flows.settings import Settings, load


@click.command("import")
@click.argument("source")
@click.option("--slug", help="Name of the campaign's folder. Default: date and title.")
@click.option("--force", is_flag=True, help="Replace an item.md that is there and differs.")
@click.option("--refresh", is_flag=True, help="SOURCE is a campaign: show what its page changed.")
@click.option("--take", is_flag=True, help="With --refresh: take over what nobody edited here.")
@click.option("--documents", is_flag=True, help="Open the PDFs and count their pages.")
@click.option("--allow-private", is_flag=True, help="Also read pages of an intranet.")
@click.option("--json", "as_json", is_flag=True, help="Print the item as JSON.")
def import_command(
    source: str,
    slug: str | None,
    force: bool,
    refresh: bool,
    take: bool,
    documents: bool,
    allow_private: bool,
    as_json: bool,
) -> None:
    """Read a news item from SOURCE, a URL, HTML file or text file, into a campaign's folder."""
    from flows.campaign.folder import contact_of
    from flows.files import checked_slug, slugify
    from flows.news import item_json
    from flows.news.sources import read_and_keep

    settings = load()
    if refresh:
        _refresh(settings, source, take=take, allow_private=allow_private, as_json=as_json)
        return
    wanted = checked_slug(slug) if slug is not None else None
    contact = contact_of(settings)
    reading, page = read_and_keep(
        source, allow_private=allow_private, content_dir=settings.content_dir, contact=contact
    )
    item, notes = reading.item, list(reading.notes)
    if documents:
        from flows.news.attached import open_documents

        opened = open_documents(item, allow_private=allow_private, contact=contact)
        item, notes = opened.item, [*notes, *opened.notes]
    if as_json:
        click.echo(json.dumps(item_json(item), ensure_ascii=False, indent=2))
    name = wanted or slugify(item.title, published=item.published)
    path = settings.content_dir / name / "item.md"
    _write_item(path, item, force=force)
    if page is not None:
        from flows.news.kept import keep_page

        keep_page(path.parent, page)
    if not as_json:
        _tell(item, reading.origins, path)
    for note in notes:
        click.echo(f"Note: {note}", err=True)
    click.echo(f"Next: read and edit {path}, then `oproep draft {name}`.", err=True)


def _refresh(
    settings: Settings, campaign: str, *, take: bool, allow_private: bool, as_json: bool
) -> None:
    """Show what a campaign's page says otherwise since it was imported; take it over if asked."""
    from flows.campaign.folder import contact_of, find_campaign
    from flows.news import item_json, write_item
    from flows.news.changes import change_json, change_lines
    from flows.news.kept import keep_page, refresh

    folder = find_campaign(settings, campaign)
    found = refresh(
        folder,
        content_dir=settings.content_dir,
        allow_private=allow_private,
        contact=contact_of(settings),
    )
    if as_json:
        said = {"changes": list(map(change_json, found.changes)), "item": item_json(found.item)}
        click.echo(json.dumps(said, ensure_ascii=False, indent=2))
    else:
        for change in found.changes:
            click.echo(change.field + (" (edited here, so it stays)" if change.edited else ""))
            for line in change_lines(change):
                click.echo(f"  {line}")
    if not found.changes:
        click.echo("The page still says the same.", err=True)
    elif take and found.page is not None:
        write_item(folder / "item.md", found.item)
        keep_page(folder, found.page)
        click.echo(f"Taken over into {folder / 'item.md'}", err=True)
    else:
        click.echo("Nothing is written; --take takes it over.", err=True)


def _write_item(path: Path, item: NewsItem, *, force: bool) -> None:
    """Write the item, unless a person has changed the one that is there.

    Raises:
        InputError: there is another item and `force` is not given.
    """
    from flows.news import read_item, write_item

    if path.exists() and not force:
        if read_item(path) == item:
            return
        raise InputError(
            "There is an item of that name already, and it differs from what was read.",
            where=str(path),
            mend="Choose another name with --slug, or replace it with --force.",
        )
    write_item(path, item)


def _tell(item: NewsItem, origins: Mapping[str, str], path: Path) -> None:
    """Say what was found and where, so that what is missing is seen."""
    lines = {
        "title": item.title,
        "published": item.published.isoformat() if item.published else "not found",
        "author": item.author or "not found",
        "language": item.language,
        "lead": f"{len(item.lead)} characters" if item.lead else "not found",
        "body": f"{len(item.body.split())} words" if item.body else "not found",
        "documents": "; ".join(document.title for document in item.documents) or "none",
        "related": f"{len(item.related)}",
        "images": f"{len(item.images)}",
        "organisations": ", ".join(item.organisations) or "none",
        "event": (
            f"{item.dates[0].date.isoformat()}, from “{item.dates[0].text}”"
            if item.dates
            else "no date found"
        ),
    }
    for name, value in lines.items():
        origin = f"  [{origins[name]}]" if origins.get(name) else ""
        click.echo(f"{name + ':':<15}{value}{origin}")
    click.echo(f"{'written to:':<15}{path}")

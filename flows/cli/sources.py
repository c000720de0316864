"""Commands around where news comes from: profiles of sites, and feeds."""

from __future__ import annotations

import json
import os
from datetime import timedelta

import click

from flows.campaign.folder import contact_of
from flows.errors import SettingsError
from flows.models import NewsItem
from flows.settings import load


@click.group("site")
def site_command() -> None:
    """Teach the import where things stand on a site's pages."""


@site_command.command("learn")
@click.argument("url")
@click.option("--save", is_flag=True, help="Write it to content/sites/.")
@click.option("--allow-private", is_flag=True, help="Also read pages of an intranet.")
@click.option("--json", "as_json", is_flag=True, help="Print profile and item as JSON.")
def learn_command(url: str, save: bool, allow_private: bool, as_json: bool) -> None:
    """Propose a profile for the site of URL, and show what it would read."""
    from flows.news import item_json
    from flows.news.learn import learn_site, save_profile

    settings = load()
    learned = learn_site(
        url,
        content_dir=settings.content_dir,
        allow_private=allow_private,
        contact=contact_of(settings),
    )
    selectors = learned.profile.model_dump(exclude_none=True)
    item = item_json(learned.reading.item)
    if as_json:
        click.echo(json.dumps({"profile": selectors, "item": item}, ensure_ascii=False, indent=2))
    else:
        for name, selector in selectors.items():
            click.echo(f"{name + ':':<12}{selector}")
        for name in NewsItem.model_fields:
            value = item[name]
            shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            click.echo(f"  {name + ':':<15}{(shown or 'not found')[:100]}")
    if save:
        save_profile(learned.path, learned.profile)
        click.echo(f"Written to {learned.path}", err=True)
    else:
        click.echo(f"Not saved. --save writes it to {learned.path}", err=True)


@click.command("watch")
@click.argument("feed")
@click.option("--newest", default=0, show_default=True, help="Import so many at the first look.")
@click.option("--every", type=click.IntRange(min=1), help="Look every so many minutes.")
@click.option("--allow-private", is_flag=True, help="Also read pages of an intranet.")
@click.option("--json", "as_json", is_flag=True, help="Print the new campaigns as JSON.")
def watch_command(
    feed: str, newest: int, every: int | None, allow_private: bool, as_json: bool
) -> None:
    """Look at FEED and import what is new as draft campaigns. Nothing is drafted or sent.

    The first look only remembers what is there. With --every it goes on as a Prefect deployment,
    until it is interrupted; that needs a Prefect server (PREFECT_API_URL).
    """
    if every is not None:
        _serve(feed, minutes=every, allow_private=allow_private)
        return
    from flows.news.feed import watch_feed

    settings = load()
    watched = watch_feed(
        feed,
        content_dir=settings.content_dir,
        var_dir=settings.var_dir,
        newest=newest,
        allow_private=allow_private,
        contact=contact_of(settings),
    )
    names = [folder.name for folder in watched.imported]
    if as_json:
        click.echo(json.dumps({"imported": names, "notes": list(watched.notes)}, indent=2))
        return
    for name in names:
        click.echo(name)
    for note in watched.notes:
        click.echo(f"Note: {note}", err=True)
    click.echo(f"{len(names)} new.", err=True)


def _serve(feed: str, *, minutes: int, allow_private: bool) -> None:
    """Hand the feed to Prefect.

    Raises:
        SettingsError: there is no Prefect server to hand it to.
    """
    if not os.environ.get("PREFECT_API_URL"):
        raise SettingsError(
            "There is no Prefect server to keep the schedule.",
            where="PREFECT_API_URL",
            mend="Start one with `prefect server start` and name it, or leave --every out.",
        )
    from flows.deployments import serve_watch

    serve_watch(feed, every=timedelta(minutes=minutes), allow_private=allow_private)

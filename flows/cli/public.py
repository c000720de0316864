"""The command that serves the public pages alone; `oproep up` serves them with all the rest."""

from __future__ import annotations

import sys

import click

from flows.settings import NO_PUBLIC_URL, Settings, load


@click.command("public")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8480, show_default=True, type=click.IntRange(0, 65535))
@click.option("--until-closed", is_flag=True, hidden=True, help="End when standard input does.")
def public_command(host: str, port: int, until_closed: bool) -> None:
    """Serve the public pages: subscribe, confirm, preferences, unsubscribe, archive, feeds.

    Put a proxy with HTTPS in front of it, under OPROEP_PUBLIC_URL; name the proxy in
    OPROEP_PUBLIC_PROXY. Ctrl-C or SIGTERM ends it once every request and mail is through.
    """
    from flows.console.serving import listen, serve

    settings = load()
    socket = listen(host, port)
    with socket:
        here = socket.getsockname()
        click.echo(f"Public pages on http://{_shown(here[0])}:{here[1]}/", err=True)
        click.echo(f"as {settings.public_url}. Ctrl-C ends it.", err=True)
        serve(settings, socket, until=sys.stdin if until_closed else None)


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def looked_at(settings: Settings) -> tuple[str, str, str]:
    """Return, for `oproep doctor`, how the public pages stand: state, what, mend.

    Raises:
        SettingsError: OPROEP_PUBLIC_PROXY or OPROEP_PUBLIC_URL cannot be used.
    """
    from flows.console.public.network import proxies

    proxies(settings.public_proxy)
    url = settings.public_url
    if url == NO_PUBLIC_URL:
        mend = "Set OPROEP_PUBLIC_URL: the links to unsubscribe in every issue begin with it."
        return "unused", "no address set", mend
    settings.require_public_url()
    return "ok", f"{url}; `oproep public` or `oproep up` serves them", ""

"""The command that serves the public pages alone; `oproep up` serves them with all the rest."""

from __future__ import annotations

import sys

import click

from flows.settings import load


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

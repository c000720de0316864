"""Commands for what comes after sending: settle, done, track."""

from __future__ import annotations

import json
from itertools import chain
from pathlib import Path

import click

from flows.campaign.settling import Settled, settle_by_person, settle_posts
from flows.cli.opened import Opened, opened
from flows.errors import AuthLost, InputError, SettingsError
from flows.ledger.doubts import Doubt, doubts
from flows.ledger.engagement import Happening
from flows.ledger.hand_over import recover

IN_PART = 3
"""Exit code when something is left to do."""

_BY = click.option("--by", "who", help="Your name, for the report.")
_JSON = click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")


@click.command("settle")
@click.argument("campaign")
@click.option("--sent", type=int, multiple=True, metavar="ID", help="You know that it went out.")
@click.option("--not-sent", type=int, multiple=True, metavar="ID", help="You know it did not.")
@click.option(
    "--log",
    "logs",
    type=click.Path(path_type=Path, allow_dash=True),
    multiple=True,
    metavar="FILE",
    help="The mail server's log: Postfix's mail.log, plain or .gz, or of journalctl; - reads it "
    "from standard input. Several are read in this order.",
)
@_BY
@_JSON
def settle_command(
    campaign: str,
    sent: tuple[int, ...],
    not_sent: tuple[int, ...],
    logs: tuple[Path, ...],
    who: str | None,
    as_json: bool,
) -> int:
    """Find out what became of messages of CAMPAIGN that may have gone out, and list what is left.

    Posts are looked for on the account, mails in the mail server's own log where you give it. What
    you know yourself you say by number.
    """
    with opened(campaign) as there:
        there.ledger.campaign(there.slug)
        recover(there.ledger.engine)
        settled = settle_by_person(there.ledger, there.slug, sent=sent, not_sent=not_sent, who=who)
        for each in chain(
            _from_logs(there, logs), settle_posts(there.ledger, there.slug, there.settings)
        ):
            settled.append(each)
            if not as_json:
                _say_settled(each)
        left = doubts(there.ledger.engine, there.slug)
        if as_json:
            told = {
                "settled": [_settled_json(each) for each in settled],
                "unconfirmed": [_doubt_json(doubt) for doubt in left],
            }
            click.echo(json.dumps(told, ensure_ascii=False, indent=2))
        else:
            _say_left(there, settled, left)
    lost = any(isinstance(each.fault, AuthLost) for each in settled)
    return AuthLost.exit_code if lost else IN_PART if left else 0


def _from_logs(there: Opened, logs: tuple[Path, ...]) -> list[Settled]:
    """Settle mails by the mail server's log."""
    if not logs:
        return []
    from flows.campaign.relay_log import settle_from_log
    from flows.channels.postfix_log import lines_of

    secret = there.settings.secret_key
    if secret is None:
        raise SettingsError(
            "Without the secret key our mails cannot be told from others.",
            where="OPROEP_SECRET_KEY",
            mend="Set the key that the campaign was launched with.",
        )
    lines = chain.from_iterable(map(lines_of, logs))
    return settle_from_log(there.ledger, there.slug, lines, secret=secret.get_secret_value())


def _say_settled(settled: Settled) -> None:
    doubt = settled.doubt
    said = {"sent": "it is out", "delivered": "it is out", "queued": "it is not out"}
    if settled.fault is None:
        click.echo(f"{_name(doubt)}: {said.get(settled.state, settled.state)}.")
    else:
        click.echo(f"{_name(doubt)}: {settled.fault}", err=True)


def _say_left(there: Opened, settled: list[Settled], left: list[Doubt]) -> None:
    if not left:
        click.echo("Nothing is in doubt." if settled else "Nothing was in doubt.")
    zone = there.campaign.zone
    for doubt in left:
        since = doubt.last_tried.astimezone(zone)
        reply = f"  {doubt.reply}" if doubt.reply else ""
        click.echo(f"{doubt.id:>8}  {_name(doubt)}, tried {since:%d-%m-%Y %H:%M:%S}{reply}")
    if left:
        click.echo(
            f"It never goes out again by itself. Look for yourself, then say `oproep settle "
            f"{there.slug} --sent ID` or `--not-sent ID`.",
            err=True,
        )
    if any(each.state == "queued" for each in settled):
        click.echo(
            f"What is not out goes out when `oproep up` runs, or by `oproep launch {there.slug} "
            "--now`, unless its deadline has passed.",
            err=True,
        )


def _name(doubt: Doubt) -> str:
    part = f" post {doubt.part + 1}" if doubt.account else ""
    return f"step {doubt.step} {doubt.channel}{part} to {doubt.recipient}"


def _doubt_json(doubt: Doubt) -> dict[str, object]:
    return {
        "id": doubt.id,
        "step": doubt.step,
        "channel": doubt.channel,
        "part": doubt.part + 1,
        "recipient": doubt.recipient,
        "tried": doubt.last_tried.isoformat(),
        "reply": doubt.reply,
    }


def _settled_json(settled: Settled) -> dict[str, object]:
    fault = settled.fault.what if settled.fault else None
    return _doubt_json(settled.doubt) | {"state": settled.state.value, "fault": fault}


@click.command("done")
@click.argument("campaign")
@click.argument("step", type=int)
@click.option("--url", help="Where the post stands.")
@click.option("--no-url", is_flag=True, help="It is out, where posts have no address.")
@click.option("--not-done", is_flag=True, help="It was not posted.")
@click.option("--corrected", is_flag=True, help="You changed it there.")
@click.option("--withdrawn", is_flag=True, help="You deleted it there.")
@click.option("--why", default="", help="With --not-done: why, for the report.")
@click.option("--part", type=int, help="Only this post of a thread, from 1.")
@_BY
def done_command(
    campaign: str,
    step: int,
    url: str | None,
    no_url: bool,
    not_done: bool,
    corrected: bool,
    withdrawn: bool,
    why: str,
    part: int | None,
    who: str | None,
) -> None:
    """Say that STEP of CAMPAIGN was posted by hand, and where; or that it was not, and why.

    And what you did to it afterwards: changed or deleted it.
    """
    from flows.campaign import by_hand

    if sum((url is not None, no_url, not_done, corrected, withdrawn)) != 1:
        raise click.UsageError(
            "Say one of --url URL, --no-url, --not-done, --corrected and --withdrawn."
        )
    if not_done and not why.strip():
        raise InputError(
            "The report has to say why.", where="--why", mend='Write --why "de reden".'
        )
    with opened(campaign) as there:
        if not_done:
            number = by_hand.not_done(
                there.ledger, there.settings, there.slug, step, why=why, part=part, who=who
            )
            noted = "not done"
        elif corrected or withdrawn:
            act = Happening.CORRECTED if corrected else Happening.WITHDRAWN
            number = by_hand.changed(
                there.ledger, there.settings, there.campaign, step, act=act, part=part, who=who
            )
            noted = act.value
        else:
            number = by_hand.done(
                there.ledger, there.settings, there.slug, step, url=url or "", part=part, who=who
            )
            noted = "posted"
    click.echo(f"Noted as {noted}: {number} post{'' if number == 1 else 's'}. {url or ''}".strip())


@click.command("track")
@click.argument("campaign", required=False)
@_JSON
def track_command(campaign: str | None, as_json: bool) -> int:
    """Ask how posts stand: of CAMPAIGN all of them, else those whose time to be asked has come."""
    from flows.campaign.folder import find_campaign
    from flows.campaign.tracking import track_posts
    from flows.database import open_database
    from flows.ledger.book import Ledger
    from flows.settings import load

    settings = load()
    slug = find_campaign(settings, campaign).resolve().name if campaign else None
    engine = open_database(settings.database)
    try:
        ledger = Ledger(engine)
        if slug is not None:
            ledger.campaign(slug)
        looked = track_posts(ledger, settings, slug=slug, all_now=slug is not None)
    finally:
        engine.dispose()
    if as_json:
        told = [
            {
                "network": each.network,
                "account": each.account,
                "posts": each.posts,
                "gone": list(each.gone),
                "fault": each.fault.what if each.fault else None,
            }
            for each in looked
        ]
        click.echo(json.dumps({"accounts": told}, ensure_ascii=False, indent=2))
    else:
        for each in looked:
            click.echo(str(each), err=each.fault is not None)
            for url in each.gone:
                click.echo(f"  not there any more: {url}")
        if not looked:
            click.echo("No post is due to be looked at.")
    return max((each.fault.exit_code for each in looked if each.fault), default=0)

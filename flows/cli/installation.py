"""Commands about this installation: doctor."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flows.errors import OproepError
from flows.models import Severity
from flows.settings import SECRETS_FILE, Settings, load

if TYPE_CHECKING:
    from flows.channels.base import PostChannel

SECRET_LENGTH = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at."""

    about: str
    state: str
    """`ok`, `unused` (not set up, and not needed for a rehearsal), `check` or `broken`."""
    what: str
    mend: str = ""


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def doctor_command(as_json: bool) -> int:
    """Say what works in this installation, what does not, and the mend. Changes nothing outside."""
    findings = list(_findings())
    broken = [finding for finding in findings if finding.state == "broken"]
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        for finding in findings:
            click.echo(f"{finding.state:<7} {finding.about:<13} {finding.what}")
            if finding.mend:
                click.echo(f"{'':<21} mend: {finding.mend}")
    return 1 if broken else 0


def _findings() -> Iterator[Finding]:
    """Look at everything; what fails says so and does not keep the rest from being looked at."""
    try:
        settings = load()
    except OproepError as error:
        yield Finding(about="settings", state="broken", what=error.what, mend=error.mend)
        return
    file = "read" if Path(SECRETS_FILE).exists() else "absent (fine for a rehearsal)"
    yield Finding(about="settings", state="ok", what=f"{SECRETS_FILE} is {file}")
    for about, look in _LOOKS.items():
        try:
            found = look(settings)
            yield from (found,) if isinstance(found, Finding) else found
        except OproepError as error:
            where = f" ({error.where})" if error.where else ""
            yield Finding(about=about, state="broken", what=error.what + where, mend=error.mend)


def _organisation(settings: Settings) -> Finding:
    from flows.campaign.folder import ORGANISATION_FILE, read_organisation

    organisation = read_organisation(settings.content_dir / ORGANISATION_FILE)
    return Finding(
        about="organisation", state="ok", what=f"{organisation.name}, {organisation.time_zone}"
    )


def _partners(settings: Settings) -> Finding:
    from flows.audience.partners import read_partners
    from flows.campaign.folder import PARTNERS_FILE

    partners = read_partners(settings.content_dir / PARTNERS_FILE)
    return Finding(about="partners", state="ok", what=f"{len(partners)} contacts")


def _campaigns(settings: Settings) -> Finding:
    from flows.campaign.folder import campaigns

    names = campaigns(settings)
    if names:
        return Finding(about="campaigns", state="ok", what=", ".join(names))
    mend = "`oproep import SOURCE` makes the first one."
    return Finding(about="campaigns", state="unused", what="none yet", mend=mend)


def _templates(settings: Settings) -> Finding:
    from flows.campaign.folder import ORGANISATION_FILE, read_organisation
    from flows.compose.mail import read_mail_draft, render_mail
    from flows.models import MessageKind, NewsItem

    organisation = read_organisation(settings.content_dir / ORGANISATION_FILE)
    words = (
        "---\nsubject: Proef\npreheader: Proef\nlink: https://proef.invalid\n---\n# Proef\n\nTekst."
    )
    for kind in (MessageKind.ISSUE, MessageKind.MAILOUT):
        draft = read_mail_draft(words, where="doctor")
        item = NewsItem(title="Proef", language=organisation.language)
        render_mail(
            draft,
            kind=kind,
            organisation=organisation,
            item=item,
            templates=settings.templates_dir,
        )
    return Finding(about="templates", state="ok", what=f"{settings.templates_dir} compile")


def _ledger(settings: Settings) -> Finding:
    from sqlalchemy import make_url

    from flows.database import open_database

    engine = open_database(settings.database)
    engine.dispose()
    shown = make_url(settings.database).render_as_string(hide_password=True)
    return Finding(about="ledger", state="ok", what=f"{shown} opens and is up to date")


def _prefect(_settings: Settings) -> Finding:
    versions = {name: metadata.version(name) for name in ("prefect", "fastapi")}
    if tuple(int(part) for part in versions["fastapi"].split(".")[:2]) >= (0, 151):
        return Finding(
            about="prefect",
            state="broken",
            what=f"fastapi {versions['fastapi']} breaks Prefect's own server",
            mend="Install what uv.lock says: `uv sync --frozen`.",
        )
    return Finding(about="prefect", state="ok", what=f"Prefect {versions['prefect']}")


def _up(settings: Settings) -> Finding:
    from flows.prefect_home import address_of_up, answers_now, elsewhere

    url = elsewhere()
    try:
        url = url or address_of_up(settings.var_dir)
    except OproepError:
        return Finding(
            about="up",
            state="unused",
            what="`oproep up` is not running; launched campaigns go out only while it does",
            mend="Start it before the first launch: `oproep up`.",
        )
    if not answers_now(url):
        mend = "`oproep up` says what is wrong; just started, it takes a while."
        return Finding(about="up", state="broken", what=f"nothing answers at {url}", mend=mend)
    return Finding(about="up", state="ok", what=f"Prefect's server answers at {url}")


def _secret_key(settings: Settings) -> Finding:
    if settings.secret_key is None:
        return Finding(
            about="secret key",
            state="unused",
            what="OPROEP_SECRET_KEY is not set; a launch needs it",
            mend='python3 -c "import secrets; print(secrets.token_urlsafe(48))" makes one.',
        )
    if len(settings.secret_key.get_secret_value()) < SECRET_LENGTH:
        return Finding(
            about="secret key",
            state="broken",
            what=f"OPROEP_SECRET_KEY is shorter than {SECRET_LENGTH} characters",
            mend="Make a longer one before the first launch; links already sent stop working.",
        )
    return Finding(about="secret key", state="ok", what="set")


def _relay(settings: Settings) -> Finding:
    if settings.smtp_url is None:
        mend = "Set OPROEP_SMTP_URL when mail is to be sent."
        return Finding(about="mail relay", state="unused", what="not set", mend=mend)
    from flows.cli.mail_server import looked_at

    state, what, mend = looked_at(settings)
    return Finding(about="mail relay", state=state, what=what, mend=mend)


def _dkim(settings: Settings) -> Finding:
    from flows.cli.mail_server import signing

    state, what, mend = signing(settings)
    return Finding(about="dkim", state=state, what=what, mend=mend)


def _public(settings: Settings) -> Finding:
    from flows.cli.public import looked_at

    state, what, mend = looked_at(settings)
    return Finding(about="public pages", state=state, what=what, mend=mend)


def _returned_mail(settings: Settings) -> Finding:
    if settings.returns_url is None:
        mend = "Set OPROEP_RETURNS_URL, so that bounces and answers reach the ledger."
        return Finding(about="returned mail", state="unused", what="not set", mend=mend)
    from flows.returns.mailbox import open_mailbox

    with open_mailbox(settings.returns_url.get_secret_value()) as mailbox:
        return Finding(about="returned mail", state="ok", what=mailbox.describe())


def _accounts(settings: Settings) -> Iterator[Finding]:
    """Ask every account that is set up: token, account, scopes, limits, clock."""
    from flows.channels.opening import open_account

    networks = {"mastodon": settings.mastodon, "bluesky": settings.bluesky}
    names = [(network, name) for network, accounts in networks.items() for name in accounts]
    if not names:
        mend = "Set OPROEP_MASTODON_… or OPROEP_BLUESKY_… when posts are to go out."
        yield Finding(about="accounts", state="unused", what="none set", mend=mend)
    for network, name in names:
        about = network if name == "default" else f"{network}:{name}"
        try:
            account = open_account(settings, network=network, account=name)
        except OproepError as error:
            yield Finding(about=about, state="broken", what=error.what, mend=error.mend)
            continue
        for each in account.probe():
            state = {None: "ok", Severity.WARNING: "check", Severity.ERROR: "broken"}[each.severity]
            yield Finding(
                about=about, state=state, what=f"{each.name}: {each.what}", mend=each.mend
            )
        with suppress(OproepError):
            # Whatever keeps it from being told has been said above, or beside the organisation.
            yield from _other_account(settings, account, network, name)


def _other_account(
    settings: Settings, account: PostChannel, network: str, name: str
) -> Iterator[Finding]:
    from flows.campaign.check_online import other_account
    from flows.campaign.folder import ORGANISATION_FILE, read_organisation

    organisation = read_organisation(settings.content_dir / ORGANISATION_FILE)
    if other := other_account(account.name(), network, name, organisation):
        mend = "Correct the one that is wrong."
        yield Finding(about=network, state="check", what=f"account: {other}", mend=mend)


_LOOKS: dict[str, Callable[[Settings], Finding | Iterator[Finding]]] = {
    "organisation": _organisation,
    "partners": _partners,
    "campaigns": _campaigns,
    "templates": _templates,
    "ledger": _ledger,
    "prefect": _prefect,
    "up": _up,
    "secret key": _secret_key,
    "mail relay": _relay,
    "returned mail": _returned_mail,
    "dkim": _dkim,
    "public pages": _public,
    "accounts": _accounts,
}

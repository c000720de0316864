"""What `oproep doctor` says of the mail server and of signing: both are asked, nothing is sent."""

from __future__ import annotations

from typing import NamedTuple

from flows.campaign.folder import ORGANISATION_FILE, read_organisation
from flows.campaign.mailing import dkim_key
from flows.channels.smtp import Offer, Relay, SmtpChannel, server_of
from flows.channels.smtp_connection import HASTY, CannotOpen
from flows.models import Severity
from flows.settings import Settings

_MEGABYTE = 1_000_000


class Look(NamedTuple):
    """What was found."""

    state: str
    what: str
    mend: str = ""


def looked_at(settings: Settings) -> Look:
    """Go as far as a mail would, up to logging in, and say what the server offers.

    Raises:
        SettingsError: the address cannot be used.
    """
    assert settings.smtp_url is not None  # noqa: S101 (the caller has looked)
    server = server_of(settings.smtp_url.get_secret_value())
    try:
        offer = SmtpChannel(Relay(server=server, timeouts=HASTY)).look()
    except CannotOpen as failure:
        mend = "Correct user and password in OPROEP_SMTP_URL." if failure.auth else _MEND
        return Look("broken", f"{server.host}:{server.port}: {failure.words}", mend)
    logged_in = ", logged in" if server.user else ""
    secured = offer.tls or "in the clear"
    what = f"{server.host}:{server.port}, {secured}{logged_in}, {_offered(offer)}"
    return Look("ok", what)


_MEND = "Check OPROEP_SMTP_URL, and that the server runs and lets this machine in."


def _offered(offer: Offer) -> str:
    offered = offer.capabilities
    names = {
        "PIPELINING": offered.pipelining,
        "DSN": offered.dsn,
        "SMTPUTF8": offered.smtputf8,
    }
    words = "offers " + (", ".join(name for name, there in names.items() if there) or "nothing")
    if lacks := [name for name, there in names.items() if not there]:
        words += f" (not {', '.join(lacks)})"
    if offered.size is not None:
        words += f", takes up to {offered.size / _MEGABYTE:.0f} MB"
    return words


def signing(settings: Settings) -> Look:
    """Say whether mails are signed here, and whether the DNS knows the key.

    Raises:
        OproepError: the settings or the organisation's file cannot be used.
    """
    if settings.dkim_key is None and settings.dkim_selector is None:
        return Look("unused", "not set; most mail providers sign themselves")
    from flows.compose.dkim import check_key

    organisation = read_organisation(settings.content_dir / ORGANISATION_FILE)
    domain = organisation.mail.from_address.rpartition("@")[2]
    key = dkim_key(settings, domain)
    assert key is not None  # noqa: S101 (set, as was seen above)
    problems = check_key(key, sender_domain=domain)
    errors = [problem for problem in problems if problem.severity is Severity.ERROR]
    for problem in errors or problems:
        return Look("broken" if errors else "ok", problem.what, problem.mend)
    return Look("ok", f"{key.record_name} stands in the DNS and fits the key")

"""Which channel carries a step under these settings. A rehearsal's lead nowhere but its outbox."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import SecretStr

from flows.channels.base import PostCarrier, PostChannel
from flows.channels.batch import BatchChannel
from flows.channels.byhand import OPENS, ByHand
from flows.channels.outbox import MailOutbox, PostOutbox
from flows.channels.smtp import Relay, SmtpChannel, server_of
from flows.channels.smtp_pace import Bound
from flows.channels.smtp_pool import Bounds
from flows.compose.messages import Mail, Post
from flows.errors import SettingsError
from flows.models import Problem
from flows.settings import Account, Settings

_HERE = ("127.0.0.1", "::1", "localhost")


def open_mail(settings: Settings, *, step: str) -> BatchChannel[Mail]:
    """Return what carries mail; `step` names the files of a rehearsal.

    Raises:
        SettingsError: no mail server is set, or its URL cannot be used.
    """
    if settings.rehearsal is not None:
        return MailOutbox(settings.outbox_in_progress, step=step)
    if settings.smtp_url is None:
        raise SettingsError(
            "There is no mail server to hand mail to.",
            where="OPROEP_SMTP_URL",
            mend="Write smtp+starttls://user:password@host:587, as your provider says.",
        )
    return SmtpChannel(
        Relay(
            server=server_of(settings.smtp_url.get_secret_value()),
            bounds=Bounds(
                connections=settings.smtp_connections, per_connection=settings.smtp_per_connection
            ),
            rates=[Bound(count, seconds) for seconds, count in settings.smtp_bounds.items()],
            per_domain=Bound(settings.smtp_rate_domain) if settings.smtp_rate_domain else None,
        )
    )


def open_posts(settings: Settings, *, step: str, account: str) -> PostCarrier:
    """Return what carries posts to an account; in a rehearsal, to the outbox.

    Args:
        settings: Where the accounts are.
        step: Key of the step's channel; it names the files of a rehearsal.
        account: Name of the account in the settings.

    Raises:
        SettingsError: a setting is missing, or cannot be used.
    """
    if settings.rehearsal is not None:
        return PostOutbox(settings.outbox_in_progress, step=step)
    return open_account(settings, network=step, account=account)


def open_account(settings: Settings, *, network: str, account: str) -> PostChannel:
    """Return an account with all that can be done there.

    Args:
        settings: Where the accounts are.
        network: Key of the channel, such as `mastodon` or `linkedin`.
        account: Its name in the settings; `default` for the one without a name.

    Raises:
        SettingsError: a setting is missing, or cannot be used.
    """
    if settings.rehearsal is not None:
        raise SettingsError("A rehearsal reaches no account.")
    if network in OPENS:
        return ByHand(network, folder=settings.var_dir / "byhand")
    name = account.lower().replace("-", "_")
    # Imported here: the libraries behind them are large, and most commands post nothing.
    if network == "mastodon":
        from flows.channels.mastodon import Mastodon

        given = _given(settings.mastodon, network, name, ("url", "token"))
        return Mastodon(url=given["url"], token=given["token"])
    from flows.channels.bluesky import Bluesky
    from flows.channels.bluesky_session import SessionFile

    given = _given(settings.bluesky, network, name, ("url", "handle", "app_password"))
    session = SessionFile(settings.var_dir / "sessions" / f"bluesky-{name}.json")
    return Bluesky(
        url=given["url"],
        handle=given["handle"],
        app_password=given["app_password"],
        session=session,
    )


def validator(network: str) -> Callable[[Post], list[Problem]]:
    """Return what says, without asking anybody, what would keep a post off a network."""
    if network in OPENS:
        return ByHand(network, folder=Path()).validate
    if network == "mastodon":
        from flows.channels.mastodon import Mastodon

        return Mastodon(url="", token="").validate
    from flows.channels.bluesky import Bluesky
    from flows.channels.bluesky_session import SessionFile

    return Bluesky(url="", handle="", app_password="", session=SessionFile(Path())).validate


def setting_name(network: str, account: str, part: str) -> str:
    """Return the variable that holds a part of an account: `OPROEP_MASTODON_JEUGD_TOKEN`."""
    name = account.replace("-", "_")
    words = ["OPROEP", network, *([] if name.lower() == "default" else [name]), part]
    return "_".join(words).upper()


def _given(
    accounts: Mapping[str, Account], network: str, name: str, parts: tuple[str, ...]
) -> dict[str, str]:
    """Return what the settings say of an account.

    Raises:
        SettingsError: a part is missing, or the token would go over the line in the clear.
    """
    account = accounts.get(name, Account())
    missing = [part for part in parts if getattr(account, part) is None]
    if missing:
        names = ", ".join(setting_name(network, name, part) for part in missing)
        whose = "" if name == "default" else f" {name!r}"
        raise SettingsError(
            f"The {network.capitalize()} account{whose} is not set up: {names} missing.",
            where=setting_name(network, name, missing[0]),
            mend="secrets.example.env says where to get each; put it in secrets.env.",
        )
    given = {part: _plain(getattr(account, part)) for part in parts}
    url = urlsplit(given["url"])
    if url.scheme != "https" and not (url.scheme == "http" and url.hostname in _HERE):
        raise SettingsError(
            f"{given['url']!r} is not an address to send a password to.",
            where=setting_name(network, name, "url"),
            mend="Write it with https:// before it.",
        )
    return given


def _plain(value: str | SecretStr) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else value

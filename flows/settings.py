"""Environment and `secrets.env` become one frozen `Settings`; secrets print as stars.

Order: the environment, then `secrets.env` in the working folder, then the default. Every name can
be given as `NAME_FILE`, the path of a file that holds the value. Several accounts of one network
get a name: `OPROEP_MASTODON_JEUGD_URL` is the `url` of the Mastodon account `jeugd`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from flows.errors import SettingsError

PREFIX = "OPROEP_"
SECRETS_FILE = "secrets.env"
HOUSE = Path(__file__).resolve().parent.parent
"""The folder that holds `flows/`, `templates/` and `content/`."""

NO_PUBLIC_URL = "https://nieuws.invalid"
"""Where links in mails lead as long as nobody has said where the public pages are."""

_ACCOUNT = re.compile(r"OPROEP_(MASTODON|BLUESKY)_(?:(\w+)_)?(URL|TOKEN|HANDLE|APP_PASSWORD)$")


class Account(BaseModel):
    """Where and as whom we post on one network."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str | None = None
    handle: str | None = None
    token: SecretStr | None = None
    app_password: SecretStr | None = None


class Settings(BaseModel):
    """Everything that differs from one installation to the next."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    content_dir: Path = Path("content")
    var_dir: Path = Path("var")
    templates_dir: Path = HOUSE / "templates"
    database_url: SecretStr | None = None
    """None means SQLite in `var_dir`."""
    secret_key: SecretStr | None = None
    public_url: str = NO_PUBLIC_URL
    public_proxy: str | None = None
    """Addresses or networks of our own proxies, whose word we take for where a visitor is."""
    smtp_url: SecretStr | None = None
    smtp_connections: int = Field(default=10, ge=1, le=500)
    smtp_rate: float | None = Field(default=None, gt=0)
    """Messages per second at most; None means as fast as the relay takes them."""
    smtp_rate_minute: float | None = Field(default=None, gt=0)
    """Messages per minute at most."""
    smtp_rate_hour: float | None = Field(default=None, gt=0)
    """Messages per hour at most."""
    smtp_rate_domain: float | None = Field(default=None, gt=0)
    """Messages per second at most to any one recipient domain."""
    smtp_per_connection: int | None = Field(default=None, ge=1)
    """Messages after which a connection is closed and another opened; None means no bound."""
    dkim_selector: str | None = None
    dkim_key: SecretStr | None = None
    """The private key in PEM, for those whose relay does not sign."""
    returns_url: SecretStr | None = None
    mastodon: Mapping[str, Account] = {}
    """Accounts by name; the unnamed one is called `default`."""
    bluesky: Mapping[str, Account] = {}
    prefect_port: int = Field(default=4280, ge=1, le=65535)
    """Where `oproep up` has Prefect's server, on this machine."""
    rehearsal: str | None = None
    """Slug of the campaign being rehearsed. While it is set nothing here leads outside."""

    @property
    def database(self) -> str:
        """The SQLAlchemy URL of the ledger in use; a rehearsal has one of its own."""
        if self.rehearsal is not None:
            return f"sqlite:///{self.rehearsal_ledger}"
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{self.var_dir / 'ledger.sqlite'}"

    @property
    def smtp_bounds(self) -> Mapping[float, float]:
        """How many messages may go in so many seconds, by the seconds."""
        given = {1.0: self.smtp_rate, 60.0: self.smtp_rate_minute, 3600.0: self.smtp_rate_hour}
        return {seconds: count for seconds, count in given.items() if count is not None}

    @property
    def rehearsal_ledger(self) -> Path:
        """The file of a rehearsal's own ledger."""
        return self.var_dir / "rehearsals" / f"{self.rehearsal}.sqlite"

    def outbox(self, slug: str) -> Path:
        """Return the folder in which the last finished rehearsal of campaign `slug` lies."""
        return self.var_dir / "outbox" / slug

    @property
    def outbox_in_progress(self) -> Path:
        """The folder that the rehearsal in progress writes into; it is renamed when finished."""
        return self.var_dir / "outbox" / f".{self.rehearsal}.unfinished"

    def require_public_url(self) -> None:
        """See to it that the link to unsubscribe in an issue leads somewhere.

        Raises:
            SettingsError: the address of the public pages is not set, or is not one that mail
                programs post to: RFC 8058, 3.1 wants https.
        """
        parts = urlsplit(self.public_url)
        if self.public_url == NO_PUBLIC_URL:
            what = "It is not set where the public pages are, to which issues link to unsubscribe."
        elif parts.scheme != "https" or not parts.hostname or parts.query or parts.fragment:
            what = f"{self.public_url} is not a plain https address."
        else:
            return
        raise SettingsError(
            what,
            where="OPROEP_PUBLIC_URL",
            mend="Write it like https://nieuws.organisation.example; mail programs post to "
            "nothing else.",
        )

    def for_rehearsal(self, slug: str) -> Settings:
        """Return settings that cannot reach anything outside: no relay, no accounts, own ledger."""
        return Settings(
            content_dir=self.content_dir,
            var_dir=self.var_dir,
            templates_dir=self.templates_dir,
            # A key that everybody knows: its tokens open nothing, and are the same twice.
            secret_key=SecretStr("rehearsal"),
            public_url=self.public_url,
            rehearsal=slug,
        )


def load(environ: Mapping[str, str] | None = None, *, folder: Path | None = None) -> Settings:
    """Read the settings.

    Args:
        environ: Takes the place of the process's environment, in tests.
        folder: Where `secrets.env` is looked for; the working folder by default.

    Raises:
        SettingsError: a name is unknown, a value cannot be read, or a `NAME_FILE` is missing.
    """
    secrets_file = (folder or Path.cwd()) / SECRETS_FILE
    given = {
        name: value
        for name, value in dotenv_values(secrets_file).items()
        if value is not None and name.startswith(PREFIX)
    }
    environment = os.environ if environ is None else environ
    given |= {name: value for name, value in environment.items() if name.startswith(PREFIX)}
    given = {name: value for name, value in given.items() if value.strip()}
    fields: dict[str, object] = {}
    accounts: dict[str, dict[str, dict[str, str]]] = {"mastodon": {}, "bluesky": {}}
    for name, value in _with_files_read(given).items():
        field = name.removeprefix(PREFIX).lower()
        if match := _ACCOUNT.fullmatch(name):
            network, account, part = match.groups()
            named = accounts[network.lower()].setdefault((account or "default").lower(), {})
            named[part.lower()] = value
        elif field in Settings.model_fields and field != "rehearsal":
            fields[field] = value
        else:
            raise SettingsError(
                f"{name} is not a setting of Oproep.",
                where=f"environment or {SECRETS_FILE}",
                mend="secrets.example.env lists every setting; correct or remove this one.",
            )
    try:
        return Settings.model_validate(fields | accounts)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise SettingsError(
            f"{PREFIX}{'_'.join(str(part) for part in first['loc']).upper()}: {first['msg']}.",
            where=f"environment or {SECRETS_FILE}",
            mend="secrets.example.env says what it should look like.",
        ) from None


def _with_files_read(given: Mapping[str, str]) -> dict[str, str]:
    """Replace each `NAME_FILE` by `NAME` with the file's contents."""
    values: dict[str, str] = {}
    for name, value in given.items():
        if not name.endswith("_FILE"):
            values.setdefault(name, value)
            continue
        try:
            values[name.removesuffix("_FILE")] = Path(value).read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(
                f"{name} names a file that cannot be read: {value}.",
                where=f"environment or {SECRETS_FILE}",
                mend="Correct the path, or make the file readable for the user that runs Oproep.",
            ) from error
    return values

"""Which e-mail addresses we accept, when two are the same, and what is kept of a forgotten one."""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from functools import lru_cache

from pydantic import SecretStr

from flows.errors import InputError

_TEST_DOMAINS = ("test", "invalid", "example")
"""Reserved by RFC 2606 so that nobody owns them: rehearsals and examples use no others."""

_PLAIN_LOCAL = re.compile(r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*", re.ASCII)
_HASH = re.compile(r"[0-9a-f]{64}")
_MAX_LOCAL = 64
_MAX_ADDRESS = 254
"""Octets (RFC 5321, 4.5.3.1)."""

ROLES = frozenset(
    """abuse admin administratie administrator balie bestuur contact desk facturen finance hallo
    help helpdesk hello hostmaster info informatie jobs kantoor klantenservice mail mailer-daemon
    marketing news no-reply nobody noreply office pers post postmaster press receptie redactie
    root sales secretariaat security service support team webmaster welkom""".split()  # noqa: SIM905
)
"""Local parts that belong to a task, not to a person (RFC 2142, and what is usual here)."""


def checked_address(text: str) -> str:
    """Return an e-mail address with its domain in lower case, in its own letters.

    Only the form is looked at: nothing is asked of the network.

    Raises:
        ValueError: it is not an address, in a sentence.
    """
    local, _, domain = text.rpartition("@")
    if (
        len(local) > _MAX_LOCAL
        or len(text) > _MAX_ADDRESS
        or not text.isascii()
        or not _PLAIN_LOCAL.fullmatch(local)
    ):
        return _checked(text)
    # Most addresses are as plain as this; a list has few domains, and looking at one takes the
    # library a tenth of a millisecond. What is wrong is told of the whole address.
    return f"{local}@{checked}" if (checked := _domain(domain)) else _checked(text)


def is_role(address: str) -> bool:
    """Return whether an address belongs to a task, so that nobody in particular consented."""
    return address.partition("@")[0].partition("+")[0].casefold() in ROLES


def address_key(text: str) -> str:
    """Return what is equal for two spellings of one address: case, composition, `xn--` or not.

    It takes any text and never fails. For an address from `checked_address` it is the same as its
    `casefold()`, which the ledger uses. Dots and what follows a `+` count: whether they make
    another mailbox is for its server to say.
    """
    plain = text.strip()
    if plain.isascii() and "xn--" not in plain.lower():
        return plain.casefold()
    local, at, domain = unicodedata.normalize("NFC", plain).rpartition("@")
    return f"{local}{at}{_unicode_domain(domain)}".casefold()


class AddressHasher:
    """Makes of an address what may be kept of it for ever: HMAC-SHA256 of its key, 64 digits.

    Nobody can find out an address by trying likely ones without the installation's secret key.

    Args:
        secret: The installation's secret key.

    Raises:
        InputError: the secret is empty.
    """

    def __init__(self, secret: SecretStr) -> None:
        raw = secret.get_secret_value().encode("utf-8")
        if not raw:
            raise InputError(
                "There is no secret key to keep addresses under.",
                where="OPROEP_SECRET_KEY",
                mend="`oproep doctor` says how to make one.",
            )
        self._key = hmac.digest(raw, b"oproep address", hashlib.sha256)

    def __call__(self, address: str) -> str:
        """Return the keyed hash of an address, the same for all its spellings.

        What is such a hash already is returned as it is: of a delivery whose details are gone it
        stands in the address's place.
        """
        if _HASH.fullmatch(address):
            return address
        key = address_key(address).encode("utf-8", "surrogatepass")
        return hmac.digest(self._key, key, hashlib.sha256).hex()

    @property
    def mark(self) -> str:
        """What tells this secret key from another one without giving it away."""
        return hmac.digest(self._key, b"mark", hashlib.sha256).hex()[:32]


def _checked(text: str) -> str:
    # Costs 60 ms, which a command without addresses should not pay.
    import email_validator

    # The library's own way to allow reserved domains is to take them off its list.
    for domain in _TEST_DOMAINS:
        if domain in email_validator.SPECIAL_USE_DOMAIN_NAMES:
            email_validator.SPECIAL_USE_DOMAIN_NAMES.remove(domain)
    try:
        found = email_validator.validate_email(text, check_deliverability=False)
    except email_validator.EmailNotValidError as error:
        raise ValueError(str(error)) from None
    return found.normalized


@lru_cache(maxsize=20_000)
def _domain(domain: str) -> str:
    """Return a domain as it is kept; empty if there is something wrong with it."""
    try:
        return _checked(f"x@{domain}").partition("@")[2]
    except ValueError:
        return ""


@lru_cache(maxsize=2_000)
def _unicode_domain(domain: str) -> str:
    """Return a domain in its own letters, or as it is where they cannot be told."""
    import idna

    try:
        return idna.decode(domain, uts46=True)
    except (idna.IDNAError, UnicodeError):
        return domain

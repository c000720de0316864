"""DKIM signatures (RFC 6376, RFC 8463), for those whose relay does not sign.

Signed with the `cryptography` library; the one made for DKIM signs in pure Python, at ten times the
cost, and is kept for verifying in tests. Headers are made `relaxed`, since relays fold them anew;
the body is taken `simple`: it is ASCII, its lines are short and none ends in a blank, so nobody
changes it.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from flows.errors import SettingsError
from flows.models import Problem, Severity

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

SIGNED = (
    "from",
    "to",
    "subject",
    "date",
    "message-id",
    "reply-to",
    "mime-version",
    "content-type",
    "content-language",
    "auto-submitted",
    "feedback-id",
    "list-id",
    "list-unsubscribe",
    "list-unsubscribe-post",
)
"""Fields that are signed where they stand. RFC 8058, 4 asks for the last two."""
_SEALED = ("from", "to", "subject", "date", "reply-to", "list-unsubscribe", "list-unsubscribe-post")
"""Fields that nobody may add another one of: they are signed once more than they stand there."""
SHORTEST_RSA = 2048
"""Bits of an RSA key that receivers ask for today; they refuse less than 1024."""

_FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:((?:[^\r\n]|\r\n[ \t])*)\r\n")
_BLANKS = re.compile(rb"[ \t]+")
_LABELS = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?(?:\.[A-Za-z0-9_-]+)*")

Lookup = Callable[[str], Sequence[str]]
"""Returns the TXT records of a name, each joined to one text; none if there are none."""


class DkimKey:
    """A private key and the name under which its public half stands in the DNS.

    Args:
        pem: The private key, RSA or Ed25519, in PEM without a password.
        domain: The domain that signs; that of the From address, or above it.
        selector: The name of the key within the domain.

    Raises:
        SettingsError: the key or a name cannot be used.
    """

    def __init__(self, pem: str, *, domain: str, selector: str) -> None:
        if not _LABELS.fullmatch(domain) or not _LABELS.fullmatch(selector):
            raise _bad_key("Domain or selector is not a name that the DNS could hold.")
        self.domain = domain
        self.selector = selector
        self._key = _read(pem)
        self._start = (
            f"DKIM-Signature: v=1; a={self.algorithm}; c=relaxed/simple; d={domain};"
            f" s={selector};\r\n "
        ).encode("ascii")

    @property
    def algorithm(self) -> str:
        """Return the name of the algorithm, as `a=` gives it."""
        return "rsa-sha256" if hasattr(self._key, "private_numbers") else "ed25519-sha256"

    @property
    def record_name(self) -> str:
        """Return where the public key must stand in the DNS."""
        return f"{self.selector}._domainkey.{self.domain}"

    @property
    def record(self) -> str:
        """Return the TXT record that must stand there."""
        kind = self.algorithm.partition("-")[0]
        return f"v=DKIM1; k={kind}; p={base64.b64encode(self._public()).decode('ascii')}"

    @property
    def bits(self) -> int | None:
        """Return the size of an RSA key; None for Ed25519."""
        return getattr(self._key, "key_size", None)

    def signed(self, content: bytes, *, at: datetime) -> bytes:
        """Return a whole message with its signature in front.

        Args:
            content: With CRLF line ends, as `CompiledMail.cut` returns it.
            at: Aware; the moment of signing, of which the seconds count.
        """
        head, _, body = content.partition(b"\r\n\r\n")
        fields = [(name.lower(), value) for name, value in _FIELD.findall(head + b"\r\n")]
        names, chosen = _choose(fields)
        digest = base64.b64encode(hashlib.sha256(_simple(body)).digest()).decode("ascii")
        signature = self._start + (
            f"t={int(at.timestamp())}; bh={digest};\r\n h={_folded(names)};\r\n b="
        ).encode("ascii")
        name, _, value = signature.partition(b":")
        chosen.append((name.lower(), value))
        signed = b"\r\n".join(_relaxed(name, value) for name, value in chosen)
        code = base64.b64encode(self._sign(signed))
        lines = [code[at : at + 72] for at in range(0, len(code), 72)]
        return b"".join((signature, b"\r\n ".join(lines), b"\r\n", content))

    def _sign(self, data: bytes) -> bytes:
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import padding
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

        if isinstance(self._key, RSAPrivateKey):
            return self._key.sign(data, padding.PKCS1v15(), hashes.SHA256())
        return self._key.sign(hashlib.sha256(data).digest())

    def _public(self) -> bytes:
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        public = self._key.public_key()
        if isinstance(self._key, RSAPrivateKey):
            return public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return public.public_bytes(Encoding.Raw, PublicFormat.Raw)


def check_key(key: DkimKey, *, sender_domain: str, lookup: Lookup | None = None) -> list[Problem]:
    """Return what would keep receivers from trusting signatures made with `key`.

    Args:
        key: The key that mails are signed with.
        sender_domain: The domain of the From address.
        lookup: Asks the DNS; by default really.
    """
    problems = []
    if not f".{sender_domain.lower()}".endswith(f".{key.domain.lower()}"):
        problems.append(
            _problem(
                "dkim-alignment",
                f"Mails come from {sender_domain} and are signed for {key.domain}.",
                "Sign for the domain of the From address, or DMARC does not count it.",
            )
        )
    if key.bits is not None and key.bits < SHORTEST_RSA:
        problems.append(
            _problem(
                "dkim-short-key",
                f"The DKIM key has {key.bits} bits; receivers ask for {SHORTEST_RSA}.",
                f"Make a new one: openssl genrsa {SHORTEST_RSA}.",
                severity=Severity.WARNING,
            )
        )
    return problems + _check_record(key, lookup or _ask_dns)


def _check_record(key: DkimKey, lookup: Lookup) -> list[Problem]:
    publish = f"Put this TXT record at {key.record_name}: {key.record}"
    try:
        records = [text for text in lookup(key.record_name) if "p=" in text]
    except OSError as error:
        what = f"The DNS could not be asked for {key.record_name}: {error}."
        return [_problem("dkim-dns", what, "Try again when the network works.")]
    if not records:
        what = f"There is no DKIM key at {key.record_name}."
        return [_problem("dkim-missing", what, publish)]
    tags = dict(re.findall(r"\s*(\w+)\s*=\s*([^;]*?)\s*(?:;|$)", records[0]))
    ours = dict(re.findall(r"(\w+)=([^;]*)", key.record))
    if len(records) > 1:
        what = f"There are {len(records)} keys at {key.record_name}; receivers take any of them."
        return [_problem("dkim-several", what, "Leave only one.")]
    if re.sub(r"\s", "", tags.get("p", "")) != ours["p"]:
        what = f"The DKIM key at {key.record_name} is not the public half of ours."
        return [_problem("dkim-other-key", what, publish)]
    if "y" in tags.get("t", "").split(":"):
        what = f"The DKIM key at {key.record_name} says it is only being tested (t=y)."
        mend = "Take t=y out of the record when all is well."
        return [_problem("dkim-testing", what, mend, severity=Severity.WARNING)]
    return []


def _choose(fields: Sequence[tuple[bytes, bytes]]) -> tuple[list[str], list[tuple[bytes, bytes]]]:
    """Return the names for `h=`, and the fields that they stand for, in the same order."""
    standing = Counter(name for name, _ in fields)
    names: list[str] = []
    chosen: list[tuple[bytes, bytes]] = []
    for name in SIGNED:
        code = name.encode("ascii")
        names += [name] * (standing[code] + (name in _SEALED))
        # The last one counts first (RFC 6376, 5.4.2).
        chosen += reversed([field for field in fields if field[0] == code])
    return names, chosen


def _folded(names: Sequence[str]) -> str:
    lines = [""]
    for name in names:
        if len(lines[-1]) + len(name) > 70:
            lines.append("")
        lines[-1] += f"{name}:"
    return "\r\n ".join(lines).removesuffix(":")


def _relaxed(name: bytes, value: bytes) -> bytes:
    return name + b":" + _BLANKS.sub(b" ", value.replace(b"\r\n", b"")).strip(b" \t")


def _simple(body: bytes) -> bytes:
    return body.rstrip(b"\r\n") + b"\r\n"


def _read(pem: str) -> RSAPrivateKey | Ed25519PrivateKey:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(pem.encode("utf-8"), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise _bad_key("It is not a private key in PEM, or it has a password.") from None
    if not isinstance(key, RSAPrivateKey | Ed25519PrivateKey):
        raise _bad_key("It is neither an RSA nor an Ed25519 key.")
    return key


def _ask_dns(name: str) -> Sequence[str]:
    import dns.exception
    import dns.resolver

    try:
        answer = dns.resolver.resolve(name, "TXT")
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except dns.exception.DNSException as error:
        raise OSError(str(error)) from error
    return [b"".join(record.strings).decode("utf-8", "replace") for record in answer]


def _problem(code: str, what: str, mend: str, *, severity: Severity = Severity.ERROR) -> Problem:
    return Problem(severity=severity, code=code, where="DKIM", what=what, mend=mend)


def _bad_key(why: str) -> SettingsError:
    return SettingsError(
        f"The DKIM key cannot be used. {why}",
        where="OPROEP_DKIM_KEY",
        mend="Give a private key as `openssl genrsa 2048` makes it, or leave the setting out.",
    )

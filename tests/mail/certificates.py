"""Certificates for tests: a right one, one for another name, and one that nobody signed."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_FROM = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
_TO = datetime.datetime(2100, 1, 1, tzinfo=datetime.UTC)


@dataclass(frozen=True)
class Certificates:
    """Files and contexts."""

    ca: Path
    """What a client trusts."""
    right: ssl.SSLContext
    other_name: ssl.SSLContext
    unknown: ssl.SSLContext


def make(folder: Path) -> Certificates:
    """Write them into `folder`."""
    ca_key, ca = _certificate("test ca")
    (folder / "ca.pem").write_bytes(ca.public_bytes(serialization.Encoding.PEM))
    here = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    return Certificates(
        ca=folder / "ca.pem",
        right=_context(folder, "right", here, ca, ca_key),
        other_name=_context(folder, "other", x509.DNSName("other.example"), ca, ca_key),
        unknown=_context(folder, "unknown", here, None, None),
    )


def _context(
    folder: Path,
    name: str,
    subject: x509.GeneralName,
    ca: x509.Certificate | None,
    ca_key: ec.EllipticCurvePrivateKey | None,
) -> ssl.SSLContext:
    key, certificate = _certificate(name, subject, ca, ca_key)
    path = folder / f"{name}.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


def _certificate(
    name: str,
    subject: x509.GeneralName | None = None,
    ca: x509.Certificate | None = None,
    ca_key: ec.EllipticCurvePrivateKey | None = None,
) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    key = ec.generate_private_key(ec.SECP256R1())
    own = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(own)
        .issuer_name(ca.subject if ca else own)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_FROM)
        .not_valid_after(_TO)
        .add_extension(x509.BasicConstraints(ca=subject is None, path_length=None), critical=True)
    )
    if subject is not None:
        builder = builder.add_extension(x509.SubjectAlternativeName([subject]), critical=False)
    return key, builder.sign(ca_key or key, hashes.SHA256())

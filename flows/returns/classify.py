"""What a returned message is, and what it says of each recipient. Pure: octets in, values out."""

from __future__ import annotations

from dataclasses import dataclass

from flows.returns.evidence import Evidence, one_line
from flows.returns.findings import Finding
from flows.returns.parts import read_message, unencoded
from flows.returns.reports import address_in
from flows.returns.telling import findings_of

FORWARDED = "x-oproep-forwarded"
"""The header field of what we forward to a person."""

_ADDRESS_FIELDS = ("delivered-to", "x-original-to", "x-envelope-to", "envelope-to", "to", "cc")


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """A message that came back, read."""

    findings: tuple[Finding, ...]
    """At least one."""
    sent_to: tuple[str, ...]
    """The addresses that it came to, and the envelope sender of what it returns."""
    sender: str
    """The address in From."""
    subject: str
    forwarded: bool
    """Whether it is one that we forwarded: it came round in a circle."""


def classify(raw: bytes) -> tuple[Finding, ...]:
    """Return what a message says, a finding for each recipient named; at least one."""
    return read_return(raw).findings


def read_return(raw: bytes) -> Return:
    """Read a message that came back. Takes any octets and never fails."""
    message = read_message(raw)
    evidence = Evidence(message)
    returned = evidence.returned
    paths = returned.all("return-path", "x-envelope-from") if returned else []
    return Return(
        findings=tuple(findings_of(evidence)),
        sent_to=tuple(message.fields.all(*_ADDRESS_FIELDS) + paths),
        sender=address_in(message.fields.get("from")) or "",
        subject=one_line(unencoded(message.fields.get("subject"))),
        forwarded=FORWARDED in message.fields,
    )

"""What a returned message is, and what it says of each recipient. Pure: octets in, values out."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from flows.returns.evidence import Evidence, one_line
from flows.returns.findings import Finding
from flows.returns.parts import read_message, unencoded
from flows.returns.reports import address_in
from flows.returns.telling import findings_of

FORWARDED = "x-oproep-forwarded"
"""The header field of what we forward to a person."""

_MOST = 1_000
"""Characters of an address or a Message-ID; what is longer is neither."""
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
# Not all databases take a character of zero.
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
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
        findings=tuple(_plain(each) for each in findings_of(evidence)),
        sent_to=tuple(message.fields.all(*_ADDRESS_FIELDS) + paths),
        sender=address_in(message.fields.get("from")) or "",
        subject=one_line(unencoded(message.fields.get("subject"))),
        forwarded=FORWARDED in message.fields,
    )


def _plain(finding: Finding) -> Finding:
    """Return a finding with nothing in it that could not be stored or shown."""
    return replace(
        finding,
        status=finding.status if finding.status and _STATUS.fullmatch(finding.status) else None,
        recipient=_clean(finding.recipient),
        message_id=_clean(finding.message_id),
        words=_CONTROL.sub(" ", finding.words),
    )


def _clean(text: str | None) -> str | None:
    if text is None or len(text) > _MOST:
        return None
    return _CONTROL.sub("", text) or None

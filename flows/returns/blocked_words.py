"""Why a step is held back by a mail system that refuses us, in words for people."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from flows.returns.findings import Finding, Reason

_DUTCH: Mapping[Reason, str] = MappingProxyType(
    {
        Reason.AUTHENTICATION: "{domain} vertrouwt niet dat de mail van ons komt (SPF, DKIM of "
        "DMARC).",
        Reason.REVERSE_NAME: "{domain} weigert onze mailserver: die heeft geen goede naam in het "
        "DNS.",
        Reason.LISTED: "{domain} weigert onze mailserver of ons domein: we staan op een "
        "blokkadelijst.",
        Reason.SPAM: "{domain} ziet deze mail aan voor spam.",
        Reason.SENDER: "{domain} weigert mail van ons afzenderadres.",
        Reason.RELAY: "Onze mailserver brengt mail voor {domain} naar de verkeerde server.",
        Reason.POLICY: "{domain} weigert deze mail volgens zijn eigen regels.",
    }
)
_ENGLISH: Mapping[Reason, str] = MappingProxyType(
    {
        Reason.AUTHENTICATION: "{domain} does not trust that the mail is ours (SPF, DKIM or "
        "DMARC).",
        Reason.REVERSE_NAME: "{domain} refuses our mail server: it has no proper name in the DNS.",
        Reason.LISTED: "{domain} refuses our mail server or domain: we are on a block list.",
        Reason.SPAM: "{domain} takes this mail for spam.",
        Reason.SENDER: "{domain} refuses mail from our sender address.",
        Reason.RELAY: "Our mail server takes mail for {domain} to the wrong server.",
        Reason.POLICY: "{domain} refuses this mail by rules of its own.",
    }
)
_TAIL = {
    "nl": "Aan de adressen is niets veranderd. Zoek uit waarom; daarna gaat de stap verder met "
    "`oproep resume`.",
    "en": "No address was touched. Find out why; then `oproep resume` lets the step go on.",
}


def blocked_words(finding: Finding, *, domain: str, language: str) -> str:
    """Return why a step is held back, with the other side's own words."""
    dutch = language.lower().startswith("nl")
    sentences = _DUTCH if dutch else _ENGLISH
    sentence = sentences.get(finding.reason, sentences[Reason.POLICY]).format(domain=domain)
    said = f' "{finding.words[:160]}"' if finding.words else ""
    return f"{sentence}{said} {_TAIL['nl' if dutch else 'en']}"

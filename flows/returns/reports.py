"""Reports made for machines: delivery status (RFC 3464, 6533), feedback (RFC 5965), Amazon SES."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

MOST_RECIPIENTS = 200
"""Recipients of one report that are read; what names more is not about a mail of ours."""

_FIELD = re.compile(r"([A-Za-z][\w-]{2,60})[ \t]*:[ \t]*(.*)")
_FOLD = re.compile(r"\r?\n(?:[ \t]+(?=\S))")
_QUOTED = re.compile(r"(?m)^[ \t]*(?:>[ \t]?)+")
_HEX = re.compile(r"\\x\{([0-9A-Fa-f]{2,6})\}")
_BRACKETED = re.compile(r"<\s*(?:@[^:<>\s]*:)?([^<>\s]*@[^<>\s]*)\s*>")
_BARE = re.compile(r"(?:@[^:\s]*:)?([^\s<>;,\"()]+@[^\s<>;,\"()]+)")
_NOTICE = re.compile(r"(?:notification|event)Type")
_ADDRESS_TYPE = re.compile(r"^\s*[\w-]{1,20}\s*;\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What a delivery status report says of one recipient."""

    recipient: str | None
    action: str
    """`failed`, `delayed`, `delivered`, `relayed`, `expanded`, or empty."""
    status: str
    diagnostic: str


def address_in(text: str) -> str | None:
    """Return the address in a field such as `rfc822; a@b.example`, or None."""
    text = _HEX.sub(_character, _ADDRESS_TYPE.sub("", text[:1_000]).strip())
    match = _BRACKETED.search(text) or _BARE.search(text)
    return match[1].strip("'.") if match else None


def _character(match: re.Match[str]) -> str:
    number = int(match[1], 16)
    return chr(number) if number < 0x110000 and not 0xD800 <= number < 0xE000 else ""


def statuses(text: str) -> list[Status]:
    """Return what a delivery status report says, recipient by recipient.

    Groups should be apart by blank lines; where they are not, a second recipient begins a new one.
    """
    found = []
    group: dict[str, str] = {}
    for name, value in _fields(text):
        if (name in group and name in ("final-recipient", "action", "status")) or not name:
            found.append(group)
            group = {}
        if name and name not in group:
            group[name] = value
    found.append(group)
    known = {"final-recipient", "original-recipient", "action"}
    told = [_status(each) for each in found if known & each.keys()]
    # Some put an action among the fields that are about the whole message.
    return ([each for each in told if each.recipient] or told)[:MOST_RECIPIENTS]


def _fields(text: str) -> Iterator[tuple[str, str]]:
    """Yield names and values; an empty name for a blank line."""
    if ">" in text[:4_000]:
        text = _QUOTED.sub("", text)
    for line in _FOLD.sub(" ", text).split("\n"):
        if not line.strip():
            yield "", ""
        elif match := _FIELD.match(line.strip()):
            yield match[1].lower(), match[2].strip()


def _status(group: dict[str, str]) -> Status:
    original = address_in(group.get("original-recipient", ""))
    return Status(
        # The original one is whom we wrote to; the final one may be where it was forwarded to.
        recipient=original or address_in(group.get("final-recipient", "")),
        action=group.get("action", "").split("(")[0].split(";")[0].strip().lower(),
        status=group.get("status", ""),
        # PowerMTA tells in a word of its own what it makes of a reply.
        diagnostic=group.get("diagnostic-code", "") or group.get("x-powermta-bouncecategory", ""),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """What a feedback report says."""

    kind: str
    """`abuse`, `fraud`, `opt-out`, `not-spam`, `auth-failure`, …"""
    recipients: tuple[str, ...]


def feedback(text: str) -> Feedback:
    """Return what a feedback report says; reports without a type are of abuse."""
    kind = ""
    recipients: list[str] = []
    for name, value in _fields(text):
        if name == "feedback-type":
            kind = value.lower().split()[0] if value else ""
        elif name in ("original-rcpt-to", "removal-recipient") and (address := address_in(value)):
            recipients.append(address)
    return Feedback(
        kind=kind or "abuse", recipients=tuple(dict.fromkeys(recipients))[:MOST_RECIPIENTS]
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What a notification of Amazon SES says."""

    kind: str
    """`bounce`, `complaint` or `delivery`."""
    statuses: tuple[Status, ...]
    detail: str
    """Its own word, such as `MailboxFull`."""
    message_id: str | None


def amazon_notice(text: str) -> Notice | None:
    """Return what an SNS notification in JSON says, or None if the text is none."""
    start = text.find("{")
    if start < 0 or not _NOTICE.search(text[:20_000]):
        return None
    # Broken over lines by mail servers, with a mark at the break.
    joined = re.sub(r"!?\r?\n ?", "", text[start:])
    try:
        value, _ = json.JSONDecoder().raw_decode(joined)
        if isinstance(value.get("Message"), str):
            value = json.loads(value["Message"])
        return _notice(value)
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError):
        return None


def _notice(value: dict[str, object]) -> Notice | None:
    # Notifications of an identity have the one name, events of a configuration set the other.
    kind = str(value.get("notificationType") or value.get("eventType") or "").lower()
    part = value.get(kind)
    if kind not in ("bounce", "complaint", "delivery") or not isinstance(part, dict):
        return None
    mail = value.get("mail")
    told = part.get(
        {"bounce": "bouncedRecipients", "complaint": "complainedRecipients"}.get(kind, "recipients")
    )
    return Notice(
        kind=kind,
        statuses=tuple(
            _told(one) for one in (told if isinstance(told, list) else [])[:MOST_RECIPIENTS]
        ),
        detail=str(part.get("bounceSubType", "")),
        message_id=_header(mail, "Message-ID"),
    )


def _told(one: object) -> Status:
    if not isinstance(one, dict):
        one = {"emailAddress": one}
    return Status(
        recipient=address_in(str(one.get("emailAddress", ""))),
        action=str(one.get("action", "")),
        status=str(one.get("status", "")),
        diagnostic=str(one.get("diagnosticCode", "")),
    )


def _header(mail: object, name: str) -> str | None:
    headers = mail.get("headers") if isinstance(mail, dict) else None
    for header in headers if isinstance(headers, list) else []:
        if isinstance(header, dict) and str(header.get("name", "")).lower() == name.lower():
            return str(header.get("value", "")) or None
    return None

"""What the numbers of SMTP mean: enhanced status codes and reply codes.

Enhanced status codes are those of RFC 3463, 5248, 7372 and 7504 and of IANA's registry. A number
that says nothing in particular (`5.0.0`, `5.1.0`, `5.7.1`) is not in the table.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from flows.returns.findings import Reason

ENHANCED = re.compile(r"(?<![\w.])([245]\.\d{1,2}\.\d{1,3})(?![\w.]*\d)")
AMID_WORDS = re.compile(
    r"(?:\b[245]\d\d[ :\-]+|[#(]|status:? |error_code :)([245]\.\d{1,2}\.\d{1,3})(?![\w.]*\d)",
    re.IGNORECASE,
)
"""A status code in a text for people, where other numbers stand too."""
REPLY = re.compile(r"(?<![\w.:/])([245]\d\d)(?=[ \-:,.]|$)(?![.,]\d)")

_R = Reason
_BY_SUBJECT: Mapping[str, Reason] = MappingProxyType(
    {
        "1.1": _R.USER_UNKNOWN,
        "1.2": _R.HOST_UNKNOWN,
        "1.3": _R.USER_UNKNOWN,
        "1.6": _R.MOVED,
        "1.7": _R.SENDER,
        "1.8": _R.SENDER,
        "1.9": _R.CONTENT,
        "1.10": _R.TAKES_NO_MAIL,
        "2.1": _R.INACTIVE,
        "2.2": _R.FULL,
        "2.3": _R.TOO_BIG,
        "2.4": _R.MAILER,
        "3.0": _R.MAILER,
        "3.1": _R.SYSTEM,
        "3.2": _R.SYSTEM,
        "3.3": _R.SYSTEM,
        "3.4": _R.TOO_BIG,
        "3.5": _R.SYSTEM,
        "4.1": _R.NETWORK,
        "4.2": _R.NETWORK,
        "4.3": _R.NETWORK,
        "4.4": _R.HOST_UNKNOWN,
        "4.5": _R.RATE,
        "4.6": _R.NETWORK,
        "4.7": _R.EXPIRED,
        "4.8": _R.NETWORK,
        "5.1": _R.SYNTAX,
        "5.2": _R.SYNTAX,
        "5.3": _R.RATE,
        "5.4": _R.SYNTAX,
        "5.5": _R.SYNTAX,
        "5.6": _R.SYNTAX,
        "6.0": _R.CONTENT,
        "6.1": _R.CONTENT,
        "6.2": _R.CONTENT,
        "6.3": _R.CONTENT,
        "6.4": _R.CONTENT,
        "6.5": _R.CONTENT,
        "6.6": _R.CONTENT,
        "6.7": _R.CONTENT,
        "6.8": _R.CONTENT,
        "6.9": _R.CONTENT,
        "7.2": _R.SENDER,
        "7.7": _R.POLICY,
        "7.8": _R.AUTHENTICATION,
        "7.9": _R.AUTHENTICATION,
        "7.13": _R.INACTIVE,
        "7.17": _R.MOVED,
        "7.18": _R.MOVED,
        "7.20": _R.AUTHENTICATION,
        "7.21": _R.AUTHENTICATION,
        "7.22": _R.AUTHENTICATION,
        "7.23": _R.AUTHENTICATION,
        "7.24": _R.AUTHENTICATION,
        "7.25": _R.REVERSE_NAME,
        "7.26": _R.AUTHENTICATION,
        "7.27": _R.SENDER,
        "7.28": _R.RATE,
        "7.29": _R.AUTHENTICATION,
        # Microsoft's own, from Exchange Online's list of codes.
        "1.90": _R.RATE,
        "2.121": _R.RATE,
        "2.122": _R.RATE,
        "7.12": _R.AUTHENTICATION,
        "7.124": _R.UNWANTED,
        "7.133": _R.UNWANTED,
        "7.134": _R.UNWANTED,
        "7.136": _R.UNWANTED,
        "7.193": _R.UNWANTED,
        "7.232": _R.RATE,
        "7.233": _R.RATE,
        "7.508": _R.RATE,
        "7.705": _R.RATE,
        "7.57": _R.AUTHENTICATION,
        "7.60": _R.AUTHENTICATION,
        "7.64": _R.RELAY,
        "7.350": _R.SPAM,
        "7.501": _R.SPAM,
        "7.502": _R.SPAM,
        "7.503": _R.SPAM,
        "7.509": _R.AUTHENTICATION,
        "7.511": _R.LISTED,
        "7.515": _R.AUTHENTICATION,
        "7.606": _R.LISTED,
        "7.708": _R.LISTED,
        "7.750": _R.LISTED,
    }
)
_TEMPORARY: Mapping[str, Reason] = MappingProxyType(
    {
        "1.1": _R.SYSTEM,
        "1.2": _R.NETWORK,
        "3.0": _R.MAILER,
        "4.4": _R.NETWORK,
        "7.0": _R.RATE,
        "7.1": _R.RATE,
    }
)
"""Where `4.x.y` means another thing than `5.x.y`."""

_PLAIN_REPLIES: Mapping[str, Reason] = MappingProxyType(
    {
        # Symantec's cloud says so of addresses that are not registered with it.
        "542": _R.USER_UNKNOWN,
    }
)
"""Codes that are used for one thing only."""
_REPLIES: Mapping[str, Reason] = MappingProxyType(
    {
        "421": _R.SYSTEM,
        "450": _R.SYSTEM,
        "451": _R.SYSTEM,
        "452": _R.SYSTEM,
        "500": _R.SYNTAX,
        "501": _R.SYNTAX,
        "502": _R.SYNTAX,
        "503": _R.SYNTAX,
        "504": _R.SYNTAX,
        "521": _R.LISTED,
        "571": _R.LISTED,
    }
)
_REFUSED = frozenset({"550", "553", "554"})
"""Codes that every server uses for everything; when they came tells more than which one."""

_BY_COMMAND: Mapping[str, Reason] = MappingProxyType(
    {
        "connect": _R.LISTED,
        "helo": _R.LISTED,
        "mail": _R.SENDER,
        "rcpt": _R.USER_UNKNOWN,
        "data": _R.POLICY,
    }
)


def by_enhanced(status: str) -> Reason | None:
    """Return what an enhanced status code says; None if it says nothing in particular."""
    group, _, detail = status.partition(".")
    if group == "4" and detail in _TEMPORARY:
        return _TEMPORARY[detail]
    return _BY_SUBJECT.get(detail)


def by_plain_reply(code: str) -> Reason | None:
    """Return what a reply code says that is used for one thing only."""
    return _PLAIN_REPLIES.get(code)


def by_reply(code: str, command: str) -> Reason | None:
    """Return what a reply code says at a command (`helo`, `mail`, `rcpt`, `data` or unknown)."""
    if code in _REFUSED:
        return _BY_COMMAND.get(command, _R.POLICY)
    if code in ("500", "501") and command == "mail":
        return _R.SENDER
    return _REPLIES.get(code)

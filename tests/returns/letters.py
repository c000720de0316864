"""Returned mail as mail systems write it, made up for the tests."""

from __future__ import annotations

import tomllib
from email.utils import format_datetime
from pathlib import Path

from flows import clock

OURS = "nieuws@organisatie.example"
FORMATS = tomllib.loads(Path(__file__).with_name("formats.toml").read_text("utf-8"))
"""Mails as mail systems lay them out, by name: `raw`, and what they are."""


def dsn(
    *,
    to: str = "bounce@organisatie.example",
    recipient: str = "lezer@lezers.example",
    action: str = "failed",
    status: str = "5.1.1",
    diagnostic: str = "smtp; 550 5.1.1 User unknown",
    message_id: str = "<1@organisatie.example>",
    more: str = "",
) -> bytes:
    """A delivery status notification, as Postfix writes it."""
    return f"""\
Return-Path: <>
Delivered-To: {to}
From: Mail Delivery System <MAILER-DAEMON@mx.example>
To: {to}
Subject: Undelivered Mail Returned to Sender
Date: {format_datetime(clock.now())}
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="=_b"

--=_b
Content-Type: text/plain; charset=us-ascii

This is the mail system at host mx.example.

<{recipient}>: {diagnostic.partition("; ")[2] or diagnostic}

--=_b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; {recipient}
Action: {action}
Status: {status}
Diagnostic-Code: {diagnostic}
{more}
--=_b
Content-Type: message/rfc822

From: {OURS}
To: {recipient}
Subject: Oproep
Message-ID: {message_id}

Lees verder.
--=_b--
""".replace("\n", "\r\n").encode()


def feedback(
    *, to: str, recipient: str = "lezer@lezers.example", kind: str = "abuse", message_id: str = ""
) -> bytes:
    """An abuse report (RFC 5965)."""
    return f"""\
From: feedback@provider.example
To: {to}
Subject: Abuse report
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="=_b"

--=_b
Content-Type: text/plain

This is an email abuse report.

--=_b
Content-Type: message/feedback-report

Feedback-Type: {kind}
User-Agent: Provider/1
Version: 1
Original-Rcpt-To: {recipient}

--=_b
Content-Type: message/rfc822

From: {OURS}
To: {recipient}
Message-ID: {message_id or "<1@organisatie.example>"}

Lees verder.
--=_b--
""".encode()


def plain(
    text: str, *, subject: str, sender: str, to: str = "bounce@x.example", more: str = ""
) -> bytes:
    """A mail in plain text."""
    return (
        f"From: {sender}\nTo: {to}\nSubject: {subject}\n{more}"
        f"Content-Type: text/plain; charset=utf-8\n\n{text}"
    ).encode()


def answer(
    *,
    to: str,
    sender: str = "Partner <partner@partners.example>",
    text: str = "Goed plan, wij doen mee.",
    message_id: str = "<1@organisatie.example>",
    more: str = "",
) -> bytes:
    """What a person writes back."""
    return plain(
        text, subject="Re: Oproep", sender=sender, to=to, more=f"In-Reply-To: {message_id}\n{more}"
    )

"""What mail systems say is understood, in a report for machines and in one for people."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from flows.returns.classify import classify
from flows.returns.findings import Kind
from tests.returns.letters import FORMATS, dsn, plain

SAID = [
    (action, text)
    for by_action in tomllib.loads(
        Path(__file__).with_name("said.toml").read_text("utf-8")
    ).values()
    for action, texts in by_action.items()
    for text in texts
]


def in_a_report(text: str) -> bytes:
    named = re.search(r"\b[45]\.\d{1,2}\.\d{1,3}\b", text)
    group = re.match(r"[45](?=\d\d)", text)
    status = named[0] if named else f"{group[0] if group else '5'}.0.0"
    return dsn(status=status, diagnostic=f"smtp; {' '.join(text.split())}")


def in_words(text: str) -> bytes:
    lines = text.replace("\n", "\n    ")
    return plain(
        f"""\
This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. The following address(es) failed:

  lezer@lezers.example
    {lines}

------ This is a copy of the message, including all the headers. ------

From: nieuws@organisatie.example
To: lezer@lezers.example
Message-ID: <1@organisatie.example>
""",
        subject="Mail delivery failed: returning message to sender",
        sender="Mail Delivery System <MAILER-DAEMON@mx.example>",
        to="nieuws@organisatie.example",
    )


@pytest.mark.parametrize(("action", "text"), SAID)
def test_it_leads_to_what_is_to_be_done(action: str, text: str) -> None:
    for raw in (in_a_report(text), in_words(text)):
        finding = classify(raw)[0]
        assert (finding.kind, finding.action) == (Kind.BOUNCE, action)


@pytest.mark.parametrize("name", FORMATS)
def test_a_mail_in_the_layout_of_a_mail_system_is_understood(name: str) -> None:
    expected = FORMATS[name]
    (finding,) = classify(expected["raw"].encode())
    assert (finding.kind, finding.action, finding.recipient) == (
        expected["kind"],
        expected["action"],
        expected["recipient"],
    )

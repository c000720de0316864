"""Bounces as a real Postfix makes them, from our mail on its way out back into our ledger."""

from __future__ import annotations

import smtplib
import time as real_time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from flows.returns.round import process
from tests.mail.postfix import Postfix, postfix
from tests.returns.conftest import HOST, ORGANISATION, House

GONE, FULL, BLOCKED, FINE = "weg@l.example", "vol@v.example", "lid@b.example", "goed@g.example"


@pytest.fixture
def relay() -> Iterator[Postfix]:
    errors = {
        "l.example": "5.1.1 User unknown in virtual mailbox table",
        "v.example": "5.2.2 mailbox is full",
        "b.example": "5.7.1 Client host blocked using zen.example",
    }
    transports = ", ".join(f"{{ {name} = error:{text} }}" for name, text in errors.items())
    with postfix(
        {
            "transport_maps": f"inline:{{ {transports} }}",
            "virtual_mailbox_domains": HOST,
            "virtual_mailbox_maps": "static:Maildir/",
            "virtual_mailbox_base": "/nowhere",
            "virtual_uid_maps": "static:65534",
            "virtual_gid_maps": "static:65534",
            "notify_classes": "",
            "smtpd_reject_unlisted_recipient": "no",
            "recipient_delimiter": "+",
        }
    ) as running:
        yield running


def test_what_postfix_sends_back_reaches_the_ledger(relay: Postfix, house: House) -> None:
    maildir = relay.folder / "mail" / "Maildir"
    for name in ("new", "cur", "tmp"):
        (maildir / name).mkdir(parents=True)
    _give_away(relay.folder / "mail")
    _set(relay, "virtual_mailbox_base", str(relay.folder / "mail"))
    house.launch("oproep", GONE, FULL, BLOCKED, FINE)
    for address in (GONE, FULL, BLOCKED, FINE):
        _send(relay, house, address)
    _wait_for(maildir / "new", 3)
    here = house.with_settings(returns_url=SecretStr(f"maildir://{maildir}"))
    summary = process(here.settings, ORGANISATION)
    assert summary.messages == 3
    assert summary.suppressed == 1
    assert house.suppressed(GONE) == "address-gone"
    assert [house.suppressed(each) for each in (FULL, BLOCKED, FINE)] == [None, None, None]
    states = [house.state("oproep", each) for each in (GONE, FULL, BLOCKED, FINE)]
    assert states == ["bounced", "bounced", "bounced", "sent"]
    assert len(summary.paused) == 1
    assert "b.example" in summary.paused[0]


def _send(relay: Postfix, house: House, address: str) -> None:
    own = house.message_id("oproep", address)
    text = f"From: nieuws@{HOST}\r\nTo: {address}\r\nMessage-ID: {own}\r\n\r\nLees verder.\r\n"
    with smtplib.SMTP("127.0.0.1", relay.port) as server:
        server.sendmail(house.verp("oproep", address), [address], text)


def _set(relay: Postfix, name: str, value: str) -> None:
    relay._run("postconf", "-e", f"{name}={value}")
    relay._run("postfix", "reload")
    real_time.sleep(0.5)


def _give_away(folder: Path) -> None:
    import os

    for path in (folder, *folder.rglob("*")):
        os.chown(path, 65534, 65534)


def _wait_for(folder: Path, number: int) -> None:
    until = real_time.monotonic() + 30
    while len(list(folder.iterdir())) < number:
        assert real_time.monotonic() < until, "Postfix did not send everything back"
        real_time.sleep(0.05)

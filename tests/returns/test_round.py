"""Whole rounds: each message once whatever crashes, answers forwarded, nothing lost."""

from __future__ import annotations

import asyncio
import email
import email.policy
import os
import signal
import subprocess
import sys
import time as real_time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import func, select
from sqlalchemy.exc import DataError

from flows.audience.subscribers import Audience
from flows.campaign.retention import purge
from flows.clock import SimulatedClock
from flows.database import open_database, reading
from flows.errors import SettingsError
from flows.ledger import tables as t
from flows.ledger.book import Ledger
from flows.returns.keeping import Keeper, Taken
from flows.returns.round import Summary, process
from flows.returns.tables import returned
from flows.settings import Settings
from tests.mail.recording_server import Drop, RecordingServer, Say, at, running
from tests.returns.conftest import ORGANISATION, SECRET, House
from tests.returns.letters import answer, dsn, plain

PARTNER = "partner@partners.example"


@pytest.fixture(params=["sqlite"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'var' / 'ledger.sqlite'}"


def put(maildir: Path, *letters: bytes) -> None:
    for number, raw in enumerate(letters):
        (maildir / "new" / f"{number:04}.{os.urandom(4).hex()}").write_bytes(raw)


def rounds(house: House, server: RecordingServer, number: int = 1) -> list[Summary]:
    """Make some rounds while a relay listens."""

    async def story() -> list[Summary]:
        async with running(server):
            url = SecretStr(f"smtp://127.0.0.1:{server.port}")
            settings = house.with_settings(smtp_url=url).settings
            return [await asyncio.to_thread(process, settings, ORGANISATION) for _ in range(number)]

    return asyncio.run(story())


def test_an_answer_of_a_person_goes_to_a_colleague_once(house: House, maildir: Path) -> None:
    house.launch("oproep", PARTNER, channel="mailout")
    put(maildir, answer(to=house.verp("oproep", PARTNER)))
    server = RecordingServer()
    first, second = rounds(house, server, 2)
    assert (first.forwarded, second.forwarded) == (1, 0)
    assert first.kept == []
    (taken,) = server.taken
    assert taken.recipient == ORGANISATION.mail.reply_to
    assert taken.sender == ORGANISATION.mail.reply_to
    mail = email.message_from_bytes(taken.content, policy=email.policy.default)
    assert mail["Reply-To"] == PARTNER
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Subject"] == "Fwd: Re: Oproep"
    body = mail.get_body()
    assert body is not None
    assert "Goed plan, wij doen mee." in body.get_content()
    (attached,) = mail.iter_attachments()
    assert b"Goed plan" in attached.get_payload(decode=True)


def test_what_we_forwarded_ourselves_is_not_forwarded_again(house: House, maildir: Path) -> None:
    house.launch("oproep", PARTNER)
    put(maildir, answer(to=house.verp("oproep", PARTNER)))
    server = RecordingServer()
    rounds(house, server)
    again = server.taken[0].content.replace(b"Auto-Submitted: auto-generated\r\n", b"")
    own = house.message_id("oproep", PARTNER).encode()
    put(maildir, b"In-Reply-To: " + own + b"\r\n" + again)
    put(maildir, answer(to=house.verp("oproep", PARTNER), sender=ORGANISATION.mail.reply_to))
    (summary,) = rounds(house, server)
    assert summary.forwarded == 0
    assert len(summary.kept) == 2


def test_a_stranger_s_mail_is_kept_and_not_forwarded(house: House, maildir: Path) -> None:
    house.launch("oproep", PARTNER)
    put(maildir, plain("Hallo?", subject="Vraag", sender="vreemde@elders.example"))
    server = RecordingServer()
    (summary,) = rounds(house, server)
    assert server.taken == []
    assert len(summary.kept) == 1


def test_an_answer_that_was_refused_is_tried_again_the_next_round(
    house: House, maildir: Path
) -> None:
    house.launch("oproep", PARTNER)
    put(maildir, answer(to=house.verp("oproep", PARTNER)))
    server = RecordingServer(plan=at("mail", 1, do=Say("451 4.3.0 later")))
    first, second = rounds(house, server, 2)
    assert (first.forwarded, second.forwarded) == (0, 1)
    assert "An answer was not forwarded" in str(first.faults[0])


def test_an_answer_that_may_have_arrived_is_never_sent_again(house: House, maildir: Path) -> None:
    house.launch("oproep", PARTNER)
    put(maildir, answer(to=house.verp("oproep", PARTNER)))
    server = RecordingServer(plan=at("dot", 1, do=Drop(taken=True)))
    first, second = rounds(house, server, 2)
    assert len(server.taken) == 1
    assert (first.forwarded, second.forwarded) == (0, 0)
    assert len(first.faults) == 1
    assert first.kept[0].exists()


def test_without_a_relay_an_answer_waits(house: House, maildir: Path) -> None:
    house.launch("oproep", PARTNER)
    put(maildir, answer(to=house.verp("oproep", PARTNER)))
    assert process(house.settings, ORGANISATION).forwarded == 0
    (later,) = rounds(house, RecordingServer())
    assert later.forwarded == 1


@pytest.mark.parametrize(
    "more",
    ["Reply-To: <a@b.example>, <c@d.example>\n", "Reply-To: \x00\n", "Subject: oproepslotnamez\n"],
)
def test_a_hostile_answer_is_forwarded_without_its_tricks(
    house: House, maildir: Path, more: str
) -> None:
    house.launch("oproep", PARTNER)
    sender = '"Evil\r Bcc: x@y.example" <partner@partners.example>'
    put(maildir, answer(to=house.verp("oproep", PARTNER), sender=sender, more=more))
    server = RecordingServer()
    (summary,) = rounds(house, server)
    assert summary.forwarded == 1
    mail = email.message_from_bytes(server.taken[0].content, policy=email.policy.default)
    assert mail["Bcc"] is None
    assert mail["Reply-To"] == PARTNER


def test_kept_letters_go_after_the_retention_period(
    house: House, maildir: Path, time: SimulatedClock
) -> None:
    put(maildir, b"Subject: ?\n\n?")
    (kept,) = process(house.settings, ORGANISATION).kept
    moment = time.now().timestamp()
    os.utime(kept, (moment, moment))
    days = ORGANISATION.retention_days
    time.advance(timedelta(days=days - 1))
    assert purge(house.audience, retention_days=days, letters=kept.parent).letters == 0
    time.advance(timedelta(days=2))
    would = purge(house.audience, retention_days=days, letters=kept.parent, dry_run=True)
    assert (would.letters, kept.exists()) == (1, True)
    assert purge(house.audience, retention_days=days, letters=kept.parent) == would
    assert not kept.exists()


def test_what_is_not_set_up_is_told(house: House) -> None:
    with pytest.raises(SettingsError, match="No mailbox"):
        process(house.with_settings(returns_url=None).settings, ORGANISATION)
    with pytest.raises(SettingsError, match="no secret key"):
        process(house.with_settings(secret_key=None).settings, ORGANISATION)


def test_a_message_that_cannot_be_stored_keeps_no_other_from_being_read(
    house: House, maildir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.launch("oproep", PARTNER)
    bad = b"Subject: bad\r\n\r\n"
    put(maildir, bad, dsn(to=house.verp("oproep", PARTNER)))
    take = Keeper.take

    def refusing(self: Keeper, raw: bytes) -> Taken:
        if raw == bad:
            raise DataError("INSERT", {}, ValueError("no such value"))
        return take(self, raw)

    monkeypatch.setattr(Keeper, "take", refusing)
    summary = process(house.settings, ORGANISATION)
    assert house.state("oproep", PARTNER) == "bounced"
    (fault,) = summary.faults
    assert Path(fault.where).read_bytes() == bad
    assert list((maildir / "new").iterdir()) == []


def test_a_thousand_bounces_are_processed_in_seconds(house: House, maildir: Path) -> None:
    readers = [f"lezer{number}@lezers.example" for number in range(300)]
    house.launch("oproep", *readers)
    put(maildir, *(dsn(to=house.verp("oproep", each), recipient=each) for each in readers))
    started = real_time.process_time()
    summary = process(house.settings, ORGANISATION)
    assert summary.suppressed == 300
    assert real_time.process_time() - started < 6


# --- crashes -------------------------------------------------------------------------------------

ROUND = """
import sys
from pathlib import Path
from pydantic import SecretStr
from flows.returns.round import process
from flows.settings import Settings
from tests.returns.conftest import ORGANISATION, SECRET
folder = Path(sys.argv[1])
settings = Settings(
    var_dir=folder / "var",
    database_url=SecretStr(f"sqlite:///{folder / 'var' / 'ledger.sqlite'}"),
    secret_key=SecretStr(SECRET),
    returns_url=SecretStr(f"maildir://{folder / 'Maildir'}"),
)
process(settings, ORGANISATION)
"""


@pytest.fixture
def in_real_time(tmp_path: Path) -> Iterator[House]:
    """The same house without a simulated clock, for processes of their own."""
    url = SecretStr(f"sqlite:///{tmp_path / 'var' / 'ledger.sqlite'}")
    engine = open_database(url.get_secret_value())
    settings = Settings(var_dir=tmp_path / "var", database_url=url, secret_key=SecretStr(SECRET))
    yield House(settings, engine, Audience(engine, SecretStr(SECRET)), Ledger(engine))
    engine.dispose()


def count(house: House, table: str) -> int:
    query: dict[str, Callable[[], object]] = {
        "returned": lambda: select(func.count()).select_from(returned),
        "bounced": lambda: select(func.count()).where(t.event.c.state == "bounced"),
    }
    with reading(house.engine) as connection:
        return connection.scalar(query[table]()) or 0  # type: ignore[call-overload]


def test_killed_in_the_middle_of_rounds_each_message_is_processed_once(
    in_real_time: House, maildir: Path
) -> None:
    house = in_real_time
    readers = [f"lezer{number}@lezers.example" for number in range(120)]
    house.launch("oproep", *readers)
    put(maildir, *(dsn(to=house.verp("oproep", each), recipient=each) for each in readers))
    command = [sys.executable, "-c", ROUND, str(maildir.parent)]
    # Killed at three places, each time with two at work on the same mailbox.
    for enough in (10, 40, 80):
        pair = [subprocess.Popen(command) for _ in range(2)]
        while count(house, "returned") < enough and pair[0].poll() is None:
            real_time.sleep(0.005)
        for each in pair:
            each.send_signal(signal.SIGKILL)
            each.wait()
    assert subprocess.run(command, check=False).returncode == 0
    assert count(house, "returned") == len(readers)
    assert count(house, "bounced") == len(readers)
    assert list((maildir / "new").iterdir()) == []
    assert all(house.suppressed(each) == "address-gone" for each in readers)

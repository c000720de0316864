"""Where returned mail arrives: a Maildir, and a real IMAP server."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from pydantic import SecretStr

from flows.errors import AuthLost, Deferred, InputError, SettingsError
from flows.returns.mailbox import open_mailbox
from flows.returns.round import process
from tests.mail.certificates import make
from tests.parts import program
from tests.ports import free_port
from tests.returns.conftest import ORGANISATION, SECRET, House
from tests.returns.dovecot import Dovecot, dovecot
from tests.returns.letters import dsn

READER = "lezer@lezers.example"


@pytest.fixture(scope="module")
def certificate_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("certificates")
    make(folder)
    return folder


@pytest.fixture
def server(certificate_folder: Path) -> Iterator[Dovecot]:
    program("dovecot", "dovecot")
    with dovecot(certificate_folder / "right.pem") as running:
        yield running


def all_of(url: str) -> list[bytes]:
    with open_mailbox(url) as mailbox:
        return [letter.raw for letter in mailbox.unread()]


def mark_all(url: str) -> None:
    with open_mailbox(url) as mailbox:
        for letter in mailbox.unread():
            mailbox.mark(letter.key)


# --- Maildir -------------------------------------------------------------------------------------


def test_a_maildir_yields_what_is_unread_and_keeps_what_was_marked(maildir: Path) -> None:
    (maildir / "new" / "1.a").write_bytes(b"een")
    (maildir / "cur" / "2.b:2,").write_bytes(b"twee")
    (maildir / "cur" / "3.c:2,RS").write_bytes(b"gezien")
    (maildir / "tmp" / "4.d").write_bytes(b"half")
    url = f"maildir://{maildir}"
    assert all_of(url) == [b"een", b"twee"]
    mark_all(url)
    assert all_of(url) == []
    assert sorted(path.name for path in (maildir / "cur").iterdir()) == [
        *("1.a:2,S", "2.b:2,S", "3.c:2,RS")
    ]


def test_a_letter_that_another_process_marked_is_no_fault(maildir: Path) -> None:
    (maildir / "new" / "1.a").write_bytes(b"een")
    with open_mailbox(f"maildir://{maildir}") as mailbox:
        (letter,) = mailbox.unread()
        mailbox.mark(letter.key)
        mailbox.mark(letter.key)


def test_a_folder_that_is_no_maildir_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="There is no Maildir"):
        all_of(f"maildir://{tmp_path}")


# --- IMAP ----------------------------------------------------------------------------------------


def test_an_imap_mailbox_yields_what_is_unmarked_and_keeps_what_was_marked(server: Dovecot) -> None:
    server.put(b"Subject: een\r\n\r\n1", b"Subject: twee\r\n\r\n2")
    assert len(all_of(server.url)) == 2
    assert all_of(server.url) == [b"Subject: een\r\n\r\n1", b"Subject: twee\r\n\r\n2"]
    mark_all(server.url)
    assert all_of(server.url) == []
    assert len(server.names()) == 2


def test_a_letter_that_a_person_has_read_is_processed_all_the_same(server: Dovecot) -> None:
    from imapclient import IMAPClient

    from tests.returns.dovecot import PASSWORD

    server.put(b"Subject: een\r\n\r\n1")
    with IMAPClient("127.0.0.1", port=server.port, ssl=False) as person:
        person.login("bounces", PASSWORD)
        person.select_folder("INBOX")
        person.add_flags([1], [b"\\Seen"])
    assert len(all_of(server.url)) == 1


def test_imap_goes_by_tls_to_a_server_that_is_known(
    server: Dovecot, certificate_folder: Path
) -> None:
    server.put(b"Subject: een\r\n\r\n1")
    ca = quote(str(certificate_folder / "ca.pem"))
    secure = f"imaps://{server.login}@127.0.0.1:{server.secure_port}/INBOX"
    later = f"imap+starttls://{server.login}@127.0.0.1:{server.port}/INBOX"
    assert len(all_of(f"{secure}?ca={ca}")) == 1
    assert len(all_of(f"{later}?ca={ca}")) == 1
    with pytest.raises(Deferred, match="certificate"):
        all_of(secure)


def test_a_wrong_password_says_so_and_not_which(server: Dovecot) -> None:
    with pytest.raises(AuthLost) as caught:
        all_of(f"imap://bounces:verkeerd@127.0.0.1:{server.port}/INBOX")
    assert "verkeerd" not in str(caught.value)


def test_a_folder_that_is_not_there_and_a_server_that_is_not_are_told(server: Dovecot) -> None:
    with pytest.raises(Deferred, match="cannot be read"):
        all_of(server.url.replace("INBOX", "NERGENS"))
    with pytest.raises(Deferred, match="cannot be read"):
        all_of(f"imap://a:b@127.0.0.1:{free_port()}/INBOX")


@pytest.mark.parametrize(
    "url", ["imap://a:geheim@mail.example/INBOX", "pop3://a:geheim@mail.example", "imaps:///INBOX"]
)
def test_a_url_that_cannot_be_used_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(SettingsError) as caught:
        all_of(url)
    assert "geheim" not in str(caught.value)


def test_idle_ends_as_soon_as_mail_comes(server: Dovecot) -> None:
    waited = threading.Event()

    def wait() -> None:
        with open_mailbox(server.url) as mailbox:
            mailbox.wait(30)
            waited.set()

    waiting = threading.Thread(target=wait, daemon=True)
    waiting.start()
    for _ in range(100):
        server.put(b"Subject: een\r\n\r\n1")
        if waited.wait(0.2):
            break
    assert waited.is_set()
    waiting.join(10)


def test_what_came_before_the_wait_is_not_waited_for(server: Dovecot) -> None:
    server.put(b"Subject: een\r\n\r\n1")
    start = time.monotonic()
    with open_mailbox(server.url) as mailbox:
        mailbox.wait(30)
    assert time.monotonic() - start < 15


def test_idle_ends_when_the_time_is_over(server: Dovecot) -> None:
    with open_mailbox(server.url) as mailbox:
        mailbox.wait(0.05)
        assert list(mailbox.unread()) == []


def test_a_round_over_imap_reaches_the_ledger(server: Dovecot, house: House) -> None:
    house.launch("oproep", READER)
    server.put(dsn(to=house.verp("oproep", READER), recipient=READER), b"Subject: ?\r\n\r\n?")
    at_imap = house.with_settings(returns_url=SecretStr(server.url))
    first = process(at_imap.settings, ORGANISATION)
    assert first.messages == 2
    assert first.suppressed == 1
    assert len(first.kept) == 1
    assert house.state("oproep", READER) == "bounced"
    assert process(at_imap.settings, ORGANISATION).messages == 0


def test_a_letter_of_many_megabytes_is_read_in_part(server: Dovecot, house: House) -> None:
    house.launch("oproep", READER)
    raw = dsn(to=house.verp("oproep", READER), recipient=READER) + b"x" * 26_000_000
    server.put(raw)
    at_imap = house.with_settings(returns_url=SecretStr(server.url))
    assert process(at_imap.settings, ORGANISATION).suppressed == 1


@pytest.mark.parametrize("end", ["closed", "interrupted"])
def test_track_wait_reads_mail_as_it_comes(
    server: Dovecot, house: House, tmp_path: Path, end: str
) -> None:
    """A process of its own, told to wait, that is given a letter and then ended."""
    import os
    import signal
    import subprocess
    import sys

    content = tmp_path / "content"
    content.mkdir()
    mail = ORGANISATION.mail
    (content / "organisation.toml").write_text(
        f'name = "O"\nlegal_name = "O"\naddress = ["S 1"]\nwebsite = "https://o.example"\n[mail]\n'
        f'from_name = "O"\nfrom_address = "{mail.from_address}"\nreply_to = "{mail.reply_to}"\n'
    )
    assert house.settings.database_url is not None
    environment = os.environ | {
        "OPROEP_SECRET_KEY": SECRET,
        "OPROEP_RETURNS_URL": server.url,
        "OPROEP_DATABASE_URL": house.settings.database_url.get_secret_value(),
    }
    house.launch("oproep", READER)
    oproep = str(Path(sys.executable).with_name("oproep"))
    command = [oproep, "track", "--wait", *(["--until-closed"] if end == "closed" else [])]
    waiting = subprocess.Popen(
        command,
        cwd=tmp_path,
        env=environment,
        stdin=subprocess.PIPE,
        # What a shell starts in the background ignores Ctrl-C, and so do its children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        time.sleep(2)
        server.put(dsn(to=house.verp("oproep", READER), recipient=READER))
        until = time.monotonic() + 60
        while house.state("oproep", READER) != "bounced":
            assert waiting.poll() is None
            assert time.monotonic() < until
            time.sleep(0.1)
    finally:
        if end == "interrupted":
            waiting.send_signal(signal.SIGINT)
        waiting.communicate(timeout=20)  # closes its standard input
        assert waiting.returncode == (0 if end == "closed" else 130)

"""`oproep track --from`, as a person and a mail server use it, and what doctor says."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from flows.cli import run
from tests.returns.conftest import ORGANISATION, SECRET, House
from tests.returns.letters import answer, dsn, feedback

READER = "lezer@lezers.example"


@pytest.fixture(params=["sqlite"])
def database_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'var' / 'ledger.sqlite'}"


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder without settings, database or content."""
    folder = tmp_path / "nowhere"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def installed(house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    """An installation with settings in the environment."""
    content = tmp_path / "content"
    content.mkdir()
    mail = ORGANISATION.mail
    (content / "organisation.toml").write_text(
        f'name = "O"\nlegal_name = "O"\naddress = ["S 1"]\nwebsite = "https://o.example"\n[mail]\n'
        f'from_name = "O"\nfrom_address = "{mail.from_address}"\nreply_to = "{mail.reply_to}"\n'
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPROEP_SECRET_KEY", SECRET)
    monkeypatch.setenv("OPROEP_RETURNS_URL", f"maildir://{tmp_path / 'Maildir'}")
    house.launch("oproep", READER)
    return house


def told(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_files_folders_and_mbox_are_read_without_any_settings(
    nowhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (nowhere / "a").mkdir()
    (nowhere / "a" / "1.eml").write_bytes(dsn())
    (nowhere / "a" / "2.eml").write_bytes(feedback(to="b@x.example"))
    (nowhere / "a" / ".hidden").write_bytes(b"niet")
    (nowhere / "mbox").write_bytes(
        b"From MAILER-DAEMON Thu Feb 12 10:00:00 2026\n"
        + dsn().replace(b"\r\n", b"\n")
        + b"\nFrom MAILER-DAEMON Thu Feb 12 10:00:00 2026\n"
        + feedback(to="b@x.example")
    )
    assert run(["track", "--json", "--from", "a"]) == 0
    found = told(capsys)
    assert [(Path(str(each["file"])).name, each["kind"]) for each in found] == [
        ("1.eml", "bounce"),
        ("2.eml", "complaint"),
    ]
    assert {each["delivery"] for each in found} == {None}
    assert run(["track", "--json", "--from", "mbox"]) == 0
    assert [(each["file"], each["kind"]) for each in told(capsys)] == [
        ("mbox", "bounce"),
        ("mbox", "complaint"),
    ]
    assert not (nowhere / "var").exists()


def test_without_json_it_is_readable(nowhere: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (nowhere / "1.eml").write_bytes(dsn())
    assert run(["track", "--from", "1.eml"]) == 0
    line = capsys.readouterr().out
    assert line.split() == [
        "bounce",
        "address-gone",
        "user-unknown",
        "5.1.1",
        "lezer@lezers.example",
        "1.eml",
    ]


def test_what_is_not_there_is_told(nowhere: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["track", "--from", "nergens"]) == 1
    assert "There is no file or folder nergens" in capsys.readouterr().err
    assert run(["track", "--act"]) == 2
    (nowhere / "empty").mkdir()
    assert run(["track", "--from", "empty"]) == 0
    assert "There is no message." in capsys.readouterr().err


def test_the_delivery_is_named_where_there_is_a_ledger(
    installed: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "1.eml").write_bytes(dsn(to=installed.verp("oproep", READER)))
    assert run(["track", "--json", "--from", "1.eml"]) == 0
    assert told(capsys)[0]["delivery"] == installed.delivery("oproep", READER)
    assert installed.state("oproep", READER) == "sent"


def test_with_act_the_messages_are_processed(
    installed: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "1.eml").write_bytes(dsn(to=installed.verp("oproep", READER)))
    assert run(["track", "--from", "1.eml", "--act"]) == 0
    assert "1 addresses will not be mailed again" in capsys.readouterr().out
    assert installed.state("oproep", READER) == "bounced"
    assert run(["track", "--from", "1.eml", "--act"]) == 0
    assert "nothing new" in capsys.readouterr().out


def test_a_pipe_that_cannot_be_taken_is_sent_again(
    installed: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = [str(Path(sys.executable).with_name("oproep")), "track", "--from", "-", "--act"]
    raw = dsn(to=installed.verp("oproep", READER))
    monkeypatch.setenv("OPROEP_DATABASE_URL", "sqlite:////proc/nowhere/ledger.sqlite")
    assert subprocess.run(command, input=raw, cwd=tmp_path, check=False).returncode == 75
    monkeypatch.delenv("OPROEP_DATABASE_URL")
    assert subprocess.run(command, input=raw, cwd=tmp_path, check=False).returncode == 0
    assert installed.state("oproep", READER) == "bounced"


def test_track_reads_the_mailbox_too(
    installed: House, maildir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (maildir / "new" / "1").write_bytes(answer(to=installed.verp("oproep", READER)))
    assert run(["track"]) == 0
    said = capsys.readouterr().out
    assert "Returned mail: 1 new (1 reply)." in said
    assert "to be read by a person" in said
    assert run(["track", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"accounts": []}


def test_a_mailbox_that_cannot_be_read_does_not_keep_the_posts_from_being_looked_at(
    installed: House, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["track"]) == 1
    said = capsys.readouterr()
    assert "There is no Maildir" in said.err
    assert "No post is due" in said.out


def test_doctor_looks_at_the_mailbox(
    installed: House,
    maildir: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def finding() -> dict[str, str]:
        run(["doctor", "--json"])
        findings = json.loads(capsys.readouterr().out)
        (found,) = [each for each in findings if each["about"] == "returned mail"]
        return dict(found)

    (maildir / "new" / "1").write_bytes(b"x")
    assert finding()["state"] == "ok"
    assert "1 unread" in finding()["what"]
    monkeypatch.setenv("OPROEP_RETURNS_URL", "imaps://a:geheim@127.0.0.1:1/INBOX")
    assert finding()["state"] == "broken"
    assert "geheim" not in str(finding())
    monkeypatch.delenv("OPROEP_RETURNS_URL")
    assert finding()["state"] == "unused"
    assert installed.state("oproep", READER) == "sent"


def test_classifying_leaves_no_database_behind(nowhere: Path) -> None:
    (nowhere / "1.eml").write_bytes(dsn())
    run(["track", "--from", "1.eml"])
    assert [path.name for path in nowhere.iterdir()] == ["1.eml"]

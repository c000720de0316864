"""check --online: what only the mail server can tell, told before the launch."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from flows.campaign.check_online import check_online
from flows.models import Problem
from tests.campaign.conftest import Example
from tests.mail.recording_server import RecordingServer
from tests.ports import free_port
from tests.soak.killing import recording


def asked(example: Example, url: str) -> list[Problem]:
    example.edit("campaign.toml", '[[step]]\nchannel = "mastodon"\nat = "event - 16h"\n', "")
    settings = example.settings.model_copy(update={"smtp_url": SecretStr(url)})
    return [
        problem
        for problem in check_online(example.load(), settings)
        if not problem.code.startswith("link-")
    ]


@pytest.mark.parametrize(
    ("size", "found"),
    [("SIZE 300000", ["mail-too-large"]), ("SIZE 0", []), ("SIZE 50000000", []), ("8BITMIME", [])],
)
def test_a_mail_larger_than_the_mail_server_takes_is_told_before_the_launch(
    example: Example, size: str, found: list[str]
) -> None:
    (example.folder / "attachments/brief.pdf").write_bytes(b"%PDF-1.7\n" + bytes(400_000))
    with recording(RecordingServer(offers=(size,))) as server:
        problems = asked(example, f"smtp://127.0.0.1:{server.port}")
        assert [each.code for each in problems] == found
        assert server.taken == []
    for problem in problems:
        assert problem.where == "2026-02-11-oproep/mailout.md"
        assert "0.6 MB with its attachments; the mail server takes 0.3 MB" in problem.what


def test_a_wrong_password_is_told_before_the_launch(example: Example) -> None:
    with recording(RecordingServer(users={"ons": "right"})) as server:
        (problem,) = asked(example, f"smtp://ons:wrong@127.0.0.1:{server.port}")
    assert problem.code == "relay-refused"
    assert "wrong@" not in problem.what


def test_a_mail_server_that_does_not_answer_is_told_and_keeps_nobody_from_launching(
    example: Example,
) -> None:
    (problem,) = asked(example, f"smtp://127.0.0.1:{free_port()}")
    assert (problem.code, problem.severity) == ("relay-unreachable", "warning")

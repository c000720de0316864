"""The whole way, once: the example rehearsed through the real flows, looked at from outside."""

from __future__ import annotations

import email
import json
import re
import signal
import time
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.cli.conftest import CAMPAIGN, start, workplace

pytestmark = [pytest.mark.prefect, pytest.mark.timeout(400)]

TWICE = f"""
import shutil, subprocess, sys

def rehearse(*options):
    code = f"import sys; from flows.cli import run; sys.exit(run(['rehearse', *{{options!r}}]))"
    subprocess.run([sys.executable, "-c", code], check=True)

rehearse("{CAMPAIGN}")
shutil.copytree("var/outbox/{CAMPAIGN}", "first")
rehearse("{CAMPAIGN}", "--json")
"""


@dataclass(frozen=True)
class Rehearsed:
    """What two rehearsals in a row left behind."""

    house: Path
    out: str
    err: str
    outside: Path

    @property
    def outbox(self) -> Path:
        return self.house / "var/outbox" / CAMPAIGN

    def mails(self, channel: str) -> list[EmailMessage]:
        return [
            email.message_from_bytes(path.read_bytes(), policy=policy.default)
            for path in sorted(self.outbox.glob(f"mail/{channel}-*.eml"))
        ]

    @property
    def report(self) -> dict[str, object]:
        report: dict[str, object] = json.loads((self.outbox / "report.json").read_text("utf-8"))
        return report


@pytest.fixture(scope="module")
def rehearsed(tmp_path_factory: pytest.TempPathFactory) -> Rehearsed:
    house = workplace(tmp_path_factory.mktemp("rehearsal"))
    outside = house / "outside.log"
    process = start(house, TWICE, outside=outside)
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    return Rehearsed(house, out, err, outside)


def test_nothing_outside_this_machine_was_reached(rehearsed: Rehearsed) -> None:
    assert not rehearsed.outside.exists() or rehearsed.outside.read_text("utf-8") == ""


def test_the_first_line_on_stdout_says_where_the_report_is(rehearsed: Rehearsed) -> None:
    first = rehearsed.out.splitlines()[0]
    assert first == f"Rehearsed. The report is at var/outbox/{CAMPAIGN}/report.html"
    assert (rehearsed.house / first.split(" at ")[1]).is_file()


def test_every_partner_and_every_reader_has_exactly_one_mail(rehearsed: Rehearsed) -> None:
    reached = [
        message["To"].addresses[0].addr_spec.casefold()
        for channel in ("mailout", "newsletter")
        for message in rehearsed.mails(channel)
    ]
    assert len(rehearsed.mails("mailout")) == 11
    assert len(reached) == len(set(reached))
    assert all(address.endswith(".example") for address in reached)


def test_a_rehearsal_is_marked_as_one_everywhere(rehearsed: Rehearsed) -> None:
    for channel in ("mailout", "newsletter"):
        for message in rehearsed.mails(channel):
            assert "REPETITIE" in message["Subject"]
            for part in ("plain", "html"):
                body = message.get_body((part,))
                assert body is not None
                assert "repetitie" in body.get_content().casefold()
    for name in ("issue.html", "issue.txt", "report.html"):
        assert "repetitie" in (rehearsed.outbox / name).read_text("utf-8").casefold()
    assert rehearsed.report["rehearsal"] is True
    for path in rehearsed.outbox.glob("posts/*.json"):
        assert json.loads(path.read_text("utf-8"))["rehearsal"] is True


def test_the_issue_can_be_left_with_one_click_and_the_partner_mail_answered(
    rehearsed: Rehearsed,
) -> None:
    for message in rehearsed.mails("newsletter"):
        assert re.fullmatch(r"<https://\S+/afmelden/\w+>", message["List-Unsubscribe"])
        assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert message["List-Id"]
    for message in rehearsed.mails("mailout"):
        assert message["List-Unsubscribe"] is None
        assert message["Reply-To"]
        assert len(list(message.iter_attachments())) == 2


def test_each_partner_is_greeted_by_name(rehearsed: Rehearsed) -> None:
    for message in rehearsed.mails("mailout"):
        body = message.get_body(("plain",))
        assert body is not None
        assert message["To"].addresses[0].display_name in body.get_content()


def test_each_thread_is_whole_in_order_and_answers_itself(rehearsed: Rehearsed) -> None:
    for network in ("mastodon", "bluesky"):
        posts = [
            json.loads(path.read_text("utf-8"))
            for path in sorted(rehearsed.outbox.glob(f"posts/{network}-*.json"))
        ]
        assert [post["number"] for post in posts] == list(range(1, posts[0]["of"] + 1))
        assert [post["reply_to"] for post in posts[1:]] == [post["url"] for post in posts[:-1]]


def test_the_report_adds_up_and_counts_what_lies_in_the_outbox(rehearsed: Rehearsed) -> None:
    report = rehearsed.report
    assert report["balanced"] is True
    channels = report["channels"]
    assert isinstance(channels, dict)
    for key, counts in channels.items():
        states = {state: number for state, number in counts.items() if state != "planned"}
        assert counts["planned"] == sum(states.values())
        assert counts["sent"] == len(list(rehearsed.outbox.glob(f"*/{key}-*")))
        assert counts["sent"] + counts["skipped"] == counts["planned"]


def test_the_report_has_the_shape_that_programs_read(rehearsed: Rehearsed) -> None:
    printed = json.loads(rehearsed.out[rehearsed.out.index("{") :])
    assert {*rehearsed.report, "outbox"} == set(printed)
    assert (rehearsed.house / printed["outbox"]).resolve() == rehearsed.outbox
    assert set(printed) >= {"campaign", "event", "generated_at", "steps", "channels", "balanced"}
    for step in printed["steps"]:
        assert set(step) >= {
            *("channel", "draft", "at", "deadline", "state", "started_at", "finished_at")
        }
        assert step["state"] == "done"
        assert step["at"] <= step["started_at"] <= step["deadline"]
    for counts in printed["channels"].values():
        assert list(counts) == [
            *("planned", "queued", "sending", "sent", "delivered", "deferred", "rejected"),
            *("bounced", "complained", "failed", "skipped", "unconfirmed"),
        ]


def test_two_rehearsals_leave_the_same_octets(rehearsed: Rehearsed) -> None:
    def octets(folder: Path) -> dict[str, bytes]:
        return {
            str(path.relative_to(folder)): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }

    first, second = octets(rehearsed.house / "first"), octets(rehearsed.outbox)
    assert list(first) == list(second)
    assert [name for name in first if first[name] != second[name]] == []


def test_a_rehearsal_that_is_killed_leaves_the_one_before_it_and_the_next_one_works(
    rehearsed: Rehearsed,
) -> None:
    report = rehearsed.outbox / "report.json"
    before = report.read_bytes()
    unfinished = rehearsed.outbox.with_name(f".{CAMPAIGN}.unfinished")
    once = f"from flows.cli import run; run(['rehearse', '{CAMPAIGN}'])"
    process = start(rehearsed.house, once, outside=rehearsed.outside)
    limit = time.monotonic() + 120
    while not list(unfinished.glob("mail/*")) and time.monotonic() < limit:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert report.read_bytes() == before
    process = start(rehearsed.house, once, outside=rehearsed.outside)
    _, err = process.communicate(timeout=200)
    assert process.returncode == 0, err
    assert report.read_bytes() == before
    assert not unfinished.exists()

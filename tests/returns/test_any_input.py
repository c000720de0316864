"""Whatever is sent to us, it is read, soon, and said to be something."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.returns.classify import classify, read_return
from flows.returns.findings import Action, Kind
from tests.returns.letters import dsn, feedback


def takes(raw: bytes) -> float:
    started = time.process_time()
    findings = classify(raw)
    assert findings
    assert {each.kind for each in findings} <= set(Kind)
    assert {each.action for each in findings} <= set(Action)
    return time.process_time() - started


@given(st.binary(max_size=2_000))
def test_any_octets_are_read(raw: bytes) -> None:
    takes(raw)


@settings(max_examples=200)
@given(st.data())
def test_a_mutilated_report_is_read(data: st.DataObject) -> None:
    raw = bytearray(data.draw(st.sampled_from([dsn(), feedback(to="b@x.example")])))
    for _ in range(data.draw(st.integers(0, 20))):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at : at + data.draw(st.integers(0, 40))] = data.draw(st.binary(max_size=20))
        raw = raw or bytearray(b"x")
    takes(bytes(raw[: data.draw(st.integers(1, len(raw)))]))


@given(
    st.lists(
        st.sampled_from(
            [
                "Content-Type: multipart/mixed; boundary=b",
                "Content-Type: multipart/mixed",
                "Content-Type: message/delivery-status; charset=punycode",
                "Content-Type: text/html; charset=\x00",
                "Content-Transfer-Encoding: base64",
                "Final-Recipient: rfc822;",
                "Action: \\x{D800}",
                "Subject: =?utf-8?B?////?= =?x?Q?=ZZ?=",
                "--b",
                "--b--",
                "",
                "<style",
                ">>> ",
                '{"notificationType":',
            ]
        ),
        max_size=60,
    )
)
def test_any_pieces_of_mail_are_read(lines: list[str]) -> None:
    takes("\r\n".join(lines).encode("utf-8", "replace"))


BOMBS = {
    "10,000 parts in one another": b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (each, each)
        for each in range(10_000)
    ),
    "10,000 messages in one another": b"Content-Type: message/rfc822\n\n" * 10_000,
    "10,000 parts beside one another": b"Content-Type: multipart/mixed; boundary=b\n\n"
    + b"--b\nContent-Type: message/delivery-status\n\nAction: failed\n\n" * 10_000,
    "50 MB": dsn() + b"x" * 50_000_000,
    "one line of 50 MB": b"Subject: " + b"x" * 50_000_000,
    "nothing but null": b"\x00" * 1_000_000,
    "nothing but fields": b"".join(b"X-%d: y\n" % each for each in range(100_000)),
    "a folded field without end": b"Subject: x\n" + b" y\n" * 300_000,
    "100,000 recipients": b"Content-Type: message/delivery-status\n\n"
    + b"Final-Recipient: rfc822; a@b.example\nAction: failed\n\n" * 100_000,
    "tags without end": b"Content-Type: text/html\n\n" + b"<style<p<" * 100_000,
    "addresses without end": b"From: MAILER-DAEMON\n\n" + b"a@b.example " * 80_000,
    "an address that never ends": b"From: MAILER-DAEMON\n\n" + b"a" * 1_000_000,
    "at signs": b"From: MAILER-DAEMON\n\n" + b"@" * 1_000_000,
    "spaces": b"From: MAILER-DAEMON\n\n" + b" " * 1_000_000,
    "angle brackets": b"From: MAILER-DAEMON\n\n" + b"<" * 1_000_000,
    "quotation marks": b"From: MAILER-DAEMON\n\n" + b"> " * 500_000,
    "digits": b"From: MAILER-DAEMON\n\n" + b"5.1." * 250_000,
    "codes": b"From: MAILER-DAEMON\n\n" + b"550-5.1.1 " * 100_000,
    "encoded words": b"Subject: " + b"=?utf-8?Q?a?= " * 50_000 + b"\n\n",
    "JSON without end": b'\n\n{"notificationType":' + b"[" * 500_000,
    "half sentences": b"From: MAILER-DAEMON\n\n" + b"mailbox " * 120_000,
    "links": b"From: MAILER-DAEMON\n\n" + b"https:" * 160_000,
    "parameters": b"Content-Type: a/b" + b"; a" * 300_000,
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_is_read_within_a_second(bomb: str) -> None:
    assert takes(BOMBS[bomb]) < 1


def test_what_lies_behind_a_bomb_is_not_lost_from_sight() -> None:
    raw = dsn().replace(b"--=_b--", b"--=_b\r\n\r\n" + b"y" * 5_000_000)
    assert read_return(raw).findings[0].action is Action.ADDRESS_GONE

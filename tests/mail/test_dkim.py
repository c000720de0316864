"""Signatures that another library verifies, and a check of the published key."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.compose.dkim import DkimKey, check_key
from flows.compose.mime import Attachment, MailSpec, compile_mail, message_id
from flows.compose.slots import SlotValue, literal, slot
from flows.errors import SettingsError

AT = datetime(2026, 2, 11, 17, tzinfo=UTC)


def pem(key: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
KEY = DkimKey(pem(RSA), domain="org.example", selector="s1")
ED = DkimKey(pem(ed25519.Ed25519PrivateKey.generate()), domain="org.example", selector="s2")


def content(name: str = "Jan", text: str = "dag") -> bytes:
    spec = MailSpec(
        subject=f"Oproep voor {slot('naam')}",
        text=text,
        html=f"<p>{text}</p>",
        language="nl",
        sender_name="Stichting",
        sender_address="krant@org.example",
        reply_to="mens@org.example",
        list_id="nieuws.org.example",
        list_unsubscribe="https://org.example/afmelden/x",
        attachments=[Attachment(file_name="a.pdf", media_type="application/pdf", content=b"%PDF")],
    )
    return compile_mail(spec).cut(
        to_name=name,
        to_address="jan@x.example",
        message_id=message_id(secret="k", campaign="c", step=1, recipient="j", host="org.example"),
        date=AT,
        values={"naam": SlotValue(text=name, html=name)},
    )


def verifies(signed: bytes, key: DkimKey = KEY) -> bool:
    def dns(name: bytes, timeout: int = 5) -> bytes:
        assert name.decode().rstrip(".") == key.record_name
        return key.record.encode()

    return bool(dkim.verify(signed, dnsfunc=dns))


@pytest.mark.parametrize("key", [KEY, ED], ids=["RSA", "Ed25519"])
def test_another_library_verifies_the_signature(key: DkimKey) -> None:
    assert verifies(key.signed(content(), at=AT), key)


@settings(max_examples=60, deadline=None)
@given(name=st.text(max_size=120), text=st.text(max_size=300))
def test_whatever_a_mail_holds_its_signature_verifies(name: str, text: str) -> None:
    assert verifies(KEY.signed(content(name, literal(text)), at=AT))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"List-Unsubscribe: <https://org", b"List-Unsubscribe: <https://evil"),
        (b"List-Unsubscribe-Post: List", b"List-Unsubscribe-Post: Lost"),
        (b"krant@org.example", b"krent@org.example"),
        (b"\r\n\r\ndag", b"\r\n\r\nday"),
        (b"Date: ", b"From: <x@evil.example>\r\nDate: "),
        (b"Date: ", b"Subject: nep\r\nDate: "),
    ],
)
def test_what_somebody_changes_or_adds_breaks_the_signature(before: bytes, after: bytes) -> None:
    signed = KEY.signed(content(), at=AT)
    assert before in signed
    assert not verifies(signed.replace(before, after, 1))


def test_the_same_mail_signed_at_the_same_moment_is_the_same() -> None:
    assert KEY.signed(content(), at=AT) == KEY.signed(content(), at=AT)


def test_no_line_of_the_signature_is_long() -> None:
    signature = KEY.signed(content(), at=AT).removesuffix(content())
    assert max(map(len, signature.split(b"\r\n"))) <= 78


@pytest.mark.parametrize(
    "text", ["", "rubbish", pem(ec.generate_private_key(ec.SECP256R1())), "-----BEGIN"]
)
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="DKIM key"):
        DkimKey(text, domain="org.example", selector="s1")


@pytest.mark.parametrize(("domain", "selector"), [("a b", "s"), ("org.example", "s;x"), ("", "")])
def test_names_that_are_no_names_are_refused(domain: str, selector: str) -> None:
    with pytest.raises(SettingsError):
        DkimKey(pem(RSA), domain=domain, selector=selector)


def records(*texts: str) -> list[str]:
    def lookup(name: str) -> Sequence[str]:
        assert name == "s1._domainkey.org.example"
        return texts

    return [one.code for one in check_key(KEY, sender_domain="org.example", lookup=lookup)]


def test_a_published_key_is_well_however_it_is_written() -> None:
    assert records(KEY.record) == []
    assert records(KEY.record.replace("; ", " ;\t ").replace("p=M", "p=M ")) == []
    assert records("v=spf1 -all", KEY.record) == []


def test_a_key_that_is_missing_another_revoked_or_only_tested_is_told() -> None:
    assert records() == ["dkim-missing"]
    assert records("v=spf1 -all") == ["dkim-missing"]
    assert records(ED.record) == ["dkim-other-key"]
    assert records("v=DKIM1; p=") == ["dkim-other-key"]
    assert records(KEY.record + "; t=y") == ["dkim-testing"]
    assert records(KEY.record, ED.record) == ["dkim-several"]


def test_a_dns_that_does_not_answer_is_told() -> None:
    def lookup(name: str) -> Sequence[str]:
        raise OSError("timed out")

    (problem,) = check_key(KEY, sender_domain="org.example", lookup=lookup)
    assert "timed out" in problem.what


def test_a_short_key_and_another_domain_are_told() -> None:
    short = DkimKey(
        pem(rsa.generate_private_key(public_exponent=65537, key_size=1024)),
        domain="org.example",
        selector="s1",
    )
    found = check_key(short, sender_domain="elders.example", lookup=lambda name: [short.record])
    assert [one.code for one in found] == ["dkim-alignment", "dkim-short-key"]
    assert check_key(KEY, sender_domain="mail.org.example", lookup=lambda n: [KEY.record]) == []

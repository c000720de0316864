"""A mail cut for a recipient reads exactly as if the standard library had built it."""

from __future__ import annotations

import email
import email.policy
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import parseaddr

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.compose.mime import (
    Attachment,
    CompiledMail,
    MailSpec,
    compile_mail,
    message_id,
)
from flows.compose.mime_bodies import plain_lines
from flows.compose.mime_headers import wire_address
from flows.compose.slots import SlotValue, literal, one_line, slot
from flows.errors import InputError

AT = datetime(2026, 2, 11, 17, 0, tzinfo=UTC)
ID = message_id(secret="key", campaign="c", step=1, recipient="42", host="org.example")
LONG_WORD = "jeugdgevangenisbewaardersopleidingscentrumcoördinatievergadering" * 3
HOSTILE = [
    "",
    "Zoë van 't Hof",
    'Jan "de Baas" \\ Smit',
    "a\r\nBcc: slachtoffer@x.example",
    "\r\n\r\n.\r\nQUIT",
    ".begint met een punt",
    "..\n.\n",
    "=?utf-8?q?nep?=",
    "=C3=AB = =\n=",
    "eindigt op blank \n\teinde\t\n",
    "👩‍👩‍👧‍👦 familie 🏳️‍🌈" * 8,
    "مرحبا بالعالم שלום " * 9,
    LONG_WORD,
    "a" * 3000,
    "https://x.example/" + "pad/" * 400,
    "\x00\x01\x7f\x85 stuur",
    "From me\nFrom you",
    "Smit, Jan <jan@x.example>; (grap) [x] : @",
    "kop\u2028regel\u2029alinea",
    "100% %s %(name)s {name} ${x}",
    "-- \n--=_grens--",
]
TEXTS = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(max_size=200),
    st.lists(st.sampled_from(HOSTILE), max_size=4).map(" ".join),
    st.lists(st.sampled_from(HOSTILE), max_size=4).map("\n".join),
    st.text(alphabet="a. =\r\n\té€", max_size=400),
).filter(lambda text: "\ufeff" not in text)
ADDRESSES = st.sampled_from(
    [
        "jan@x.example",
        "Jan.de-Wit+krant@sub.x.example",
        '"jan de wit"@x.example',
        '"a\\"b>c"@x.example',
        "jürgen@x.example",
        "a" * 64 + "@x.example",
    ]
)


def read(content: bytes) -> EmailMessage:
    found = email.message_from_bytes(content, policy=email.policy.SMTPUTF8)
    assert isinstance(found, EmailMessage)
    return found


def mailbox(content: bytes, name: str) -> tuple[str, str]:
    """Name and address of a field.

    By the older parser: the newer one leaves blanks between encoded words in a name until
    Python 3.12, against RFC 2047, 6.2.
    """
    raw = email.message_from_bytes(content)[name]
    unfolded = str(raw).replace("\r\n", "")
    if not isinstance(raw, str):
        unfolded = content.split(f"\r\n{name}: ".encode())[1].split(b"\r\nM")[0].decode()
    display, address = parseaddr(unfolded.replace("\r\n", ""))
    return str(make_header(decode_header(display))), address


def body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    content = part.get_content()
    assert isinstance(content, str)
    return content.replace("\r\n", "\n")


def standard(
    *,
    subject: str,
    text: str,
    html: str,
    sender: str,
    to_name: str,
    to_address: str,
    files: list[str],
) -> EmailMessage:
    """The same mail, built by the standard library alone."""
    message = EmailMessage(policy=email.policy.SMTPUTF8)
    local, _, domain = to_address.rpartition("@")
    if local.startswith('"'):
        local = local[1:-1].replace("\\", "")
    message["Subject"] = subject
    message["From"] = Address(one_line(sender), "krant", "org.example")
    message["To"] = Address(one_line(to_name), local, domain)
    message.set_content(text, cte="quoted-printable")
    message.add_alternative(html, subtype="html", cte="quoted-printable")
    for name in files:
        message.add_attachment(b"%PDF", "application", "pdf", filename=name)
    return message


@settings(max_examples=120, deadline=None)
@given(
    subject=st.tuples(TEXTS, TEXTS),
    pieces=st.lists(TEXTS, min_size=1, max_size=5),
    name=TEXTS,
    value=TEXTS,
    sender=TEXTS,
    address=ADDRESSES,
)
def test_a_cut_mail_parses_to_what_the_standard_library_would_have_built(
    subject: tuple[str, str], pieces: list[str], name: str, value: str, sender: str, address: str
) -> None:
    subject = (literal(subject[0]), literal(subject[1]))
    pieces = [literal(piece) for piece in pieces]
    joined = slot("naam").join(pieces)
    spec = MailSpec(
        subject=subject[0] + slot("naam") + subject[1],
        text=joined,
        html=f"<p>{joined}</p>",
        language="nl",
        sender_name=sender,
        sender_address="krant@org.example",
        attachments=[
            Attachment(file_name="brief.pdf", media_type="application/pdf", content=b"%PDF")
        ],
    )
    values = {"naam": SlotValue(text=value, html=f"<b>{value}</b>")}
    content = compile_mail(spec).cut(
        to_name=name, to_address=address, message_id=ID, date=AT, values=values
    )
    text = plain_lines(value).join(plain_lines(piece) for piece in pieces)
    expected = standard(
        subject="s",
        text="x\n",
        html="x\n",
        sender=sender,
        to_name=name,
        to_address=address,
        files=["brief.pdf"],
    )
    found = read(content)
    assert found.defects == []
    assert found["Subject"] == one_line(subject[0] + value + subject[1])
    for field in ("From", "To"):
        (box,) = expected[field].addresses
        assert mailbox(content, field) == (box.display_name, box.addr_spec)
    assert [part.get_filename() for part in found.iter_attachments()] == ["brief.pdf"]
    assert [part.get_content() for part in found.iter_attachments()] == [b"%PDF"]
    assert body(found, "plain").rstrip("\n") == text.rstrip("\n")
    assert_wire_safe(content, to_address=address)


@settings(max_examples=120, deadline=None)
@given(pieces=st.lists(TEXTS, min_size=1, max_size=6), value=TEXTS)
def test_bodies_hold_what_the_standard_library_holds(pieces: list[str], value: str) -> None:
    pieces = [plain_lines(literal(piece)) for piece in pieces]
    pieces[-1] = pieces[-1].rstrip("\n") + " einde"
    value = plain_lines(value)
    text = value.join(pieces)
    html = f"<p>{f'<b>{value}</b>'.join(pieces)}</p>"
    spec = MailSpec(
        subject="s",
        text=slot("naam").join(pieces),
        html=f"<p>{slot('naam').join(pieces)}</p>",
        language="nl",
        sender_name="",
        sender_address="krant@org.example",
    )
    content = compile_mail(spec).cut(
        to_name="",
        to_address="jan@x.example",
        message_id=ID,
        date=AT,
        values={"naam": SlotValue(text=value, html=f"<b>{value}</b>")},
    )
    expected = standard(
        subject="s",
        text=text,
        html=html,
        sender="",
        to_name="",
        to_address="jan@x.example",
        files=[],
    )
    found = read(content)
    assert body(found, "plain") == body(expected, "plain")
    assert body(found, "html") == body(expected, "html")
    assert [part.get_content_type() for part in found.walk()] == [
        part.get_content_type() for part in expected.walk()
    ]
    assert_wire_safe(content, to_address="jan@x.example")


def assert_wire_safe(content: bytes, *, to_address: str) -> None:
    lines = content.split(b"\r\n")
    assert lines[-1] == b""
    assert content.count(b"\r\n") == content.count(b"\n") == content.count(b"\r")
    assert b"\0" not in content
    assert not any(line.startswith(b".") for line in lines)
    assert max(map(len, lines)) <= max(78, len(to_address.encode()) + 12)
    if to_address.isascii():
        assert content.isascii()


def simple(**changes: object) -> MailSpec:
    values: dict[str, object] = {
        "subject": "Oproep",
        "text": f"Beste {slot('naam')},\n",
        "html": f"<p>Beste {slot('naam')}</p>",
        "language": "nl",
        "sender_name": "Stichting",
        "sender_address": "krant@org.example",
    }
    return MailSpec(**(values | changes))  # type: ignore[arg-type]


def cut(mail: CompiledMail, **changes: object) -> bytes:
    values: dict[str, object] = {
        "to_name": "Jan",
        "to_address": "jan@x.example",
        "message_id": ID,
        "date": AT,
        "values": {
            "naam": SlotValue(text="Jan", html="Jan"),
            "stop": SlotValue(text="https://x.example/afmelden/" + "t" * 900, html=""),
        },
    }
    return mail.cut(**(values | changes))  # type: ignore[arg-type]


def test_the_same_mail_is_the_same_to_the_octet_when_made_again() -> None:
    assert cut(compile_mail(simple())) == cut(compile_mail(simple()))


def test_the_list_headers_arrive_as_they_are_however_long() -> None:
    content = cut(
        compile_mail(
            simple(
                list_id="nieuws.org.example",
                list_name="Nieuwsbrief voor é",
                list_unsubscribe=slot("stop"),
                feedback_id="c1:nieuws:issue:oproep",
                auto_submitted="auto-generated",
                reply_to="mens@org.example",
            )
        )
    )
    url = "https://x.example/afmelden/" + "t" * 900
    assert f"\r\nList-Unsubscribe: <{url}>\r\n".encode() in content
    assert b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in content
    assert b"\r\nFeedback-ID: c1:nieuws:issue:oproep\r\n" in content
    assert b"\r\nAuto-Submitted: auto-generated\r\n" in content
    assert b"<nieuws.org.example>\r\n" in content
    found = read(content)
    assert found["Reply-To"] == "mens@org.example"
    assert found["MIME-Version"] == "1.0"
    assert found["Message-ID"] == ID
    assert found["Date"].datetime == AT
    assert found.get_content_type() == "multipart/alternative"


def test_partner_mail_has_no_list_headers() -> None:
    found = read(cut(compile_mail(simple())))
    assert not [name for name in found if name.startswith(("List-", "Auto-", "Feedback-"))]


@pytest.mark.parametrize("text", ["{} einde", "begin {}"])
@pytest.mark.parametrize("field", ["subject", "text", "html", "list_unsubscribe"])
def test_a_slot_without_a_value_is_a_problem_and_not_a_blank(field: str, text: str) -> None:
    mail = compile_mail(simple(**{field: text.format(slot("kwijt"))}))
    assert "kwijt" in mail.slots
    with pytest.raises(InputError, match="kwijt"):
        cut(mail)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "jan",
        "@x.example",
        "jan@",
        "jan@x example",
        "jan@x.example\r\nRCPT TO:<y@x.example>",
        "jan@x.example>",
        "<jan@x.example>",
        "jan(grap)@x.example",
        "jan de wit@x.example",
        "a" * 65 + "@x.example",
        "a" * 300 + "@x.example",
        "é" * 33 + "@x.example",
        "jan@" + "x" * 250 + ".example",
        "jan@-x.example",
        "jan@\ud800.example",
        "jan\ud800@x.example",
        "jan@x..example",
        "jan..wit@x.example",
        "jan\0@x.example",
        '"jan\r\n"@x.example',
    ],
)
def test_what_is_not_an_address_is_refused_with_a_sentence(address: str) -> None:
    with pytest.raises(InputError, match="cannot be used as an e-mail address"):
        cut(compile_mail(simple()), to_address=address)


def test_a_domain_in_other_letters_goes_out_in_ascii() -> None:
    assert wire_address("jan@bücher.example") == "jan@xn--bcher-kva.example"
    content = cut(compile_mail(simple()), to_address="jan@bücher.example")
    assert b"<jan@xn--bcher-kva.example>" in content


def test_a_local_part_in_other_letters_stays_and_is_the_only_thing_outside_ascii() -> None:
    content = cut(compile_mail(simple()), to_address="jürgen@x.example")
    assert "<jürgen@x.example>".encode() in content
    assert content.replace("ü".encode(), b"").isascii()


@pytest.mark.parametrize(
    "changes",
    [
        {"sender_address": "krant"},
        {"sender_address": "jürgen@x.example"},
        {"reply_to": "a@b\r\nBcc: x"},
        {"list_id": "a b"},
        {"list_id": "a>\r\nBcc: x"},
        {"feedback_id": "a\r\nBcc: x"},
        {"headers": {"X-A": "a\nb"}},
        {"headers": {"X A": "a"}},
        {"headers": {"X-A": "é"}},
        {"headers": {"X-A": "a" * 1000}},
        {"list_unsubscribe": "mailto:stop@org.example"},
        {"list_unsubscribe": "https://x.example/>\r\nBcc: x"},
        {"language": "nl\r\nBcc: x"},
        {"attachments": [Attachment(file_name="a", media_type="a\r\nb/c", content=b"")]},
    ],
)
def test_headers_that_cannot_be_are_refused_before_anything_is_sent(
    changes: dict[str, object],
) -> None:
    with pytest.raises(InputError):
        compile_mail(simple(**changes))


@settings(max_examples=60, deadline=None)
@given(name=TEXTS, content=st.binary(max_size=500))
def test_attachments_arrive_with_their_names_and_octets(name: str, content: bytes) -> None:
    found = read(
        cut(
            compile_mail(
                simple(
                    attachments=[
                        Attachment(file_name=name, media_type="application/pdf", content=content),
                        Attachment(file_name="b.bin", media_type="x/y", content=b""),
                    ]
                )
            )
        )
    )
    first, second = found.iter_attachments()
    assert first.get_content() == content
    assert second.get_filename() == "b.bin"
    shown = first.get_filename()
    assert shown
    assert "\n" not in shown
    assert "/" not in shown


def test_half_a_character_in_a_name_does_not_stop_the_mail() -> None:
    content = cut(
        compile_mail(simple()),
        to_name="Jan \ud800",
        values={"naam": SlotValue(text="Jan \udcff", html="Jan \udcff")},
    )
    assert read(content)["To"].addresses[0].display_name == "Jan ?"


def test_message_ids_are_the_same_at_every_attempt_and_differ_per_recipient() -> None:
    def made(**changes: object) -> str:
        values: dict[str, object] = {
            "secret": "k",
            "campaign": "c",
            "step": 1,
            "recipient": "jan@x.example",
            "host": "org.example",
        }
        return message_id(**(values | changes))  # type: ignore[arg-type]

    assert made() == made()
    different = [made(), made(secret="l"), made(campaign="d"), made(step=2), made(recipient="x")]
    assert len(set(different)) == 5
    assert "jan" not in made()


def test_a_mail_in_plain_text_only_has_one_part() -> None:
    found = read(cut(compile_mail(simple(html=""))))
    assert found.get_content_type() == "text/plain"
    assert body(found, "plain") == "Beste Jan,\n"

"""What a returned message is and says, by letters made up for it."""

from __future__ import annotations

import base64

import pytest

from flows.returns.classify import classify, read_return
from flows.returns.findings import Action, Finding, Kind, Reason
from tests.returns.letters import FORMATS, answer, dsn, feedback, plain


def only(raw: bytes) -> Finding:
    (finding,) = classify(raw)
    return finding


@pytest.mark.parametrize(
    ("status", "diagnostic", "reason"),
    [
        ("5.1.1", "smtp; 550 5.1.1 User unknown", Reason.USER_UNKNOWN),
        (
            "5.0.0",
            "smtp; 550 Adresse du destinataire invalide: utilisateur inconnu",
            "user-unknown",
        ),
        ("5.1.2", "", Reason.HOST_UNKNOWN),
        ("5.1.10", "", Reason.TAKES_NO_MAIL),
        ("5.1.6", "", Reason.MOVED),
        ("5.2.2", "smtp; 552 5.2.2 Over quota", Reason.FULL),
        ("5.2.1", "", Reason.INACTIVE),
        ("4.4.1", "", Reason.NETWORK),
        ("4.4.7", "", Reason.EXPIRED),
        ("5.3.4", "", Reason.TOO_BIG),
        ("5.7.23", "", Reason.AUTHENTICATION),
        ("5.7.25", "", Reason.REVERSE_NAME),
        ("5.7.1", "smtp; 554 5.7.1 blocked using zen.example", Reason.LISTED),
        ("5.7.1", "smtp; 550 5.7.1 something or other", Reason.POLICY),
        # The other server's own words weigh more than the code it gives.
        ("5.7.1", "smtp; 550 5.7.1 Recipient address rejected: User unknown", Reason.USER_UNKNOWN),
        ("5.1.1", "smtp; 550 5.1.1 The mailbox is full", Reason.FULL),
        # What stands in a link or in an address says nothing.
        ("5.0.0", "smtp; 550 Rejected, see https://x.example/user-unknown", Reason.POLICY),
        ("5.0.0", "", Reason.UNCLEAR),
    ],
)
def test_a_delivery_status_leads_to_a_reason(status: str, diagnostic: str, reason: str) -> None:
    finding = only(dsn(status=status, diagnostic=diagnostic))
    assert (finding.kind, finding.reason) == (Kind.BOUNCE, reason)
    assert finding.recipient == "lezer@lezers.example"
    assert finding.message_id == "<1@organisatie.example>"


@pytest.mark.parametrize("code", ["550", "553", "554", "571"])
def test_a_hard_code_alone_does_not_condemn_an_address(code: str) -> None:
    finding = only(dsn(status="5.0.0", diagnostic=f"smtp; {code} Transaction failed"))
    assert finding.action is not Action.ADDRESS_GONE


@pytest.mark.parametrize(
    ("command", "action"),
    [
        ("MAIL FROM", Action.WE_ARE_BLOCKED),
        ("RCPT TO", Action.ADDRESS_GONE),
        ("end of DATA", Action.WE_ARE_BLOCKED),
        ("EHLO", Action.WE_ARE_BLOCKED),
    ],
)
def test_when_a_refusal_came_tells_what_was_refused(command: str, action: Action) -> None:
    said = f"smtp; 550 Sorry, E2110 (in reply to {command} command)"
    assert only(dsn(status="5.0.0", diagnostic=said)).action is action


def test_what_they_go_on_trying_is_not_final_and_condemns_nothing() -> None:
    finding = only(dsn(action="delayed", status="4.1.2", diagnostic="smtp; Host not found"))
    assert finding.action is Action.LATER
    assert not finding.final


@pytest.mark.parametrize(
    "name", ["gmail-that-waits", "exim-that-waits", "sendmail-that-waits", "a-server-that-waits"]
)
def test_a_warning_that_mail_waits_is_not_the_end_of_it(name: str) -> None:
    assert not only(FORMATS[name]["raw"].encode()).final


def test_a_domain_that_is_not_found_for_now_may_be_found_later() -> None:
    finding = only(dsn(status="4.0.0", diagnostic="smtp; DNS lookup gave NXDOMAIN"))
    assert finding.action is Action.LATER
    assert finding.final


@pytest.mark.parametrize("action", ["delivered", "relayed", "expanded"])
def test_a_notice_of_success_is_no_bounce(action: str) -> None:
    finding = only(dsn(action=action, status="2.0.0", diagnostic="smtp; 250 Ok"))
    assert (finding.kind, finding.action) == (Kind.DELIVERED, Action.NONE)


def test_each_recipient_of_a_report_has_a_finding() -> None:
    more = "\nFinal-Recipient: rfc822; ander@lezers.example\nAction: failed\nStatus: 5.2.2\n"
    found = classify(dsn(more=more))
    assert [(one.recipient, one.action) for one in found] == [
        ("lezer@lezers.example", Action.ADDRESS_GONE),
        ("ander@lezers.example", Action.MAILBOX_FULL),
    ]


def test_recipients_run_together_without_a_blank_line_are_told_apart() -> None:
    more = "Final-Recipient: rfc822; ander@lezers.example\nAction: failed\nStatus: 5.2.2"
    assert len(classify(dsn(more=more))) == 2


def test_the_original_recipient_is_whom_we_wrote_to() -> None:
    more = "Original-Recipient: rfc822;lezer@lezers.example"
    assert (
        only(dsn(recipient="elders@lezers.example", more=more)).recipient == "lezer@lezers.example"
    )


def test_an_international_report_is_read() -> None:
    raw = dsn(recipient="andr\\x{E9}@lezers.example")
    raw = raw.replace(b"message/delivery-status", b"message/global-delivery-status")
    raw = raw.replace(b"rfc822; andr", b"utf-8; andr")
    assert only(raw).recipient == "andré@lezers.example"


def test_a_report_in_base64_is_read() -> None:
    status = "Final-Recipient: rfc822; a@b.example\nAction: failed\nStatus: 5.1.1\n"
    body = base64.encodebytes(status.encode()).decode()
    raw = f"""\
From: postmaster@b.example
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: message/delivery-status
Content-Transfer-Encoding: base64

{body}
--b--
"""
    assert only(raw.encode()).recipient == "a@b.example"


def test_a_report_whose_content_type_was_lost_is_read_as_text() -> None:
    raw = dsn()
    raw = raw.replace(raw[raw.index(b"MIME-Version") : raw.index(b"--=_b")], b"\r\n")
    assert only(raw).action is Action.ADDRESS_GONE


def test_a_bounce_that_was_forwarded_as_an_attachment_is_read() -> None:
    outer = b"From: it@x.example\nSubject: Fwd\nContent-Type: multipart/mixed; boundary=o\n\n"
    raw = outer + b"--o\nContent-Type: message/rfc822\n\n" + dsn() + b"\n--o--\n"
    assert only(raw).action is Action.ADDRESS_GONE


def test_what_sendmail_concludes_is_not_what_the_other_server_said() -> None:
    text = """\
   ----- The following addresses had permanent fatal errors -----
<lezer@lezers.example>

   ----- Transcript of session follows -----
... while talking to mx.lezers.example.:
>>> DATA
<<< 550 E12
550 5.1.1 <lezer@lezers.example>... User unknown
"""
    raw = plain(text, subject="Returned mail", sender="MAILER-DAEMON@mx.example")
    assert only(raw).action is Action.WE_ARE_BLOCKED


PROSE = {
    "qmail": """\
Hi. This is the qmail-send program at mx.example.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<lezer@lezers.example>:
Sorry, no mailbox here by that name. (#5.1.1)

--- Below this line is a copy of the message.

Return-Path: <nieuws@organisatie.example>
Message-ID: <1@organisatie.example>
To: ander@lezers.example
""",
    "exim": """\
This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  lezer@lezers.example
    host mx.lezers.example [192.0.2.1]
    SMTP error from remote mail server after RCPT TO:<lezer@lezers.example>:
    550 5.1.1 unknown user

------ This is a copy of the message, including all the headers. ------

Message-ID: <1@organisatie.example>
From: nieuws@organisatie.example
""",
    "exchange": """\
Your message

  To:      lezer@lezers.example
  Subject: Oproep

did not reach the following recipient(s):

lezer@lezers.example on Thu, 12 Feb 2026 23:34:45 +0100
    The recipient name is not recognized

-----Original Message-----
Message-ID: <1@organisatie.example>
""",
    "sendmail": """\
   ----- The following addresses had permanent fatal errors -----
<lezer@lezers.example>

   ----- Transcript of session follows -----
... while talking to mx.lezers.example.:
>>> RCPT To:<lezer@lezers.example>
<<< 550 <lezer@lezers.example>... User unknown

   ----- Unsent message follows -----
Message-ID: <1@organisatie.example>
From: nieuws@organisatie.example
""",
    "html": "Delivery has failed to these recipients or groups:<br>"
    "lezer@lezers.example<p>The email address you entered couldn't be found.</p>"
    "<style>.x{}</style>Original message headers:<br>Message-ID: &lt;1@organisatie.example&gt;",
}


@pytest.mark.parametrize("system", PROSE)
def test_a_bounce_written_for_people_is_understood(system: str) -> None:
    raw = plain(
        PROSE[system],
        subject="Undelivered",
        sender="MAILER-DAEMON@mx.example",
        to="nieuws@x.example",
    )
    if system == "html":
        raw = raw.replace(b"text/plain", b"text/html")
    finding = only(raw)
    assert (finding.kind, finding.action) == (Kind.BOUNCE, Action.ADDRESS_GONE)
    assert finding.recipient == "lezer@lezers.example"
    assert finding.message_id == "<1@organisatie.example>"


def test_two_recipients_in_prose_have_their_own_reasons() -> None:
    text = """\
    An error has occurred while attempting to deliver a message for
    the following list of recipients:

vol@lezers.example: 550 5.2.2 Mailbox full
weg@lezers.example: 550 5.1.1 User unknown

    Below is a copy of the original message:

From: nieuws@organisatie.example
"""
    raw = plain(
        text, subject="Delivery status notification: error", sender="MAILER-DAEMON@x.example"
    )
    assert [(one.recipient, one.action) for one in classify(raw)] == [
        ("vol@lezers.example", Action.MAILBOX_FULL),
        ("weg@lezers.example", Action.ADDRESS_GONE),
    ]


def test_a_complaint_names_who_complains() -> None:
    finding = only(feedback(to="bounce@x.example"))
    assert (finding.kind, finding.action) == (Kind.COMPLAINT, Action.UNSUBSCRIBE)
    assert finding.recipient == "lezer@lezers.example"
    assert finding.message_id == "<1@organisatie.example>"


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("opt-out", (Kind.COMPLAINT, Action.UNSUBSCRIBE)),
        ("not-spam", (Kind.OTHER, Action.NONE)),
        ("auth-failure", (Kind.OTHER, Action.TO_A_PERSON)),
    ],
)
def test_not_every_feedback_is_a_complaint(kind: str, expected: tuple[Kind, Action]) -> None:
    finding = only(feedback(to="bounce@x.example", kind=kind))
    assert (finding.kind, finding.action) == expected


@pytest.mark.parametrize(
    ("subject", "text", "more"),
    [
        ("Automatisch antwoord: Oproep", "Ik ben er maandag weer.", ""),
        ("Afwezig", "Tot maandag.", ""),
        ("Re: Oproep", "Ik ben niet op kantoor tot maandag.", ""),
        ("Oproep", "Back on Monday.", "Auto-Submitted: auto-replied\n"),
        ("Oproep", "Back on Monday.", "X-Autoreply: yes\n"),
        ("Ontvangstbevestiging", "Wij hebben uw bericht ontvangen.", ""),
    ],
)
def test_a_machine_that_answers_is_not_a_person(subject: str, text: str, more: str) -> None:
    finding = only(plain(text, subject=subject, sender="lezer@lezers.example", more=more))
    assert (finding.kind, finding.action) == (Kind.AUTORESPONSE, Action.NONE)


def test_a_challenge_is_for_a_person() -> None:
    text = "Please confirm that you sent this message by following the link."
    finding = only(plain(text, subject="Your mail", sender="lezer@lezers.example"))
    assert (finding.kind, finding.reason) == (Kind.AUTORESPONSE, Reason.CHALLENGE)
    assert finding.action is Action.TO_A_PERSON


def test_a_receipt_is_a_machine_s() -> None:
    raw = dsn().replace(b"message/delivery-status", b"message/disposition-notification")
    assert only(raw).reason is Reason.RECEIPT


def test_what_a_person_writes_goes_to_a_person() -> None:
    finding = only(answer(to="bounce@x.example"))
    assert (finding.kind, finding.action) == (Kind.REPLY, Action.TO_A_PERSON)
    assert finding.recipient == "partner@partners.example"
    assert finding.message_id == "<1@organisatie.example>"


@pytest.mark.parametrize(
    "text",
    [
        "Goed plan. Ons oude adres is overigens vervallen: user unknown kreeg ik terug.",
        "Is your mailbox full? I wrote you last week.",
        "Please unsubscribe me, or I report you as spam!",
    ],
)
def test_a_person_who_speaks_of_bounces_is_a_person(text: str) -> None:
    assert only(answer(to="bounce@x.example", text=text)).kind is Kind.REPLY


def test_bulk_mail_is_no_answer() -> None:
    raw = plain("Koop nu!", subject="Aanbieding", sender="x@y.example", more="Precedence: bulk\n")
    assert only(raw).kind is Kind.OTHER


@pytest.mark.parametrize("name", ["notificationType", "eventType"])
def test_a_notice_of_amazon_is_read(name: str) -> None:
    text = (
        f'{{"{name}":"Bounce",'
        '"bounce":{"bounceType":"Permanent","bounceSubType":"General",'
        '"bouncedRecipients":[{"emailAddress":"lezer@lezers.example","action":"failed",'
        '"status":"5.1.1","diagnosticCode":"smtp; 550 5.1.1 user unknown"}]},"mail":{"headers":'
        '[{"name":"Message-ID","value":"<1@organisatie.example>"}]}}'
    )
    finding = only(plain(text, subject="AWS Notification Message", sender="no-reply@sns.example"))
    assert finding.action is Action.ADDRESS_GONE
    assert finding.message_id == "<1@organisatie.example>"


def test_where_it_came_is_told() -> None:
    raw = b"Return-Path: <>\r\nX-Original-To: bounce+1@a.example\r\n" + dsn(to="bounce+2@a.example")
    assert {"bounce+1@a.example", "bounce+2@a.example"} <= set(read_return(raw).sent_to)

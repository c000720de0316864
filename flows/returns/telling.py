"""Which kind of returned mail a message is; what is surest is asked first."""

from __future__ import annotations

import re

from flows.returns.bounces import bounced, noticed
from flows.returns.evidence import Evidence, one_line
from flows.returns.findings import ACTIONS, Action, Finding, Kind, Reason
from flows.returns.parts import unencoded
from flows.returns.phrases import any_fits, table
from flows.returns.reports import Feedback, address_in, amazon_notice, feedback

_MACHINE_HEADERS = (
    "x-autoreply",
    "x-autorespond",
    "x-autoresponder",
    "x-auto-reply",
    "x-mail-autoreply",
    "x-vacation",
    "x-ms-exchange-inbox-rules-loop",
)
_AUTO_PRECEDENCE = ("auto_reply", "auto-reply")
_REPLY_SUBJECT = re.compile(
    r"\s*(?:re|aw|antw|sv|vs|odp|rif|ref|回复|回覆|返信)\s*(?:\[\d+\])?\s*[:：]", re.IGNORECASE
)
_NO_REPLY = re.compile(r"^(?:no[-_.]?reply|do[-_.]?not[-_.]?reply|donotreply)@", re.IGNORECASE)
_COMPLAINANT = "x-hmxmroriginalrecipient"
"""In which Microsoft names who complained."""
_NO_COMPLAINTS = ("auth-failure", "dmarc", "virus")
"""Types of feedback (RFC 5965, 6591) that a server sends of its own accord."""


def findings_of(evidence: Evidence) -> list[Finding]:
    """Return what a message says, a finding for each recipient named; at least one."""
    parts = {part.media_type: part for part in evidence.message.reports}
    if part := parts.get("message/feedback-report"):
        return _complaint(evidence, feedback(part.text()))
    if evidence.message.report_type == "feedback-report":
        return _complaint(evidence, feedback(evidence.words.report))
    if any("disposition" in name for name in parts):
        return _receipt(evidence)
    if not parts and _is_written(evidence):
        return _answer(evidence) or _person(evidence)
    if reported := evidence.reported():
        return bounced(evidence, reported)
    if notice := amazon_notice(evidence.message.words()):
        return noticed(notice)
    return _by_look(evidence)


def _is_written(evidence: Evidence) -> bool:
    """Return whether it looks like an answer: whatever it speaks of, it is no bounce then."""
    return bool(
        _is_reply(evidence)
        and evidence.fields.all("in-reply-to", "references")
        and not evidence.by_daemon
        and not evidence.from_nobody
        and evidence.message.report_type != "delivery-status"
    )


def _is_reply(evidence: Evidence) -> bool:
    return _REPLY_SUBJECT.match(evidence.subject) is not None


def _by_look(evidence: Evidence) -> list[Finding]:
    """Tell what it is by sender, subject and words."""
    words = table("kinds")["complaint"]
    if _COMPLAINANT in evidence.fields or (
        evidence.returned and any_fits(f"{evidence.subject} {evidence.report}", words)
    ):
        return _complaint(evidence, feedback(evidence.message.words()))
    spoken = evidence.says("bounce-words")
    if evidence.is_titled("delivered-subject") and not spoken:
        return [_plain(evidence, Kind.DELIVERED, Reason.RECEIPT, named=True)]
    if _is_bounce(evidence, spoken=spoken):
        return bounced(evidence, [])
    if found := _answer(evidence):
        return found
    if evidence.by_mailer_daemon or _may_be_bounce(evidence):
        return bounced(evidence, [])
    if inner := evidence.inner():
        return bounced(inner, inner.reported())
    return _person(evidence)


def _is_bounce(evidence: Evidence, *, spoken: bool) -> bool:
    """Return whether it is surely no answer: some answers speak of bounces, and some look so."""
    if spoken or evidence.message.report_type == "delivery-status":
        return True
    if evidence.by_daemon:
        titled = evidence.is_titled("bounce-subject")
        return titled or evidence.from_nobody or evidence.refuses or evidence.returns_mail
    return evidence.from_nobody and evidence.refuses and evidence.returns_mail


def _may_be_bounce(evidence: Evidence) -> bool:
    """Return whether it looks like a bounce, once it is known to be no answer of a machine."""
    if evidence.is_titled("bounce-subject") and (evidence.refuses or evidence.returned):
        return True
    return evidence.from_nobody and evidence.refuses


# --- answers -------------------------------------------------------------------------------------


def _answer(evidence: Evidence) -> list[Finding]:
    """Return what a machine answered on somebody's behalf, or nothing."""
    fields, kinds = evidence.fields, table("kinds")
    by_machine = (
        fields.get("auto-submitted").lower().startswith("auto-replied")
        or any(name in fields for name in _MACHINE_HEADERS)
        or fields.get("precedence").lower() in _AUTO_PRECEDENCE
    )
    if any_fits(f"{evidence.subject} {evidence.report[:3_000]}", kinds["challenge"]):
        return [_plain(evidence, Kind.AUTORESPONSE, Reason.CHALLENGE)]
    # Behind "Re:" stands a subject of ours, which may speak of holidays.
    away = not _is_reply(evidence) and evidence.is_titled("out-of-office-subject")
    away = away or any_fits(evidence.report[:1_500], kinds["out-of-office-words"])
    if by_machine or away:
        return [_plain(evidence, Kind.AUTORESPONSE, Reason.OUT_OF_OFFICE)]
    return []


def _receipt(evidence: Evidence) -> list[Finding]:
    """Return what became of a mail that had arrived; some mailboxes refuse mail in this form."""
    if evidence.says("rejected-words"):
        return bounced(evidence, evidence.receipts())
    return [_plain(evidence, Kind.AUTORESPONSE, Reason.RECEIPT)]


def _person(evidence: Evidence) -> list[Finding]:
    """Take it for a person's, unless it goes to many or comes from a machine."""
    fields = evidence.fields
    sender = address_in(fields.get("from"))
    bulk = (
        evidence.by_daemon
        or sender is None
        or _NO_REPLY.match(sender)
        or fields.get("precedence").lower() in ("bulk", "list", "junk")
        or any(name in fields for name in ("list-id", "list-unsubscribe", "feedback-id"))
        or fields.get("auto-submitted").lower().startswith("auto-")
    )
    # What cannot be answered (RFC 3834, 3.3) and is no bounce is a machine's.
    if evidence.from_nobody and not evidence.by_daemon:
        return [_plain(evidence, Kind.AUTORESPONSE, Reason.OUT_OF_OFFICE)]
    answers = _is_reply(evidence) or fields.all("in-reply-to", "references")
    if bulk or not (answers or evidence.words.report.strip()):
        return [_plain(evidence, Kind.OTHER, Reason.UNCLEAR, action=Action.TO_A_PERSON)]
    return [_plain(evidence, Kind.REPLY, Reason.WRITTEN)]


def _plain(
    evidence: Evidence,
    kind: Kind,
    reason: Reason,
    *,
    action: Action | None = None,
    named: bool = False,
) -> Finding:
    recipient = address_in(evidence.fields.get("from"))
    if named:
        recipient = next(iter(evidence.named), recipient)
    return Finding(
        kind=kind,
        reason=reason,
        action=action or ACTIONS[reason],
        recipient=recipient,
        message_id=evidence.message_id(),
        words=one_line(unencoded(evidence.fields.get("subject"))),
    )


# --- complaints ----------------------------------------------------------------------------------


def _complaint(evidence: Evidence, report: Feedback) -> list[Finding]:
    recipients: list[str | None] = list(report.recipients)
    message_id = evidence.message_id()
    if not recipients and _COMPLAINANT in evidence.fields:
        # The mail itself was sent back, with a field more.
        recipients = [address_in(evidence.fields.get(_COMPLAINANT))]
        message_id = evidence.fields.get("message-id") or message_id
    if report.kind in _NO_COMPLAINTS:
        return [_plain(evidence, Kind.OTHER, Reason.UNCLEAR, action=Action.TO_A_PERSON)]
    if report.kind == "not-spam":
        return [_plain(evidence, Kind.OTHER, Reason.FEEDBACK, action=Action.NONE)]
    reason = Reason.OPT_OUT if report.kind.startswith("opt-out") else Reason.FEEDBACK
    return [
        Finding(
            kind=Kind.COMPLAINT,
            reason=reason,
            action=Action.UNSUBSCRIBE,
            recipient=recipient,
            message_id=message_id,
            words=report.kind,
        )
        for recipient in recipients or [evidence.returned_to()]
    ]

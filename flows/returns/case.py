"""One returned message under examination: its kind, its recipients, and what it says of each."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from flows.returns.diagnosis import Said, by_words, comparable, diagnose
from flows.returns.findings import ACTIONS, Action, Finding, Kind, Reason
from flows.returns.parts import Message, read_message, returned_fields, unencoded
from flows.returns.phrases import any_fits, plain, table
from flows.returns.prose import Halves, addresses, cut, first_id, message_id_in
from flows.returns.reports import (
    Feedback,
    Notice,
    Status,
    address_in,
    amazon_notice,
    feedback,
    statuses,
)

MOST_WORDS = 400
"""Characters of the other side's words that a finding keeps."""

_PASSED_ON = frozenset({"delivered", "relayed", "expanded"})
_WAITING = frozenset({"delayed", "delay", "deferred"})
# The first is Microsoft's in reports of complaints.
_ORIGINAL_RECIPIENT = (
    "x-hmxmroriginalrecipient",
    "x-original-to",
    "delivered-to",
    "to",
    "cc",
)
_STATUS_FIELD = re.compile(r"(?im)^[ \t>]*(?:final-recipient|original-recipient)[ \t]*:")
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
_AMAZON_WORDS = {
    "general": Reason.UNCLEAR,
    "noemail": Reason.USER_UNKNOWN,
    "suppressed": Reason.USER_UNKNOWN,
    "onaccountsuppressionlist": Reason.USER_UNKNOWN,
    "mailboxfull": Reason.FULL,
    "messagetoolarge": Reason.TOO_BIG,
    "contentrejected": Reason.CONTENT,
    "attachmentrejected": Reason.CONTENT,
}


class Case:
    """One message under examination."""

    def __init__(self, message: Message) -> None:
        self._message = message
        self._fields = message.fields
        self._words: Halves | None = None
        self.subject = plain(unencoded(self._fields.get("subject")))
        self.returned = returned_fields(message.returned[0]) if message.returned else None

    @property
    def words(self) -> Halves:
        """The text for people, and what was put under it."""
        if self._words is None:
            self._words = cut(self._message.words())
        return self._words

    def findings(self) -> list[Finding]:
        """Return what it says, a finding for each recipient named; at least one."""
        reports = {part.media_type: part for part in self._message.reports}
        if part := reports.get("message/feedback-report"):
            return self._complaint(feedback(part.text()))
        if self._message.report_type == "feedback-report":
            return self._complaint(feedback(self.words.report))
        if any("disposition" in name for name in reports):
            return [self._plain(Kind.AUTORESPONSE, Reason.RECEIPT)]
        if found := self._reported():
            return self._bounce(found)
        if notice := amazon_notice(self._message.words()):
            return self._notice(notice)
        return self._by_look()

    def _reported(self) -> list[Status]:
        """Return what machine-readable status reports say, wherever they stand."""
        found = [
            status
            for part in self._message.reports
            if part.media_type.endswith("delivery-status")
            for status in statuses(part.text())
        ]
        if not found and _STATUS_FIELD.search(text := self._message.words()):
            found = [status for status in statuses(text) if status.recipient or status.action]
        return found

    def _by_look(self) -> list[Finding]:
        """Tell what it is by sender, subject and words."""
        kinds = table("kinds")
        sender = plain(self._fields.get("from"))
        report = plain(self.words.report[:6_000])
        if self._message.returned and any_fits(f"{self.subject} {report}", kinds["complaint"]):
            return self._complaint(feedback(self._message.words()))
        by_daemon = any_fits(sender, kinds["daemon"]) or self._fields.get("x-failed-recipients")
        bounce_subject = any_fits(self.subject, kinds["bounce-subject"])
        bounce_words = any_fits(report, kinds["bounce-words"])
        if any_fits(self.subject, kinds["delivered-subject"]) and not bounce_words:
            return [self._plain(Kind.DELIVERED, Reason.RECEIPT, name=True)]
        if self._message.report_type == "delivery-status":
            return self._bounce([])
        if not by_daemon and not bounce_words and (found := self._answer(report)):
            return found
        if by_daemon and (bounce_subject or self._from_nobody() or self._refusal()):
            return self._bounce([])
        if bounce_words:
            return self._bounce([])
        if bounce_subject and (self.returned or self._refusal()):
            return self._bounce([])
        if inner := self._inner():
            return inner
        return self._answer(report) or self._person(by_daemon=bool(by_daemon))

    def _from_nobody(self) -> bool:
        """Return whether its envelope says that nothing shall come back (RFC 5321, 4.5.5)."""
        return any(path.strip() in ("<>", "") for path in self._fields.all("return-path"))

    def _refusal(self) -> bool:
        """Return whether it speaks of a refusal, in the words of mail servers."""
        return by_words(comparable(self.words.report), vague=False) is not None

    def _inner(self) -> list[Finding]:
        """Look into what it carries: a bounce may have been forwarded."""
        for part in self._message.returned[:3]:
            if part.media_type == "message/rfc822":
                inner = read_message(part.body)
                if any(each.media_type.endswith("delivery-status") for each in inner.reports):
                    return Case(inner).findings()
        return []

    def _carried(self) -> str:
        """Return the text of a bounce that this one carries, if it does."""
        for part in self._message.returned[:1]:
            if part.media_type == "message/rfc822":
                text = cut(read_message(part.body).words()).report
                if any_fits(plain(text[:3_000]), table("kinds")["bounce-words"]):
                    return text
        return ""

    # --- answers ---------------------------------------------------------------------------------

    def _answer(self, report: str) -> list[Finding]:
        """Return what a machine answered on somebody's behalf, or nothing."""
        kinds = table("kinds")
        automatic = self._fields.get("auto-submitted").lower()
        by_machine = (
            automatic.startswith("auto-replied")
            or any(name in self._fields for name in _MACHINE_HEADERS)
            or self._fields.get("precedence").lower() in _AUTO_PRECEDENCE
        )
        if any_fits(f"{self.subject} {report[:3_000]}", kinds["challenge"]):
            return [self._plain(Kind.AUTORESPONSE, Reason.CHALLENGE)]
        away = any_fits(self.subject, kinds["out-of-office-subject"])
        away = away or any_fits(report[:1_500], kinds["out-of-office-words"])
        if by_machine or away:
            return [self._plain(Kind.AUTORESPONSE, Reason.OUT_OF_OFFICE)]
        return []

    def _person(self, *, by_daemon: bool) -> list[Finding]:
        """Take it for a person's, unless it goes to many or comes from a machine."""
        sender = address_in(self._fields.get("from"))
        bulk = (
            by_daemon
            or sender is None
            or _NO_REPLY.match(sender)
            or self._fields.get("precedence").lower() in ("bulk", "list", "junk")
            or any(name in self._fields for name in ("list-id", "list-unsubscribe", "feedback-id"))
            or self._fields.get("auto-submitted").lower().startswith("auto-")
        )
        answers = self._fields.all("in-reply-to", "references")
        if bulk or not (answers or _REPLY_SUBJECT.match(self.subject) or self.words.report.strip()):
            return [self._plain(Kind.OTHER, Reason.UNCLEAR, action=Action.TO_A_PERSON)]
        return [self._plain(Kind.REPLY, Reason.WRITTEN)]

    def _plain(
        self, kind: Kind, reason: Reason, *, action: Action | None = None, name: bool = False
    ) -> Finding:
        recipient = address_in(self._fields.get("from"))
        if name:
            recipient = next(iter(self._named()), recipient)
        return Finding(
            kind=kind,
            reason=reason,
            action=action or ACTIONS[reason],
            recipient=recipient,
            message_id=self.message_id(),
            words=one_line(unencoded(self._fields.get("subject"))),
        )

    # --- complaints ------------------------------------------------------------------------------

    def _complaint(self, report: Feedback) -> list[Finding]:
        recipients: list[str | None] = list(report.recipients)
        if not recipients:
            recipients = [self._returned_to()]
        if report.kind in ("auth-failure", "dmarc", "virus"):
            return [self._plain(Kind.OTHER, Reason.UNCLEAR, action=Action.TO_A_PERSON)]
        if report.kind == "not-spam":
            return [self._plain(Kind.OTHER, Reason.FEEDBACK, action=Action.NONE)]
        reason = Reason.OPT_OUT if report.kind.startswith("opt-out") else Reason.FEEDBACK
        return [
            Finding(
                kind=Kind.COMPLAINT,
                reason=reason,
                action=Action.UNSUBSCRIBE,
                recipient=recipient,
                message_id=self.message_id(),
                words=report.kind,
            )
            for recipient in recipients
        ]

    # --- bounces ---------------------------------------------------------------------------------

    def _bounce(self, reported: list[Status]) -> list[Finding]:
        if not reported and (inner := self._inner()):
            return inner
        named = self._named()
        if not reported:
            told = [Status(recipient=one, action="", status="", diagnostic="") for one in named]
            told = told or [
                Status(recipient=self._returned_to(), action="", status="", diagnostic="")
            ]
        else:
            told = reported
        report = self.words.report
        if not reported and not self._refusal() and (carried := self._carried()):
            report = f"{report}\n{carried}"
        delayed = any_fits(self.subject, table("kinds")["delayed"]) or any_fits(
            plain(report[:3_000]), table("kinds")["delayed"]
        )
        by_address = {address.lower(): said for address, said in named.items()}
        found = []
        for one in told:
            context = by_address.get((one.recipient or "").lower(), "")
            # What is said once, of all of them, stands around the addresses.
            if len(told) == 1:
                context = (one.diagnostic and context) or report
                if one.recipient is None and len(named) == 1:
                    one = replace(one, recipient=next(iter(named)))
            found.append(self._verdict(one, context, delayed=delayed))
        return _once(found)

    def _verdict(self, one: Status, context: str, *, delayed: bool) -> Finding:
        if one.action in _PASSED_ON or one.status.startswith("2."):
            return Finding(
                kind=Kind.DELIVERED,
                reason=Reason.RECEIPT,
                action=Action.NONE,
                status=one.status.split(" ")[0] or None,
                recipient=one.recipient,
                message_id=self.message_id(),
                words=one_line(one.diagnostic),
            )
        waiting = one.action in _WAITING or (not one.action and delayed)
        said = Said(diagnostic=one.diagnostic, context=context, status=one.status, delayed=waiting)
        diagnosis = diagnose(said)
        # Some systems say it in the subject alone: "Returned mail: User unknown".
        if diagnosis.reason is Reason.UNCLEAR and by_words(comparable(self.subject)):
            diagnosis = diagnose(replace(said, context=self.subject))
        return Finding(
            kind=Kind.BOUNCE,
            reason=diagnosis.reason,
            action=diagnosis.action,
            status=diagnosis.status,
            recipient=one.recipient,
            message_id=self.message_id(),
            words=one_line(one.diagnostic or context),
            final=not waiting,
        )

    def _notice(self, notice: Notice) -> list[Finding]:
        kind = {"bounce": Kind.BOUNCE, "complaint": Kind.COMPLAINT, "delivery": Kind.DELIVERED}
        found = []
        for one in notice.statuses:
            diagnosis = diagnose(Said(diagnostic=one.diagnostic, status=one.status))
            reason, action = diagnosis.reason, diagnosis.action
            if notice.kind != "bounce":
                reason = Reason.FEEDBACK if notice.kind == "complaint" else Reason.RECEIPT
                action = ACTIONS[reason]
            elif reason is Reason.UNCLEAR:
                reason = _AMAZON_WORDS.get(notice.detail.lower(), Reason.UNCLEAR)
                action = ACTIONS[reason]
            found.append(
                Finding(
                    kind=kind[notice.kind],
                    reason=reason,
                    action=action,
                    status=diagnosis.status,
                    recipient=one.recipient,
                    message_id=notice.message_id,
                    words=one_line(one.diagnostic or notice.detail),
                )
            )
        return found or [self._plain(kind[notice.kind], Reason.UNCLEAR)]

    # --- whom and what it is about ---------------------------------------------------------------

    def _named(self) -> dict[str, str]:
        """Return the recipients that the text names, with what it says of each."""
        failed = self._fields.get("x-failed-recipients")
        known = [address for part in failed.split(",") if (address := address_in(part))]
        found = addresses(self.words.report, but=self._senders() - {one.lower() for one in known})
        # A mail to oneself bounces to oneself.
        found = found or addresses(self.words.report)
        if not known:
            return found
        by_key = {address.lower(): said for address, said in found.items()}
        return {address: by_key.get(address.lower(), "") for address in known}

    def _senders(self) -> set[str]:
        """Return the addresses, in lower case, that are ours or the mail system's own."""
        fields = self._fields.all("to", "from", "reply-to", "delivered-to", "x-original-to")
        if self.returned:
            fields += self.returned.all("from", "return-path", "sender", "reply-to", "errors-to")
            recipient = self._returned_to()
        else:
            recipient = None
        found = {address.lower() for value in fields if (address := address_in(value))}
        return found - ({recipient.lower()} if recipient and len(found) > 1 else set())

    def _returned_to(self) -> str | None:
        """Return to whom the returned mail was written."""
        if self.returned:
            values = self.returned.all(*_ORIGINAL_RECIPIENT)
            return next((found for value in values if (found := address_in(value))), None)
        match = re.search(r"(?im)^[ \t>]*to[ \t]*:(.*)$", self.words.returned[:60_000])
        return address_in(match[1]) if match else None

    def message_id(self) -> str | None:
        """Return the Message-ID of the mail that it is about."""
        if self.returned and (found := first_id(self.returned.get("message-id"))):
            return found
        if found := message_id_in(self.words.returned) or message_id_in(self.words.report):
            return found
        for value in self._fields.all("in-reply-to", "x-original-message-id", "references"):
            if found := first_id(value):
                return found
        return None


def _once(findings: Iterable[Finding]) -> list[Finding]:
    """Leave out what is said twice of the same recipient."""
    seen: dict[tuple[str, Action, Kind], Finding] = {}
    for finding in findings:
        seen.setdefault(((finding.recipient or "").lower(), finding.action, finding.kind), finding)
    return list(seen.values())


def one_line(text: str) -> str:
    """Return a text in one line, cut off where it gets long."""
    return " ".join(text[:20_000].split())[:MOST_WORDS]

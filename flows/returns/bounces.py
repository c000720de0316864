"""From a bounce to a finding for each recipient that it names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from flows.returns.diagnosis import Said, by_words, comparable, diagnose
from flows.returns.evidence import Evidence, one_line
from flows.returns.findings import ACTIONS, Action, Finding, Kind, Reason
from flows.returns.phrases import any_fits, plain, table
from flows.returns.reports import Notice, Status

_PASSED_ON = frozenset({"delivered", "relayed", "expanded"})
_WAITING = frozenset({"delayed", "delay", "deferred"})
_AMAZON_KINDS = {
    "bounce": Kind.BOUNCE,
    "complaint": Kind.COMPLAINT,
    "delivery": Kind.DELIVERED,
}
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


def bounced(evidence: Evidence, reported: list[Status]) -> list[Finding]:
    """Return what a bounce says of each recipient; at least one finding.

    Args:
        evidence: The bounce.
        reported: What its machine-readable reports say; empty if it has none.
    """
    if not reported and (inner := evidence.inner()):
        return bounced(inner, inner.reported())
    told = reported or [_of(one) for one in evidence.named] or [_of(evidence.returned_to())]
    report = evidence.words.report
    if not reported and not evidence.refuses and (carried := evidence.carried()):
        report = f"{report}\n{carried}"
    delayed = evidence.is_titled("delayed") or any_fits(
        plain(report[:3_000]), table("kinds")["delayed"]
    )
    named = evidence.named
    by_address = {address.lower(): said for address, said in named.items()}
    found = []
    for one in told:
        context = by_address.get((one.recipient or "").lower(), "")
        # What is said once, of all of them, stands around the addresses.
        if len(told) == 1:
            context = (one.diagnostic and context) or report
            if one.recipient is None and len(named) == 1:
                one = replace(one, recipient=next(iter(named)))
        verdict = _verdict(evidence, one, context, delayed=delayed)
        if verdict.reason is Reason.UNCLEAR:
            verdict = _verdict(evidence, one, report, delayed=delayed)
        found.append(verdict)
    return _once(found)


def _of(recipient: str | None) -> Status:
    return Status(recipient=recipient, action="", status="", diagnostic="")


def _verdict(evidence: Evidence, one: Status, context: str, *, delayed: bool) -> Finding:
    if one.action in _PASSED_ON or one.status.startswith("2."):
        return Finding(
            kind=Kind.DELIVERED,
            reason=Reason.RECEIPT,
            action=Action.NONE,
            status=one.status.split(" ")[0] or None,
            recipient=one.recipient,
            message_id=evidence.message_id(),
            words=one_line(one.diagnostic),
        )
    waiting = one.action in _WAITING or (not one.action and delayed)
    said = Said(diagnostic=one.diagnostic, context=context, status=one.status, delayed=waiting)
    diagnosis = diagnose(said)
    # Some systems say it in the subject alone: "Returned mail: User unknown".
    if diagnosis.reason is Reason.UNCLEAR and by_words(comparable(evidence.subject)):
        diagnosis = diagnose(replace(said, context=evidence.subject))
    return Finding(
        kind=Kind.BOUNCE,
        reason=diagnosis.reason,
        action=diagnosis.action,
        status=diagnosis.status,
        recipient=one.recipient,
        message_id=evidence.message_id(),
        words=one_line(one.diagnostic or context),
        final=not waiting,
    )


def noticed(notice: Notice) -> list[Finding]:
    """Return what a notification of Amazon SES says of each recipient; at least one finding."""
    return [_of_notice(notice, one) for one in notice.statuses or (_of(None),)]


def _of_notice(notice: Notice, one: Status) -> Finding:
    kind = _AMAZON_KINDS[notice.kind]
    diagnosis = diagnose(Said(diagnostic=one.diagnostic, status=one.status))
    reason, action = diagnosis.reason, diagnosis.action
    if kind is not Kind.BOUNCE:
        reason = Reason.FEEDBACK if kind is Kind.COMPLAINT else Reason.RECEIPT
        action = ACTIONS[reason]
    elif reason is Reason.UNCLEAR:
        reason = _AMAZON_WORDS.get(notice.detail.lower(), Reason.UNCLEAR)
        action = ACTIONS[reason]
    return Finding(
        kind=kind,
        reason=reason,
        action=action,
        status=diagnosis.status,
        recipient=one.recipient,
        message_id=notice.message_id,
        words=one_line(one.diagnostic or notice.detail),
    )


def _once(findings: Iterable[Finding]) -> list[Finding]:
    """Leave out what is said twice of the same recipient."""
    seen: dict[tuple[str, Action, Kind], Finding] = {}
    for finding in findings:
        seen.setdefault(((finding.recipient or "").lower(), finding.action, finding.kind), finding)
    return list(seen.values())

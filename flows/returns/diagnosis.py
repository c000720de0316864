"""From what a mail system said to what it means."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache

from flows.returns.codes import AMID_WORDS, ENHANCED, REPLY, by_enhanced, by_plain_reply, by_reply
from flows.returns.findings import ACTIONS, Action, Reason
from flows.returns.phrases import index, plain

_LINK = re.compile(r"(?:https?|ftp|mailto):[^\s<>\"]*|\bwww\.[^\s<>\"]+", re.IGNORECASE)
# ASCII where no brackets tell its ends: scripts without spaces go on beside it.
_ADDRESS = re.compile(r"<[^<>\s]*@[^<>\s]*>|[!#-'*+\--9=?A-Z^-~]+@[\w.-]+", re.ASCII)
_CONTINUED = re.compile(
    r"(?<=\s)(?:[245]\d\d[ \-]+)?(?:#?[245]\.\d{1,2}\.\d{1,3})(?=\s)|(?<=\s)[245]\d\d-"
)
_COMMANDS = re.compile(
    r"in reply to (?P<postfix>[\w ]+?) command"
    r"|after (?P<exim>[\w ]+?)[\s:<]"
    r"|did not like our (?P<dma>[\w ]+?)[:\s]"
    r"|(?:does not like|but) (?P<qmail>sender|recipient|greeting|my name)"
    r"|for (?P<eue>\w+(?: \w+)?) command"
    r"|rejected (?P<oracle>mail from|rcpt to)"
    r"|command (?P<sent>mail from|rcpt to|data)"
    r"|>>> (?P<sendmail>mail from|rcpt to|[eh][eh]lo)"
    r"|\[(?P<yahoo>rcpt_to|mail_from)\]"
    r"|failed (?P<sent_all>after i sent the message)",
)
_MEANT = (
    ("mail", ("mail", "sender")),
    ("rcpt", ("rcpt", "recipient")),
    (
        "data",
        ("data", "text", "end of data", "final data", "after i sent", "initial connection data"),
    ),
    ("helo", ("ehlo", "helo", "lhlo")),
    ("connect", ("initial connection", "connect", "banner", "greeting", "my name")),
)
# Amazon SES puts a sentence of its own before what the other side said.
_PREFACE = re.compile(r"5\.1\.0 - Unknown address error\s*")
# What is said before anything is said: "the following address failed", and Gmail's sentence.
_INTRODUCTION = re.compile(
    r"\b(?:following|intended|one or more(?: of its)?|all of its) "
    r"(?:e-?mail )?(?:address|recipient|user)(?:\(?e?s\)?)?\b"
    r"|rejected by the (?:server for the )?recipient domain"
)
# What Sendmail says below any refusal at RCPT, whatever the other server had said.
_CONCLUSION = re.compile(
    r"(?m)^([ \t]*<<< [^\n]*\n)[ \t]*5\d\d (?:5\.\d\.\d )?<?[^\s<>]{1,254}>?\.\.\. "
    r"(?:User unknown|Service unavailable)[ \t]*$"
)
_DIAGNOSTIC_TYPE = re.compile(r"^\s*[\w.-]{1,40}\s*;\s*")


_BEFORE_RECIPIENT = {
    "mail": Reason.SENDER,
    "helo": Reason.LISTED,
    "connect": Reason.LISTED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a message says of one recipient."""

    diagnostic: str = ""
    """The other server's words."""
    context: str = ""
    """The reporting server's words around them."""
    status: str = ""
    """The reported enhanced status code."""
    delayed: bool = False
    """Whether it goes on trying."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """What it means."""

    reason: Reason
    action: Action
    status: str | None


def diagnose(said: Said) -> Diagnosis:
    """Return the reason for which one recipient did not get a mail, and what to do."""
    said = replace(said, context=_CONCLUSION.sub(r"\1", said.context))
    words = _PREFACE.sub("", _DIAGNOSTIC_TYPE.sub("", said.diagnostic))
    status = _status(words, said)
    reason = _reason(words, said, status)
    if ACTIONS[reason] is Action.ADDRESS_GONE:
        # Before the recipient was named, nothing can have been said of it.
        command = command_in(f"{words} {said.context}")
        reason = _BEFORE_RECIPIENT.get(command, reason)
    return Diagnosis(reason=reason, action=_action(reason, said, status), status=status)


def _status(words: str, said: Said) -> str | None:
    """Return the status code that tells most: the other server's own before the reporter's."""
    own = ENHANCED.findall(words) if words else AMID_WORDS.findall(said.context)
    codes = [*own, *ENHANCED.findall(said.status)]
    return next((code for code in codes if by_enhanced(code) is not None), next(iter(codes), None))


def _reason(words: str, said: Said, status: str | None) -> Reason:
    """Return the reason; what says more comes first."""
    # Some servers explain the code behind it: `5.2.1 (mailbox disabled)`.
    text = comparable(f"{said.status.partition(' ')[2]} {words}")
    context = comparable(said.context)
    by_code = by_enhanced(status) if status is not None else None
    # A server that was told nothing reports a code all the same; its own words say more then.
    around = "" if text.strip() and by_code is not None else context
    links = comparable(words or said.context, links=True)
    code = REPLY.search(words) or REPLY.search(said.context)
    command = command_in(f"{words} {said.context}")
    return (
        by_words(text)
        or by_words(links, name="links")
        or by_words(around)
        or by_code
        or (by_plain_reply(code[1]) if code else None)
        or by_words(text if text.strip() else context, vague=True)
        or (Reason.POLICY if status is not None and status.startswith("5.7.") else None)
        or (by_reply(code[1], command) if code else None)
        or by_words(context, vague=True)
        or (Reason.DELAYED if said.delayed else Reason.UNCLEAR)
    )


def _action(reason: Reason, said: Said, status: str | None) -> Action:
    action = ACTIONS[reason]
    if action is Action.ADDRESS_GONE:
        temporary = bool(status and status.startswith("4.")) or said.status.startswith("4.")
        # Who goes on trying, or calls it temporary, does not know that it is gone.
        if said.delayed or (temporary and reason is not Reason.USER_UNKNOWN):
            return Action.LATER
    return action


def by_words(text: str, *, vague: bool = False, name: str = "reasons") -> Reason | None:
    """Return the first reason of a table whose words a text holds, if any."""
    for section in _sections(name, text):
        if section.endswith("?") is vague:
            return Reason(section.removesuffix("?"))
    return None


@lru_cache(maxsize=8)
def _sections(name: str, text: str) -> tuple[str, ...]:
    # Asked for clear words first and for vague ones later, of the same text.
    return tuple(index(name).sections(text))


def comparable(text: str, *, links: bool = False) -> str:
    """Return a text as the tables are compared with it: without addresses, codes and links."""
    text = _PREFACE.sub("", text[:4_000])
    text = _ADDRESS.sub(" ", text if links else _LINK.sub(" ", text))
    return _INTRODUCTION.sub("", plain(_CONTINUED.sub(" ", f" {text} ")))


def command_in(text: str) -> str:
    """Return at which SMTP command a refusal came: `helo`, `mail`, `rcpt`, `data` or nothing."""
    match = _COMMANDS.search(plain(text))
    if match is None:
        return ""
    named = next(group for group in match.groups() if group is not None)
    for command, names in _MEANT:
        if any(named.replace("_", " ").startswith(name) for name in names):
            return command
    return ""

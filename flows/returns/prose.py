"""Reports written for people: where they end, whom they name, and what they say of each."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from flows.returns.phrases import Phrase, any_fits, plain, table

MOST_LINES = 1_500
MOST_RECIPIENTS = 100

_ADDRESS = re.compile(
    r"(?<![\w.+-])(?:[\w.!#$%&'*/=?^`{|}~+-]{1,64}|\"[^\"\s]{1,62}\")@[\w-]{1,63}(?:\.[\w-]{1,63})*"
)
_FIELD_LINE = re.compile(
    r"(?:received|return-path|message-id|from|to|subject|date|mime-version|content-type|reply-to"
    r"|dkim-signature|x-[\w-]+)[ \t]*:",
    re.IGNORECASE,
)
_RULED = re.compile(
    r"[ \t>]*[-=*_#~+]{3,}.{0,20}\b(?:original|returned|unsent|undelivered|bounced)\b"
    r".{0,20}\b(?:message|mail|headers?)\b",
    re.IGNORECASE,
)
_NOT_A_RECIPIENT = re.compile(
    r"(?:mail from|envelope-from|from|sender|message-?id|return-path|reply-to|references|"
    r"in-reply-to|sent by|contact|f=\[|subject)[\s:=<\[]*(?:[\w .\"'-]{0,40}<)?$",
    re.IGNORECASE,
)
_FIRST_ON_LINE = re.compile(
    r"^[\s>*\-]*(?:<<< |>>> )?(?:\d{3}[ -])?(?:[\d.]{5,8} )?"
    r"(?:(?:to|rcpt to|recipient|recipient address|original address|original recipient|delivered to"
    r"|delivery failed \d+ attempts|undeliverable to|an|an:|aan|à|a|user|address)\s*:?\s*)?<?$",
    re.IGNORECASE,
)
_SUMMARY_FIELD = re.compile(
    r"[\s>*|]*(to|cc|an|aan|subject|betreff|onderwerp)[ \t]*:", re.IGNORECASE
)
_DIALOGUE = re.compile(r"[\s>.]*while talking to", re.IGNORECASE)
MESSAGE_ID = re.compile(r"(?im)^[ \t>]*message-id[ \t]*:[ \t]*(<[^<>\s]{1,250}>)")
_IN_REPLY = re.compile(r"<[^<>\s@]{1,150}@[^<>\s]{1,150}>")


@dataclass(frozen=True, slots=True)
class Halves:
    """A text for people, and the mail that was put under it."""

    report: str
    returned: str


def cut(text: str) -> Halves:
    """Part what was reported from what was returned under it."""
    text = text.replace("\r\n", "\n")
    lines = text.split("\n", MOST_LINES)
    said = plain(text)
    marks = [mark for mark in table("kinds")["returned-below"] if mark.words[0] in said]
    in_a_row: list[int] = []
    for number, line in enumerate(lines):
        # Marks are short lines of their own; sentences that speak of a message are longer.
        if number and len(line) < 100 and _is_mark(line, marks):
            return _halves(lines, number)
        if _FIELD_LINE.match(line):
            in_a_row.append(number)
        elif line[:1] not in (" ", "\t"):
            in_a_row = []
        if number > 5 and len(in_a_row) == 4:
            return _halves(lines, in_a_row[0])
    return Halves(text, "")


def _is_mark(line: str, marks: Sequence[Phrase]) -> bool:
    return bool(marks and any_fits(plain(line), marks)) or _RULED.match(line) is not None


def _halves(lines: list[str], number: int) -> Halves:
    return Halves("\n".join(lines[:number]), "\n".join(lines[number:]))


def message_id_in(text: str) -> str | None:
    """Return the first Message-ID field in a text."""
    match = MESSAGE_ID.search(text[:60_000])
    return match[1] if match else None


def first_id(value: str) -> str | None:
    """Return the first id in a field such as References."""
    match = _IN_REPLY.search(value[:5_000])
    return match[0] if match else None


def addresses(text: str, *, but: Collection[str] = ()) -> dict[str, str]:
    """Return whom a report names as recipients, each with what it says of that one.

    Args:
        text: The report, without what was returned.
        but: Addresses in lower case that are not recipients, such as the sender's.
    """
    lines = text.split("\n", MOST_LINES)
    in_summary = _summary(lines)
    named: dict[str, list[int]] = {}
    at_front: set[str] = set()
    for number, line in enumerate(lines):
        for match in _ADDRESS.finditer(line[:2_000]):
            before = line[: match.start()]
            # On a line of its own an address may belong to the field of the line before.
            if not before.strip(" <\t") and number and _open(lines[number - 1]):
                before = lines[number - 1][-60:].rstrip() + before
            address = match[0].strip(".'")
            key = address.lower()
            if key in but or _NOT_A_RECIPIENT.search(before[-80:]):
                continue
            places = named.setdefault(address, [])
            places.append(number)
            if number not in in_summary and _FIRST_ON_LINE.match(line[: match.start()][-80:]):
                at_front.add(address)
    if elsewhere := {each for each, at in named.items() if not in_summary.issuperset(at)}:
        named = {address: places for address, places in named.items() if address in elsewhere}
    if at_front:
        named = {address: places for address, places in named.items() if address in at_front}
    named = dict(list(named.items())[:MOST_RECIPIENTS])
    return {address: _said_of(lines, places, named) for address, places in named.items()}


def _summary(lines: list[str]) -> set[int]:
    """Return the lines that say to whom the mail was addressed: such stand beside its subject."""
    written = [number for number, line in enumerate(lines) if line.strip()]
    fields = [_SUMMARY_FIELD.match(lines[number]) for number in written]
    names = [match[1].lower() if match else "" for match in fields]
    return {
        number
        for place, number in enumerate(written)
        if names[place] in ("to", "cc", "an", "aan")
        and {"subject", "betreff", "onderwerp"} & {*names[max(place - 3, 0) : place + 4]}
    }


def _open(line: str) -> bool:
    return bool(re.search(r"(?:from|from:<|by)\s*:?\s*$", line[-20:], re.IGNORECASE))


def _said_of(lines: list[str], places: list[int], named: dict[str, list[int]]) -> str:
    """Return the lines that name one recipient, each with what follows up to the next one."""
    others = {number for each in named.values() for number in each if each is not places}
    taken: list[int] = []
    for start in places:
        for number in range(start, min(start + 25, len(lines))):
            if number != start and (number in others or _DIALOGUE.match(lines[number])):
                break
            if number not in taken:
                taken.append(number)
    # An answer of the other side stands above the line that draws the conclusion from it.
    if len(named) > 1:
        for number in range(places[0] - 1, max(places[0] - 12, -1), -1):
            if number in others or _DIALOGUE.match(lines[number]):
                break
            if lines[number].lstrip("> ").startswith("<<<"):
                taken.insert(0, number)
    return "\n".join(lines[number] for number in taken)

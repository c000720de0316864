"""Slots: opaque tokens that stand in a rendered message for what differs per recipient.

A message is rendered once, with a token such as `oproepslotcontactz` where a name belongs; filling
it for a recipient is then a matter of joining strings. A token is plain lower-case ASCII letters,
so that neither Markdown, MJML nor quoted-printable changes it. Text that people wrote goes through
`literal` before it is rendered, so that a token in it is never taken for a slot.

Every slot has two values, because the same name is escaped in HTML and is not in plain text or in
a subject.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from flows.errors import InputError

SLOT = re.compile(r"oproepslot([a-y_]+)z")
"""A slot in a rendered message; group 1 is its name, which therefore never holds a `z`."""

_NAME = re.compile(r"[a-y_]+")
_START = "oproepslot"
_BREAKS = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029]+")


class SlotValue(NamedTuple):
    """What stands in a slot for one recipient."""

    text: str
    """In plain text and in the subject."""
    html: str
    """In HTML, escaped; without tags it may stand in an attribute as well."""


def slot(name: str) -> str:
    """Return the token of slot `name`.

    Raises:
        ValueError: the name holds anything but the letters a to y and underscores.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(f"not the name of a slot: {name!r}")
    return f"{_START}{name}z"


def slots_in(*texts: str) -> frozenset[str]:
    """Return the names of the slots in rendered texts."""
    return frozenset(name for text in texts for name in SLOT.findall(text))


def literal(text: str) -> str:
    """Return text that people wrote so that no part of it can be taken for a slot.

    Only a text that holds a token's own first letters is changed, by a zero width non-joiner.
    """
    return text.replace(_START, "oproep\u200cslot") if _START in text else text


def one_line(text: str) -> str:
    """Return text without line breaks and control characters, with single blanks."""
    # Nearly every name is: printable text has no break but single blanks.
    if text.isprintable() and "  " not in text:
        return text.strip()
    return _BREAKS.sub(" ", text).strip()


def value_of(text: str) -> SlotValue:
    """Return the value of a slot that shows `text`, a name or a URL, on one line."""
    plain = one_line(text)
    return SlotValue(text=plain, html=html.escape(plain, quote=True))


def fill(
    text: str, values: Mapping[str, str], *, escape: Callable[[str], str] | None = None
) -> str:
    """Return a rendered text with its slots filled. Values are not looked into for more slots.

    Args:
        text: A subject, HTML or plain text as rendered.
        values: By the name of the slot; others than those in the text do no harm.
        escape: Applied to every value, if they are not escaped yet.

    Raises:
        InputError: a slot has no value; a blank in a mail is worse than no mail.
    """

    def value(found: re.Match[str]) -> str:
        try:
            plain = values[found[1]]
        except KeyError:
            raise InputError(
                f"Nothing is known to fill in for {found[1]!r}.",
                where=found[1],
                mend="Fill it in for this recipient, or take it out of the draft.",
            ) from None
        return escape(plain) if escape else plain

    return SLOT.sub(value, text)

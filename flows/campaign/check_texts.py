"""Checks on the drafts as they are written, before anything is made of them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from flows.campaign.check_sender import hashtag_faults
from flows.campaign.look import Look, error, warning
from flows.models import Problem

_PLACEHOLDER = re.compile(r"\[\[[^\]\n]*\]\]")
_HASHTAG = re.compile(r"(?<![\w&/#])#(\w+)")
_SHOUTED = re.compile(r"\b[A-ZÀ-ÖØ-Þ]{2,}(?:[ ,]+[A-ZÀ-ÖØ-Þ]{2,}){2,}\b")
"""Three words in capitals in a row; two may be names."""


def _lines(look: Look) -> Iterator[tuple[str, str]]:
    """Yield the place and the text of each line of each draft."""
    for draft, text in look.texts.items():
        for number, line in enumerate(text.split("\n"), 1):
            yield look.where(draft, number), line


def draft_placeholders(look: Look) -> Iterator[Problem]:
    """`draft-placeholder`: something that a person still has to fill in."""
    for where, line in _lines(look):
        for placeholder in _PLACEHOLDER.findall(line):
            what = f"Still to be filled in: {placeholder}"
            yield error("draft-placeholder", where, what, "Write the text in its place.")


def draft_hashtags(look: Look) -> Iterator[Problem]:
    """`hashtag-case`, for tags in drafts of posts."""
    posts = {step.draft for step in look.steps if not step.kind.is_mail}
    for draft in sorted(posts & look.texts.keys()):
        for number, line in enumerate(look.texts[draft].split("\n"), 1):
            for tag in _HASHTAG.findall(line):
                yield from hashtag_faults(tag, where=look.where(draft, number))


def all_caps(look: Look) -> Iterator[Problem]:
    """`all-caps`: capitals are hard to read, are spelled out aloud, and look like spam."""
    for where, line in _lines(look):
        if shouted := _SHOUTED.search(line):
            what = f"“{shouted[0][:60]}” is in capitals."
            mend = "Write it in small letters; stress it with the wording."
            yield warning("all-caps", where, what, mend)

"""Sentences that stand for many like them: the words in brackets are what is looked for.

A line of a table reads as one would meet it, such as `552 5.2.2 [over quota]`. It fits every text
in which its bracketed words follow one another within a sentence at no great distance, each at the
beginning of a word, in any case. `[user|mailbox] is [unknown|not found]` stands for four lines. The
rest of the line is there to be read, and is tested: each line must lead to the section that it
stands in.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain, product, zip_longest
from operator import itemgetter
from pathlib import Path

REACH = 60
"""How far apart the bracketed words may stand, in characters."""

_BRACKETED = re.compile(r"\[([^\]]+)\]")
_WORD = re.compile(r"[^\W_]+")
# "User unknown... try again" goes on; "to your recipients. The following failed" does not.
_SENTENCE_END = re.compile(r"(?<![.\d])\. ")


@dataclass(frozen=True, slots=True)
class Phrase:
    """One line of a table, or one of those that it stands for."""

    words: tuple[str, ...]
    """In lower case, in their order."""
    example: str

    def fits(self, text: str) -> bool:
        """Return whether a text, as `plain` makes it, holds the words."""
        first = self.words[0]
        at = text.find(first)
        while at >= 0:
            if _begins_word(text, at, first) and self._goes_on(text, at + len(first)):
                return True
            at = text.find(first, at + 1)
        return False

    def _goes_on(self, text: str, at: int) -> bool:
        for word in self.words[1:]:
            end = at + REACH + len(word)
            found = text.find(word, at, end)
            while found >= 0 and not _begins_word(text, found, word):
                found = text.find(word, found + 1, end)
            if found < 0 or _SENTENCE_END.search(text, at, found):
                return False
            at = found + len(word)
        return True


_Entry = tuple[int, str, Phrase]
"""Place of the section in its table, its name, and one of its phrases."""


@dataclass(frozen=True, slots=True)
class Index:
    """Phrases by how they begin, so that only those are looked at that a text may hold."""

    by_beginning: Mapping[str, Mapping[str, Sequence[_Entry]]]
    """By the first letters of what they begin with, three at most, and by all of that."""
    anywhere: Mapping[str, Sequence[_Entry]]
    """In scripts that may go without spaces."""

    def sections(self, text: str) -> Iterator[str]:
        """Yield the sections that a text, as `plain` makes it, fits, from the top of the table."""
        near = [] if text.isascii() else [self.anywhere]
        for beginning in {word[:length] for word in _WORD.findall(text) for length in (1, 2, 3)}:
            if beginning in self.by_beginning:
                near.append(self.by_beginning[beginning])
        held = [
            entry
            for group in near
            for first, entries in group.items()
            if first in text
            for entry in entries
        ]
        for _, section, phrase in sorted(held, key=itemgetter(0)):
            if phrase.fits(text):
                yield section


Table = Mapping[str, tuple[Phrase, ...]]
"""Phrases by section, in the order of the file."""


@cache
def table(name: str) -> Table:
    """Return one of the tables that stand beside this file.

    Raises:
        ValueError: a line has no brackets.
    """
    text = (Path(__file__).parent / f"{name}.toml").read_text("utf-8")
    return {
        section: tuple(each for line in lines for each in phrases(line))
        for section, lines in tomllib.loads(text).items()
    }


@cache
def index(name: str) -> Index:
    """Return a table arranged for looking through all of it."""
    by_beginning: dict[str, dict[str, list[_Entry]]] = {}
    anywhere: dict[str, list[_Entry]] = {}
    for place, (section, found) in enumerate(table(name).items()):
        for each in found:
            first = each.words[0]
            word = _WORD.match(first) if first[0].isascii() else None
            group = by_beginning.setdefault(word[0][:3], {}) if word else anywhere
            group.setdefault(first, []).append((place, section, each))
    return Index(by_beginning, anywhere)


def phrases(line: str) -> list[Phrase]:
    """Read one line: a phrase for each choice among its alternatives.

    Raises:
        ValueError: it has no brackets.
    """
    pieces = _BRACKETED.split(line)
    if len(pieces) == 1:
        raise ValueError(f"Nothing is in brackets: {line!r}")
    # Every second piece stood in brackets.
    choices = product(*(piece.split("|") for piece in pieces[1::2]))
    return [
        Phrase(
            tuple(plain(word) for word in chosen),
            "".join(chain.from_iterable(zip_longest(pieces[::2], chosen, fillvalue=""))),
        )
        for chosen in choices
    ]


def plain(text: str) -> str:
    """Return a text in lower case, with single spaces and straight apostrophes."""
    return " ".join(text.lower().replace("’", "'").replace("ʼ", "'").split())


def any_fits(text: str, among: Sequence[Phrase]) -> bool:
    """Return whether one of some phrases fits a text, as `plain` makes it."""
    return any(each.words[0] in text and each.fits(text) for each in among)


def _begins_word(text: str, at: int, word: str) -> bool:
    # Scripts without spaces, and words that begin with a sign, may stand anywhere.
    return at == 0 or not (word[0].isascii() and word[0].isalnum()) or not text[at - 1].isalnum()

"""Sentences that stand for many like them: the words in brackets are what is looked for.

A line of a table reads as one would meet it, such as `552 5.2.2 [over quota]`. It fits every text
in which its bracketed words follow one another at no great distance, each at the beginning of a
word, in any case. The rest of the line is there to be read, and is tested: a line must lead to the
section that it stands in.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from operator import itemgetter
from pathlib import Path

REACH = 60
"""How far apart the bracketed words may stand, in characters."""

_BRACKETED = re.compile(r"\[([^\]]+)\]")
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Phrase:
    """One line of a table."""

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
            found = text.find(word, at, at + REACH + len(word))
            while found >= 0 and not _begins_word(text, found, word):
                found = text.find(word, found + 1, at + REACH + len(word))
            if found < 0:
                return False
            at = found + len(word)
        return True


_Entry = tuple[int, str, Phrase]
"""Place of the section in its table, its name, and one of its phrases."""


@dataclass(frozen=True, slots=True)
class Index:
    """Phrases by how they begin, so that only those are looked at that a text may hold."""

    by_beginning: Mapping[str, tuple[_Entry, ...]]
    """By the first letters of their first word, three at most."""
    anywhere: tuple[_Entry, ...]
    """In scripts that may go without spaces."""

    def sections(self, text: str) -> Iterator[str]:
        """Yield the sections that a text, as `plain` makes it, fits, from the top of the table."""
        near: list[_Entry] = [] if text.isascii() else list(self.anywhere)
        for beginning in {word[:length] for word in _WORD.findall(text) for length in (1, 2, 3)}:
            near.extend(self.by_beginning.get(beginning, ()))
        for _, section, phrase in sorted(near, key=itemgetter(0)):
            if phrase.words[0] in text and phrase.fits(text):
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
        section: tuple(phrase(line) for line in lines)
        for section, lines in tomllib.loads(text).items()
    }


@cache
def index(name: str) -> Index:
    """Return a table arranged for looking through all of it."""
    by_beginning: dict[str, list[_Entry]] = {}
    anywhere: list[_Entry] = []
    for place, (section, phrases) in enumerate(table(name).items()):
        for each in phrases:
            first = each.words[0]
            word = _WORD.match(first) if first[0].isascii() else None
            entries = by_beginning.setdefault(word[0][:3], []) if word else anywhere
            entries.append((place, section, each))
    return Index({key: tuple(found) for key, found in by_beginning.items()}, tuple(anywhere))


def phrase(line: str) -> Phrase:
    """Read one line.

    Raises:
        ValueError: it has no brackets.
    """
    words = tuple(plain(word) for word in _BRACKETED.findall(line))
    if not words:
        raise ValueError(f"Nothing is in brackets: {line!r}")
    return Phrase(words, line.replace("[", "").replace("]", ""))


def plain(text: str) -> str:
    """Return a text in lower case, with single spaces and straight apostrophes."""
    return " ".join(text.lower().replace("’", "'").replace("ʼ", "'").split())


def any_fits(text: str, phrases: Sequence[Phrase]) -> bool:
    """Return whether one of some phrases fits a text, as `plain` makes it."""
    return any(each.words[0] in text and each.fits(text) for each in phrases)


def _begins_word(text: str, at: int, word: str) -> bool:
    # Scripts without spaces, and words that begin with a sign, may stand anywhere.
    return at == 0 or not (word[0].isascii() and word[0].isalnum()) or not text[at - 1].isalnum()

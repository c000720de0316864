"""Texts as the words in them, so that two readings of one page can be laid beside each other."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

_WORD = re.compile(r"\w+")
_RUN = 4
"""Words in a row that two texts must share to be taken for the same there."""
_SAME = 0.6
"""Share of such runs from which a block is taken to be in the text."""
_SHORT = 40
"""Characters. Some scripts put no spaces between words, so that few words can be a long text."""


@lru_cache(maxsize=8192)
def words_of(text: str) -> str:
    """Return the words of a text in lower case, a space between them."""
    return " ".join(_WORD.findall(text.casefold()))


def is_long(words: str) -> bool:
    """Say whether there are words enough to tell where they come from."""
    return words.count(" ") >= _RUN


class Wanted:
    """What an extractor takes for the article, ready to be asked what stands in it.

    Args:
        text: A paragraph a line.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.lines = [line.strip() for line in text.split("\n") if line.strip()]
        self._whole_lines = Counter(words_of(line) for line in self.lines)
        self._cells = frozenset(
            words_of(cell) for line in self.lines if line[0] == "|" for cell in line.split("|")
        )
        self._all = f" {' '.join(words_of(line) for line in self.lines)} "
        listed = self._all.split()
        self._runs = _runs(listed)
        self.words = frozenset(listed)
        self._known: dict[str, bool] = {}

    def count(self, words: str) -> int:
        """Return how often the words stand in the text; at least once."""
        return max(1, self._all.count(f" {words}"))

    def holds(self, text: str) -> bool:
        """Say whether a text of the page is part of the article, word for word or nearly so."""
        known = self._known.get(text)
        if known is None:
            known = self._known[text] = self._holds(words_of(text))
        return known

    def has_line(self, text: str) -> bool:
        """Say whether a text is a line of the article, and not only part of one."""
        return words_of(text) in self._whole_lines

    def holds_cell(self, text: str) -> bool:
        """Say whether a text is one cell of a table in the article."""
        return bool(words := words_of(text)) and words in self._cells

    def _holds(self, words: str) -> bool:
        if words in self._whole_lines and words:
            return True
        listed = words.split()
        if len(listed) <= _RUN and len(words) < _SHORT:
            # Short lines match anywhere; they count only as a line of their own.
            return False
        shared = sum(word in self.words for word in listed)
        if shared < _SAME * len(listed):
            # Most of the page is not the article, and need not be looked at any closer.
            return False
        if shared == len(listed) and f" {words} " in self._all:
            return True
        runs = _runs(listed)
        return bool(runs) and len(runs & self._runs) >= _SAME * len(runs)


def _runs(words: Sequence[str]) -> set[tuple[str, ...]]:
    return set(zip(*(words[start:] for start in range(_RUN)), strict=False))

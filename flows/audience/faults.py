"""Everything that is wrong with one file, told at once."""

from __future__ import annotations

from collections.abc import Iterable

from flows.errors import InputError
from flows.models import Problem

_MOST_SHOWN = 20


class Faults(InputError):
    """A file cannot be used, for one or more reasons that are each a problem of their own.

    Args:
        summary: One sentence that says which file, and that it cannot be used.
        problems: The reasons, in the order of the file; at least one.
    """

    def __init__(self, summary: str, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        if len(self.problems) == 1:
            only = self.problems[0]
            super().__init__(only.what, where=only.where, mend=only.mend)
            return
        lines = [f"{each.where}: {each.what} {each.mend}" for each in self.problems[:_MOST_SHOWN]]
        if (more := len(self.problems) - _MOST_SHOWN) > 0:
            lines.append(f"and {more} more.")
        super().__init__("\n  ".join([summary, *lines]))

"""The one form in which benchmarks are printed: Markdown, with a ratio against the first row."""

from __future__ import annotations

from typing import NamedTuple


class Row(NamedTuple):
    """One thing that was measured."""

    what: str
    seconds: float
    most: float | None
    """What it may take, in seconds; None where nothing was promised."""


def show(title: str, rows: list[Row], *, unit_of_comparison: float) -> None:
    """Print rows as a Markdown table."""
    print(f"\n**{title}** (medians, two cores)\n")
    print("| what | seconds | ratio | may take |")
    print("| --- | ---: | ---: | ---: |")
    for row in rows:
        most = f"{row.most:g} s" if row.most else ""
        ratio = row.seconds / unit_of_comparison
        print(f"| {row.what} | {row.seconds:.2f} | {ratio:.0f} | {most} |")

"""The alarm."""

from __future__ import annotations

from flows.settings import Settings


def watch_over(settings: Settings) -> None:
    """Look."""

"""What every test may use."""

from __future__ import annotations

from pathlib import Path

import pytest

HOUSE = Path(__file__).resolve().parent.parent
SHARED = HOUSE.parent / "shared"


@pytest.fixture(scope="session")
def seed_file() -> Path:
    """The customer's real item; it lies beside the project, not in it."""
    path = SHARED / "seed" / "2026-02-11-geen-kind-in-de-cel.txt"
    if not path.exists():
        pytest.skip(f"the customer's item is not here: {path.name}")
    return path

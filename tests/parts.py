"""Real parts that tests need: a skip that says what to install, and in CI a failure."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest

INSTALL = {
    "postgresql": "apt-get install postgresql",
    "gcc": "apt-get install gcc libc6-dev",
    "postfix": "apt-get install postfix",
    "dovecot": "apt-get install dovecot-imapd",
    "chromium": "apt-get install chromium chromium-driver",
    "node": "apt-get install nodejs npm",
    "pds": "tests/social/pds_server/install.sh",
}
"""Each part, and how Debian installs it; `tests/parts.sh` does so before the tests run."""


def missing(part: str) -> NoReturn:
    """End the test: skipped with what to install, or failed in CI."""
    message = f"{part} is not here: {INSTALL.get(part, 'make test')} brings it."
    if os.environ.get("CI"):
        pytest.fail(message, pytrace=False)
    pytest.skip(message)


def program(part: str, *names: str) -> Path:
    """Return the path of the first of these programs that is installed, or end the test."""
    for name in names:
        if found := shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin"):
            return Path(found)
    missing(part)

"""What tests of the mail engine share."""

from __future__ import annotations

import pytest

from tests.mail.certificates import Certificates, make


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """Certificates for servers at 127.0.0.1."""
    return make(tmp_path_factory.mktemp("certificates"))

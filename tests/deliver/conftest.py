"""Tests of how a step is carried out share the small campaign of tests/campaign."""

from tests.campaign.conftest import example

__all__ = ["example"]

"""The browser, for the tests in this folder."""

from tests.browser.chromium import axe, browser

__all__ = ["axe", "browser"]

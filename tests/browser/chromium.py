"""A real browser for the tests: Debian's Chromium, headless, with no way out of this machine.

Fixtures for any room's tests: `browser` opens pages, `axe` says what keeps people from reading
one. A room's own conftest.py makes them its own by importing them from here.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import parts

HOUSE = Path(__file__).resolve().parents[2]
AXE = HOUSE / "var" / "browser" / "node_modules" / "axe-core" / "axe.min.js"
OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--hide-scrollbars",
    # Whatever a page asks for, no name leads anywhere.
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
)
DESKTOP, PHONE = 1100, 375
"""Widths in CSS pixels."""

Axe = Callable[..., list[str]]


class Browser:
    """One Chromium that shows one page at a time."""

    def __init__(self, driver: Any) -> None:
        self.driver = driver

    def open(self, page: Path | str, *, width: int = DESKTOP, dark: bool = False) -> None:
        """Show a file, or a URL on this machine."""
        scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self._tell("Emulation.setEmulatedMedia", features=scheme)
        self._tell(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=900,
            deviceScaleFactor=1,
            mobile=width <= PHONE,
        )
        self.driver.get(page.resolve().as_uri() if isinstance(page, Path) else page)

    def run(self, script: str, *values: object) -> Any:
        """Return what a script in the page returns."""
        return self.driver.execute_script(script, *values)

    def violations(self) -> list[str]:
        """Return what axe-core finds wrong with the page: rule, what it asks for, and where."""
        if not AXE.exists():
            parts.missing("axe-core")
        self.run(AXE.read_text("utf-8"))
        found = self.driver.execute_async_script(
            "const done = arguments[arguments.length - 1];"
            "axe.run().then(result => done(result.violations), error => done(String(error)));"
        )
        assert isinstance(found, list), found
        return [
            f"{violation['id']}: {violation['help']}: {node['target']} {node['html'][:120]}"
            for violation in found
            for node in violation["nodes"]
        ]

    def picture(self) -> bytes:
        """Return the whole page as a PNG."""
        size = self._tell("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}
        shot = self._tell("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)
        return base64.b64decode(shot["data"])

    def paper(self) -> bytes:
        """Return the page as it would be printed, as a PDF."""
        printed = self._tell("Page.printToPDF", preferCSSPageSize=True, printBackground=True)
        return base64.b64decode(printed["data"])

    def _tell(self, command: str, **values: object) -> Any:
        return self.driver.execute_cdp_cmd(command, values)


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser that starts with the first test that asks for it and serves them all."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = str(parts.program("chromium", "chromium"))
    # A profile of its own, or two runs at once would share one.
    for option in (*OPTIONS, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(option)
    service = Service(str(parts.program("chromium", "chromedriver")))
    driver = webdriver.Chrome(options=options, service=service)
    driver.set_script_timeout(30)
    yield Browser(driver)
    driver.quit()


@pytest.fixture
def axe(browser: Browser) -> Axe:
    """Check a page for accessibility: `axe(path) == []`; takes what `Browser.open` takes."""

    def check(page: Path | str, *, width: int = DESKTOP, dark: bool = False) -> list[str]:
        browser.open(page, width=width, dark=dark)
        return browser.violations()

    return check

"""The browser that the other tests look through sees what is wrong with a page."""

from __future__ import annotations

from pathlib import Path

from tests.browser.chromium import Axe, Browser


def test_axe_finds_a_picture_without_alternative_text_and_grey_on_grey(
    axe: Axe, tmp_path: Path
) -> None:
    page = tmp_path / "bad.html"
    page.write_text("<img src='data:,'><p style='color:#aaa;background:#bbb'>Wie leest dit?</p>")
    found = " ".join(axe(page))
    assert "image-alt" in found
    assert "color-contrast" in found
    assert "html-has-lang" in found


def test_no_page_reaches_another_host(browser: Browser, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text("<!doctype html><title>leeg</title>")
    browser.open(page)
    answer = browser.driver.execute_async_script(
        "const done = arguments[arguments.length - 1];"
        "fetch('http://pictures.example/a.png', {mode: 'no-cors'})"
        ".then(() => done('reached'), () => done('nowhere'));"
    )
    assert answer == "nowhere"

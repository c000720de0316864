"""The pages in a real browser: readable by everybody, on any screen, without a script."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.browser.chromium import DESKTOP, PHONE, Axe, Browser
from tests.console.conftest import LISTS, SECOND_LIST, SLUG, Pages, Serve, link_in

NARROW = 320
"""CSS pixels; what a page of 1280 becomes at 400 % (WCAG 2.2, 1.4.10)."""


@pytest.fixture
def furnished(serve: Serve) -> Pages:
    """An installation with two lists, an issue that went out, and somebody who reads it."""
    pages = serve(lists=LISTS + SECOND_LIST)
    pages.subscriber("een@lezers.example", name="Sam")
    pages.issue_to("een@lezers.example")
    return pages


@pytest.fixture
def scriptless(browser: Browser) -> Iterator[Browser]:
    """The browser with scripts turned off."""
    browser.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    yield browser
    browser.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def every_page(pages: Pages) -> dict[str, str]:
    """A path for every page that can be opened, by its name."""
    (leave,) = pages.issue_to("een@lezers.example")
    own = pages.own_page("een@lezers.example").partition("?")[0]
    pages.sign_up("nieuw@lezers.example", lists=["nieuwsbrief", "acties"])
    confirm = link_in(pages.mails(2)[-1]).partition("?")[0]
    return {
        "home": "/",
        "subscribe": "/aanmelden",
        "confirm": confirm,
        "ask": "/voorkeuren",
        "own": own,
        "data": f"{own}/gegevens",
        "erase": f"{own}/wissen",
        "leave": leave,
        "archive": "/nieuwsbrief",
        "issue": f"/nieuwsbrief/{SLUG}",
        "privacy": "/privacy",
        "unknown": "/niets",
        "bad link": "/bevestigen/0",
    }


def test_axe_finds_nothing_on_any_page_in_either_language_by_day_and_by_night(
    furnished: Pages, axe: Axe
) -> None:
    found = {}
    for name, path in every_page(furnished).items():
        # The words and the colours do not depend on each other.
        for language, width, dark in (("nl", DESKTOP, False), ("en", PHONE, True)):
            url = f"{furnished.url}{path}?taal={language}"
            if problems := axe(url, width=width, dark=dark):
                found[f"{name} {language}"] = problems
    assert found == {}


def test_no_page_is_wider_than_a_narrow_screen(furnished: Pages, browser: Browser) -> None:
    for name, path in every_page(furnished).items():
        for language in ("nl", "en"):
            browser.open(f"{furnished.url}{path}?taal={language}", width=NARROW)
            width = browser.run("return document.documentElement.scrollWidth")
            assert width <= NARROW, f"{name} in {language}: {width}"


def test_what_is_pressed_is_large_enough_for_a_thumb(furnished: Pages, browser: Browser) -> None:
    script = """
        return [...document.querySelectorAll('button, .top a, .next a, footer li a, input')]
            .filter(each => !each.closest('.trap') && each.type !== 'hidden')
            .filter(each => !['checkbox', 'radio'].includes(each.type))
            .map(each => [each.textContent || each.name, each.getBoundingClientRect().height])
            .filter(([name, height]) => height < 40);
    """
    for name, path in every_page(furnished).items():
        if name != "issue":
            browser.open(f"{furnished.url}{path}", width=PHONE)
            assert browser.run(script) == [], name


def test_one_subscribes_confirms_changes_and_leaves_without_a_script_or_a_mouse(
    furnished: Pages, scriptless: Browser
) -> None:
    driver = scriptless.driver
    scriptless.open(f"{furnished.url}/aanmelden?taal=nl", width=PHONE)
    tab_to(driver, "email").send_keys("noor@lezers.example")
    tab_to(driver, "name").send_keys("Noor")
    tab_to(driver, "lists-1").send_keys(Keys.SPACE)
    furnished.clock.advance(timedelta(seconds=30))
    tab_to(driver, "Aanmelden").send_keys(Keys.ENTER)
    assert "Kijk in uw mailbox" in heading(driver)
    scriptless.open(furnished.url + link_in(furnished.mails(1)[-1]))
    tab_to(driver, "Aanmelding bevestigen").send_keys(Keys.ENTER)
    assert "U bent aangemeld" in heading(driver)
    person = furnished.audience.find("noor@lezers.example")
    assert person is not None
    assert person.lists == ("nieuwsbrief",)

    scriptless.open(furnished.url + furnished.own_page("noor@lezers.example"))
    tab_to(driver, "lists-2").send_keys(Keys.SPACE)
    tab_to(driver, "Voorkeuren bewaren").send_keys(Keys.ENTER)
    assert "bewaard" in driver.find_element(By.CLASS_NAME, "done").text
    person = furnished.audience.find("noor@lezers.example")
    assert person is not None
    assert person.lists == ("acties", "nieuwsbrief")

    (_, path) = furnished.issue_to("een@lezers.example", "noor@lezers.example", slug="tweede")
    scriptless.open(furnished.url + path + "?taal=nl")
    tab_to(driver, "Afmelden").send_keys(Keys.ENTER)
    assert "U bent afgemeld" in heading(driver)
    person = furnished.audience.find("noor@lezers.example")
    assert person is not None
    assert person.lists == ("acties",)


def test_a_mistake_is_announced_and_led_to(furnished: Pages, browser: Browser, axe: Axe) -> None:
    driver = browser.driver
    browser.open(f"{furnished.url}/aanmelden?taal=nl", width=PHONE)
    driver.find_element(By.ID, "email").send_keys("noor")
    driver.find_element(By.TAG_NAME, "button").click()
    assert browser.violations() == []
    box = driver.find_element(By.CSS_SELECTOR, "[role=alert]")
    assert "geen volledig e-mailadres" in box.text
    box.find_element(By.TAG_NAME, "a").click()
    wrong = driver.find_element(By.ID, "email")
    assert driver.switch_to.active_element == wrong
    assert wrong.get_attribute("aria-invalid") == "true"
    described = str(wrong.get_attribute("aria-describedby")).split()
    assert "geen volledig" in driver.find_element(By.ID, described[-1]).text
    assert wrong.get_attribute("value") == "noor"


def test_our_mails_are_readable_by_everybody(furnished: Pages, axe: Axe, tmp_path: Path) -> None:
    furnished.own_page("een@lezers.example")
    furnished.sign_up("nieuw@lezers.example", lists="acties")
    furnished.clock.advance(timedelta(minutes=5))
    furnished.fill_in("/aanmelden?taal=en", {"email": "een@lezers.example", "lists": "nieuwsbrief"})
    for number, mail in enumerate(furnished.mails(3)):
        body = mail.get_body(("html",))
        assert body is not None
        html = body.get_content()
        page = tmp_path / f"{number}.html"
        page.write_text(html, "utf-8")
        assert not re.search(r"(?:src|background)=", html)
        for dark in (False, True):
            rules = ("region", "landmark-one-main")
            problems = [
                each for each in axe(page, width=PHONE, dark=dark) if not each.startswith(rules)
            ]
            assert problems == []


def heading(driver: Any) -> str:
    return str(driver.find_element(By.TAG_NAME, "h1").text)


def tab_to(driver: Any, target: str) -> Any:
    """Press Tab until the field with this id, or the button with these words, has the focus."""
    for _ in range(40):
        active = driver.switch_to.active_element
        if active.get_attribute("id") == target or (
            active.tag_name == "button" and active.text == target
        ):
            return active
        active.send_keys(Keys.TAB)
    raise AssertionError(f"no way to {target} by keyboard")

"""Finding one's way and one's light, as readers do: theme button, contents, next and previous, the narrow menu."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.book import checks

SIDEBAR = "#pst-primary-sidebar"
CONTENTS = f"{SIDEBAR} nav a.reference.internal"
MENU = "#pst-primary-sidebar-modal"
MODES = 3  # of the theme button: auto, light, dark


@pytest.fixture
def page(browser: Browser, small_site: Path) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": checks.WIDE_PX, "height": 800}, color_scheme="light")
    opened = context.new_page()
    opened.set_default_timeout(checks.PATIENCE_MS)
    opened.goto((small_site / "index.html").resolve().as_uri())
    yield opened
    context.close()


def brightness(page: Page) -> float:
    """Of the page behind its text, 0 to 255."""
    read = "getComputedStyle(document.body).backgroundColor.match(/[\\d.]+/g).map(Number)"
    channels: list[float] = page.evaluate(read)
    return sum(channels[:3]) / 3


def test_the_theme_button_darkens_this_page_and_the_next(page: Page) -> None:
    assert brightness(page) > 200
    button = page.get_by_role("button", name="Color mode")
    for _ in range(MODES):
        if page.evaluate("document.documentElement.dataset.mode") == "dark":
            break
        button.click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert brightness(page) < 64
    page.locator("a.right-next").click()
    expect(page.locator("a.left-prev")).to_be_visible()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark" and brightness(page) < 64


def test_contents_next_and_previous_agree(page: Page) -> None:
    contents = [link.evaluate("link => link.href") for link in page.locator(CONTENTS).all()]
    assert len(contents) > MODES and all(address.startswith("file:") for address in contents)
    for address in contents[:2]:  # from the first page, which the contents leave out
        page.locator("a.right-next").click()
        page.wait_for_url(address)
    expect(page.locator(f"{SIDEBAR} .current.active > a")).to_have_count(1)
    page.locator("a.left-prev").click()
    page.wait_for_url(contents[0])
    page.locator(CONTENTS, has_text="How to read, re-run and change").click()
    expect(page.locator("article h1")).to_contain_text("How to read, re-run and change")
    page.locator(f"{SIDEBAR} a.navbar-brand").click()
    page.wait_for_url(re.compile(r"/index\.html$"))


def test_on_a_telephone_the_contents_are_behind_a_button(page: Page) -> None:
    page.set_viewport_size({"width": checks.NARROW_PX, "height": 800})
    page.reload()
    link = page.locator(f"{MENU} nav a.reference.internal, {CONTENTS}").first
    expect(link).not_to_be_in_viewport()
    button = page.locator("button.primary-toggle")
    button.click()
    expect(page.locator(MENU)).to_be_visible()
    expect(link).to_be_in_viewport()
    page.keyboard.press("Escape")
    expect(page.locator(MENU)).not_to_be_visible()
    expect(link).not_to_be_in_viewport()
    button.focus()
    page.keyboard.press("Enter")
    address = link.evaluate("link => link.href")
    link.click()
    page.wait_for_url(address)
    expect(page.locator("article h1")).to_be_visible()

"""The book for everyone: axe-core, keyboard, every width, paper, search without a network.

By default on a page of each kind; on every page of the published book with
`DEEPFEATURES_EVERY_PAGE=1 pytest tests/book/test_accessible.py` after `make site`: light and dark, at every width. With
`DEEPFEATURES_EVERY_PAGE=light` each is opened once, as CI does.
"""
from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.book import accessible, checks

EVERY_PAGE = os.environ.get("DEEPFEATURES_EVERY_PAGE", "")
KINDS = ["index.html", "chapters/mu-lenet.html", "_generated/provenance-mu-lenet.html", "references.html"]


@pytest.fixture
def page(browser: Browser, small_site: Path) -> Iterator[Page]:
    opened = browser.new_page(viewport={"width": 1280, "height": 800})
    opened.set_default_timeout(checks.PATIENCE_MS)
    opened.goto((small_site / "chapters" / "mu-lenet.html").resolve().as_uri())
    yield opened
    opened.close()


def test_axe_finds_nothing_serious_on_any_kind_of_page(browser: Browser, small_site: Path) -> None:
    assert accessible.axe(small_site, browser, only=KINDS) == []


@pytest.mark.skipif(not EVERY_PAGE, reason="a step of its own in .ci/run: DEEPFEATURES_EVERY_PAGE=light (or 1) asks")
def test_axe_finds_nothing_serious_on_any_published_page(browser: Browser, published: Path) -> None:
    themes = [EVERY_PAGE] if EVERY_PAGE in accessible.THEMES else accessible.THEMES
    assert accessible.axe(published, browser, themes=themes) == []


def test_axe_would_find_something(page: Page) -> None:
    """A planted fault of each kind that was found in this theme once; without them there is none."""
    page.evaluate("""() => document.querySelector('main').insertAdjacentHTML('beforeend',
        '<img src="x.png"><details><summary><i></i></summary></details>' +
        '<p style="color:#999;background:#fff">pale</p>')""")
    found = " ".join(accessible.violations(page))
    assert all(rule in found for rule in ("image-alt (critical)", "summary-name", "color-contrast")), found


def test_the_keyboard_skips_to_the_text_and_sees_where_it_is(page: Page) -> None:
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to main content"
    assert page.locator("#pst-skip-link").is_visible()
    page.keyboard.press("Enter")
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("!!document.activeElement.closest('article')"):
            break
    assert page.evaluate("""() => {
        const e = document.activeElement, s = getComputedStyle(e);
        return !!e.closest('article') && (s.outlineStyle !== 'none' || s.boxShadow !== 'none');
    }"""), page.evaluate("document.activeElement.outerHTML")


@pytest.mark.parametrize("width", accessible.WIDTHS_PX)
def test_what_scrolls_can_be_scrolled_by_keyboard(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.reload()
    assert accessible.not_by_keyboard(page) == []
    if width == min(accessible.WIDTHS_PX):  # the wide table of the chapter does scroll there
        box = page.locator(".cell_output .output:has(table.df-table)").first
        box.focus()
        page.keyboard.press("ArrowRight")
        page.wait_for_function("e => e.scrollLeft > 0", arg=box.element_handle())


def test_of_links_in_a_table_the_keyboard_stops_at_records_only(page: Page) -> None:
    table = page.locator("table:has(caption:text-is('Gains & losses.'))")
    assert table.locator("td a").count() == 4
    assert [link.get_attribute("class") for link in table.locator("td a:not([tabindex='-1'])").all()] == [
        "df-number df-record"
    ]


def test_on_paper_nothing_is_cut_and_twins_stand_in(page: Page) -> None:
    assert accessible.cut_on_paper(page) == []
    page.emulate_media(media="print")
    assert page.locator("#made-up .df-explorer-static").is_visible()
    assert not page.locator("#made-up fieldset").is_visible()
    assert not page.locator(".bd-sidebar-primary").is_visible()


def test_a_box_that_would_be_cut_on_paper_is_found(page: Page) -> None:
    page.evaluate("""() => document.querySelector('article').insertAdjacentHTML('beforeend',
        '<div class="planted" style="width:200px;overflow:hidden"><p style="width:900px">wide</p></div>')""")
    assert any('class="planted"> is cut: 900 of 200 px wide' in found for found in accessible.cut_on_paper(page))


def test_search_without_a_network(page: Page) -> None:
    """As a reader does it: the button, a word, Enter."""
    page.locator(".search-button-field").click()
    page.locator("dialog input[type=search], .search-button__search-container input").first.fill("square")
    page.keyboard.press("Enter")
    page.locator("#search-results li a[href*='chapters/mu-lenet']").first.click()
    assert page.url.startswith("file:") and "chapters/mu-lenet.html" in page.url


def test_the_first_screen_holds_question_findings_certainty_and_doors(browser: Browser, published: Path) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto((published / "index.html").resolve().as_uri())
    for what in ("h1", ".verdict-counts", ".findings", ".front-doors a"):
        box = page.locator(what).last.bounding_box(timeout=checks.PATIENCE_MS)
        assert box is not None and box["y"] + box["height"] <= 800, (what, box)
    page.close()

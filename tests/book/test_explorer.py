"""Explorers in a real browser, in a page rendered as the book is: what is chosen is what is shown."""
from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from playwright.sync_api import Browser, Page

from deepfeatures.figures import explorer, explorer_drawn
from tests.book import checks, made_up


@pytest.fixture
def page(browser: Browser, small_site: Path) -> Iterator[Page]:
    opened = browser.new_page()
    opened.set_default_timeout(checks.PATIENCE_MS)
    opened.goto((small_site / "chapters" / "mu-lenet.html").resolve().as_uri())
    yield opened
    opened.close()


def rows(page: Page) -> list[list[str]]:
    return page.eval_on_selector_all(
        "#made-up tbody tr", "rows => rows.map(row => [...row.cells].map(cell => cell.textContent))"
    )


def status(page: Page) -> str:
    return page.locator("#made-up [role=status]").inner_text()


def test_a_page_opens_with_the_first_choice_and_its_controls(page: Page) -> None:
    assert page.locator("#made-up fieldset").is_visible()
    assert not page.locator("#made-up .df-explorer-static").is_visible()
    assert rows(page) == [["LeNet <b>ip1</b>", "1.0 [0.0, 2,500.5]", "0° & more"],
                          ["LeNet <b>ip2</b>", "2.0 [0.0, 2,500.5]", "0° & more"]]  # fmt: skip
    assert status(page) == "Shown: network: LeNet; layer: every one; turned by: 0° (2 rows)."


def test_menus_and_slider_change_the_numbers(page: Page) -> None:
    page.get_by_label("layer").select_option(label="LeNet <b>ip2</b>")
    assert rows(page) == [["2.0 [0.0, 2,500.5]", "0° & more"]]
    slider = page.get_by_label("turned by")
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert rows(page) == [["1,002.0 [40.0, 2,500.5]", "15° & more"]]
    page.keyboard.press("End")
    assert rows(page) == [["2,002.0 [80.0, 2,500.5]", "30° & more"]]
    assert slider.get_attribute("aria-valuetext") == "30°"
    assert page.locator("#made-up output").inner_text() == "30°"
    assert page.eval_on_selector("#made-up .df-bar-value", "bar => bar.style.width") == "67%"


def test_keys_alone_reach_and_turn_every_control(page: Page) -> None:
    page.locator("#made-up select").first.focus()
    page.keyboard.press("ArrowDown")
    assert [row[0] for row in rows(page)] == ["PAIR <b>ip1</b>", "PAIR <b>ip2</b>"]
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    assert [row[2] for row in rows(page)] == ["15° & more"] * 2


def test_a_menu_offers_what_there_is_and_a_choice_that_is_gone_gives_way(page: Page) -> None:
    page.get_by_label("layer").select_option(label="LeNet <b>ip2</b>")
    page.get_by_label("network").select_option("PAIR")
    offered = page.eval_on_selector_all(
        "#made-up select:nth-of-type(1) option:not([disabled])", "options => options.map(one => one.textContent)"
    )
    assert offered == ["LeNet", "PAIR", "every one, row by row", "PAIR <b>ip1</b>", "PAIR <b>ip2</b>"]
    assert status(page).startswith("Shown: network: PAIR; layer: every one; turned by: 0°")


def test_what_was_not_measured_is_said(page: Page) -> None:
    page.get_by_label("network").select_option("PAIR")
    page.get_by_label("layer").select_option(label="PAIR <b>ip2</b>")
    page.get_by_label("turned by").focus()
    page.keyboard.press("End")
    assert rows(page) == []
    assert status(page) == "Nothing was measured for network: PAIR; layer: PAIR <b>ip2</b>; turned by: 30°."


def test_the_script_draws_every_choice_as_the_package_does(page: Page) -> None:
    """The twin: what the script makes of a choice is what `explorer_drawn` makes of it, mark-up included."""
    data = json.loads(BeautifulSoup(made_up.explored().html, "html.parser").find("script").string)
    compared = 0
    for network in (0, 1):
        for layer in (explorer.EVERY, 2 * network, 2 * network + 1):
            for angle in range(3):
                chosen = [network, layer, angle]
                page.evaluate(
                    """chosen => document.querySelectorAll("#made-up [data-choice]").forEach((control, at) => {
                        control.querySelectorAll("option").forEach((option) => { option.disabled = false; });
                        control.value = chosen[at];
                        control.dispatchEvent(new Event("input"));
                    })""",
                    chosen,
                )
                drawn = page.eval_on_selector("#made-up table", "t => t.tHead.outerHTML + t.tBodies[0].outerHTML")
                ours = elements(explorer_drawn.table(data, chosen))
                if ours[-1][0] != "tbody":  # one of the 18 combinations has no row
                    assert elements(drawn) == ours, chosen
                    compared += 1
    assert compared == 17


@pytest.mark.parametrize("digit", [0, 1])
@pytest.mark.parametrize("angle", [0, 1, 2])
def test_the_script_draws_pictures_shares_and_curves_as_the_package_does(page: Page, digit: int, angle: int) -> None:
    data = json.loads(BeautifulSoup(made_up.pictured().html, "html.parser").find("script").string)
    page.evaluate(
        """chosen => document.querySelectorAll("#pictured [data-choice]").forEach((control, at) => {
            control.value = chosen[at];
            control.dispatchEvent(new Event("input"));
        })""",
        [digit, angle],
    )
    chosen = [digit, angle, explorer.EVERY]
    drawn = page.eval_on_selector("#pictured table", "t => t.tHead.outerHTML + t.tBodies[0].outerHTML")
    assert elements(drawn) == elements(explorer_drawn.table(data, chosen))
    above = page.locator("#pictured .df-explorer-pictures").inner_html()
    assert elements(above) == elements(explorer_drawn.above(data, chosen))
    assert page.locator("#pictured [role=status]").inner_text() == explorer_drawn.said(data, chosen)


def test_pictures_follow_the_keys_and_are_described(page: Page) -> None:
    frame = page.locator("#pictured .df-explorer-pictures img")
    assert frame.evaluate_all("all => all.map(one => one.alt)") == ["A made-up digit: digit 1; rotated by 0°"]
    before = frame.first.get_attribute("src")
    page.locator("#pictured input[type=range]").focus()
    page.keyboard.press("ArrowRight")
    assert frame.first.get_attribute("src") != before
    page.locator("#pictured select").focus()
    page.keyboard.press("ArrowDown")
    assert frame.evaluate_all("all => all.map(one => one.alt)") == [
        "A made-up digit: digit 7; rotated by 15°", "Noise: digit 7; rotated by 15°"]  # fmt: skip
    rows = page.locator("#pictured tbody tr")
    read = "all => all.map(one => [one.alt, one.naturalWidth, one.naturalHeight])"
    assert rows.locator("img").evaluate_all(read) == [
        ["Three by four units: digit 7; rotated by 15°; network LeNet", 6, 5]]  # fmt: skip
    assert rows.nth(1).locator("td").all_inner_texts()[0] == "–"  # no shares, no curve, no units: said, not left blank
    heard = page.locator("#pictured .df-bars").get_attribute("aria-label")
    assert heard is not None and all(f"{name}: " in heard for name in ("a", "b", "<c>"))


def test_what_is_drawn_asks_nobody_and_is_legible_in_the_dark(browser: Browser, small_site: Path) -> None:
    page = browser.new_page(viewport={"width": checks.NARROW_PX, "height": 800})
    asked: list[str] = []
    page.on("request", lambda request: request.url.startswith(("file:", "data:")) or asked.append(request.url))
    page.goto((small_site / "chapters" / "mu-lenet.html").resolve().as_uri())
    for theme in ("light", "dark"):
        page.evaluate("theme => { document.documentElement.dataset.theme = theme; }", theme)
        ink, ground = page.evaluate(
            """() => [getComputedStyle(document.querySelector("#pictured .df-curve polyline")).stroke,
                      getComputedStyle(document.querySelector("#pictured .df-curve")).backgroundColor]
                     .map(colour => colour.match(/[0-9.]+/g).slice(0, 3).map(Number))"""
        )
        assert abs(sum(ink) - sum(ground)) > 300, (theme, ink, ground)
    page.locator("#pictured input[type=range]").focus()
    page.keyboard.press("End")
    page.wait_for_timeout(checks.SETTLE_MS)
    assert asked == []
    assert page.evaluate("document.scrollingElement.scrollWidth") <= checks.NARROW_PX
    page.close()


def elements(html: str) -> list[tuple[object, ...]]:
    """Every element with its own text and attributes, however they are written."""
    found: list[tuple[object, ...]] = []
    for element in BeautifulSoup(html, "html.parser").find_all(True):
        style = element.get("style", "").replace(" ", "").rstrip(";")
        others = {name: value for name, value in element.attrs.items() if name != "style"}
        text = "".join(str(part) for part in element.find_all(string=True, recursive=False))
        found.append((element.name, text, style, others))
    return found


def test_without_script_the_first_choice_stands_with_a_note(browser: Browser, small_site: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((small_site / "chapters" / "mu-lenet.html").resolve().as_uri())
    assert not page.locator("#made-up fieldset").is_visible()
    assert "JavaScript is off" in page.locator("#made-up noscript").inner_text()
    assert "The table above shows the same." in page.locator("#made-up .df-explorer-static").inner_text()
    assert page.locator("#made-up tbody tr").count() == 2
    assert page.locator("#pictured .df-explorer-pictures img").count() == 1
    context.close()


def test_in_print_the_choice_stands_without_its_controls(page: Page) -> None:
    page.get_by_label("layer").select_option(label="LeNet <b>ip2</b>")
    page.emulate_media(media="print")
    assert not page.locator("#made-up fieldset").is_visible()
    assert "Precomputed: 11 rows" in page.locator("#made-up .df-explorer-static").inner_text()
    assert "LeNet <b>ip2</b>" in status(page) and len(rows(page)) == 1


def test_every_control_has_a_name_and_is_large_enough_on_a_telephone(page: Page) -> None:
    page.set_viewport_size({"width": checks.NARROW_PX, "height": 800})
    for control in page.locator("#made-up [data-choice]").all():
        box = control.bounding_box()
        assert box is not None and box["width"] <= checks.NARROW_PX and box["height"] >= 16
        assert control.evaluate("element => element.labels.length") == 1
    assert page.evaluate("document.scrollingElement.scrollWidth") <= checks.NARROW_PX

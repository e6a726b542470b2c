"""Pages of sweeps and comparisons in a real browser: what is chosen is shown, and nothing is cut off or asked for."""

import re

import pytest
from playwright.sync_api import sync_playwright

from deepfeatures.study import compare, compare_page, grid, kept, sweep_page
from tests.book.checks import CHROMIUM_FLAGS, NARROW_PX, WIDE_PX
from tests.study import made_up_runs
from tests.study.made_up_runs import SLUG, record


@pytest.fixture
def folder(tmp_path, runs_folder, monkeypatch):
    """sweep/index.html and compare.html of made-up runs."""
    monkeypatch.setenv("DEEPFEATURES_ROOT", str(tmp_path / "checkout"))
    made_up_runs.write_checkout(tmp_path / "checkout")
    found = grid.read(SLUG, "default", ["resamples=100,300,1000", "normalise=global,per-feature", "seed=0..1"])
    results = {n: [record("height", 40.0 + n, (39, 60)), record("width", n / 100)] for n in range(1, 13)}
    done = made_up_runs.points(found, tmp_path / "sweep", results)
    sweep_page.write(found, done, tmp_path / "sweep", ["deepfeatures", "sweep", "x" * 200])
    runs = [
        made_up_runs.write_run(tmp_path / name, record("height", value), figures={"curve": grey, "a" * 60: grey})
        for name, value, grey in (("a" * 80, 1.0, 0), ("b" * 80, 2.0, 255))
    ]
    compare_page.write(compare.compare(*(kept.find(str(run)) for run in runs)), tmp_path / "compare.html")
    return tmp_path


def test_pages_in_a_browser(folder, chromium):
    heard = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_FLAGS)
        context = browser.new_context(color_scheme="dark")
        context.route(re.compile(r"^(?!file:|data:)"), lambda route: heard.append(route.request.url))
        page = context.new_page()
        page.on("console", lambda message: heard.append(message.text))
        page.on("pageerror", lambda error: heard.append(str(error)))
        for name in ("sweep/index.html", "compare.html"):
            for width in (WIDE_PX, NARROW_PX):
                page.set_viewport_size({"width": width, "height": 800})
                page.goto((folder / name).as_uri())
                assert page.evaluate("document.scrollingElement.scrollWidth") <= width, (name, width)
                assert page.evaluate("[...document.images].every(one => one.complete && one.naturalWidth > 0)"), name

        page.goto((folder / "sweep" / "index.html").as_uri())
        shown = page.locator("section.measure:visible")
        assert shown.count() == 1 and "paper-x/height" in shown.inner_text()
        page.get_by_label("Measure", exact=True).select_option(label="width (%)")
        assert shown.count() == 1 and "paper-x/width" in shown.inner_text()
        page.reload()
        assert "paper-x/width" in shown.inner_text()  # the choice stands in the address
        page.get_by_role("link", name="paper-x/height").click()
        assert (
            "paper-x/height" in shown.inner_text()
            and page.get_by_label("Measure", exact=True).input_value() == "measure-1"
        )

        without = browser.new_context(java_script_enabled=False).new_page()
        without.goto((folder / "sweep" / "index.html").as_uri())
        assert without.locator("section.measure:visible").count() == 2 and not without.locator("select").is_visible()
        browser.close()
    assert heard == []

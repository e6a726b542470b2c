"""Pages of sweeps and comparisons in a real browser: what is chosen is shown, and nothing is cut off or asked for."""

import re

import pandas as pd
import pytest
from playwright.sync_api import sync_playwright

from deepfeatures.analysis import own_readings
from deepfeatures.study import compare, compare_page, grid, kept, probe, probe_page, sweep_page
from tests.book import accessible
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
    told = (tmp_path / "sweep" / "index.html").read_text("utf-8")
    assert "deepfeatures compare FOLDER:1 FOLDER:" in told and "in which this page lies" in told
    assert str(tmp_path) not in told
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


def test_a_page_of_ones_own_network_is_for_everyone_and_asks_for_nothing(tmp_path, chromium, own_network_page):
    """The page of `deepfeatures probe`, with a name that would be code if it were not escaped."""
    asked = []
    with accessible.opened(chromium) as browser:
        assert accessible.axe(own_network_page, browser, only=["index.html"]) == []
        page = browser.new_page()
        page.route(re.compile(r"^(?!file:|data:)"), lambda route: asked.append(route.request.url))
        page.on("console", lambda message: asked.append(message.text))
        page.goto((own_network_page / "index.html").as_uri())
        assert accessible.not_by_keyboard(page) == []
        assert page.evaluate("[...document.images].every(one => one.complete && one.naturalWidth > 0)")
        assert "<b>bold</b>" in page.inner_text("main") and page.locator("main b").count() == 0
    assert asked == []


def test_pages_of_sweeps_and_comparisons_are_for_everyone(folder, chromium):
    with accessible.opened(chromium) as browser:
        assert accessible.axe(folder, browser) == []


@pytest.fixture
def own_network_page(tmp_path):
    """A folder with such a page, of made-up numbers."""
    keys = [{"network": name, "layer": "embedding"} for name in ("your network", "your network, shuffled", "pixels")]
    ends = {"lo": 0.4, "hi": 0.9}
    dealt = {"dealt": 0.5, "dealt_lo": 0.45, "dealt_hi": 0.55, "p": 0.01}
    people = pd.DataFrame([key | ends | dealt | {"width": 128, "auc": 0.8} for key in keys])
    people.attrs = {"people": 30, "images": 90, "same": 100, "different": 200}
    attributes = pd.DataFrame([key | ends | {"error": 0.5, "better": 1, "of": 2} for key in keys])
    attributes.attrs = {"people": 30, "images": 90}
    counted = {"people_show": 12, "people_lack": 18, "error": 0.5}
    single = pd.DataFrame([{"attribute": "<b>bold</b>"} | counted | key | ends for key in keys])
    errors = [key | ends | {"error_deg": 0.6, "predictor": one, "images": 90, "people": 30}
              for key in keys for one in own_readings.READERS]  # fmt: skip
    pose = pd.DataFrame([one | {"angle": angle} for one in errors for angle in ("abs_yaw", "yaw", "pitch", "roll")])
    ranges = pd.DataFrame([one | {"range": label} for one in errors for label in ("0-15", "15-30", "30-45", "> 45")])
    reading = {"height": 112, "width": 112, "mean": (127.5,) * 3, "std": (127.5,) * 3, "channels": "RGB"}
    network = {"what": "face.onnx", "fingerprint": "sha256-" + "0" * 64, "input": reading, "outputs": {},
               "note": "Note."}  # fmt: skip
    faces = {"what": "people", "images": 91, "people": 31, "alone": ("a" * 90,), "left_out": {"copies": ["b"] * 30},
             "fingerprint": "own-0", "middle": 0.6}  # fmt: skip
    asked = probe.Asked(tmp_path / "face.onnx", None, tmp_path / "people", 0.6, "default")
    planned = probe.Plan(asked, {}, None, {}, (), {"faces": faces, "network": network})
    layers = {key["network"]: {"embedding": 128} for key in keys}
    found = probe.Found(planned, people, attributes, single, pose, ranges, {}, ("c.jpg: damaged",), layers)
    probe_page.write(found, tmp_path / "page", "deepfeatures probe " + "x" * 300)
    return tmp_path / "page"

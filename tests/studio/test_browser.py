"""The studio in Chromium, as its user sees it: keyboard, narrow and dark, constraints, sandbox; and one real run."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from deepfeatures.studio import guard, runs
from deepfeatures.study import catalogue
from deepfeatures.study.tables import shown
from tests.book import accessible
from tests.book.checks import CHROMIUM_FLAGS, NARROW_PX, PATIENCE_MS
from tests.conftest import ROOT
from tests.studio.conftest import VALUES, until

SMOKE = "mu-lenet"
expect.set_options(timeout=PATIENCE_MS)  # five seconds unless said: too few on a busy machine


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


@contextmanager
def opened(browser: Browser, address: str, **settings) -> Iterator[tuple[Page, list[str]]]:
    """A page that entered by the printed address, and what it complains of or asks another host for."""
    context = browser.new_context(**settings)
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    heard: list[str] = []
    own = f"http://{urlsplit(address).netloc}/"
    page.on("request", lambda one: None if one.url.startswith((own, "data:")) else heard.append(f"asks {one.url}"))
    page.on("console", lambda said: heard.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.goto(address)
    page.wait_for_url(own)
    yield page, heard
    context.close()


def tab_to(page: Page, name: str) -> None:
    """Press Tab until the focus is on what is called so."""
    for _ in range(60):
        page.keyboard.press("Tab")
        found = page.evaluate(
            "(() => { const e = document.activeElement; return e.id + ' ' + (e.labels?.[0] || e).innerText; })()"
        )
        if name in found:
            return
    raise AssertionError(f"the keyboard does not reach {name!r}")


def test_by_keyboard_alone_narrow_and_dark(browser, studio, control):
    narrow = {"viewport": {"width": NARROW_PX, "height": 800}, "color_scheme": "dark"}
    with opened(browser, studio().address, **narrow) as (page, heard):

        def fits() -> None:
            assert page.evaluate("document.scrollingElement.scrollWidth") == NARROW_PX
            light = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)")
            assert max(light) < 64

        fits()
        tab_to(page, "Skip to the content")
        tab_to(page, "A tiny chapter")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("A tiny chapter")
        fits()
        for name in VALUES:
            expect(page.get_by_label(name, exact=True)).to_be_visible()
        tab_to(page, "seeds")
        page.keyboard.press("Control+a")
        page.keyboard.type("2")
        page.keyboard.press("Enter")
        page.wait_for_url("**/runs/*")
        expect(page.locator("#line")).to_contain_text("Cell 3 of 6")
        expect(page.get_by_role("progressbar", name="Cells executed")).to_have_attribute("value", "3")
        expect(page.get_by_role("region", name="Log")).to_contain_text("3/6")
        fits()
        tab_to(page, "Stop")
        page.keyboard.press("Enter")
        expect(page.locator("#state")).to_have_text("stopped")  # without a reload by hand
        fits()
        tab_to(page, "Change its parameters")
        page.keyboard.press("Enter")
        expect(page.get_by_label("seeds", exact=True)).to_have_value("2")
        control.finish()
        tab_to(page, "p-device")
        tab_to(page, "Run")
        page.keyboard.press("Enter")
        expect(page.locator("caption").first).to_have_text("1 of 1 numbers changed")
        fits()
        assert page.locator("tr.changed").inner_text().count("[43.25, 43.75]") == 1
        tab_to(page, "Delete")
        page.keyboard.press("Enter")
        tab_to(page, "Delete this run")
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url: urlsplit(url).path == "/")
        assert [run.status["state"] for run in runs.every()] == ["stopped"]
        assert heard == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious_in_chapters_form_and_a_run(browser, studio, control, theme):
    one = studio()
    here = f"http://{urlsplit(one.address).netloc}"
    # axe is run as a script inside the page, which the studio's own pages do not allow
    with opened(browser, one.address, color_scheme=theme, bypass_csp=True) as (page, _):
        assert accessible.violations(page) == []
        page.goto(f"{here}/chapters/tiny")
        assert accessible.violations(page) == []
        page.get_by_label("seeds", exact=True).fill("2")
        page.get_by_role("button", name="Run").click()
        page.wait_for_url("**/runs/*")
        expect(page.locator("#line")).to_contain_text("Cell 3 of 6")
        assert accessible.violations(page) == []
        control.finish()
        expect(page.locator("caption").first).to_have_text("1 of 1 numbers changed")
        assert accessible.violations(page) == []
        page.evaluate("document.querySelector('main').insertAdjacentHTML('beforeend', '<img src=data:,>')")
        assert "image-alt (critical)" in " ".join(accessible.violations(page))  # it does look


def test_two_tabs_and_a_studio_that_goes_away(browser, studio, control):
    one = studio()
    with opened(browser, one.address) as (page, _):
        other = page.context.new_page()
        for tab in (page, other):
            tab.goto(f"http://{urlsplit(one.address).netloc}/chapters/tiny")
        for tab in (page, other):
            tab.get_by_role("button", name="Run").click()
            tab.wait_for_url("**/runs/*")
        assert len(runs.every()) == 1
        expect(other.get_by_text("Nothing was started twice")).to_be_visible()
        one.process.kill()
        expect(page.locator("#lost")).to_be_visible()
        assert not runs.every()[0].ended


def test_the_browser_itself_refuses_what_is_out_of_range(browser, studio, monkeypatch):
    monkeypatch.setenv("DEEPFEATURES_ROOT", str(ROOT))
    one = studio()
    with opened(browser, one.address) as (page, heard):
        page.goto(f"http://{urlsplit(one.address).netloc}/chapters/{SMOKE}?profile=smoke")
        posts: list[str] = []
        page.on("request", lambda asked: posts.append(asked.url) if asked.method == "POST" else None)
        for name, wrong in (
            ("seeds", ("0", "21", "1.5", "")), ("tolerance_pp", ("-0.1", "10.1")),
            ("learning_rates", ("2", "0.1, 0.1", "0.1; 0.2", "one", "")),
        ):  # fmt: skip
            field = page.get_by_label(name, exact=True)
            good = field.input_value()
            for text in wrong:
                field.fill(text)
                page.get_by_role("button", name="Run").click()
                assert page.evaluate("document.querySelector('input:invalid')?.name") == name, (name, text)
            field.fill(good)
            assert page.evaluate("document.querySelector('form').checkValidity()"), name
        assert posts == [] and runs.every() == [] and heard == []


def test_script_in_a_runs_page_has_nothing_of_the_studios(browser, studio, control):
    one = studio()
    one.tab.post("/chapters/tiny", VALUES)
    (run,) = runs.every()
    control.finish()
    until(lambda: run.ended)
    page_file = runs.page(run)
    page_file.parent.mkdir(parents=True)
    attempts = """
      const seen = {}; const tried = async (name, what) => { try { seen[name] = await what(); } catch { seen[name] = "refused"; } };
      (async () => {
        await tried("origin", () => self.origin);
        await tried("cookie", () => document.cookie);
        await tried("storage", () => localStorage.length);
        await tried("list", async () => (await fetch("/")).status);
        await tried("live", async () => (await fetch("/runs/NAME/live", {credentials: "include"})).status);
        await tried("delete", async () => (await fetch("/runs/NAME/delete", {method: "POST", mode: "no-cors", credentials: "include"})).type);
        const frame = document.createElement("iframe"); frame.src = "/"; document.body.append(frame);
        await tried("frame", () => frame.contentDocument.title);
        await tried("form", () => { const f = document.createElement("form"); f.method = "post"; f.action = "/runs/NAME/delete"; document.body.append(f); f.submit(); return "sent"; });
        document.title = JSON.stringify(seen);
      })();
    """.replace("NAME", run.name)  # noqa: E501
    page_file.write_text(f"<!doctype html><html><head><title></title></head><body><script>{attempts}</script>")
    with opened(browser, one.address) as (page, _):
        page.goto(f"http://{urlsplit(one.address).netloc}/runs/{run.name}")
        with page.context.expect_page() as opening:
            page.get_by_role("link", name="Open its page").click()
        theirs = opening.value
        theirs.wait_for_function("document.title.length > 0")
        seen = json.loads(theirs.evaluate("document.title"))
        assert {name: seen[name] for name in ("storage", "cookie", "list", "live", "delete")} == dict.fromkeys(
            ("storage", "cookie", "list", "live", "delete"), "refused"
        )
        assert seen["origin"] == "null" and seen["frame"] in ("refused", "")
        theirs.evaluate("location.href = '/'")  # and where it takes its reader, the cookie does not come along
        expect(theirs.get_by_role("heading", level=1)).to_have_text("Refused (403)")
        assert guard.NO_TOKEN in theirs.content()
    assert [one.name for one in runs.every()] == [run.name]


@pytest.mark.skipif(
    not (os.environ.get("CI") == "true" or os.environ.get("STUDIO_REAL_RUN")),
    reason="a chapter run and rendered through the studio costs 50 CPU-seconds: CI does it, or set STUDIO_REAL_RUN=1",
)
def test_a_real_run_of_a_chapter_and_its_page(browser, tmp_path, monkeypatch):
    """`deepfeatures studio` itself, a chapter at `smoke`, in a folder whose name a shell would run."""
    folder = tmp_path / "my runs; touch $(touch pwned) `touch pwned` & 'x'"
    folder.mkdir()
    monkeypatch.setenv("DEEPFEATURES_RUNS", str(folder))
    monkeypatch.setenv("DEEPFEATURES_ROOT", str(ROOT))
    entry = "from deepfeatures.cli import main; main()"
    command = [sys.executable, "-c", entry, "studio", "--no-browser", "--cores", "1"]
    before = set(os.listdir(ROOT))
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout is not None
    address = [process.stdout.readline() for _ in range(3)][1].strip()
    try:
        with opened(browser, address) as (page, heard):
            page.get_by_role("link", name=catalogue.chapter(SMOKE).title).click()
            page.get_by_role("link", name="smoke").click()
            page.get_by_label("dataset", exact=True).select_option("digits")
            page.get_by_role("button", name="Run").click()
            page.wait_for_url("**/runs/*")
            expect(page.locator("#line")).to_contain_text(re.compile(r"Cell [1-9]\d* of \d+"), timeout=4 * PATIENCE_MS)
            expect(page.locator("#state")).to_have_text("done", timeout=8 * PATIENCE_MS)
            (run,) = runs.every()
            results = run.result("results.json")
            assert results["parameters"] == catalogue.resolve(SMOKE, "smoke", {"dataset": "digits"})
            texts = [one for one in results["numbers"].values() if one["value"] is not None]
            assert len(results["records"]) > 5 and texts
            rows = len(results["records"]) + len(results["encoded"]) + len(texts)
            assert page.locator("table.numbers tbody tr").count() == rows
            accuracy = next(one for one in results["records"] if one["claim"] == "rudd2017/mav-mu")
            published = json.loads((ROOT / "book" / "chapters" / f"{SMOKE}.results.json").read_text())
            there = next(one for one in published["records"] if one["claim"] == "rudd2017/mav-mu")
            row = page.locator("table.numbers tbody tr").first.inner_text()
            assert shown(accuracy["value"]) in row and shown(there["value"]) in row
            assert shown(accuracy["value"] - there["value"]) in row
            assert page.get_by_role("row", name="dataset digits auto").count() == 1
            page.get_by_role("button", name="Render its page").click()
            expect(page.get_by_role("link", name="Open its page")).to_be_visible(timeout=4 * PATIENCE_MS)
            with page.context.expect_page() as opening:
                page.get_by_role("link", name="Open its page").click()
            theirs = opening.value
            expect(theirs.get_by_role("heading", level=1)).to_contain_text("Can a network")
            # By attribute: the page's policy forbids to evaluate strings, which waiting for a function does.
            shade = re.compile("light|dark")
            expect(theirs.locator("html")).to_have_attribute("data-theme", shade, timeout=PATIENCE_MS)
            assert theirs.evaluate("[...document.images].filter(image => !image.naturalWidth).length") == 0
            assert heard == []
    finally:
        process.terminate()
        process.wait()
    assert "pwned" not in {*os.listdir(ROOT), *os.listdir(folder), *os.listdir(tmp_path)}
    assert set(os.listdir(ROOT)) == before

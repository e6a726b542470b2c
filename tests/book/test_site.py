"""Rendering: the small book as a whole, in a browser, after a kill, and with faults in what it is made from."""
from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from playwright.sync_api import sync_playwright

from deepfeatures.data.synthfaces import FACTORS
from deepfeatures.study import site, staging
from deepfeatures.study.tables import Banner
from tests.book import checks, made_up


def tree(folder: Path) -> dict[str, str]:
    """Path below the folder -> SHA-256 of every file in it."""
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(folder.rglob("*")) if path.is_file()}


def read(page: Path) -> BeautifulSoup:
    return BeautifulSoup(page.read_text("utf-8"), "html.parser")


def test_files_are_whole(small_site: Path) -> None:
    assert checks.files(small_site) == []


def test_browser_finds_no_fault(small_site: Path, chromium: str) -> None:
    assert checks.browser(small_site, chromium, query="square") == []


def test_any_host_serves_it_from_any_folder(small_site: Path, chromium: str, tmp_path: Path) -> None:
    """A plain server of files, the site two folders below its root: nothing is asked for outside them."""
    (tmp_path / "somebody").mkdir()
    (tmp_path / "somebody" / "book").symlink_to(small_site)
    only = ["index.html", "scoreboard.html", "chapters/mu-lenet.html", "_generated/provenance-mu-lenet.html"]
    with checks.served(tmp_path) as address:
        root = f"{address}somebody/book/"
        assert checks.browser(small_site, chromium, query="square", only=only, root=root) == []


def test_front_page_opens_with_the_scoreboard(small_site: Path) -> None:
    article = read(small_site / "index.html").select_one("article")
    assert article is not None
    text = article.get_text(" ", strip=True)
    for words in ("1 reproduced", "1 reproduced in direction", "1 not reproduced", "2 not attempted"):
        assert words in text
    assert text.index("1 reproduced") < text.index("How sure") < text.index("The question") < text.index("98.91")
    assert "Judged here, at the papers’ sizes and on their data: 3." in text
    assert "3 of 3 measured values carry an interval ; what was trained rests on 3 networks." in text
    assert "pair-lenet : not run in this render" in text
    assert article.select_one("a[href='chapters/rotated-mnist.html']") is not None


def test_chapter_carries_banner_and_provenance(small_site: Path) -> None:
    page = read(small_site / "chapters" / "mu-lenet.html")
    banner = page.select_one("h1 ~ div.admonition.tier-original")
    assert banner is not None and "The data the paper used" in banner.get_text()
    assert banner.select_one("a[href='../_generated/provenance-mu-lenet.html']") is not None
    assert page.select_one(".df-banner") is None  # the tier is told once
    provenance = read(small_site / "_generated" / "provenance-mu-lenet.html").get_text(" ", strip=True)
    assert "seeds 3" in provenance and "0" * 64 in provenance
    assert "f" * 40 in provenance and "wall (s) 12.5" in provenance and "threads –" in provenance


def test_every_number_leads_to_the_run_behind_it(small_site: Path) -> None:
    """checks.files has seen that each of these places is there."""
    made = "../_generated/provenance-mu-lenet.html"
    page = read(small_site / "chapters" / "mu-lenet.html")
    table = page.find("caption", string="Gains & losses.")
    assert table is not None and table.parent is not None
    links = [(link.get_text(), link["href"], link.get("tabindex")) for link in table.parent.select("td a")]
    whole = f"{made}#shown-mu-lenet-table-02-gains-losses"
    assert links == [
        ("−0.04 [−0.20, 0.10]", f"{made}#record-rudd2017-mav-mu", None), ("10,000", whole, "-1"),
        ("−0.04 [−0.20, 0.10]", whole, "-1"), ("10,000", whole, "-1"),
    ]  # fmt: skip
    prose = page.select_one(f"a[href='{made}#number-mu-lenet-gain']")
    assert prose is not None and prose.get_text() == "−0.04"
    for front in ("index.html", "scoreboard.html"):
        assert read(small_site / front).select(f"a[href='{made[3:]}#record-rudd2017-mav-mu']"), front
    record = read(small_site / "_generated" / "provenance-mu-lenet.html").select_one("#record-rudd2017-mav-mu")
    assert record is not None and record.get_text() == "−0.04"
    row = record.find_parent("tr")
    assert row is not None and "[−0.2, 0.1]" in row.get_text() and "n = 10,000 (digit), 3 seeds" in row.get_text()


def test_a_chapter_can_be_taken_away(small_site: Path) -> None:
    page = read(small_site / "chapters" / "mu-lenet.html")
    top = page.select_one("div.admonition a[href='#downloads-mu-lenet']")
    assert top is not None and page.select_one("#downloads-mu-lenet") is not None
    code = page.select_one("#take-it-with-you pre")
    assert code is not None and code.get_text().strip() == "deepfeatures run mu-lenet -p seeds=3"
    offered = {str(link["href"]).removeprefix("../downloads/mu-lenet/") for link in page.select("a[download]")}
    assert offered == {
        "mu-lenet.zip", "mu-lenet.ipynb", "mu-lenet.py", "mu-lenet.results.json", "mu-lenet.provenance.json",
        "records.csv", "numbers.csv", "tables/table-02-gains-losses.csv", "tables/made-up.csv", "tables/pictured.csv",
        "figures/square-mu-lenet.svg", "figures/square-mu-lenet.pdf",
    }  # fmt: skip
    folder = small_site / "downloads" / "mu-lenet"
    with zipfile.ZipFile(folder / "mu-lenet.zip") as archive:
        assert set(archive.namelist()) == offered - {"mu-lenet.zip"}
        assert all(archive.read(name) == (folder / name).read_bytes() for name in archive.namelist())
    assert "−0.041,−0.2" not in (folder / "tables" / "table-02-gains-losses.csv").read_text("utf-8")
    assert "by chance,0,-0.041,-0.2,0.1,10000" in (folder / "tables" / "table-02-gains-losses.csv").read_text("utf-8")
    figure = page.select_one("figure#square-mu-lenet")
    assert figure is not None
    line = figure.find_next("p", class_="df-files")
    assert line is not None and line.get_text().startswith("SVG of figure square-mu-lenet · PDF")


def test_an_older_run_says_what_it_lacks(small_site: Path) -> None:
    page = read(small_site / "chapters" / "rotated-mnist.html")
    section = page.select_one("#take-it-with-you")
    assert section is not None and "there is no file of 2 of its 4 figures and tables" in section.get_text()
    assert "rotated-mnist.py" not in section.decode()
    made = read(small_site / "_generated" / "provenance-rotated-mnist.html")
    assert "notebooks/09-rotated-mnist.py at commit" in made.get_text() and "not kept by this run" in made.get_text()


def test_notice_stands_on_every_page(small_site: Path) -> None:
    for page in checks.pages(small_site):
        assert "A small & made-up book" in read(page).select(".bd-header-announcement")[0].get_text(), page.name


def test_figure_has_caption_and_alternative_text(small_site: Path) -> None:
    page = read(small_site / "chapters" / "mu-lenet.html")
    texts = [image["alt"] for image in page.select("figure#square-mu-lenet img")]
    assert texts == ["A grey square that fills the whole picture."]
    caption = page.select_one("figure#square-mu-lenet figcaption")
    assert caption is not None and "grey throughout" in caption.get_text()


def test_killed_render_then_another_gives_the_same_site(small_site: Path, small_checkout: Path, tmp_path: Path) -> None:
    out = tmp_path / "html"
    code = ("import sys; from pathlib import Path; from deepfeatures.study import site;"
            "site.render(Path(sys.argv[1]), Path(sys.argv[2]), strict=True, notice='A small & made-up book')")
    stages = small_checkout / "runs" / "stage"
    # a session of its own: the renderer it starts outlives it, and must be ended with the test
    command = [sys.executable, "-c", code, str(small_checkout / "run"), str(out)]
    killed = subprocess.Popen(command, start_new_session=True)
    try:
        deadline = time.monotonic() + 300
        while not list(stages.glob("book-*/_site/_build/html")) and time.monotonic() < deadline:
            assert killed.poll() is None, "the render ended before it could be killed"
            time.sleep(0.05)
        os.kill(killed.pid, signal.SIGKILL)
        killed.wait()
        assert list(stages.glob("book-*")) and not out.exists()
        site.render(small_checkout / "run", out, strict=True, notice="A small & made-up book")
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(killed.pid, signal.SIGKILL)
    assert tree(out) == tree(small_site)
    assert not list(out.parent.glob(".html.*"))   # what is left of the killed one's stage goes at the next render


def test_site_killed_between_two_renames_comes_back(small_site: Path, small_checkout: Path, tmp_path: Path) -> None:
    out = tmp_path / "html"
    shutil.copytree(small_site, tmp_path / ".html.old")
    with pytest.raises(staging.StagingError, match=r"mu-lenet.results.json is missing .* deepfeatures run mu-lenet"):
        site.render(_without(small_checkout / "run", tmp_path, "mu-lenet.results.json"), out, strict=True, notice=None)
    assert tree(out) == tree(small_site)


def test_warning_fails_a_strict_render_and_leaves_the_former_site(small_checkout: Path, tmp_path: Path) -> None:
    chapters = _without(small_checkout / "run", tmp_path, "mu-lenet.ipynb")
    notebook = made_up.notebook("mu-lenet")
    notebook.cells[0].source += "\n\n{ref}`nowhere-at-all` and {cite}`nobody1900`"
    nbformat.write(notebook, chapters / "mu-lenet.ipynb")
    out = tmp_path / "html"
    out.mkdir()
    (out / "index.html").write_text("the former site", "utf-8")
    with pytest.raises(site.SiteError) as error:
        site.render(chapters, out, strict=True, notice=None)
    assert "nowhere-at-all" in str(error.value) and "nobody1900" in str(error.value)
    assert str(small_checkout) not in str(error.value)
    assert (out / "index.html").read_text("utf-8") == "the former site"


@pytest.mark.parametrize(("content", "message"), [
    ("{", r"rotated-mnist.results.json is not JSON \(line 1"),
    ("[]", "rotated-mnist.results.json holds a list, not an object"),
    ('{"tier": "golden", "profile": "paper", "records": []}', "unknown data tier 'golden'"),
    ('{"tier": "original", "profile": "paper", "records": [{"claim": "rudd2017/mav-raw"}]}', "claim rudd2017/mav-raw"),
])
def test_broken_results_are_named(small_checkout: Path, tmp_path: Path, content: str, message: str) -> None:
    chapters = _without(small_checkout / "run", tmp_path, "rotated-mnist.results.json")
    (chapters / "rotated-mnist.results.json").write_text(content, "utf-8")
    with pytest.raises(staging.StagingError, match=message):
        site.render(chapters, tmp_path / "html", strict=True, notice=None)


def test_chapter_without_a_title_is_named(small_checkout: Path, tmp_path: Path) -> None:
    chapters = _without(small_checkout / "run", tmp_path, "mu-lenet.ipynb")
    notebook = made_up.notebook("mu-lenet")
    del notebook.cells[0]
    nbformat.write(notebook, chapters / "mu-lenet.ipynb")
    with pytest.raises(staging.StagingError, match="chapter mu-lenet: its first cell must be Markdown"):
        site.render(chapters, tmp_path / "html", strict=True, notice=None)


def test_a_chapter_that_would_act_in_a_browser_is_not_rendered(small_checkout: Path, tmp_path: Path) -> None:
    chapters = _without(small_checkout / "run", tmp_path, "mu-lenet.ipynb")
    notebook = made_up.notebook("mu-lenet")
    notebook.cells.append(nbformat.v4.new_markdown_cell("<img src=x onerror=alert(1)>"))
    nbformat.write(notebook, chapters / "mu-lenet.ipynb")
    with pytest.raises(staging.StagingError, match=r"chapter mu-lenet, cell \d+: .*onerror=alert"):
        site.render(chapters, tmp_path / "html", strict=True, notice=None)
    assert not (tmp_path / "html").exists()


@pytest.mark.parametrize(("tier", "profile", "words"), [
    ("original", "paper", "its claims are judged"),
    ("original", "default", "`default` profile: a preview"),
    ("substitute", "paper", "not judged, for the data is not the paper's"),
    ("rendered", "smoke", "`smoke` profile: a preview"),
])
def test_banner_tells_tier_and_profile(tier: str, profile: str, words: str) -> None:
    text = staging.banner("mu-lenet", {"tier": tier, "profile": profile})
    assert f":class: tier-{tier}" in text and words in text


@pytest.mark.parametrize(("tier", "profile", "told"), [
    ("original", "paper", None),
    ("substitute", "paper", "Profile: paper (no verdicts on this tier)."),
    ("rendered", "paper", "Profile: paper (no verdicts on this tier)."),
    ("rendered", "smoke", "Profile: smoke (preview, no verdicts)."),
])
def test_only_another_profile_is_called_a_preview(
    small_checkout: Path, tmp_path: Path, tier: str, profile: str, told: str | None
) -> None:
    """As a kernel writes the line, which the published notebook keeps."""
    chapters = made_up.write(tmp_path / "run", tier=tier, profile=profile, slugs=("rotated-mnist",))
    path = chapters / "rotated-mnist.ipynb"
    notebook = nbformat.read(path, as_version=4)
    line = Banner(tier, profile, "20 of 30 photographs")._repr_mimebundle_()
    notebook.cells[1].outputs = [nbformat.v4.new_output("display_data", data=line)]
    nbformat.write(notebook, path)
    before = path.read_bytes()
    staging.fill(chapters, tmp_path / "stage", None)
    staged = nbformat.read(tmp_path / "stage" / "chapters" / "rotated-mnist.ipynb", as_version=4)
    shown = [output.data for output in staged.cells[1].outputs]
    assert len(shown) == (told is not None) and path.read_bytes() == before
    for data in shown:
        assert told is not None and told in data["text/html"] and told in data["text/plain"]
        assert "20 of 30 photographs" in data["text/html"]


def _without(chapters: Path, folder: Path, name: str) -> Path:
    """A copy of the chapters without one file."""
    return Path(shutil.copytree(chapters, folder / "run", ignore=shutil.ignore_patterns(name)))


def test_every_factor_is_seen_as_a_row_of_faces(small_site: Path, chromium: str) -> None:
    """Each strip shows its own row, whole, wide and narrow; the page with its pictures stays light."""
    pictures = sorted((small_site / "factors").glob("*.webp"))
    assert sum(path.stat().st_size for path in (*pictures, small_site / "every-factor.html")) < 1_500_000
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=checks.CHROMIUM_FLAGS)
        page = browser.new_page()
        for width in (checks.WIDE_PX, checks.NARROW_PX):
            page.set_viewport_size({"width": width, "height": 800})
            page.goto((small_site / "every-factor.html").as_uri(), wait_until="load")
            strips = page.evaluate(
                "[...document.querySelectorAll('.df-strip')].map(strip => { const image = strip.firstElementChild,"
                " a = strip.getBoundingClientRect(), b = image.getBoundingClientRect();"
                " return {src: image.getAttribute('src'), width: a.width, height: a.height,"
                "         row: (a.top - b.top) / (66 / 328 * a.width), seen: b.bottom - a.bottom,"
                "         scale: b.width / a.width, right: a.right}; })"
            )
            assert len(strips) == len(FACTORS)
            row, before = 0, ""
            for strip in strips:
                expected = row + 1 if strip["src"] == before else 0
                row, before = round(strip["row"]), strip["src"]
                assert row == expected and strip["row"] == pytest.approx(row, abs=0.02), strip
                assert (strip["width"], strip["height"]) == pytest.approx((328, 64), abs=1), strip
                assert strip["scale"] == pytest.approx(1) and strip["seen"] > -1 and strip["right"] <= width, strip
        browser.close()

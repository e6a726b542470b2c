"""The checks over the real site, as `make site` left it in _build/html: what CI publishes."""
from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from pypdf import PdfReader

from deepfeatures.study import downloads
from deepfeatures.study.linked import PAPERS
from tests.book import accessible, checks
from tests.conftest import ROOT


def test_published_files_are_whole(published: Path) -> None:
    assert checks.files(published) == []


def test_published_site_in_a_browser(published: Path, chromium: str) -> None:
    assert checks.browser(published, chromium, query="rotation") == []


def test_published_notebooks_are_small() -> None:
    large = {path.name: path.stat().st_size for path in (ROOT / "book").rglob("*")
             if path.is_file() and path.stat().st_size > 2_000_000}
    assert large == {}


def _page(published: Path, slug: str) -> BeautifulSoup:
    return BeautifulSoup((published / "chapters" / f"{slug}.html").read_text("utf-8"), "html.parser")


SLUGS = [path.name.partition(".")[0] for path in sorted((ROOT / "book" / "chapters").glob("*.results.json"))]
EXPLORERS = {
    "pair-lenet": "turn-explorer", "feature-spaces": "scree-explorer", "rendered-faces": "walk-explorer",
    "attributes": "attribute-explorer", "pose": "pose-explorer", "localize-then-describe": "unit-explorer",
    "views-and-quality": "distance-explorer",
}  # fmt: skip


@pytest.mark.parametrize(("slug", "name"), EXPLORERS.items())
def test_published_chapters_have_their_explorers(published: Path, slug: str, name: str) -> None:
    found = _page(published, slug).select(f"#{name} .df-explorer, .df-explorer#{name}")
    assert found and found[0].select('script[type="application/json"]')
    assert len(str(found[0]).encode()) <= 1_500_000
    (static,) = found[0].select(".df-explorer-static")
    assert re.match(r"Precomputed: [\d,]+ rows", static.get_text(strip=True))


@pytest.mark.parametrize("slug", SLUGS)
def test_every_published_chapter_can_be_taken_away(published: Path, slug: str) -> None:
    """Notebook with its parameters, each figure as SVG and PDF, each table as CSV, the command; nothing is lacking."""
    page, folder = _page(published, slug), published / "downloads" / slug
    offered = {str(link["href"]).removeprefix(f"../downloads/{slug}/") for link in page.select("a[download]")}
    assert {f"{slug}.zip", f"{slug}.ipynb", f"{slug}.py", f"{slug}.results.json"} <= offered
    assert all((folder / name).is_file() for name in offered)
    assert "injected-parameters" in (folder / f"{slug}.ipynb").read_text("utf-8")
    figures = {str(one["id"]) for one in page.select("figure[id]") if one.select("img")}
    for kind in ("svg", "pdf"):
        assert figures and {f"figures/{name}.{kind}" for name in figures} <= offered
    assert len([name for name in offered if name.startswith("tables/") and name.endswith(".csv")]) >= 1
    code = page.select_one("#take-it-with-you pre")
    assert code is not None and code.get_text().strip().startswith(f"deepfeatures run {slug}")
    assert "there is no file of" not in page.select_one("#take-it-with-you").get_text()  # type: ignore[union-attr]


def test_on_paper_every_factor_is_one_row(published: Path, chromium: str) -> None:
    """Faces of a factor are cut out of its group's picture: on paper, where boxes may grow, too."""
    path = published / "every-factor.html"
    factors = len(BeautifulSoup(path.read_text("utf-8"), "html.parser").select(".df-strip"))
    with accessible.opened(chromium) as browser:
        page = browser.new_page()
        page.goto(path.as_uri())
        printed = len(PdfReader(io.BytesIO(page.pdf())).pages)
    assert factors > 100 and printed <= factors / 5  # half a page each where whole pictures are shown


_MEASURED = re.compile(r"[−+]?\d+\.\d+(?: ?[%°])?(?: \[[^\]]+\])?")  # a whole cell


def test_every_measured_cell_of_a_published_table_leads_to_its_run(published: Path) -> None:
    seen, bare = 0, []
    for path in sorted((published / "chapters").glob("*.html")):
        for table in BeautifulSoup(path.read_text("utf-8"), "html.parser").select("table.df-table"):
            if table.find_parent(class_="df-explorer"):  # the line under it leads there
                continue
            heads = [head.get_text() for head in table.select("thead th")]
            for row in table.select("tbody tr"):
                for head, cell in zip(heads, row.select("td"), strict=False):
                    text = cell.get_text(strip=True)
                    if _MEASURED.fullmatch(text) and not PAPERS.fullmatch(head):
                        seen += 1
                        if not cell.select_one("a.df-number[href*='provenance-']"):
                            bare.append((path.stem, head, text))
    assert bare == [] and seen > 500


def test_the_published_identity_network_and_pixels_are_as_hard_and_as_good_as_was_asked() -> None:
    """By the bars that its page names: at most 0.75 for pixels from any view, at least 0.95 for the network."""
    files = downloads.read(ROOT / "book" / "chapters" / "rendered-faces.downloads.zip")
    (text,) = [content.decode() for name, content in files.items() if "area-under-the-curve" in name]
    rows = list(csv.DictReader(text.splitlines()))
    auc = {(row["network"], row["views"]): float(row["auc"]) for row in rows}
    assert auc["trained, embedding", "any view"] >= 0.95
    pixels = [value for (network, _), value in auc.items() if network == "pixels"]
    assert len(pixels) == 4 and max(pixels) <= 0.75

"""The checks themselves: each fault planted in a page is found, and a page without fault passes."""
from __future__ import annotations

from pathlib import Path

import pytest

from tests.book import checks

WELL = ('<h1 id="top">Title</h1><img src="a.png" alt="A line that rises.">'
        '<a href="#top">up</a><a href="b.html#there">b</a>'
        '<a href="https://example.org/">elsewhere</a><script src="a.js"></script><script>let x = 1;</script>')


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "a.png").write_bytes(b"")
    (tmp_path / "a.js").write_text("", "utf-8")
    (tmp_path / "b.html").write_text('<p id="there">here</p>', "utf-8")
    (tmp_path / "index.html").write_text(WELL, "utf-8")
    return tmp_path


def test_sound_page_passes(site: Path) -> None:
    assert checks.files(site) == []


@pytest.mark.parametrize(("fault", "complaint"), [
    ('<img src="a.png">', "image a.png has no alternative text"),
    ('<img src="a.png" alt=" ">', "image a.png has no alternative text"),
    ('<img src="a.png" alt="images/a.png">', "image a.png has no alternative text"),
    ('<figure><img src="a.png" alt="A figure of accuracy."></figure>',
     "the alternative text of a figure says what it is, not what it shows: 'A figure of accuracy.'"),
    ('<img src="c.png" alt="A line.">', "image 'c.png' is missing"),
    ('<figure id="f"><figcaption>Words.</figcaption></figure>', "figure f shows nothing"),
    ('<div class="cell_output"> </div>', "an output shows nothing"),
    ('<a href="c.html">c</a>', "link to c.html, which is not there"),
    ('<a href="../index.html">up</a>', "link to ../index.html, which is not there"),
    ('<a href="#nowhere">c</a>', "link to #nowhere, which has no such place"),
    ('<a href="b.html#nowhere">c</a>', "link to b.html#nowhere, which has no such place"),
    ('<script src="https://cdn.example/x.js"></script>', "<script> loads https://cdn.example/x.js"),
    ('<script src="//cdn.example/x.js"></script>', "<script> loads //cdn.example/x.js"),
    ('<img src="https://host.example/x.png" alt="A line.">', "<img> loads https://host.example/x.png"),
    ('<link rel="stylesheet" href="https://cdn.example/x.css">', "<link> loads https://cdn.example/x.css"),
    ('<script>const URL = "https://cdn.example/x.js";</script>', "a script in the page names https://cdn.example"),
    ('<style>@import "https://cdn.example/x.css";</style>', "a style in the page loads https://cdn.example/x.css"),
    ('<p style="background: url(https://h.example/x)">x</p>', "a style in the page loads https://h.example/x"),
    ('<div class="system-message">Unknown directive</div>', "shows an error: Unknown directive"),
])
def test_planted_fault_is_found(site: Path, fault: str, complaint: str) -> None:
    (site / "faulty.html").write_text(WELL + fault, "utf-8")
    assert checks.files(site) == [f"faulty.html: {complaint}"]


def test_style_sheet_that_loads_from_elsewhere_is_found(site: Path) -> None:
    (site / "x.css").write_text("@font-face { src: url('https://fonts.example/f.woff2') }", "utf-8")
    assert checks.files(site) == ["x.css: loads https://fonts.example/f.woff2"]


def test_empty_folder_is_no_site(tmp_path: Path) -> None:
    assert checks.files(tmp_path) == [f"no pages in {tmp_path.name}"]


def test_browser_sees_requests_errors_and_width(site: Path, chromium: str) -> None:
    (site / "faulty.html").write_text(
        '<img src="https://host.example/x.png"><script>console.error("oh"); missing();</script>'
        '<div style="width: 900px">wide</div>', "utf-8")
    (site / "search.html").write_text('<ul id="search-results"></ul><p>did not match</p>', "utf-8")
    found = "\n".join(checks.browser(site, chromium, query="x", only=["faulty.html"]))
    for complaint in ("faulty.html: asks for https://host.example/x.png", "faulty.html: console: oh",
                      "missing is not defined", "px wide on a screen of 375 px",
                      "search.html: finds nothing for what was searched"):
        assert complaint in found

"""A site as one page: order, numbers, ids and links, on two made-up pages that share their sections' names."""

from __future__ import annotations

from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from deepfeatures.study.one_page import OnePageError, join

SIDEBAR = """<nav class="bd-links"><p class="caption"><span>Digits &amp; more</span></p><ul>
<li><a class="reference internal" href="{up}a/one.html">One</a></li>
<li><a class="reference internal" href="{up}two.html">Two</a><ul><li>
<a class="reference internal" href="{up}three.html">Three</a></li></ul></li></ul></nav>"""
HEAD = """<html><head><link rel="stylesheet" href="{up}_static/pygments.css?v=1">
<link rel="stylesheet" href="{up}_static/theme.css"></head><body>"""
INDEX = """<h1>The book</h1><p class="component-author">By Somebody</p><p class="copyright">CC BY</p>
<article class="bd-article"><section id="the-book"><h1>The book<a class="headerlink" href="#the-book">#</a></h1>
<p><a href="a/one.html#results">results of one</a> <a href="two.html">two</a></p></section></article>"""
ONE = """<article class="bd-article"><section id="one"><h1>One</h1><section id="results"><h2>Results</h2>
<img src="../_images/f.png" alt="x"><section id="deep"><h3>Deep</h3><section id="deeper"><h4>Deeper</h4></section>
</section></section><section id="more"><h2>More</h2><details><summary>s</summary>t</details><script>alert(1)</script>
<a href="#results">here</a> <a href="../two.html#results">there</a> <a href="../data.csv">file</a>
<a href="https://example.org/x">elsewhere</a><label for="f">l</label><input id="f" aria-describedby="deep more">
</section></section></article><script>window.MathJax = {a: 1}</script><script src="../mathjax/startup.js"></script>"""
TWO = """<article class="bd-article"><section id="two"><h1>Two</h1><section id="results"><h2>Results</h2></section>
</section></article>"""


@pytest.fixture
def made(tmp_path: Path) -> Path:
    pages = {"index.html": INDEX, "a/one.html": ONE, "two.html": TWO, "three.html": TWO.replace("Two", "Three")}
    for name, text in pages.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        up = "../" if "/" in name else ""
        (tmp_path / name).write_text(HEAD.format(up=up) + SIDEBAR.format(up=up) + text, "utf-8")
    return tmp_path


def test_pages_come_in_order_with_numbers_of_chapter_and_section(made: Path) -> None:
    entries = [(one.depth, one.number, one.title) for one in join(made).contents]
    assert entries == [
        (1, "", "The book"), (0, "", "Digits & more"), (1, "1", "One"), (2, "1.1", "Results"), (2, "1.2", "More"),
        (1, "2", "Two"), (2, "2.1", "Results"), (1, "2.1", "Three"), (2, "2.1.1", "Results"),
    ]  # fmt: skip
    soup = BeautifulSoup(join(made).html(""), "html.parser")
    numbered = {h.get_text(): h.name for h in soup.select(".book-page :is(h2, h3, h4, h5)")}
    assert numbered["1.1 Results"] == "h3" and numbered["1.1.1 Deep"] == "h4" and numbered["Deeper"] == "h5"
    assert soup.select_one("p.book-authors").text == "Somebody" and soup.select_one("p.book-rights").text == "CC BY"


def test_a_long_id_is_cut_and_its_links_with_it(made: Path) -> None:
    long, like = "deep-" + "er-and-" * 30 + "one", "deep-" + "er-and-" * 30 + "two"
    page = made / "a" / "one.html"
    both = f'<p id="{long}"><a href="#{like}">l</a></p><p id="{like}"><a href="one.html#{long}">m</a></p>'
    end = "</section></article>"
    page.write_text(page.read_text("utf-8").replace(end, both + end), "utf-8")
    soup = BeautifulSoup(join(made).html(""), "html.parser")
    one, two = (link.find_parent("p") for link in soup.find_all("a", string=["l", "m"]))
    assert len(one["id"]) == len(two["id"]) == 100 and one["id"] != two["id"]
    assert (one.a["href"], two.a["href"]) == (f"#{two['id']}", f"#{one['id']}")


def test_every_id_is_there_once_and_every_link_leads_to_one(made: Path) -> None:
    soup = BeautifulSoup(join(made).html(""), "html.parser")
    ids = [element["id"] for element in soup.find_all(id=True)]
    assert len(ids) == len(set(ids))
    inside = [link["href"] for link in soup.select("a[href^='#']")]
    assert {link.removeprefix("#") for link in inside} <= set(ids) and len(inside) >= 13
    links = {link.text: link.get("href") for link in soup.select(".book-page a")}
    assert links == {
        "results of one": "#a-one--results", "two": "#two", "here": "#a-one--results", "there": "#two--results",
        "file": None, "elsewhere": "https://example.org/x",
    }  # fmt: skip
    field = soup.select_one("input")
    assert field["id"] == soup.select_one("label")["for"] == "a-one--f"
    assert field["aria-describedby"] == "a-one--deep a-one--more"


def test_what_only_a_screen_can_use_is_left_out_and_files_are_found_from_anywhere(made: Path) -> None:
    book = join(made)
    soup = BeautifulSoup(book.body, "html.parser")
    assert not soup.find("script") and not soup.select("a.headerlink") and soup.details.has_attr("open")
    assert soup.img["src"] == (made / "_images/f.png").as_uri()
    assert book.stylesheets == [(made / "_static/pygments.css").as_uri()]
    assert "a: 1" in book.math and (made / "mathjax/startup.js").as_uri() in book.math


def test_pages_are_written_into_the_contents(made: Path) -> None:
    soup = BeautifulSoup(join(made).html("", {"two--results": 17}), "html.parser")
    lines = {line.a["href"]: line.select_one(".page").text for line in soup.select(".contents li")}
    assert lines["#two--results"] == "17" and lines["#two"] == ""


def test_a_folder_without_a_book_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OnePageError, match="no index.html"):
        join(tmp_path)
    (tmp_path / "index.html").write_text("<h1>x</h1>", "utf-8")
    with pytest.raises(OnePageError, match="no sidebar"):
        join(tmp_path)

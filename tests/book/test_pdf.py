"""The small book printed by a real browser: what is in the PDF, and what happens without a browser."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from bs4 import BeautifulSoup
from PIL import Image
from pypdf import PageObject, PdfReader

from deepfeatures.study import one_page, pdf


@pytest.fixture(scope="module")
def printed(small_site: Path, chromium: str, tmp_path_factory: pytest.TempPathFactory) -> PdfReader:
    out = tmp_path_factory.mktemp("print") / "book.pdf"
    pages = pdf.make(small_site, out)
    reader = PdfReader(out)
    assert pages == len(reader.pages) > 5
    assert [one.name for one in out.parent.iterdir()] == ["book.pdf"]
    return reader


def test_contents_outline_and_headings_name_the_same_pages(printed: PdfReader, small_site: Path) -> None:
    numbers, entries = pdf.page_numbers(printed), one_page.join(small_site).contents
    outline = list(_flat(printed.outline))
    expected = [(f"{one.number} {one.title}".strip(), numbers[one.anchor]) for one in entries]
    assert [(one.title, printed.get_destination_page_number(one) + 1) for one in outline] == expected
    assert [one.title for one in printed.outline if not isinstance(one, list)][1:] == [
        entry.title for entry in entries if entry.depth == 0
    ]
    pages = [_text(page) for page in printed.pages]
    contents = " ".join(pages[1 : numbers[entries[0].anchor] - 1])
    for entry in (one for one in entries if one.depth == 1):
        begins = " ".join(entry.title.split()[:3])
        assert begins in contents and begins in pages[numbers[entry.anchor] - 1]


def test_every_link_inside_leads_somewhere(printed: PdfReader) -> None:
    assert len(leading_inside(printed)) > 20 and set(leading_inside(printed)) <= set(printed.named_destinations)


def test_every_picture_of_every_page_is_in_it(printed: PdfReader, small_site: Path) -> None:
    """By size in pixels: the browser encodes pictures anew, and keeps one that a page shows twice once."""
    wanted, found = pictures(printed, small_site)
    assert len(wanted) >= 3 and wanted <= found


def test_the_published_book_has_all_its_links_pictures_and_pages(published: Path) -> None:
    path = published.parent / "book.pdf"
    if not path.is_file():
        pytest.skip("no _build/book.pdf: `make pdf` prints it")
    book = PdfReader(path)
    inside = leading_inside(book)
    assert len(inside) > 1_000 and set(inside) <= set(book.named_destinations)
    wanted, found = pictures(book, published)
    assert len(wanted) > 20 and wanted <= found
    assert 200 < len(book.pages) < 400  # where boxes grow on paper there are many more


def leading_inside(book: PdfReader) -> list[str]:
    """Where links lead that lead to another place of the book."""
    notes = [note.get_object() for page in book.pages for note in page.get("/Annots", [])]
    return [str(note["/Dest"]) for note in notes if "/Dest" in note]


def pictures(book: PdfReader, site: Path) -> tuple[set[tuple[int, int]], set[tuple[int, int]]]:
    """Sizes in pixels of the pictures that the pages show, and of those in the book."""
    shown = BeautifulSoup(one_page.join(site).html(""), "html.parser").find_all("img")
    paths = {Path(unquote(urlsplit(str(one["src"])).path)) for one in shown if not str(one["src"]).startswith("data:")}
    wanted = {Image.open(path).size for path in paths if path.suffix in (".png", ".webp")}
    sizes: set[tuple[int, int]] = set()
    seen: set[int] = set()
    waiting = [page.get("/Resources") for page in book.pages]
    while waiting:  # pictures stand in pages, or in drawings that pages show
        resources = waiting.pop()
        drawn = resources.get_object().get("/XObject") if resources is not None else None
        for one in (drawn.get_object() if drawn is not None else {}).values():
            if (number := getattr(one, "idnum", id(one))) in seen:
                continue
            seen.add(number)
            what = one.get_object()
            if what["/Subtype"] == "/Image":
                sizes.add((int(what["/Width"]), int(what["/Height"])))
            waiting.append(what.get("/Resources"))
    return wanted, sizes


def test_no_head_of_a_table_stands_alone_at_the_foot_of_a_page(chromium: str, tmp_path: Path) -> None:
    row = "<tr><td>long words here</td><td>2</td></tr>"
    table = f"<table><caption>C</caption><thead><tr><th>HEAD</th></tr></thead><tbody>{row * 8}</tbody></table>"
    above = [f'<div style="break-before:page;height:{height}mm">x</div>{table}' for height in range(200, 264, 2)]
    css = Path(pdf.__file__).with_name("pdf.css").read_text("utf-8")
    html = f"<html><head><style>{css}</style></head><body>{''.join(above)}</body></html>"
    pages = [page.extract_text().split() for page in PdfReader(pdf._print(chromium, html, tmp_path / "heads")).pages]
    assert sum("HEAD" in page for page in pages) >= len(above)
    last = [[one for one in page if not one.isdigit()][-1:] for page in pages]
    assert ["HEAD"] not in last


def test_formulae_are_set(printed: PdfReader) -> None:
    text = "".join(page.extract_text() for page in printed.pages)
    assert "\\(" not in text and "p < 1$" not in text


def test_without_a_browser_it_says_what_to_install_and_leaves_the_former_file(
    small_site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "book.pdf"
    out.write_bytes(b"former")
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(pdf.PdfError, match="install Chromium"):
        pdf.make(small_site, out)
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\necho no display >&2\nexit 3\n")
    broken.chmod(0o755)
    monkeypatch.setenv("CHROMIUM", str(broken))
    with pytest.raises(pdf.PdfError, match=r"status 3 and no PDF:\nno display"):
        pdf.make(small_site, out)
    monkeypatch.setenv("CHROMIUM", str(tmp_path / "absent"))
    with pytest.raises(pdf.PdfError, match="no such program"):
        pdf.make(small_site, out)
    assert out.read_bytes() == b"former" and not list(tmp_path.glob(".book*"))


def _text(page: PageObject) -> str:
    return " ".join(unicodedata.normalize("NFKC", page.extract_text()).split())  # fi may be one letter in print


def _flat(outline: list) -> list:
    return [one for item in outline for one in (_flat(item) if isinstance(item, list) else [item])]

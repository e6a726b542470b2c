"""The whole book as one PDF: the site's pages as one (study.one_page), printed by a Chromium that is on the machine.

The browser breaks pages and keeps links; which page a heading falls on is known only afterwards, so
the book is printed twice, the second time with page numbers in its contents.
"""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import tempfile
from importlib.resources import files
from pathlib import Path

from pypdf import PdfReader, PdfWriter
from pypdf.generic import Destination, IndirectObject

from deepfeatures.study.one_page import OnePage, join

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PATIENCE_S = 600
MATH_MS = 120_000  # of the page's own time, which does not pass while it is idle: formulae are set by then


class PdfError(RuntimeError):
    """The book could not be printed; the message says what is missing or what the browser said."""


def make(site: Path, out: Path) -> int:
    """Print the rendered site to the file `out`, which is replaced only by a finished one; gives how many pages.

    Raises PdfError without a browser, and OnePageError where `site` holds no rendered book.
    """
    logging.getLogger("pypdf").setLevel(logging.ERROR)  # a warning that Chromium miscounts its objects helps no reader
    book = join(site)
    css = (files("deepfeatures.study") / "pdf.css").read_text("utf-8")
    browser = find_browser()
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="deepfeatures-pdf-") as folder:
        first = _print(browser, book.html(css), Path(folder) / "first")
        numbers = page_numbers(PdfReader(first))
        reader = PdfReader(_print(browser, book.html(css, numbers), Path(folder) / "second"))
        if page_numbers(reader) != numbers:
            raise PdfError("page numbers in the contents moved what they number: widen .contents .page in pdf.css")
        partial = out.with_name(f".{out.name}.partial")
        _write(reader, book, numbers, partial)
        os.replace(partial, out)
        return len(reader.pages)


def find_browser() -> str:
    """$CHROMIUM where it is set, else the first browser on the path."""
    named = os.environ.get("CHROMIUM")
    if named:
        if found := shutil.which(named):
            return found
        raise PdfError(f"CHROMIUM={named}: there is no such program")
    for name in BROWSERS:
        if found := shutil.which(name):
            return found
    raise PdfError(
        f"no browser to print with (looked for {', '.join(BROWSERS)}): "
        "install Chromium, or name one: CHROMIUM=/path/to/it"
    )


def page_numbers(reader: PdfReader) -> dict[str, int]:
    """The page, from 1, of every anchor that something links to."""
    found = {}
    for name, destination in reader.named_destinations.items():
        number = reader.get_destination_page_number(destination) if isinstance(destination, Destination) else None
        if number is not None:
            found[name.removeprefix("/")] = number + 1
    return found


def _print(browser: str, html: str, stem: Path) -> Path:
    page, pdf = stem.with_suffix(".html"), stem.with_suffix(".pdf")
    page.write_text(html, "utf-8")
    command = [
        browser, "--headless", "--disable-gpu", "--disable-background-networking", "--no-first-run",
        f"--user-data-dir={stem.parent / 'profile'}", "--no-pdf-header-footer",
        f"--virtual-time-budget={MATH_MS}", f"--print-to-pdf={pdf}",
        *(["--no-sandbox"] if os.geteuid() == 0 else []),  # Chromium refuses its sandbox to root
        page.as_uri(),
    ]  # fmt: skip
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=PATIENCE_S)
    except subprocess.TimeoutExpired as error:
        raise PdfError(f"{browser} had not printed the book after {PATIENCE_S} s") from error
    if done.returncode or not pdf.is_file() or pdf.read_bytes()[:5] != b"%PDF-":
        raise PdfError(f"{browser} ended with status {done.returncode} and no PDF:\n{done.stderr[-1500:]}")
    return pdf


def _write(reader: PdfReader, book: OnePage, page_of: dict[str, int], out: Path) -> None:
    """With an outline, title and author, and without the time of printing."""
    writer = PdfWriter(clone_from=reader)
    parents: list[IndirectObject | None] = [None]
    for entry in book.contents:
        # The browser's own outline runs words together where a heading is broken, so it is made here.
        del parents[entry.depth + 1 :]
        title = f"{entry.number} {entry.title}".strip()
        above = next((one for one in reversed(parents) if one is not None), None)
        own = writer.add_outline_item(
            title=title, page_number=page_of[entry.anchor] - 1, parent=above, is_open=entry.depth == 0
        )
        parents += [None] * (entry.depth + 1 - len(parents)) + [own]
    writer.metadata = {"/Title": book.title, "/Author": book.author}
    with out.open("wb") as file:
        writer.write(file)

"""What must hold of a rendered site, whichever chapters it holds. Each check gives a list of complaints; empty is well.

`files` reads the pages as they lie on disk; `browser` opens them in Chromium from file://, as a reader offline would.
"""
from __future__ import annotations

import contextlib
import functools
import http.server
import posixpath
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup, Tag
from playwright.sync_api import Page, sync_playwright

CHROMIUM_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
NARROW_PX, WIDE_PX = 375, 1280
LEAST_WORDS = 6  # of what a figure shows, for who cannot see it
SETTLE_MS, PATIENCE_MS = 100, 60_000   # for a late request; for a busy machine
_CSS_ADDRESS = re.compile(r"url\(\s*['\"]?([^'\")]+)|@import\s+['\"]([^'\"]+)")
_LOADS = (
    ("img", "src"), ("img", "srcset"), ("script", "src"), ("iframe", "src"), ("source", "src"), ("object", "data"),
    ("embed", "src"), ("video", "src"), ("audio", "src"), ("form", "action"),
)  # fmt: skip
_POINTERS = {"next", "prev", "search", "index", "author", "canonical", "license"}   # <link>s that load nothing


def pages(site: Path) -> list[Path]:
    """Every page of the site, sorted; templates that themes leave under _static are none."""
    return sorted(page for page in site.rglob("*.html") if "_static" not in page.relative_to(site).parts)


def files(site: Path) -> list[str]:
    """All complaints that can be found without a browser."""
    found = [] if pages(site) else [f"no pages in {site.name}"]
    places: dict[Path, frozenset[str]] = {}  # each page is read once, and pointed at by all the others
    pointed: list[tuple[str, str, Path]] = []
    for page in pages(site):
        name = page.relative_to(site).as_posix()
        soup = _soup(page)
        places[page.resolve()] = _anchors(soup)
        pointed += [(name, address, _target(page, address)) for address in _links(soup)]
        found += [f"{name}: {complaint}" for complaint in (
            *_images(site, page, soup), *_other_hosts(soup), *_left_over(soup))]
    for name, address, target in pointed:
        if not (target.is_file() and target.is_relative_to(site.resolve())):
            found.append(f"{name}: link to {address}, which is not there")
        elif target.suffix == ".html":
            if target not in places:  # a template under _static
                places[target] = _anchors(_soup(target))
            if _place(address) not in places[target]:
                found.append(f"{name}: link to {address}, which has no such place")
    for sheet in sorted(site.rglob("*.css")):
        for match in _CSS_ADDRESS.finditer(sheet.read_text("utf-8")):
            if _foreign(match[1] or match[2]):
                found.append(f"{sheet.relative_to(site)}: loads {match[1] or match[2]}")
    return found


def _images(site: Path, page: Path, soup: BeautifulSoup) -> Iterator[str]:
    for image in soup.find_all("img"):
        source = str(image.get("src", ""))
        alt = str(image.get("alt", "")).strip()
        # Sphinx repeats the file's name where no text was given, MyST-NB the path below the page
        if not alt or alt == source or alt.endswith(posixpath.basename(source)):
            yield f"image {source[:80]} has no alternative text"
        elif image.find_parent("figure") and len(alt.split()) < LEAST_WORDS:
            yield f"the alternative text of a figure says what it is, not what it shows: {alt!r}"
        if not source or (not _foreign(source) and _missing(site, page, source)):
            yield f"image {source[:80]!r} is missing"
    for figure in soup.find_all("figure"):
        if not figure.find(["img", "svg", "table", "pre"]):
            yield f"figure {figure.get('id')} shows nothing"
    for output in soup.select("div.cell_output"):
        if not output.get_text(strip=True) and not output.find(["img", "svg", "table", "video", "iframe"]):
            yield "an output shows nothing"


def _links(soup: BeautifulSoup) -> Iterator[str]:
    """Addresses inside the site: plain links to other hosts are allowed, and what loads is looked at elsewhere."""
    for address in dict.fromkeys(str(link["href"]) for link in soup.find_all(["a", "link"], href=True)):
        if not urlsplit(address).scheme and not address.startswith("//"):
            yield address


def _other_hosts(soup: BeautifulSoup) -> Iterator[str]:
    for tag, attribute in _LOADS:
        for element in soup.find_all(tag, attrs={attribute: True}):
            if _foreign(str(element[attribute])):
                yield f"<{tag}> loads {element[attribute]}"
    for link in soup.find_all("link", href=True):
        if _foreign(str(link["href"])) and not _POINTERS & set(link.get("rel") or ()):
            yield f"<link> loads {link['href']}"
    for script in soup.find_all("script", src=False):
        if match := re.search(r"https?://[\w.-]+|['\"]//[\w-]+\.[\w.-]+", script.get_text()):
            yield f"a script in the page names {match[0]}"
    for style in (*soup.find_all("style"), *soup.find_all(style=True)):
        text = style.get_text() if style.name == "style" else str(style["style"])
        for match in _CSS_ADDRESS.finditer(text):
            if _foreign(match[1] or match[2]):
                yield f"a style in the page loads {match[1] or match[2]}"


def _left_over(soup: BeautifulSoup) -> Iterator[str]:
    """Traces of mark-up or notebooks that were not understood, and of cells that failed."""
    for element in soup.select(".system-message, .problematic, .output.traceback, .highlight-ipythontb"):
        yield f"shows an error: {element.get_text(' ', strip=True)[:100]}"


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of a plain server of files over a folder, on this machine alone."""
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


def browser(
    site: Path, executable: str, *, query: str, only: list[str] | None = None, root: str | None = None
) -> list[str]:
    """All complaints of Chromium over the pages (or `only` those named), wide and narrow, and a search for `query`.

    root: the address at which the site is served, with a slash at its end; its folder unless given.
    """
    names = only or [page.relative_to(site).as_posix() for page in pages(site)]
    root = root or site.resolve().as_uri() + "/"
    found: list[str] = []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=CHROMIUM_FLAGS)
        try:
            context = chromium.new_context()
            context.route(re.compile(rf"^(?!file:|data:|blob:|{re.escape(root)})"), lambda route: route.abort())
            page = context.new_page()
            page.set_default_timeout(PATIENCE_MS)
            heard = _listen(page, root)
            for name, visit in [*((name, _visit) for name in names), (f"search.html?q={query}", _search)]:
                page.set_viewport_size({"width": WIDE_PX, "height": 900})
                page.goto(root + name, wait_until="load")
                seen = visit(page)
                page.wait_for_timeout(SETTLE_MS)
                found += [f"{name.partition('?')[0]}: {complaint}" for complaint in (*heard, *seen)]
                heard.clear()
        finally:
            chromium.close()
    return found


def _listen(page: Page, root: str) -> list[str]:
    """A list that the page's requests, sockets and console go on adding complaints to."""
    heard: list[str] = []
    page.on("request", lambda request: None if request.url.startswith((root, "data:", "blob:"))
            else heard.append(f"asks for {request.url}"))
    page.on("requestfailed", lambda request: heard.append(f"cannot load {request.url.removeprefix(root)}"))
    page.on("websocket", lambda socket: heard.append(f"opens a socket to {socket.url}"))
    page.on("console", lambda message: heard.append(f"console: {message.text}") if message.type == "error" else None)
    page.on("pageerror", lambda error: heard.append(f"script fails: {error}"))
    return heard


def _visit(page: Page) -> list[str]:
    """What is wrong with the page as drawn."""
    broken = page.evaluate("[...document.images].filter(i => i.loading !== 'lazy' && !i.naturalWidth).map(i => i.src)")
    complaints = [f"image {source} is not drawn" for source in broken]
    if page.locator(".math").count():
        page.wait_for_selector("mjx-container svg", state="attached", timeout=PATIENCE_MS)
        complaints += [f"mathematics not understood: {text}" for text in page.evaluate(
            "[...document.querySelectorAll('[data-mjx-error], [data-mml-node=merror], mjx-container [fill=red]')]"
            ".map(e => e.getAttribute('data-mjx-error') || e.closest('mjx-container').textContent)")]
    page.set_viewport_size({"width": NARROW_PX, "height": 800})
    width = page.evaluate("document.scrollingElement.scrollWidth")
    if width > NARROW_PX:
        complaints.append(f"is {width} px wide on a screen of {NARROW_PX} px")
    return complaints


def _search(page: Page) -> list[str]:
    page.wait_for_function("document.querySelectorAll('#search-results li').length > 0"
                           " || /did not match/.test(document.body.innerText)", timeout=PATIENCE_MS)
    return [] if page.locator("#search-results li a").count() else ["finds nothing for what was searched"]


def _foreign(address: str) -> bool:
    """True where loading the address would leave the folder of the site."""
    return address.strip().startswith("//") or urlsplit(address.strip()).scheme not in ("", "data", "blob", "mailto")


def _missing(site: Path, page: Path, address: str) -> bool:
    if address.startswith("data:"):
        return False
    target = _target(page, address)
    return not (target.is_file() and target.is_relative_to(site.resolve()))


def _place(address: str) -> str:
    return unquote(urlsplit(address).fragment)


def _target(page: Path, address: str) -> Path:
    path = unquote(urlsplit(address).path)
    return (page.parent / path).resolve() if path else page.resolve()


def _anchors(soup: BeautifulSoup) -> frozenset[str]:
    """Every place in the page a link may point to; the empty one is the page itself."""
    return frozenset(str(value) for element in soup.find_all(_has_anchor)
                     for value in (element.get("id"), element.get("name")) if value) | {""}


def _has_anchor(element: Tag) -> bool:
    return element.has_attr("id") or (element.name == "a" and element.has_attr("name"))


def _soup(page: Path) -> BeautifulSoup:
    return BeautifulSoup(page.read_text("utf-8"), "html.parser")

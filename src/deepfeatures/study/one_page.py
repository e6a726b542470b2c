"""A rendered site as one long page for print: its pages in the order of the contents, with numbers and working links.

Pages keep what they show; what only a screen can use (scripts, buttons, links to downloads) is left out. An id of a
page gets the page's name before it, so that two pages may have a section of the same name.
"""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup, Tag

POINTING = ("for", "aria-labelledby", "aria-describedby", "aria-controls")  # attributes that name an id of the page
_SCREEN_ONLY = "script, style, button, noscript, a.headerlink, .df-explorer-controls, .screen-only"
_HEADING = re.compile(r"^h[1-6]$")
LONGEST_NAME = 100  # bytes of an id; a name in a PDF may have 127 (ISO 32000-1, annex C)
DEEPEST_NUMBERED = 3  # 4.2.1: sections of sections have a number, what is inside them has none


class OnePageError(ValueError):
    """The folder is no rendered book; the message says what is missing."""


@dataclass
class Entry:
    """A line of the contents. number: '4.2', '' for a part or the front; depth: 0 for a part, 1 a page, 2 a section."""

    title: str
    anchor: str
    depth: int
    number: str = ""


@dataclass
class OnePage:
    """body: HTML; contents: its headings in order; math: the tags that set formulae; the rest: as the site has it."""

    title: str
    author: str
    rights: str
    body: str
    contents: list[Entry]
    math: str
    stylesheets: list[str] = field(default_factory=list)

    def html(self, css: str, page_of: dict[str, int] | None = None) -> str:
        """The whole document. page_of: the page of each anchor, once it is known; until then the places are kept."""
        sheets = "".join(f'<link rel="stylesheet" href="{escape(one)}">' for one in self.stylesheets)
        return (
            f'<!DOCTYPE html><html lang="en" data-theme="light"><head><meta charset="utf-8">'
            f"<title>{escape(self.title)}</title>{sheets}<style>{css}</style>{self.math}</head><body>"
            f'<h1 class="book-title">{escape(self.title)}</h1><p class="book-authors">{escape(self.author)}</p>'
            f'<p class="book-rights">{escape(self.rights)}</p>{self._contents(page_of or {})}{self.body}</body></html>'
        )

    def _contents(self, page_of: dict[str, int]) -> str:
        lines = []
        for entry in self.contents:
            page = page_of.get(entry.anchor)
            number = f'<span class="number">{entry.number}</span> ' if entry.number else ""
            lines.append(
                f'<li class="depth-{entry.depth}"><a href="#{entry.anchor}"><span>{number}{escape(entry.title)}</span>'
                f'<span class="page">{"" if page is None else page}</span></a></li>'
            )
        return f'<nav class="contents"><h1 id="contents">Contents</h1><ol>{"".join(lines)}</ol></nav>'


def join(site: Path) -> OnePage:
    """Read a rendered site. Raises OnePageError where the folder holds none."""
    if not (site / "index.html").is_file():
        raise OnePageError(f"{site} holds no rendered book (no index.html): `make site` makes one")
    index = _soup(site / "index.html")
    order = list(_order(index))
    names = {path: _name(path) for _, path, _ in order}
    contents, parts, body = [], [0], []
    for kind, path, depth in order:
        if kind == "part":
            anchor = _name(f"part {path}")
            contents.append(Entry(path, anchor, 0))
            body.append(f'<h1 class="part" id="{anchor}">{escape(path)}</h1>')
            continue
        if path == "index.html":
            number = ""
        else:
            del parts[depth:]
            parts += [0] * (depth - len(parts))
            parts[depth - 1] += 1
            number = ".".join(map(str, parts[:depth]))
        article, entries = _article(site, path, names, number)
        contents += entries
        body.append(f'<section class="book-page" id="{names[path]}">{article}</section>')
    title = _text(index.find("h1"))
    sheets = [
        _file(site, "index.html", str(link["href"]))
        for link in index.find_all("link", rel="stylesheet", href=True)
        if posixpath.basename(urlsplit(str(link["href"])).path) in ("pygments.css", "book.css")
    ]
    author = _text(index.select_one("p.component-author")).removeprefix("By ")
    rights = _text(index.select_one("p.copyright"))
    return OnePage(title, author, rights, "".join(body), contents, _math(site, order), sheets)


def _order(index: BeautifulSoup) -> Iterator[tuple[str, str, int]]:
    """('part', title, 0) and ('page', path, depth), as the sidebar lists them; the front page comes first."""
    yield "page", "index.html", 1
    sidebar = index.select_one("nav.bd-links")
    if sidebar is None:
        raise OnePageError("index.html has no sidebar with the contents: was it rendered by `deepfeatures site`?")
    for found in sidebar.select("p.caption, a.reference.internal"):
        if found.name == "p":
            yield "part", _text(found), 0
            continue
        path = urlsplit(str(found["href"])).path
        if path and path != "index.html":
            yield "page", posixpath.normpath(unquote(path)), len(found.find_parents("ul"))


def _article(site: Path, path: str, names: dict[str, str], number: str) -> tuple[str, list[Entry]]:
    """One page's HTML for the book, and its lines of the contents."""
    article = _soup(site / path).select_one("article.bd-article")
    if article is None:
        raise OnePageError(f"{path} has no article: was it rendered by `deepfeatures site`?")
    for useless in article.select(_SCREEN_ONLY):
        useless.decompose()
    for folded in article.find_all("details"):
        folded["open"] = ""
    name = names[path]
    for element in article.find_all(True):
        _point(element, site, path, name, names)
    entries = list(_numbered(article, name, number))
    return article.decode_contents(), entries


def _point(element: Tag, site: Path, path: str, name: str, names: dict[str, str]) -> None:
    """Ids and whatever refers to them, files and pages: from what they mean on the site to what they mean in print."""
    if element.get("id"):
        element["id"] = _place(name, str(element["id"]))
    for attribute in POINTING:
        if element.get(attribute):
            element[attribute] = " ".join(_place(name, one) for one in str(element[attribute]).split())
    if element.name in ("img", "source") and element.get("src"):
        element["src"] = _file(site, path, str(element["src"]))
    if element.name == "a" and element.get("href"):
        target = _target(site, path, str(element["href"]), names)
        if target is None:
            del element["href"]
        else:
            element["href"] = target


def _target(site: Path, path: str, href: str, names: dict[str, str]) -> str | None:
    """Where a link leads in print; None where that is a file that lies beside the site only."""
    parts = urlsplit(href)
    if parts.scheme or parts.netloc:
        return href if parts.scheme in ("http", "https", "mailto") else None
    page = posixpath.normpath(posixpath.join(posixpath.dirname(path), unquote(parts.path))) if parts.path else path
    if page not in names:
        return None
    return f"#{_place(names[page], parts.fragment)}" if parts.fragment else f"#{names[page]}"


def _numbered(article: Tag, name: str, number: str) -> Iterator[Entry]:
    """Number the headings, move them one level down (parts are the first), and give the lines of the contents."""
    counts: list[int] = []
    for heading in article.find_all(_HEADING):
        level = int(heading.name[1])
        del counts[level:]
        counts += [0] * (level - len(counts))
        counts[level - 1] += 1
        title = _text(heading)
        own = ".".join([number, *map(str, counts[1:level])]) if number and level <= DEEPEST_NUMBERED else ""
        section = heading.find_parent("section")
        anchor = str(section["id"]) if level > 1 and section is not None and section.get("id") else name
        if own:
            heading.insert(0, BeautifulSoup(f'<span class="number">{own}</span> ', "html.parser"))
        heading.name = f"h{min(6, level + 1)}"
        if level <= 2:
            yield Entry(title, anchor, level, own)


def _math(site: Path, order: list[tuple[str, str, int]]) -> str:
    """The tags by which the site's pages set their formulae, from the first page that has some."""
    for kind, path, _ in order:
        if kind == "page" and (found := _soup(site / path).select("script[src*='mathjax']")):
            settings = [one for one in _soup(site / path).select("script:not([src])") if "MathJax" in one.text]
            found[0]["src"] = _file(site, path, str(found[0]["src"]))
            return "".join(map(str, (*settings, found[0])))
    return ""


def _file(site: Path, path: str, address: str) -> str:
    if urlsplit(address).scheme:
        return address
    return (site / posixpath.dirname(path) / unquote(urlsplit(address).path)).resolve().as_uri()


def _name(path: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", path.removesuffix(".html").lower()).strip("-")


def _place(name: str, own: str) -> str:
    """An id of a page, as it is called in the book; short enough for a PDF, which it becomes a name in."""
    whole = f"{name}--{own}"
    if len(whole.encode()) <= LONGEST_NAME:
        return whole
    digest = hashlib.sha256(whole.encode()).hexdigest()[:16]
    return f"{whole.encode()[: LONGEST_NAME - 17].decode(errors='ignore')}-{digest}"


def _text(element: Tag | None) -> str:
    if element is None:
        return ""
    for link in element.select("a.headerlink"):
        link.decompose()
    return " ".join(element.get_text().split())


def _soup(page: Path) -> BeautifulSoup:
    return BeautifulSoup(page.read_text("utf-8"), "html.parser")

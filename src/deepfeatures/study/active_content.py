"""What in a notebook would do something in a reader's browser: refused before a site is rendered.

A page of the book is opened from a disk or a host that its reader trusts, so what it runs, runs with that trust. The
book's own explorers only put data on a page, `<script type="application/json">`; their program comes with the site.

Markup is searched, not parsed: a parser that is not the browser's can be told another story than the browser. So a few
harmless texts are refused too (an unescaped `<script` in prose), and nothing that a browser would run is let by.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

# As figures.explorer writes it: no "<" can stand in it, so it ends where it seems to.
_DATA = re.compile(r'<script type="application/json">[^<]*</script>')
_ACTS = re.compile(
    # Elements that run, load or send something; meta and base lead the page elsewhere.
    r"</?(?:[\w.-]+:)?(?:script|iframe|frame|frameset|object|embed|applet|portal|form|base|meta|link)\b"
    r"""|[\s/"'`]on[a-z]{3,}\s*="""  # onerror= and its kin
    r"|\bsrcdoc\s*=",
    re.IGNORECASE,
)
_ADDRESS = re.compile(
    r"(?:java|vb)script:|(?:href|src|data|action|poster)=[\"'`]?data:(?!image/(?:png|jpeg|gif|webp)[;,])", re.IGNORECASE
)
_NOT_SEEN = re.compile(r"[\x00-\x20\x7f\u00ad\u200b-\u200f\u2028\u2029\ufeff]")  # browsers read addresses without them
_MARKUP = ("text/html", "text/markdown", "text/latex")
_PICTURE = "image/svg+xml"
# In a picture of vectors: what would run with it, hide words from a search, or load something from elsewhere.
_SVG_ACTS = re.compile(
    r"<!ENTITY|<\?xml-stylesheet|<(?:[\w.-]+:)?(?:foreignObject|handler|listener)\b|@import"
    r"""|\b(?:href|src)\s*=\s*["']?(?!["'\s]*(?:\#|data:image/(?:png|jpeg|gif|webp)[;,]))"""
    r"""|url\(\s*["']?(?!["'\s]*\#)""",
    re.IGNORECASE,
)
_PROGRAM = re.compile(r"(?:java|ecma)script", re.IGNORECASE)  # in the name of a type of output


def in_cell(cell: Mapping[str, Any]) -> str | None:
    """The first thing in a cell that would act in a browser, as a message shows it; None where nothing does.

    Code and plain text are shown, never run; prose, raw cells, captions and outputs with markup are searched.
    """
    found = next((found for text in _texts(cell) if (found := in_markup(text))), None)
    return found or next((found for text in _pictures(cell) if (found := in_svg(text))), None)


def in_markup(text: str) -> str | None:
    """The same for HTML or Markdown."""
    kept = _DATA.sub("", text)
    if match := _ACTS.search(kept):
        return _around(kept, match)
    plain = _NOT_SEEN.sub("", html.unescape(kept))
    if match := _ADDRESS.search(plain):
        return _around(plain, match)
    return None


def in_svg(text: str) -> str | None:
    """The same for a picture of vectors, which a browser opens as a page of its own."""
    if match := _SVG_ACTS.search(text):
        return _around(text, match)
    return in_markup(text)


def _texts(cell: Mapping[str, Any]) -> Iterator[str]:
    if cell["cell_type"] != "code":
        yield cell["source"]
    yield json.dumps(cell.get("metadata", {}), ensure_ascii=False)
    for output in cell.get("outputs", []):
        for mime, value in output.get("data", {}).items():
            if _PROGRAM.search(mime):
                yield f"<script> of type {mime}"
            if mime in _MARKUP:
                yield value if isinstance(value, str) else "".join(value)


def _pictures(cell: Mapping[str, Any]) -> Iterator[str]:
    for output in cell.get("outputs", []):
        if value := output.get("data", {}).get(_PICTURE):
            yield value if isinstance(value, str) else "".join(value)


def _around(text: str, match: re.Match[str]) -> str:
    found = " ".join(text[match.start() : match.end() + 30].split())
    return repr(found)

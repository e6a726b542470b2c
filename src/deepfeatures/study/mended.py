"""What the theme's pages keep from readers without a mouse or without sight, mended in the finished HTML.

Each is a violation that axe-core calls serious or critical; tests/book/accessible.py says when the theme no longer
needs it, or needs more.
"""

from __future__ import annotations

import re
from pathlib import Path

_MENDS: tuple[tuple[re.Pattern[str], str], ...] = (
    # A name that leaves out words of the button ("Search Ctrl+K"): without it the words themselves are the name.
    (re.compile(r'(<button class="btn search-button-field[^>]*?) aria-label="Search"'), r"\1"),
    # Icons with a title of their own contradict their button's name.
    (re.compile(r'(<i class="theme-switch[^>]*?) title="[^"]*"'), r"\1"),
    # The arrow that opens a part of the contents says nothing.
    (
        re.compile(r'<summary>(?=<span class="toctree-toggle")'),
        '<summary aria-label="Show or hide the pages of this part">',
    ),
    # Code that is folded away says so in words, which this name leaves out.
    (re.compile(r'<summary aria-label="Toggle hidden content">'), "<summary>"),
    # A list whose entries are no list items; each is announced as an entry of a bibliography by itself.
    (re.compile(r'<div role="list" class="citation-list">'), '<div class="citation-list">'),
)


def mend(site: Path) -> None:
    """Rewrite the pages of a finished site where they need it."""
    for page in sorted(site.rglob("*.html")):
        text = before = page.read_text("utf-8")
        for wrong, right in _MENDS:
            text = wrong.sub(right, text)
        if text != before:
            page.write_text(text, "utf-8")

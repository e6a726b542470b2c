"""Where chapters depart from their papers: an index by chapter, taken from the section in which each lists its own.

Labels are a chapter's own (**V1**, **S3**; two chapters may use the same letter), but for D1 and the following, which
stand for all of them on the page of tiers and deviations.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

HEADING = "## What differs from the paper"
_SECTION = re.compile(rf"^{HEADING}\s*$(.*?)(?=^#|\Z)", re.MULTILINE | re.DOTALL)
_OWN = re.compile(r"\*\*([A-Z]+\d+)\*\*\s+(.*?)(?=\*\*[A-Z]+\d+\*\*|\Z)", re.DOTALL)
_RANGE = re.compile(r"\bD(\d+) to D(\d+)\b")
_SHARED = re.compile(r"\bD(\d+)\b")
_SENTENCE = re.compile(r"(.*?(?:[a-z0-9)`*%]|[A-Z]{2}))[.:;](?=\s|$)", re.DOTALL)


@dataclass(frozen=True)
class Listed:
    """What one chapter lists. own: label -> its first sentence; shared: numbers of D labels; there: has the section."""

    own: Mapping[str, str] = field(default_factory=dict)
    shared: tuple[int, ...] = ()
    there: bool = False


def listed(notebook: Any) -> Listed:
    """The deviations that a chapter's notebook lists."""
    text = "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    if not (section := _SECTION.search(text)):
        return Listed()
    own = {label: _first(said) for label, said in _OWN.findall(section[1])}
    numbers = {int(one) for one in _SHARED.findall(section[1])}
    for first, last in _RANGE.findall(section[1]):
        numbers |= set(range(int(first), int(last) + 1))
    return Listed(own, tuple(sorted(numbers)), there=True)


def mark(notebook: Any, slug: str) -> None:
    """Give the section of a notebook that is about to be rendered a place that the index links to."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = re.sub(
                rf"^{HEADING}\s*$", f"({place(slug)})=\n{HEADING}", cell.source, count=1, flags=re.MULTILINE
            )


def place(slug: str) -> str:
    """Of the section on the chapter's page."""
    return f"differs-{slug}"


def page(found: Mapping[str, Listed]) -> str:
    """The index, chapters in the book's order; the ones without the section are left out."""
    items = [_item(slug, one) for slug, one in found.items() if one.there]
    return "\n".join(items) or "No chapter of this render lists deviations."


def _item(slug: str, one: Listed) -> str:
    shared = f": {', '.join(f'[D{number}](#d{number})' for number in one.shared)}" if one.shared else ""
    lines = [f"- {{doc}}`/chapters/{slug}`, [{slug}](#{place(slug)}){shared}"]
    return "\n".join([*lines, *(f"  - **{label}** {said}" for label, said in one.own.items())])


def _first(said: str) -> str:
    """Its first sentence, or what stands before a colon or semicolon."""
    text = " ".join(said.split())
    return f"{found[1]}." if (found := _SENTENCE.match(text)) else text.rstrip()

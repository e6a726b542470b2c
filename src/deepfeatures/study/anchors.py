"""Where on a chapter's provenance page each of its numbers stands: places that other pages link to.

A place is a name that is unique in the book, so that Markdown anywhere may say `[97.18](#record-rudd2017-mav-mu)`.
"""

from __future__ import annotations

import re

from deepfeatures.study.encoded import Encoded


def record(claim: str) -> str:
    """Of what was measured for a claim of the ledger."""
    return f"record-{slug(claim)}"


def encoded(cell: Encoded) -> str:
    """Of a number of the matrix of what is encoded where."""
    return "encoded-" + slug(" ".join((cell.subject, cell.data, cell.network, cell.layer, cell.reading, cell.metric)))


def number(chapter: str, name: str) -> str:
    """Of a number in a chapter's prose."""
    return f"number-{chapter}-{slug(name)}"


def shown(chapter: str, name: str) -> str:
    """Of a figure, table or explorer."""
    return f"shown-{chapter}-{slug(name)}"


def run(chapter: str) -> str:
    """Of the whole provenance page."""
    return f"run-{chapter}"


def downloads(chapter: str) -> str:
    """Of the end of the chapter's own page, where all of it can be taken away."""
    return f"downloads-{chapter}"


def page(chapter: str) -> str:
    """The provenance page's address from a chapter's page, for links inside HTML that a chapter made."""
    return f"../_generated/provenance-{chapter}.html"


def slug(text: str) -> str:
    """Small letters, digits and single hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")

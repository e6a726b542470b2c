"""The index of deviations by chapter: every label of every chapter, and a place on its page to go to."""

from __future__ import annotations

import re

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from deepfeatures.study import catalogue, deviations, publish
from tests.conftest import ROOT

SECTION = (
    "Some words.\n\n(x-differs)=\n## What differs from the paper\n**V1** Its data, of 2.5 GB, were never\nreleased: "
    "ours are. **V2** The measure is ours; it\ncounts. D2 and D8 to D10 hold too.\n\n## Try it\n**V3** no deviation."
)


def notebook(text: str = SECTION) -> nbformat.NotebookNode:
    return new_notebook(cells=[new_code_cell("x"), new_markdown_cell(text)])


def test_labels_stand_with_their_first_words_and_shared_ones_are_counted_out() -> None:
    found = deviations.listed(notebook())
    assert found.own == {"V1": "Its data, of 2.5 GB, were never released.", "V2": "The measure is ours."}
    assert found.shared == (2, 8, 9, 10) and found.there
    text = deviations.page({"x": found, "y": deviations.listed(notebook("# no section"))})
    assert text.splitlines() == [
        "- {doc}`/chapters/x`, [x](#differs-x): [D2](#d2), [D8](#d8), [D9](#d9), [D10](#d10)",
        "  - **V1** Its data, of 2.5 GB, were never released.",
        "  - **V2** The measure is ours.",
    ]


def test_the_section_gets_a_place_beside_the_one_it_has() -> None:
    given = notebook()
    deviations.mark(given, "x")
    assert "(x-differs)=\n(differs-x)=\n## What differs from the paper\n**V1**" in given.cells[1].source
    assert given.cells[0].source == "x"


def test_nothing_listed_is_said() -> None:
    assert "No chapter of this render" in deviations.page({"y": deviations.Listed()})


@pytest.mark.parametrize("slug", catalogue.slugs())
def test_every_label_of_a_published_chapter_is_found_and_every_shared_one_is_in_the_table(slug: str) -> None:
    path = publish.folder() / f"{slug}.ipynb"
    given = nbformat.read(path, as_version=4)
    found = deviations.listed(given)
    text = "\n".join(cell.source for cell in given.cells if cell.cell_type == "markdown")
    assert set(found.own) == set(re.findall(r"\*\*([A-Z]+\d+)\*\*", text))
    assert found.there == (slug != "rendered-faces") and (not found.there or found.own or found.shared)
    table = (ROOT / "book" / "tiers-and-deviations.md").read_text("utf-8")
    assert [number for number in found.shared if f"{{#d{number}}}" not in table] == []

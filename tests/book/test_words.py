"""The form of the pages that are words alone: replication summaries and the abstract."""

import re

from tests.conftest import ROOT

PAPERS = ("rudd2017", "parde2016", "sun2019", "sun2014", "liu2014")
PARTS = ("Scope.", "Methodology.", "Results.", "What was easy.", "What was difficult.")


def test_each_paper_has_a_replication_summary_in_the_challenges_form() -> None:
    text = (ROOT / "book" / "replication-summaries.md").read_text("utf-8")
    _, *sections, _ = re.split(r"^## .*$", text, flags=re.MULTILINE)  # the last is of all five together
    assert [re.findall(r"\{cite:t\}`(\w+)`", section)[0] for section in sections] == list(PAPERS)
    for paper, section in zip(PAPERS, sections, strict=True):
        assert re.findall(r"^\*\*([^*]+)\*\*", section, flags=re.MULTILINE) == list(PARTS), paper
        assert f"{{include}} _generated/summary-{paper}.md" in section


def test_the_abstract_fits_on_a_page() -> None:
    words = (ROOT / "book" / "abstract.md").read_text("utf-8").split()
    assert 150 <= len(words) <= 600

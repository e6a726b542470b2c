"""The end of a chapter's page: every claim with its bar and side; what nobody measured, with the reason."""

from __future__ import annotations

from pathlib import Path

from deepfeatures.study import catalogue, claim_pages, claims, scoreboard
from tests.study.test_summaries import ledger, record

ROWS = [("one/tol", 10.2, (10.0, 10.4)), ("one/whole", 1.0, (0.5, 1.5))]


def made(tmp_path: Path, tier: str, not_applicable: dict[str, str] | None = None) -> str:
    known = ledger(tmp_path, "one")
    rows = scoreboard.rows(known, [record(*one, tier) for one in ROWS], not_applicable)
    return claim_pages.section("c", rows, known, tier)


def test_a_claim_shows_its_bar_its_side_and_its_record(tmp_path: Path) -> None:
    text = made(tmp_path, "rendered")
    line = next(line for line in text.splitlines() if "It is much more" in line)
    bar = "| above 2 [judged by its statement (sign)]{.claim-side} [m]{.claim-place} |"
    assert f"{bar} [**1.00**](#record-one-whole)" in line
    assert "[on the other side]{.claim-side}" in line and line.endswith("| ≠ not comparable |")
    line = next(line for line in text.splitlines() if "It is ten" in line)
    assert "| within 0.5 of 10 [the paper has 10 (tolerance)]{.claim-side} [m]" in line
    assert "[within the tolerance]{.claim-side}" in line
    assert "For 1 of 2 the text at hand prints no number" in text and "no verdict" in text


def test_on_the_papers_data_the_side_needs_no_warning(tmp_path: Path) -> None:
    assert "no verdict" not in made(tmp_path, "original")


def test_what_was_not_tested_stands_with_its_reason(tmp_path: Path) -> None:
    text = made(tmp_path, "original", {"one/above": "no photographs are at hand"})
    assert "### What could not be tested" in text
    assert "- It is pretty. [section 1]{.claim-place} *Not tested:* an opinion" in text
    said = "*Not tested:* no photographs are at hand [the run that says so](#run-"
    assert f"- It is more. [section 1]{{.claim-place}} {said}" in text
    assert text.count("the run that says so") == 1  # an opinion is nobody's result
    assert "This run reported nothing" in made(tmp_path, "original")


def test_a_chapter_without_claims_has_no_such_section(tmp_path: Path) -> None:
    known = ledger(tmp_path, "one")
    assert claim_pages.section("rendered-faces", scoreboard.rows(known, []), known, "rendered") == ""


def test_every_claim_of_the_real_ledger_stands_on_one_page() -> None:
    slugs = list(catalogue.slugs())
    known = claims.load_all(known_chapters=slugs)
    where = claim_pages.concerned(known)
    assert set(where) == {claim.id for claim in known.values() if claim.chapter is None}
    assert set(where.values()) <= set(slugs)
    for paper, slug in {
        "sun2014": "sparse-selective-robust", "liu2014": "localize-then-describe", "sun2019": "parameter-space",
        "parde2016": "views-and-quality",
    }.items():  # fmt: skip
        assert {where[one] for one in where if one.startswith(paper)} == {slug}
    rows = scoreboard.rows(known, [])
    text = "\n".join(claim_pages.section(slug, rows, known, "original") for slug in slugs)
    assert [one.id for one in known.values() if text.count(f"- {scoreboard.cell(one.statement)} [") < 1] == []
    assert set(claim_pages.CONCERNS) <= set(where)
    assert "As above-deepid2" not in text and text.count("DeepID2 differs in all three improvements at once") == 3

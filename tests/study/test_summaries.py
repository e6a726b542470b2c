"""Counts of a replication summary, on a ledger whose outcome is known."""

from __future__ import annotations

from pathlib import Path

import pytest

from deepfeatures.study import claims, scoreboard, summaries

LEDGER = """
paper: {paper}
title: A paper
claims:
  - id: {paper}/tol
    location: section 1
    statement: It is ten.
    paper_value: 10.0
    unit: points
    measure: m
    judge: {{rule: tolerance, tolerance: 0.5}}
    chapter: c
  - id: {paper}/above
    location: section 1
    statement: It is more.
    unit: points
    measure: m
    judge: {{rule: sign, expect: above}}
    chapter: c
  - id: {paper}/whole
    location: section 1
    statement: It is much more.
    unit: points
    measure: m
    judge: {{rule: sign, expect: above, threshold: 2}}
    chapter: c
  - id: {paper}/left
    location: section 1
    statement: It is pretty.
    not_attempted: an opinion
"""


def ledger(tmp_path: Path, *papers: str) -> dict[str, claims.Claim]:
    found: dict[str, claims.Claim] = {}
    for paper in papers:
        (tmp_path / f"{paper}.yaml").write_text(LEDGER.format(paper=paper))
        found |= {claim.id: claim for claim in claims.load(tmp_path / f"{paper}.yaml").claims}
    return found


def record(claim: str, value: float, interval: tuple[float, float], tier: str, profile: str = "paper") -> claims.Record:
    return claims.Record(
        claim=claim, chapter="c", value=value, interval=interval, n=9, unit="digit", seeds=1, tier=tier, profile=profile
    )


def three(paper: str, tier: str, profile: str = "paper") -> list[claims.Record]:
    return [
        record(f"{paper}/tol", 10.2, (10.0, 10.4), tier, profile),
        record(f"{paper}/above", 1.0, (-1.0, 3.0), tier, profile),
        record(f"{paper}/whole", 1.0, (0.5, 1.5), tier, profile),
    ]


def test_judged_claims_are_counted_by_verdict(tmp_path: Path) -> None:
    known = ledger(tmp_path, "one", "two")
    rows = scoreboard.rows(known, [*three("one", "original"), *three("two", "rendered")])
    text = summaries.results(rows, known, "one")
    assert "**4** results" in text and "Not attempted: 1," in text and "other data" not in text
    assert "3; of them **1** reproduced, **1** reproduced in direction and **1** not reproduced." in text


def test_on_other_data_sides_are_counted_and_no_verdict_is_given(tmp_path: Path) -> None:
    known = ledger(tmp_path, "one", "two")
    rows = scoreboard.rows(known, [*three("one", "original"), *three("two", "rendered")])
    text = summaries.results(rows, known, "two")
    assert "Judged" not in text and "reproduced" not in text
    assert "without a verdict: 3. 2 of these say which way something goes: 0 were seen" in text
    assert "with the whole interval, 1 with the value alone, 1 were not." in text
    whole = summaries.judged_in_all(rows)
    assert whole.startswith("Of 8 results that the papers assert, 3 could be judged")
    assert "Another 3 were measured on other data and get no verdict; 2 were not attempted" in whole


def test_a_preview_judges_nothing(tmp_path: Path) -> None:
    known = ledger(tmp_path, "one")
    rows = scoreboard.rows(known, three("one", "original", "default"))
    text = summaries.results(rows, known, "one")
    assert "Judged" not in text and "This render is a preview: 3 were measured" in text
    assert "judges none of them" in summaries.judged_in_all(rows)


def test_a_paper_without_claims_is_refused(tmp_path: Path) -> None:
    known = ledger(tmp_path, "one")
    with pytest.raises(ValueError, match="no claim of three in the ledger: it has one"):
        summaries.results(scoreboard.rows(known, []), known, "three")

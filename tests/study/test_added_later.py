"""What the book says of claims that came after the results: counted from the list, which names claims of the ledger."""

from __future__ import annotations

from pathlib import Path

import pytest

from deepfeatures.study import added_later, claims, scoreboard

KNOWN = ("rudd2017/one", "rudd2017/two", "parde2016/one")


def listed(folder: Path, text: str) -> Path:
    (folder / added_later.FILE).write_text(text, "utf-8")
    return folder


def row(claim: str, chapter: str | None, value: float | None) -> dict[str, object]:
    return {"id": claim, "chapter": chapter, "value": value}


ROWS = [row("rudd2017/one", "c", 1.0), row("rudd2017/two", None, None), row("parde2016/one", "c", 2.0)]


def test_the_books_own_list_names_claims_that_their_papers_coverage_file_speaks_of() -> None:
    ledger = claims.load_all()
    later = added_later.read(ledger)
    assert "rudd2017/pose-features-differ-by-person" in later
    coverage = {ledger[one].paper: (claims.paths.claims() / f"{ledger[one].paper}-coverage.md").read_text("utf-8")
                for one in later}  # fmt: skip
    assert [one for one in later if f"`{one.partition('/')[2]}`" not in coverage[ledger[one].paper]] == []


def test_remarks_and_papers_whose_ledger_is_elsewhere_are_passed_over(tmp_path: Path) -> None:
    folder = listed(tmp_path, "# why\n\nrudd2017/two\nsun2014/one\n")
    assert added_later.read(KNOWN, folder) == ["rudd2017/two"]
    assert added_later.read(KNOWN, tmp_path / "empty") == []


@pytest.mark.parametrize(
    ("text", "message"),
    [("rudd2017/tow\n", "no file in claims/ holds 'rudd2017/tow'"), ("rudd2017/two\n" * 2, "stands twice")],
)
def test_a_line_that_is_wrong_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(claims.ClaimsError, match=message):
        added_later.read(KNOWN, listed(tmp_path, text))


def test_both_kinds_are_counted_and_named() -> None:
    later = ["rudd2017/two", "parde2016/one"]
    assert added_later.sentence(ROWS, later).startswith("The rules of 1 of 3 claims stood before")
    assert "The other 2, 1 of which are measured," in added_later.sentence(ROWS, later)
    assert added_later.listing(ROWS, later).endswith(
        "Added then: `rudd2017/two`, [`parde2016/one`](#record-parde2016-one)."
    )


def test_where_none_was_added_every_rule_stood() -> None:
    assert added_later.listing(ROWS, []) == added_later.sentence(ROWS, []) == (
        "Each rule stood before results at the papers' sizes were known."
    )


def test_rows_of_the_scoreboard_have_what_is_counted() -> None:
    ledger = claims.load_all()
    rows = scoreboard.rows(ledger, [])
    later = added_later.read(ledger)
    text = added_later.sentence(rows, later)
    assert f"{len(rows) - len(later)} of {len(rows)} claims" in text

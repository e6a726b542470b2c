"""The scoreboard's Markdown from judged claims."""
from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from deepfeatures.study import claims, scoreboard
from deepfeatures.study.claims import Claim, Record
from deepfeatures.study.verdicts import Verdict
from tests.book import made_up


@pytest.fixture
def ledger(tmp_path: Path) -> dict[str, Claim]:
    (tmp_path / "rudd2017.yaml").write_text(made_up.LEDGER, "utf-8")
    return claims.load_all(folder=tmp_path)


def records(**more: Any) -> list[Record]:
    return [Record.model_validate({"chapter": slug, "profile": "paper", "tier": "original"} | record | more)
            for slug, reported in made_up.RECORDS.items() for record in reported]


def test_every_verdict_has_a_mark_and_every_mark_a_verdict() -> None:
    assert set(scoreboard.MARKS) == {verdict.value for verdict in Verdict}
    assert len(set(scoreboard.MARKS.values())) == len(scoreboard.MARKS)


def test_headlines_stand_in_the_real_ledger() -> None:
    known = claims.load_all()
    assert [claim for claim in scoreboard.HEADLINES if claim not in known] == []


def test_counts(ledger: dict[str, Claim]) -> None:
    text = scoreboard.counts(scoreboard.rows(ledger, records()))
    assert "- ● **1** reproduced\n- ◐ **1** reproduced in direction\n- ○ **1** not reproduced\n- – **2** not" in text
    assert "preview" not in text


def test_counts_refuse_an_unknown_verdict() -> None:
    with pytest.raises(ValueError, match="verdicts without a mark on the scoreboard: .'perhaps'."):
        scoreboard.counts([{"verdict": "perhaps"}])


def test_another_profile_judges_nothing(ledger: dict[str, Claim]) -> None:
    rows = scoreboard.rows(ledger, records(profile="smoke"))
    assert "This is a preview: none of the 5 claims was judged" in scoreboard.judged(rows)
    text = scoreboard.brief_table(rows, {})
    assert "● " not in text and "… preview" in text


def test_substitute_data_judges_nothing(ledger: dict[str, Claim]) -> None:
    rows = scoreboard.rows(ledger, records(tier="substitute"))
    assert "None of the 5 claims was judged" in scoreboard.judged(rows)
    assert "substitute data" in scoreboard.brief_table(rows, {})


def test_nothing_measured(ledger: dict[str, Claim]) -> None:
    rows = scoreboard.rows(ledger, [])
    assert "- – **5** not attempted" in scoreboard.counts(rows)
    assert "Nothing has been measured" in scoreboard.how_sure(rows)


def test_empty_ledger() -> None:
    assert scoreboard.judged([]) == scoreboard.full([], {}, []) == "The ledger holds no claims yet."


def test_full_lists_every_claim_once_and_the_reason(ledger: dict[str, Claim]) -> None:
    text = scoreboard.full(scoreboard.rows(ledger, records()), {"mu-lenet": "Mu"}, ["rotated-mnist", "mu-lenet"])
    assert [text.count(claim.location) for claim in ledger.values()] == [1] * len(ledger)
    assert "an opinion, with nothing to measure" in text
    assert "`rotated-mnist` (not run)" in text and "{doc}`/chapters/mu-lenet`" in text


def test_row_shows_interval_n_unit_and_seeds_and_keeps_its_pipes(ledger: dict[str, Claim]) -> None:
    line = next(line for line in scoreboard.table(scoreboard.rows(ledger, records())).splitlines() if "98.98" in line)
    assert "[**98.91**](#record-rudd2017-softmax-raw) [\\[98.80, 99.02\\]]{.claim-interval} " in line
    assert "{.claim-interval} [n = 10,000 (digit), 3 seeds]{.claim-place}" in line
    assert "`ip1` \\| aside" in line and line.endswith("| ● reproduced |")


def test_headline_keeps_its_order_and_fills_up_with_numbers(ledger: dict[str, Claim]) -> None:
    chosen = [row["id"] for row in scoreboard.headline(scoreboard.rows(ledger, []))]
    assert chosen == ["rudd2017/softmax-raw", "rudd2017/mav-raw", "rudd2017/mav-mu", "rudd2017/mav-pair"]
    row = {"id": "other/number", "paper_value": 1.0}
    assert scoreboard.headline([{"id": "other/none", "paper_value": None}, row]) == [row]


@pytest.mark.parametrize(("value", "text"), [
    (98.9, "98.90"), (-1.234, "−1.23"), (0.01234, "0.0123"), (-0.5, "−0.5"), (70000, "70,000"), (None, "–"),
    (12345.678, "12,345.68"), ("a|b", "a\\|b"), (True, "True"),
])
def test_number(value: Any, text: str) -> None:
    assert scoreboard.number(value) == text


def test_how_sure_names_seeds_and_units(ledger: dict[str, Claim]) -> None:
    text = scoreboard.how_sure(scoreboard.rows(ledger, records()))
    assert "3 claims have a measured value, 3 of them" in text and "rests on 3 networks" in text
    assert text.endswith("digit.")


def test_what_nothing_was_drawn_for_has_no_interval(ledger: dict[str, Claim]) -> None:
    rows = scoreboard.rows(ledger, records(unit="none: arithmetic", n=1))
    said = scoreboard.how_sure(rows)
    assert "3 claims have a measured value, 0 of them" in said and "Resampled" not in said
    text = scoreboard.table(rows)
    assert "[arithmetic: nothing is resampled" in text and "claim-interval" not in text and "none:" not in text


def test_what_the_run_remarks_stands_under_its_value(ledger: dict[str, Claim]) -> None:
    assert all(row["remark"] is None for row in scoreboard.rows(ledger, records()))
    rows = scoreboard.rows(ledger, records(note="mu stops at the cap | a lower bound"))
    line = next(line for line in scoreboard.table(rows).splitlines() if "98.98" in line)
    assert "[mu stops at the cap \\| a lower bound]{.claim-place} | ● reproduced |" in line

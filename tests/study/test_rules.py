"""The bar in words, and the side on which a value fell: said alike of data of every tier."""

from __future__ import annotations

import pytest

from deepfeatures.study import rules
from deepfeatures.study.claims import Claim, Record


def claim(judge: dict | None, paper_value: float | None = None) -> Claim:
    more = {"chapter": "c"} if judge else {"not_attempted": "an opinion"}
    return Claim.model_validate(
        {"id": "p/x", "location": "1", "statement": "It is so.", "unit": "points", "measure": "m", "judge": judge,
         "paper_value": paper_value, **more}
    )  # fmt: skip


def record(value: float, interval: tuple[float, float] | None, tier: str = "rendered") -> Record:
    return Record(
        claim="p/x", chapter="c", value=value, interval=interval, n=9, unit="digit", seeds=1, tier=tier, profile="smoke"
    )


ABOVE = {"rule": "shape", "expect": "above", "threshold": 0.75}
WITHIN = {"rule": "tolerance", "tolerance": 0.5}
EITHER = WITHIN | {"expect": "below", "threshold": 98.98}


@pytest.mark.parametrize(
    ("judge", "paper_value", "words"),
    [
        (ABOVE, None, "above 0.75"),
        ({"rule": "sign", "expect": "below"}, None, "below 0"),
        ({"rule": "ordering", "expect": "above", "threshold": -0.01}, None, "above \N{MINUS SIGN}0.01"),
        (WITHIN, 10.0, "within 0.5 of 10"),
        (EITHER, 89.9, "within 0.5 of 89.9; in direction: below 98.98"),
        (None, None, ""),
    ],
)
def test_the_bar_in_words(judge: dict | None, paper_value: float | None, words: str) -> None:
    assert rules.in_words(claim(judge, paper_value)) == words


@pytest.mark.parametrize(
    ("judge", "paper_value", "value", "interval", "words"),
    [
        (ABOVE, None, 0.8, (0.76, 0.9), "on the claimed side, whole interval"),
        (ABOVE, None, 0.8, (0.7, 0.9), "on the claimed side, interval crosses"),
        (ABOVE, None, 0.8, None, "on the claimed side, no interval"),
        (ABOVE, None, 0.7, (0.6, 0.9), "on the other side"),
        (WITHIN, 10.0, 10.4, (10.0, 11.0), "within the tolerance"),
        (WITHIN, 10.0, 11.0, None, "outside the tolerance"),
        (EITHER, 89.9, 92.0, None, "outside the tolerance, on the claimed side"),
        (EITHER, 89.9, 99.0, None, "outside the tolerance, on the other side"),
    ],
)
def test_the_side_in_words(judge: dict, paper_value: float | None, value: float, interval, words: str) -> None:
    for tier in ("original", "substitute", "rendered"):
        assert rules.side_in_words(claim(judge, paper_value), record(value, interval, tier)) == words


def test_nothing_measured_has_no_side() -> None:
    assert rules.side_in_words(claim(ABOVE), None) == "" and rules.side(claim(ABOVE), None) is None
    assert rules.side_in_words(claim(None), record(1.0, None)) == ""

"""What the front page says: a sentence written for one outcome stands only where the numbers came out so."""
from __future__ import annotations

from typing import Any

import pytest

from deepfeatures.study import claims, front, scoreboard
from deepfeatures.study.claims import Record

ANGLE = list(front.FINDINGS[0].sides)


def rows(values: dict[str, float], **more: Any) -> list[dict[str, Any]]:
    ledger = claims.load_all()
    records = [
        Record.model_validate({"claim": claim, "value": value, "interval": [value, value], "n": 10, "unit": "digit",
                               "seeds": 3, "tier": "original", "profile": "paper",
                               "chapter": ledger[claim].chapter} | more)
        for claim, value in values.items()
    ]  # fmt: skip
    return scoreboard.rows(ledger, records)


def test_every_finding_names_claims_of_the_real_ledger() -> None:
    known = claims.load_all()
    assert [claim for finding in front.FINDINGS for claim in finding.sides if claim not in known] == []
    assert [finding.text.count("{}") for finding in front.FINDINGS] == [len(one.sides) for one in front.FINDINGS]


def test_numbers_that_came_out_so_make_the_sentence() -> None:
    text = front.found(rows(dict(zip(ANGLE, (0.9, 0.87, 0.911), strict=True))))
    assert "**The angle is still there.**" in text and text.endswith("[● reproduced]{.finding-verdict}\n:::")
    assert "[**90\N{NO-BREAK SPACE}%**](#record-rudd2017-angle-readable-raw)" in text
    assert "91\N{NO-BREAK SPACE}%" in text


@pytest.mark.parametrize(("value", "text"), [
    (-2.6, "Class means of that angle lose [**2.60**](#record-rudd2017-exogenous-information-helps) "
           "percentage points against"),
    (-12.0, "means of that angle lose [**12.0**](#"),
])  # fmt: skip
def test_a_loss_is_called_one_and_no_more_is_said_than_was_compared(value: float, text: str) -> None:
    said = front.found(rows({"rudd2017/exogenous-information-helps": value}))
    assert text in said and "**More means help more than an estimated angle.**" in said
    assert " gain " not in said and "−" not in said and "recognition" not in said


def test_a_gain_whose_interval_crosses_nothing_is_not_told_as_a_loss() -> None:
    text = front.found(rows({"rudd2017/exogenous-information-helps": 2.6}))
    assert "The paper: It is the angle contained in ip1" in text


@pytest.mark.parametrize("values", [(0.9, 0.87, 0.3), (0.9, 0.87, None)], ids=["one is otherwise", "one is absent"])
def test_otherwise_the_ledgers_statement_stands_with_its_value(values: tuple[float | None, ...]) -> None:
    measured = {claim: value for claim, value in zip(ANGLE, values, strict=True) if value is not None}
    text = front.found(rows(measured))
    assert "still there" not in text and "The paper: Training across rotations does not make ip1 invariant" in text
    assert "Here: [**0.9**](#record-rudd2017-angle-readable-raw) share of the angle's variance." in text


def test_a_preview_and_a_lower_tier_say_what_they_are() -> None:
    values = {"rudd2017/attributes-after-embedding": 33.2}
    assert "**33.2**" in front.found(rows(values)) and "reproduced" in front.found(rows(values))
    text = front.found(rows(values, tier="substitute", profile="smoke"))
    assert "[… preview, substitute data]{.finding-verdict}" in text


def test_nothing_measured() -> None:
    assert front.found(rows({})) == front.sure(rows({})) == "Nothing was measured in this render."
    assert front.page([]) == "The ledger holds no claims yet."


def test_how_sure_in_one_sentence() -> None:
    one = {ANGLE[0]: 0.9}
    assert front.sure(rows(one)) == (
        "1 of 1 measured values carry an {term}`interval`; what was trained rests on 3 networks."
    )
    assert front.sure(rows(one, interval=None, seeds=0)) == "0 of 1 measured values carry an {term}`interval`."

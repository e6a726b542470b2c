"""Verdicts: every rule at its boundaries, and what no change of a value may do."""
import json

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from deepfeatures.study.claims import Claim, ClaimsError, Record, UnknownClaim
from deepfeatures.study.verdicts import Verdict, judge, table

GOOD, DIRECTION, BAD = Verdict.REPRODUCED, Verdict.IN_DIRECTION, Verdict.NOT_REPRODUCED
RANK = {BAD: 0, DIRECTION: 1, GOOD: 2}
NUMBER = st.floats(-1e6, 1e6)


def claim(paper_value=None, slug="x", **rule):
    return Claim.model_validate(
        dict(id=f"rudd2017/{slug}", location="section 4", statement="s", paper_value=paper_value, unit="%", measure="m",
             judge=rule, chapter="mu-lenet")
    )  # fmt: skip


def record(value, interval=None, slug="x", tier="original", profile="paper"):
    return Record(claim=f"rudd2017/{slug}", value=value, interval=interval, n=10, unit="digit", seeds=3, tier=tier,
                  profile=profile, chapter="mu-lenet")  # fmt: skip


def verdict(claim, value, interval=None):
    return judge(claim, record(value, interval), "paper", "original")


WITHIN = claim(98.98, rule="tolerance", tolerance=0.3)
ABOVE_97 = claim(98.98, rule="tolerance", tolerance=0.3, expect="above", threshold=97)
BELOW_5 = claim(1.0, rule="tolerance", tolerance=0.5, expect="below", threshold=5)


@pytest.mark.parametrize(
    ("claim", "value", "expected"),
    [
        (WITHIN, 98.98, GOOD),
        (WITHIN, 99.28, GOOD),
        (WITHIN, 98.68, GOOD),
        (claim(97.18, rule="tolerance", tolerance=0.1), 97.08, GOOD),  # 0.1 apart in decimals, a hair more in binary
        (WITHIN, 98.67, BAD),
        (WITHIN, 99.29, BAD),
        (ABOVE_97, 98.67, DIRECTION),
        (ABOVE_97, 99.9, DIRECTION),
        (ABOVE_97, 97.0, BAD),
        (ABOVE_97, 97.0001, DIRECTION),
        (BELOW_5, 1.5, GOOD),
        (BELOW_5, 4.999, DIRECTION),
        (BELOW_5, 5.0, BAD),
        (BELOW_5, -3.0, DIRECTION),
        (claim(10.0, rule="tolerance", tolerance=0), 10.0, GOOD),
        (claim(10.0, rule="tolerance", tolerance=0), 10.0000001, BAD),
    ],
)
def test_tolerance(claim, value, expected):
    assert verdict(claim, value) is expected


@pytest.mark.parametrize("rule", ["ordering", "sign", "shape"])
@pytest.mark.parametrize(
    ("expect", "threshold", "value", "interval", "expected"),
    [
        ("above", None, 1.0, (0.5, 1.5), GOOD),
        ("above", None, 1.0, (1.0, 1.0), GOOD),
        ("above", None, 1.0, (-0.1, 2.0), DIRECTION),
        ("above", None, 1.0, (0.0, 2.0), DIRECTION),  # touching is crossing
        ("above", None, 1.0, None, DIRECTION),
        ("above", None, 0.0, (0.0, 0.0), BAD),
        ("above", None, -1.0, (-2.0, 3.0), BAD),
        ("above", 5.0, 4.0, (3.9, 4.1), BAD),
        ("above", 5.0, 6.0, (5.1, 7.0), GOOD),
        ("above", 5.0, 4.9, (5.1, 7.0), BAD),  # the value itself must be on the side
        ("below", None, -1.0, (-2.0, -0.5), GOOD),
        ("below", None, -1.0, (-2.0, 0.0), DIRECTION),
        ("below", None, 1.0, (-2.0, 3.0), BAD),
        ("below", 5.0, 4.0, (3.9, 4.1), GOOD),
        ("below", 5.0, 4.0, None, DIRECTION),
    ],
)
def test_sides(rule, expect, threshold, value, interval, expected):
    assert verdict(claim(rule=rule, expect=expect, threshold=threshold), value, interval) is expected


def test_nothing_reported_comes_first():
    assert judge(WITHIN, None, "smoke", "rendered") is Verdict.NOT_ATTEMPTED
    assert judge(WITHIN, None, None, None) is Verdict.NOT_ATTEMPTED


@pytest.mark.parametrize("tier", ["original", "substitute", "rendered"])
@pytest.mark.parametrize("profile", ["smoke", "default", "mine"])
def test_only_the_paper_profile_yields_a_verdict(profile, tier):
    assert judge(WITHIN, record(98.98), profile, tier) is Verdict.PREVIEW


@pytest.mark.parametrize("tier", ["substitute", "rendered", None])
def test_other_data_is_not_comparable(tier):
    assert judge(WITHIN, record(98.98), "paper", tier) is Verdict.NOT_COMPARABLE


def test_words():
    assert {str(word) for word in Verdict} == {
        "reproduced", "reproduced in direction", "not reproduced", "not comparable", "not attempted", "preview",
    }  # fmt: skip


@given(NUMBER, st.floats(0, 1e6), st.floats(0, 1e6), NUMBER, st.sampled_from(["above", "below"]))
def test_a_side_verdict_never_worsens_as_the_value_goes_that_way(value, half, step, threshold, expect):
    judged = claim(rule="sign", expect=expect, threshold=threshold)
    moved = value + step if expect == "above" else value - step
    before = verdict(judged, value, (value - half, value + half))
    after = verdict(judged, moved, (moved - half, moved + half))
    assert RANK[after] >= RANK[before]


@given(NUMBER, st.floats(0, 1e6), st.floats(0, 1e6), NUMBER)
def test_a_wider_interval_never_improves_a_side_verdict(value, half, more, threshold):
    judged = claim(rule="ordering", expect="above", threshold=threshold)
    narrow = verdict(judged, value, (value - half, value + half))
    wide = verdict(judged, value, (value - half - more, value + half + more))
    assert RANK[wide] <= RANK[narrow]


@given(NUMBER, NUMBER, NUMBER)
def test_above_and_below_mirror_each_other(value, end, threshold):
    low, high = sorted((value, end))
    above = verdict(claim(rule="sign", expect="above", threshold=threshold), value, (low, high))
    below = verdict(claim(rule="sign", expect="below", threshold=-threshold), -value, (-high, -low))
    assert above is below


@given(NUMBER, st.floats(0, 1), NUMBER, st.floats(0, 1e3), st.none() | NUMBER)
def test_a_tolerance_verdict_never_worsens_towards_the_papers_value(value, share, paper, tolerance, threshold):
    side = {}
    if threshold is not None:
        assume(threshold != paper)
        side = {"threshold": threshold, "expect": "above" if paper > threshold else "below"}
    judged = claim(paper, rule="tolerance", tolerance=tolerance, **side)
    nearer = value + share * (paper - value)
    assume(abs(nearer - paper) <= abs(value - paper))  # rounding
    assert RANK[verdict(judged, nearer)] >= RANK[verdict(judged, value)]


@given(NUMBER, NUMBER, st.floats(1e-3, 1e3))
def test_without_a_side_a_tolerance_knows_two_verdicts(value, paper, tolerance):
    expected = GOOD if abs(value - paper) <= tolerance * (1 + 1e-9) else BAD
    assert verdict(claim(paper, rule="tolerance", tolerance=tolerance), value) is expected


KEYS = ["id", "paper", "location", "statement", "paper_value", "value", "interval", "n", "unit", "seeds", "profile",
        "tier", "verdict", "chapter"]  # fmt: skip


def test_the_table_has_a_row_a_claim_in_the_ledgers_order():
    both = claim(98.98, "b", rule="tolerance", tolerance=1), claim(slug="a", rule="sign", expect="above")
    ledger = {one.id: one for one in both}
    rows = table(ledger, [record(1.0, (0.5, 1.5), "a", tier="substitute")])
    assert [row["id"] for row in rows] == ["rudd2017/b", "rudd2017/a"]
    assert [list(row) for row in rows] == [KEYS, KEYS]
    assert rows[0] == dict(id="rudd2017/b", paper="rudd2017", location="section 4", statement="s", paper_value=98.98,
                           value=None, interval=None, n=None, unit=None, seeds=None, profile=None, tier=None,
                           verdict="not attempted", chapter="mu-lenet")  # fmt: skip
    assert rows[1]["verdict"] == "not comparable" and rows[1]["interval"] == [0.5, 1.5] and rows[1]["unit"] == "digit"
    assert json.loads(json.dumps(rows)) == rows


def test_the_table_refuses_a_claim_reported_twice_or_unknown():
    ledger = {"rudd2017/x": WITHIN}
    with pytest.raises(ClaimsError, match="claim rudd2017/x is reported twice, by chapter mu-lenet and by chapter"):
        table(ledger, [record(1.0), record(2.0)])
    with pytest.raises(UnknownClaim, match="chapter mu-lenet reports claim 'rudd2017/y'"):
        table(ledger, [record(1.0, slug="y")])

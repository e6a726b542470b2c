"""A run's numbers beside the published ones."""

from __future__ import annotations

import copy

import pytest

from deepfeatures.studio import comparison
from tests.studio.conftest import PUBLISHED, RESULTS


def with_record(results, **changed):
    other = copy.deepcopy(results)
    other["records"][0].update(changed)
    return other


def test_values_intervals_verdicts_and_parameters():
    found = comparison.compare("tiny", RESULTS, comparison.published("tiny"))
    (row,) = found.rows
    assert (row.statement, row.unit, row.difference) == ("The answer is forty-two.", "things", "+1.00")
    assert (row.here.value, row.here.interval, row.here.verdict) == ("43.50", "[43.25, 43.75]", "preview")
    assert (row.published.value, row.published.verdict) == ("42.50", "reproduced")
    assert row.change == "changed, intervals apart" and found.changed == 1
    assert found.parameters == [("seeds", "2", "1")] and found.setting == [("profile", "custom", "paper")]


@pytest.mark.parametrize(
    ("changed", "change", "difference"),
    [
        ({"value": 42.5, "interval": [42.0, 43.0]}, "the same", ""),
        ({"value": 42.0, "interval": [41.0, 42.5]}, "changed, intervals overlap", "−0.50"),
        ({"value": 42.5, "interval": None}, "changed", "0.00"),
        ({"value": 42.504, "interval": [42.0, 43.0]}, "changed, intervals overlap", "+0.00"),
    ],
)
def test_what_counts_as_changed(changed, change, difference):
    (row,) = comparison.compare("tiny", with_record(RESULTS, **changed), PUBLISHED).rows
    assert (row.change, row.difference, row.changed) == (change, difference, change != "the same")


def test_only_one_side_has_it():
    nothing = {**RESULTS, "records": [], "not_applicable": {"paper-x/answer": "too few digits"}}
    found = comparison.compare("tiny", nothing, PUBLISHED)
    assert found.rows[0].change == "only published" and found.rows[0].here is None
    assert found.not_applicable == {"paper-x/answer": "too few digits"}
    assert comparison.compare("tiny", RESULTS, None).rows[0].change == "only here"
    assert comparison.compare("tiny", RESULTS, None).setting == []


def test_numbers_of_the_text_are_compared_too():
    """A run may move nothing else."""
    dash = {"value": None, "shown": "–"}
    here, there = ({**PUBLISHED, "numbers": {"told": {"value": value, "shown": "-"}, "dash": dash}}
                   for value in (0.5, 0.75))  # fmt: skip
    found = comparison.compare("tiny", here, there)
    assert found.changed == 1
    row = found.rows[-1]
    assert (row.claim, row.change, row.difference, row.here.verdict) == ("in the text: told", "changed", "−0.250", "")
    assert [one.change for one in comparison.compare("tiny", here, PUBLISHED).rows][-1] == "only here"


CELL = {
    "subject": "pose", "data": "rendered faces", "network": "trained", "layer": "embedding", "reading": "linear",
    "metric": "share of variance", "value": 0.5, "interval": [0.4, 0.6],
}  # fmt: skip


def test_what_a_layer_encodes_is_compared_too():
    """A chapter may have no claim, and nothing but cells of the matrix."""
    moved = [{**CELL, "value": 0.75, "interval": [0.7, 0.8]}, {**CELL, "layer": "block4"}]
    found = comparison.compare(
        "tiny", {**RESULTS, "records": [], "encoded": moved}, {**PUBLISHED, "records": [], "encoded": [CELL]}
    )
    one, new = found.rows
    assert (one.statement, one.unit) == ("pose in embedding of trained on rendered faces, linear", "share of variance")
    assert (one.change, one.difference, one.here.verdict) == ("changed, intervals apart", "+0.250", "")
    assert (one.here.interval, one.published.value) == ("[0.700, 0.800]", "0.500")
    assert new.change == "only here" and new.here.value == "0.500" and found.changed == 2
    same = comparison.compare("tiny", {**RESULTS, "encoded": [CELL]}, {**RESULTS, "encoded": [CELL]})
    assert [row.changed for row in same.rows] == [False, False]


def test_the_same_run_changes_nothing():
    found = comparison.compare("tiny", PUBLISHED, PUBLISHED)
    assert (found.changed, found.parameters, found.setting) == (0, [], [])

"""Refusals carry the numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from deepfeatures.figures import shapes


def test_a_fitting_array_is_returned_as_float64() -> None:
    found = shapes.array("x", [[1, 2]], None, 2)
    assert found.dtype == np.float64 and found.tolist() == [[1.0, 2.0]]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.zeros(6), r"x has shape \(6,\), expected \(7\)"),
        (np.zeros((7, 1)), r"x has shape \(7, 1\), expected \(7\)"),
        ([0, 1, 2, np.nan, 4, np.inf, 6], "x holds 2 values of 7 that are not finite"),
    ],
)
def test_a_wrong_array_is_refused(values: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        shapes.array("x", values, 7)


def test_an_empty_array_is_refused() -> None:
    with pytest.raises(ValueError, match="x is empty"):
        shapes.array("x", [], None)


def test_missing_columns_and_rows_are_named() -> None:
    with pytest.raises(ValueError, match=r"t lacks the columns \['b'\]; it has \['a'\]"):
        shapes.columns("t", pd.DataFrame({"a": [1]}), ["a", "b"])
    with pytest.raises(ValueError, match="t has 0 rows"):
        shapes.columns("t", pd.DataFrame({"a": []}), ["a"])


def test_an_interval_holds_its_value() -> None:
    with pytest.raises(
        ValueError, match=r"1 of 2 intervals do not hold their value; first in row 1: 5 outside \[6, 7\]"
    ):
        shapes.columns("t", pd.DataFrame({"v": [1, 5], "lo": [0, 6], "hi": [2, 7]}), ["v"], "v")
    with pytest.raises(ValueError, match="column 'lo' alone"):
        shapes.columns("t", pd.DataFrame({"v": [1], "lo": [0]}), ["v"], "v")


def test_no_interval_becomes_nan_and_draws_no_whisker() -> None:
    whole = shapes.columns("t", pd.DataFrame({"v": [1.0]}), ["v"], "v")
    assert np.isnan(shapes.whiskers(whole, "v")).all()


def test_whiskers_are_distances_down_and_up() -> None:
    frame = pd.DataFrame({"v": [2.0], "lo": [1.5], "hi": [4.0]})
    assert shapes.whiskers(frame, "v").tolist() == [[0.5], [2.0]]


def test_a_value_given_twice_is_refused() -> None:
    with pytest.raises(ValueError, match=r"t gives a = \(1,\) more than once \(1 rows too many\)"):
        shapes.once("t", pd.DataFrame({"a": [1, 1, 2]}), ["a"])

"""Distances from the centre by hand, and the margin against every pair."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepfeatures.analysis.quality_distance import DISTANCES, distance, margin, unit

RNG = np.random.default_rng(0)
VALUES = RNG.standard_normal((30, 6)) * 3 + 1


def test_distances_by_hand() -> None:
    points = np.array([[3.0, 4.0], [0.0, 1.0], [-3.0, 1.0]])
    np.testing.assert_allclose(distance(points, "origin"), [5, 1, np.sqrt(10)])
    np.testing.assert_allclose(distance(points, "mean"), [np.hypot(3, 2), 1, np.hypot(3, 1)])
    rows = np.array([[0.6, 0.8], [0, 1], [-3 / np.sqrt(10), 1 / np.sqrt(10)]])
    np.testing.assert_allclose(distance(points, "unit"), np.linalg.norm(rows - rows.mean(0), axis=1))
    with pytest.raises(ValueError, match="allowed are origin, mean, unit"):
        distance(points, "median")


def test_the_centre_may_be_that_of_others() -> None:
    others = VALUES + 10
    expected = np.linalg.norm(VALUES - others.mean(0), axis=1)
    np.testing.assert_allclose(distance(VALUES, "mean", centre_of=others), expected)
    np.testing.assert_allclose(distance(VALUES, "origin", centre_of=others), np.linalg.norm(VALUES, axis=1))


@given(st.floats(0.01, 100))
def test_length_changes_the_distance_from_the_origin_alone(factor: float) -> None:
    longer = VALUES * np.where(np.arange(30) < 10, factor, 1)[:, None]
    np.testing.assert_allclose(distance(longer, "unit"), distance(VALUES, "unit"))
    np.testing.assert_allclose(distance(longer, "origin")[:10], factor * distance(VALUES, "origin")[:10])
    np.testing.assert_allclose(np.linalg.norm(unit(longer), axis=1), 1)


def test_a_row_of_zeros_has_no_direction_and_breaks_nothing() -> None:
    dark = np.concatenate([VALUES, np.zeros((1, 6))])
    assert all(np.isfinite(distance(dark, kind)).all() for kind in DISTANCES)


def test_the_margin_is_that_of_every_pair() -> None:
    identity = np.repeat(np.arange(6), 5)
    identity[7] = 99  # a person with one image
    rows = VALUES / np.linalg.norm(VALUES, axis=1, keepdims=True)
    cosine = rows @ rows.T
    got = margin(VALUES, identity)
    for one in range(30):
        same = (identity == identity[one]) & (np.arange(30) != one)
        other = identity != identity[one]
        if one == 7:
            assert np.isnan(got[one])
        else:
            assert got[one] == pytest.approx(cosine[one, same].mean() - cosine[one, other].mean())
    with pytest.raises(ValueError, match="1 person"):
        margin(VALUES, np.zeros(30))

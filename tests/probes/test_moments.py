"""Streamed, shifted moments against NumPy's two-pass ones."""
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from deepfeatures.probes.moments import Moments, merged, moments


def slow_moments(features: np.ndarray) -> Moments:
    rows = features.astype(np.float64)
    mean = rows.mean(axis=0)
    scatter = np.zeros((rows.shape[1], rows.shape[1]))
    for row in rows:
        scatter += np.outer(row - mean, row - mean)
    return Moments(len(rows), mean, scatter)


@settings(max_examples=60, deadline=None)
@given(
    hnp.arrays(np.float32, st.tuples(st.integers(1, 30), st.integers(1, 6)), elements=st.floats(-100, 100, width=32)),
    st.integers(1, 9),
)
def test_chunks_do_not_matter(features: np.ndarray, chunk_rows: int) -> None:
    fast, slow = moments(features, chunk_rows=chunk_rows), slow_moments(features)
    assert fast.count == slow.count
    np.testing.assert_allclose(fast.mean, slow.mean, atol=1e-10)
    np.testing.assert_allclose(fast.scatter, slow.scatter, atol=1e-8)


@settings(max_examples=40, deadline=None)
@given(
    hnp.arrays(np.float64, st.tuples(st.integers(1, 20), st.just(3)), elements=st.floats(-10, 10)), st.data()
)
def test_shards_merge_into_the_whole(features: np.ndarray, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(features)), max_size=3)))
    whole = moments(features)
    parts = merged(moments(part) for part in np.split(features, cuts))
    assert parts.count == whole.count
    np.testing.assert_allclose(parts.mean, whole.mean, atol=1e-10)
    np.testing.assert_allclose(parts.scatter, whole.scatter, atol=1e-9)


def test_a_large_mean_does_not_cost_the_spread() -> None:
    rng = np.random.default_rng(0)
    features = 1e6 + rng.standard_normal((3000, 4))
    expected = slow_moments(features).scatter
    np.testing.assert_allclose(moments(features, chunk_rows=100).scatter, expected, rtol=1e-6, atol=1e-3)


def test_bad_input_is_named() -> None:
    with pytest.raises(ValueError, match="1 of 6 feature values are not finite"):
        moments(np.array([[0, 1], [2, np.nan], [1, 1]]))
    with pytest.raises(ValueError, match=r"expected \(n, d\)"):
        moments(np.zeros((2, 2, 2)))
    with pytest.raises(ValueError, match="no moments"):
        merged([])
    with pytest.raises(ValueError, match="of 2 and of 3 features"):
        moments(np.zeros((2, 2))).merged(moments(np.zeros((2, 3))))

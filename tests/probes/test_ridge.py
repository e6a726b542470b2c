"""Ridge from merged statistics against scikit-learn's, which sees all rows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.linear_model import LinearRegression, Ridge

from deepfeatures.probes.gram import Gram, gram, merge
from deepfeatures.probes.ridge import ridge_path

ALPHAS = np.geomspace(1e-2, 1e4, 7)


def made_up(rows: int = 300, width: int = 20) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    X = rng.standard_normal((rows, width)) * np.geomspace(5, 0.01, width) + 10
    return X, X @ rng.standard_normal((width, 3)) + rng.standard_normal((rows, 3))


def test_every_alpha_is_scikit_learns() -> None:
    X, Y = made_up()
    path = ridge_path(gram(X, Y), ALPHAS)
    predicted = path.predict(X, chunk_rows=77)
    for i, alpha in enumerate(ALPHAS):
        peer = Ridge(alpha).fit(X, Y)
        np.testing.assert_allclose(path.coefficients[i], peer.coef_, atol=1e-6)
        np.testing.assert_allclose(path.intercepts[i], peer.intercept_, atol=1e-6)
        np.testing.assert_allclose(predicted[i], peer.predict(X), atol=1e-6)
        np.testing.assert_allclose(path.residual[i], ((Y - peer.predict(X)) ** 2).sum(0), rtol=1e-6)
    centred = X - X.mean(0)
    hat = np.trace(centred @ np.linalg.solve(centred.T @ centred + ALPHAS[2] * np.eye(20), centred.T))
    assert path.freedom[2] == pytest.approx(hat, rel=1e-8)


def test_alpha_zero_is_least_squares_of_minimum_norm() -> None:
    X, Y = made_up(width=6)
    X = np.column_stack([X, X[:, :2], np.full(len(X), 2.0)])  # repeated and constant features: singular
    peer = LinearRegression().fit(X, Y)
    np.testing.assert_allclose(ridge_path(gram(X, Y), [0.0]).coefficients[0], peer.coef_, atol=1e-6)


@settings(max_examples=40)
@given(hnp.arrays(np.float64, st.tuples(st.integers(2, 25), st.just(5)), elements=st.floats(-10, 10)), st.data())
def test_shards_merge_into_the_whole_in_any_grouping(rows: np.ndarray, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(rows)), min_size=2, max_size=2)))
    a, b, c = (gram(part[:, :3], part[:, 3:], chunk_rows=4) for part in np.split(rows, cuts))
    centred = rows - rows.mean(0)
    for found in (merge([a, b, c]), a.merged(b.merged(c)), gram(rows[:, :3], rows[:, 3:])):
        assert found.count == len(rows)
        scatter = centred.T @ centred
        np.testing.assert_allclose(found.xx, scatter[:3, :3], atol=1e-9)
        np.testing.assert_allclose(found.xy, scatter[:3, 3:], atol=1e-9)
        np.testing.assert_allclose(found.yy, scatter.diagonal()[3:], atol=1e-9)


def test_sharded_float32_ridge_is_the_unsharded_one() -> None:
    X, Y = made_up()
    X = X.astype(np.float32)
    shards = merge(gram(x, y[:, 0]) for x, y in zip(np.array_split(X, 7), np.array_split(Y, 7), strict=True))
    whole = ridge_path(gram(X, Y[:, 0]), ALPHAS).coefficients
    np.testing.assert_allclose(ridge_path(shards, ALPHAS).coefficients, whole, rtol=1e-9, atol=1e-9)


def test_bad_input_is_named() -> None:
    X, Y = made_up(rows=5)
    with pytest.raises(ValueError, match=r"got \(5, 20\) and \(4, 3\)"):
        gram(X, Y[:4])
    with pytest.raises(ValueError, match="target 1 is not finite at row 3"):
        gram(X, np.where(np.arange(15).reshape(5, 3) == 10, np.nan, Y))
    with pytest.raises(ValueError, match="numbers >= 0"):
        ridge_path(gram(X, Y), [-1.0])
    with pytest.raises(ValueError, match="0 rows"):
        ridge_path(gram(X[:0], Y[:0]), [1.0])
    with pytest.raises(ValueError, match="20 features and 3 targets cannot be merged"):
        gram(X, Y).merged(gram(X[:, :4], Y))
    with pytest.raises(ValueError, match="no statistics"):
        merge([])
    assert isinstance(gram(X, Y), Gram)

"""Least squares from moments against numpy.linalg.lstsq, and figure 3's numbers against loops."""
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import Ridge

from deepfeatures.probes.angle import angle_moments, fit, of_label, predict
from deepfeatures.probes.angle_curve import angle_curve
from deepfeatures.probes.angle_ridge import PENALTIES, fit_ridge, mean_square
from deepfeatures.probes.moments import Moments, merged

ANGLES = np.array([-45.0, -30, -15, 0, 15, 30, 45])


def lstsq(features: np.ndarray, angle_deg: np.ndarray) -> tuple[np.ndarray, float]:
    design = np.column_stack([features.astype(np.float64), np.ones(len(features))])
    solution = np.linalg.lstsq(design, angle_deg, rcond=None)[0]
    return solution[:-1], float(solution[-1])


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 50))
def test_equals_lstsq_where_it_is_well_conditioned(seed: int, chunk_rows: int) -> None:
    rng = np.random.default_rng(seed)
    features = rng.standard_normal((80, 6)).astype(np.float32) + 3
    angle_deg = rng.choice(ANGLES, 80)
    weights, intercept = lstsq(features, angle_deg)
    found = fit(angle_moments(features, angle_deg, chunk_rows=chunk_rows))
    np.testing.assert_allclose(found.weights, weights, atol=1e-8)
    assert found.intercept == pytest.approx(intercept, abs=1e-7)
    assert found.rank == 6


def test_dead_and_repeated_units_leave_the_predictions() -> None:
    rng = np.random.default_rng(0)
    # In steps of 1/64 the repeated column is an exact sum; else lstsq would fit the rounding noise that `fit` drops.
    live = np.maximum(np.round(rng.standard_normal((200, 5)) * 64) / 64, 0)
    features = np.column_stack([live, np.zeros(200), live[:, 0] + live[:, 1], np.full(200, 7)]).astype(np.float32)
    angle_deg = rng.choice(ANGLES, 200)
    weights, intercept = lstsq(features, angle_deg)
    found = fit(angle_moments(features, angle_deg))
    np.testing.assert_allclose(predict([found], features)[:, 0], features @ weights + intercept, atol=1e-4)
    assert found.rank == 5
    assert abs(found.weights[[5, 7]]).max() < 1e-9  # of minimum norm: dead and constant units get no weight


def test_fewer_rows_than_features_fit_exactly() -> None:
    rng = np.random.default_rng(0)
    features, angle_deg = rng.random((10, 40)), rng.choice(ANGLES, 10)
    found = fit(angle_moments(features, angle_deg))
    np.testing.assert_allclose(predict([found], features)[:, 0], angle_deg, atol=1e-6)
    assert found.rank == 9


def test_constant_features_predict_the_mean() -> None:
    found = fit(angle_moments(np.ones((4, 3)), np.array([0.0, 0, 30, 30])))
    assert found.rank == 0
    np.testing.assert_allclose(predict([found], np.ones((1, 3))), 15)


def held_out_error(features: np.ndarray, angle_deg: np.ndarray, rows: slice, others: slice, penalty: float) -> float:
    fitted = ridge(features[rows], angle_deg[rows], penalty)
    return float(np.mean((fitted.predict(features[others]) - angle_deg[others]) ** 2))


def ridge(features: np.ndarray, angle_deg: np.ndarray, penalty: float) -> Ridge:
    """scikit-learn's, on the same scale: a penalty is a multiple of the features' mean variance, summed over rows."""
    scale = features.var(axis=0).mean() * len(features)
    return Ridge(alpha=max(penalty, 1e-13) * scale, solver="svd").fit(features, angle_deg)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.1, 100))
def test_ridge_chooses_and_fits_as_scikit_learn_would(seed: int, noise: float) -> None:
    rng = np.random.default_rng(seed)
    features = rng.standard_normal((90, 12)) * rng.uniform(0.1, 3, 12) + 2
    angle_deg = features @ rng.standard_normal(12) + noise * rng.standard_normal(90)
    rows, others = slice(70), slice(70, None)
    errors = [held_out_error(features, angle_deg, rows, others, penalty) for penalty in PENALTIES]
    parts = [angle_moments(features[part], angle_deg[part]) for part in (rows, others)]
    found, penalty = fit_ridge(*parts)
    assert errors[PENALTIES.index(penalty)] == pytest.approx(min(errors), rel=1e-9)
    again = ridge(features, angle_deg, penalty)
    np.testing.assert_allclose(found.weights, again.coef_, rtol=1e-6, atol=1e-8)
    assert found.intercept == pytest.approx(again.intercept_, rel=1e-6, abs=1e-6)
    whole = predict([found], features)[:, 0]
    assert mean_square(found, parts[0].merged(parts[1])) == pytest.approx(np.mean((whole - angle_deg) ** 2), rel=1e-9)


def test_ridge_does_not_trust_what_hardly_varies_in_training() -> None:
    """A feature that is next to nothing in the fit and large elsewhere: least squares reads it far off, ridge not."""
    rng = np.random.default_rng(0)
    features = np.column_stack([rng.standard_normal((600, 3)), 1e-4 * rng.standard_normal(600)])
    angle_deg = 10 * features[:, 0] + rng.standard_normal(600)
    features[500:, 3] = rng.standard_normal(100)
    plain = fit(angle_moments(features[:400], angle_deg[:400]))
    parts = [angle_moments(features[part], angle_deg[part]) for part in (slice(300), slice(300, 400))]
    shrunk, penalty = fit_ridge(*parts)
    unseen = angle_moments(features[500:], angle_deg[500:])
    assert penalty > 0 and mean_square(plain, unseen) > 10 * mean_square(shrunk, unseen)


def test_ridge_without_digits_held_out_is_least_squares() -> None:
    rng = np.random.default_rng(0)
    rows = angle_moments(rng.random((30, 4)), rng.choice(ANGLES, 30))
    nothing = Moments(0, np.zeros(5), np.zeros((5, 5)))
    for parts in ((rows, nothing), (nothing, rows)):
        found, penalty = fit_ridge(*parts)
        assert penalty == 0 and np.array_equal(found.weights, fit(rows).weights)


def test_the_pooled_fit_is_the_merged_fit_and_labels_choose() -> None:
    rng = np.random.default_rng(1)
    features, labels, angle_deg = rng.random((90, 4)), np.repeat([0, 1, 2], 30), rng.choice(ANGLES, 90)
    parts = [angle_moments(features[labels == label], angle_deg[labels == label]) for label in range(3)]
    np.testing.assert_allclose(fit(merged(parts)).weights, lstsq(features, angle_deg)[0], atol=1e-8)
    predicted = predict([fit(part) for part in parts], features, chunk_rows=7)
    slow = [features[i] @ fit(parts[labels[i]]).weights + fit(parts[labels[i]]).intercept for i in range(90)]
    np.testing.assert_allclose(of_label(predicted, labels), slow, atol=1e-9)


def test_curve_against_loops() -> None:
    rng = np.random.default_rng(2)
    labels, true = np.repeat(np.arange(10), 70), np.tile(np.repeat(ANGLES, 10), 10)
    predicted = 0.7 * true + rng.normal(0, 1 + labels, 700)
    curve = angle_curve(predicted, true, labels)
    for index, angle in enumerate(ANGLES):
        cells = [predicted[(labels == label) & (true == angle)] for label in range(10)]
        assert curve.mean_deg[index] == pytest.approx(np.mean([c.mean() for c in cells]))
        assert curve.spread_deg[index] == pytest.approx(np.mean([c.std() for c in cells]))
        assert curve.bias_deg[index] == pytest.approx(np.mean([c.mean() for c in cells]) - angle)
        rms = np.mean([np.sqrt(np.mean((c - angle) ** 2)) for c in cells])
        assert curve.error_deg[index] == pytest.approx(rms)
    assert curve.rms_error_deg == pytest.approx(np.sqrt(np.mean((predicted - true) ** 2)))
    assert curve.constant_rms_error_deg == pytest.approx(30)
    assert curve.slope == pytest.approx(0.7, abs=0.05)
    assert curve.spread_rise_at_ends_deg == pytest.approx(
        (curve.spread_deg[0] + curve.spread_deg[6]) / 2 - curve.spread_deg[3]
    )


def test_a_constant_predictor_explains_nothing_and_a_perfect_one_all() -> None:
    labels, true = np.repeat(np.arange(10), 7), np.tile(ANGLES, 10)
    constant = angle_curve(np.zeros(70), true, labels)
    assert constant.explained == pytest.approx(0)
    assert constant.slope == pytest.approx(0)
    assert constant.mean_spread_deg == 0
    np.testing.assert_allclose(constant.bias_deg, -ANGLES)
    assert angle_curve(true, true, labels).explained == 1
    assert angle_curve(true, true, labels).error_rise_at_ends_deg == 0


def test_bad_input_is_named() -> None:
    with pytest.raises(ValueError, match="3 angles for 2 rows"):
        angle_moments(np.zeros((2, 2)), np.zeros(3))
    with pytest.raises(ValueError, match="1 rows: a regression"):
        fit(angle_moments(np.zeros((1, 2)), np.zeros(1)))
    with pytest.raises(ValueError, match="1 labels for 2 rows"):
        of_label(np.zeros((2, 2)), np.zeros(1, int))
    with pytest.raises(ValueError, match="label 1 has no row at 15 degrees; 1 such cells"):
        angle_curve(np.zeros(3), np.array([0.0, 15, 0]), np.array([0, 0, 1]), n_labels=2)
    with pytest.raises(ValueError, match="2 predictions, 1 angles and 1 labels"):
        angle_curve(np.zeros(2), np.zeros(1), np.zeros(1, int))

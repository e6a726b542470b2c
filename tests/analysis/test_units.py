"""Sparsity, stability, high response and the trend inside a digit, against loops and known answers."""
from __future__ import annotations

import math

import numpy as np
import pytest

from deepfeatures.analysis.per_digit import per_digit
from deepfeatures.analysis.trend import trend
from deepfeatures.analysis.units import activity, high_response, stability

ANGLES = np.array([-45.0, -30, -15, 0, 15, 30, 45])


def rotated_features(seed: int = 0, digits: int = 40, width: int = 6) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = np.arange(digits) % 3
    turning = 0.01 * ANGLES[:, None] * rng.standard_normal(width)
    features = rng.random((digits, 7, width)) + labels[:, None, None] + turning
    features[:, :, 0] = 0
    return np.maximum(features, 0).astype(np.float32), labels


def test_activity_of_a_known_matrix() -> None:
    found = activity(np.array([[0.0, 2, 0], [0, 4, 6]]), chunk_rows=1)
    assert found.zero_fraction == 0.5
    assert found.active_per_sample == 1.5
    assert found.unit_fraction_active.tolist() == [0, 1, 0.5]
    assert (found.dead, found.mean, found.mean_active, found.largest, found.percentile_99) == (1, 2, 4, 6, 6)
    assert math.isnan(activity(np.zeros((2, 2))).mean_active)
    with pytest.raises(ValueError, match="1 of 2 activations are negative, the lowest -1"):
        activity(np.array([[-1.0, 2]]))


def test_stability_is_a_ratio_of_variances() -> None:
    features, labels = rotated_features()
    flat, rows = features.reshape(-1, 6).astype(np.float64), np.repeat(labels, 7)
    found = stability(flat, rows, n_labels=3, chunk_rows=50)
    within = sum(((flat[rows == label] - flat[rows == label].mean(axis=0)) ** 2).sum(axis=0) for label in range(3))
    total = ((flat - flat.mean(axis=0)) ** 2).sum(axis=0)
    assert found.within_over_total == pytest.approx(within.sum() / total.sum())
    np.testing.assert_allclose(found.unit_within_over_total[1:], (within / np.where(total > 0, total, 1))[1:])
    assert math.isnan(found.unit_within_over_total[0])
    points = stability(np.repeat(np.eye(3), 4, axis=0), np.repeat([0, 1, 2], 4), n_labels=3)
    assert (points.within_over_total, points.relative_spread) == (0, 0)
    with pytest.raises(ValueError, match="constant"):
        stability(np.ones((4, 2)), np.array([0, 0, 1, 1]))


def test_high_response_counts() -> None:
    means = np.array([[10.0, 6, 0, 0, 1], [0, 7, 8, 0, 2]])
    found = high_response(means, share=0.5)  # the 95th percentile of 10, 7, 8, 2 is 10
    assert found.level == 5
    assert found.high.tolist() == [2, 2]
    assert found.best.tolist() == [1, 2]
    with pytest.raises(ValueError, match="all 2 units are dead"):
        high_response(np.zeros((3, 2)))
    with pytest.raises(ValueError, match="share=0"):
        high_response(means, share=0)


def test_trend_against_a_loop() -> None:
    features, labels = rotated_features()
    found = trend(features, labels, ANGLES, n_labels=3, chunk_digits=11)
    between, within, copies = np.zeros((3, 6)), np.zeros((3, 6)), np.zeros((3, 6))
    for label in range(3):
        for unit in range(6):
            x = features[labels == label, :, unit].astype(np.float64)
            within[label, unit] = ((x - x.mean()) ** 2).sum()
            copies[label, unit] = ((x - x.mean(axis=1, keepdims=True)) ** 2).sum()
            between[label, unit] = len(x) * ((x.mean(axis=0) - x.mean()) ** 2).sum()
            assert found.slope_per_deg[label, unit] == pytest.approx(np.polyfit(ANGLES, x.mean(axis=0), 1)[0], abs=1e-9)
    assert np.isnan(found.explained[:, 0]).all()
    np.testing.assert_allclose(found.explained[:, 1:], (between / np.where(within > 0, within, 1))[:, 1:], rtol=1e-9)
    assert found.explained_overall == pytest.approx(between.sum() / within.sum())
    assert found.explained_within_digits == pytest.approx(between.sum() / copies.sum())


def test_trend_of_a_ramp_and_of_no_trend() -> None:
    labels = np.array([0, 0, 1, 1])
    ramp = np.zeros((4, 7, 2))
    ramp[:, :, 0] = 2 + ANGLES / 45
    ramp[:, :, 1] = 2 - ANGLES / 45
    found = trend(ramp, labels, ANGLES, n_labels=2)
    assert found.explained_overall == pytest.approx(1)
    assert found.linear_share == pytest.approx(1)
    assert (found.rising, found.falling, found.monotone, found.pairs) == (0.5, 0.5, 1, 4)
    flat = trend(np.repeat(np.array([1.0, 2, 1, 2])[:, None, None], 7, axis=1), labels, ANGLES, n_labels=2)
    assert (flat.explained_overall, flat.rising, flat.falling) == (0, 0, 0)
    with pytest.raises(ValueError, match="4 labels and 3 angles"):
        trend(ramp, labels, ANGLES[:3], n_labels=2)


def test_numbers_of_single_digits_add_up_to_those_of_the_set() -> None:
    features, labels = rotated_features()
    flat, rows = features.reshape(-1, 6), np.repeat(labels, 7)
    assignment = np.array([-1, 0, 1, 2, 2, 0])
    found = per_digit(features, labels, assignment, high_level=1.5, chunk_digits=9)
    assert found["zero_fraction"].mean() == pytest.approx(activity(flat).zero_fraction)
    assert found["mass"].mean() * 40 == pytest.approx(flat.sum(dtype=np.float64))
    inside = assignment == rows[:, None]
    assert found["mass_in_block"].sum() == pytest.approx(flat[inside].sum(dtype=np.float64))
    for digit in (0, 17):
        outside = (assignment >= 0) & (assignment != labels[digit])
        assert found["off_block_high"][digit] == pytest.approx((features[digit][:, outside] > 1.5).mean())
    ratio = found["within_square"].mean() / found["total_square"].mean()
    assert ratio == pytest.approx(stability(flat, rows, n_labels=3).within_over_total)

"""Class means and cosine scoring against loops over single rows."""
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from deepfeatures.probes.mean_activation import (
    GroupSums,
    class_angle_means,
    class_means,
    cosine_similarity,
    nearest_label,
    nearest_label_at_angle,
    snap,
)
from deepfeatures.probes.normalisation import MinMax, extremes, min_max

ANGLES = (-45, -30, -15, 0, 15, 30, 45)
whole_numbers = st.integers(-8, 8).map(float)


def slow_cosine(x: np.ndarray, m: np.ndarray) -> float:
    length = float(np.linalg.norm(x) * np.linalg.norm(m))
    return float(x @ m) / length if length > 0 else 0.0


@settings(max_examples=60, deadline=None)
@given(
    hnp.arrays(np.float32, st.tuples(st.integers(1, 12), st.just(4)), elements=whole_numbers),
    hnp.arrays(np.float64, st.tuples(st.integers(1, 5), st.just(4)), elements=whole_numbers),
)
def test_cosine_is_that_of_single_rows(features: np.ndarray, means: np.ndarray) -> None:
    slow = np.array([[slow_cosine(x.astype(np.float64), m) for m in means] for x in features])
    np.testing.assert_allclose(cosine_similarity(features, means, chunk_rows=5), slow, atol=1e-12)


@settings(max_examples=60, deadline=None)
@given(hnp.arrays(np.float32, st.tuples(st.integers(3, 20), st.just(3)), elements=whole_numbers), st.data())
def test_class_means_are_means(features: np.ndarray, data: st.DataObject) -> None:
    rest = len(features) - 3
    labels = np.array([0, 1, 2, *data.draw(st.lists(st.integers(0, 2), min_size=rest, max_size=rest))])
    slow = np.stack([features[labels == label].astype(np.float64).mean(axis=0) for label in range(3)])
    np.testing.assert_allclose(class_means(features, labels, n_labels=3), slow, atol=1e-12)
    sums = GroupSums.empty(3, 3)
    for start in range(0, len(features), 2):
        sums.add(features[start : start + 2], labels[start : start + 2])
    np.testing.assert_allclose(sums.means(), slow, atol=1e-12)


def test_scale_of_a_row_and_of_a_mean_do_not_matter() -> None:
    rng = np.random.default_rng(1)
    features, means = rng.random((50, 6)), rng.random((4, 6))
    plain = cosine_similarity(features, means)
    np.testing.assert_allclose(cosine_similarity(features * 1e-200, means * 1e150), plain, atol=1e-12)


def test_zero_rows_have_similarity_zero_and_the_lowest_label() -> None:
    similarity = cosine_similarity(np.zeros((1, 3)), np.eye(3))
    np.testing.assert_array_equal(similarity, 0)
    assert nearest_label(similarity).tolist() == [0]
    # A zero mean scores 0, above a mean that points away.
    away = cosine_similarity(np.array([[-1.0, 0, 0]]), np.array([[1.0, 0, 0], [0, 0, 0]]))
    assert nearest_label(away).tolist() == [1]


def test_ties_go_to_the_lowest_label_and_then_angle() -> None:
    means = np.array([[1.0, 0], [0, 1], [0, 2], [3, 0]])
    assert nearest_label(cosine_similarity(np.array([[0, 1], [1, 0], [1, 1]], np.float32), means)).tolist() == [1, 0, 0]
    assert nearest_label(np.array([[0.1, 0.5, 0.5, 0.2]]), per_label=2).tolist() == [0]
    at_angle = np.array([[[0.9, 0.1], [0.2, 0.1]]])
    assert nearest_label_at_angle(at_angle, np.array([1])).tolist() == [0]


def test_class_angle_means_and_scoring_at_the_angle() -> None:
    rng = np.random.default_rng(2)
    labels = rng.integers(0, 3, 20)
    labels[:3] = [0, 1, 2]
    features = rng.random((20, 7, 5)).astype(np.float32)
    means = class_angle_means(features, labels, n_labels=3)
    for label in range(3):
        for angle in range(7):
            np.testing.assert_allclose(means[label, angle], features[labels == label, angle].mean(axis=0), rtol=1e-5)
    flat, index = features.reshape(-1, 5), rng.integers(0, 7, 140)
    similarity = cosine_similarity(flat, means.reshape(21, 5)).reshape(140, 3, 7)
    slow = [
        int(np.argmax([slow_cosine(x, means[label, a]) for label in range(3)]))
        for x, a in zip(flat, index, strict=True)
    ]
    assert nearest_label_at_angle(similarity, index).tolist() == slow
    slow_all = [int(np.argmax([slow_cosine(x, m) for m in means.reshape(21, 5)])) // 7 for x in flat]
    assert nearest_label(similarity.reshape(140, 21), per_label=7).tolist() == slow_all


@given(hnp.arrays(np.float64, st.integers(1, 30), elements=st.floats(-200, 200)))
def test_snap_is_the_nearest_angle(angle_deg: np.ndarray) -> None:
    assert snap(angle_deg, ANGLES).tolist() == [int(np.argmin(np.abs(np.array(ANGLES) - a))) for a in angle_deg]


def test_snap_decides_ties_and_refuses_what_is_no_angle() -> None:
    assert snap(np.array([-7.5, 7.5, 500.0, -500.0]), ANGLES).tolist() == [2, 3, 6, 0]
    with pytest.raises(ValueError, match="1 estimated angles are not finite"):
        snap(np.array([0.0, np.nan]), ANGLES)
    with pytest.raises(ValueError, match="ascend"):
        snap(np.zeros(1), (0, 0, 15))


@settings(max_examples=60, deadline=None)
@given(
    hnp.arrays(np.float64, st.tuples(st.integers(1, 10), st.integers(1, 4)), elements=whole_numbers),
    st.sampled_from(["global", "per-feature"]),
    st.sampled_from([(0.0, 1.0), (-1.0, 1.0)]),
)
def test_min_max_reaches_both_ends(features: np.ndarray, axis: str, to: tuple[float, float]) -> None:
    normalised = min_max(*extremes(features), axis=axis, to=to)(features)
    for column, before in zip(normalised.T, features.T, strict=True):
        spread = np.ptp(features) if axis == "global" else np.ptp(before)
        if spread == 0:
            np.testing.assert_array_equal(column, 0)
        elif axis == "per-feature":
            np.testing.assert_allclose([column.min(), column.max()], to, atol=1e-12)
    if axis == "global" and np.ptp(features) > 0:
        np.testing.assert_allclose([normalised.min(), normalised.max()], to, atol=1e-12)


def test_normalising_before_or_after_the_mean_is_the_same() -> None:
    rng = np.random.default_rng(3)
    features, labels = rng.random((60, 5)), np.repeat(np.arange(3), 20)
    to_unit = min_max(*extremes(features), axis="per-feature")
    scored = cosine_similarity(features, class_means(features, labels, n_labels=3), normalise=to_unit)
    by_hand = cosine_similarity(to_unit(features), class_means(to_unit(features), labels, n_labels=3))
    np.testing.assert_allclose(scored, by_hand, atol=1e-12)


def test_a_global_range_that_starts_at_zero_changes_no_cosine() -> None:
    features = np.maximum(np.random.default_rng(4).standard_normal((40, 6)), 0)
    to_unit = min_max(*extremes(features))
    normalised = cosine_similarity(features, features[:3], normalise=to_unit)
    np.testing.assert_allclose(normalised, cosine_similarity(features, features[:3]), atol=1e-12)


def test_bad_input_is_named() -> None:
    with pytest.raises(ValueError, match=r"no row in group \[1\]"):
        class_means(np.zeros((2, 2)), np.array([0, 2]), n_labels=3)
    with pytest.raises(ValueError, match="1 groups for 2 rows"):
        class_means(np.zeros((2, 2)), np.array([0]), n_labels=3)
    with pytest.raises(ValueError, match=r"0\.\.2, got 0\.\.3"):
        class_means(np.zeros((2, 2)), np.array([0, 3]), n_labels=3)
    with pytest.raises(ValueError, match="2 dimensions, means 3"):
        cosine_similarity(np.zeros((1, 2)), np.zeros((1, 3)))
    with pytest.raises(ValueError, match="5 means are not 2 for each label"):
        nearest_label(np.zeros((1, 5)), per_label=2)
    with pytest.raises(ValueError, match="allowed are global, per-feature"):
        min_max(np.zeros(1), np.ones(1), axis="per-unit")
    with pytest.raises(ValueError, match="in 1 of 2 features"):
        min_max(np.array([0.0, 2]), np.array([1.0, 1]))
    assert isinstance(min_max(np.zeros(1), np.zeros(1)), MinMax)

"""Distances over all pairs, by sums, against loops over the pairs; invariance and collapse on known cases."""
from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepfeatures.analysis.collapse import within_class_collapse
from deepfeatures.analysis.distances import digit_distances, pair_distances


def cosine_distance(x: np.ndarray, y: np.ndarray) -> float:
    length = np.linalg.norm(x) * np.linalg.norm(y)
    return float(1 - x @ y / length) if length > 0 else 1.0


def slow_distances(features: np.ndarray, labels: np.ndarray) -> dict[str, np.ndarray]:
    digits, angles, _ = features.shape
    names = ("rotation", "same_class", "between_classes", "different_digits")
    found: dict[str, list[float]] = {name + kind: [] for name in names for kind in ("", "_cosine")}
    for digit in range(digits):
        seen: dict[str, list[float]] = {name: [] for name in found}
        for a, (other, b) in itertools.product(range(angles), itertools.product(range(digits), range(angles))):
            if (digit, a) == (other, b):
                continue
            x, y = features[digit, a], features[other, b]
            kinds = ["rotation"] if other == digit else ["different_digits"]
            if other != digit:
                kinds.append("same_class" if labels[other] == labels[digit] else "between_classes")
            for kind in kinds:
                seen[kind].append(float(((x - y) ** 2).sum()))
                seen[kind + "_cosine"].append(cosine_distance(x, y))
        for name in found:
            found[name].append(float(np.mean(seen[name])) if seen[name] else float("nan"))
    return {name: np.array(values) for name, values in found.items()}


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 3), st.integers(1, 5))
def test_against_all_pairs(seed: int, angles: int, chunk_digits: int) -> None:
    rng = np.random.default_rng(seed)
    labels = np.array([0, 0, 1, 2, 2, 2])
    features = np.maximum(rng.standard_normal((6, angles, 4)), 0)  # some rows may be all zero
    features[1, 0] = 0
    found, slow = digit_distances(features, labels, chunk_digits=chunk_digits), slow_distances(features, labels)
    for name in vars(found):
        np.testing.assert_allclose(getattr(found, name), slow[name], atol=1e-9, err_msg=name)
    summary = pair_distances(found)
    assert summary.same_class == pytest.approx(np.sqrt(np.nanmean(slow["same_class"])))
    assert summary.invariance == pytest.approx(1 - slow["rotation"].mean() / slow["different_digits"].mean())
    assert summary.rotation_over_class == pytest.approx(summary.rotation / summary.same_class)


def test_invariance_is_one_without_angle_and_near_zero_with_nothing_else() -> None:
    rng = np.random.default_rng(0)
    labels = np.arange(200) % 10
    still = pair_distances(digit_distances(np.repeat(rng.random((200, 1, 8)), 7, axis=1), labels))
    assert still.invariance == pytest.approx(1)
    assert still.rotation == pytest.approx(0, abs=1e-6)
    noise = pair_distances(digit_distances(rng.random((200, 7, 8)), labels))
    assert noise.invariance == pytest.approx(0, abs=0.02)
    assert noise.rotation_over_between == pytest.approx(1, abs=0.02)


def test_the_origin_does_not_matter() -> None:
    rng = np.random.default_rng(0)
    features, labels = rng.random((30, 7, 5)), np.arange(30) % 3
    near, far = (pair_distances(digit_distances(features + shift, labels)) for shift in (0.0, 1e5))
    assert far.rotation == pytest.approx(near.rotation, rel=1e-6)
    assert far.between_classes == pytest.approx(near.between_classes, rel=1e-6)


def test_too_little_is_refused() -> None:
    with pytest.raises(ValueError, match="1 angles, 2 classes, 2 digits in the largest"):
        digit_distances(np.zeros((3, 1, 2)), np.array([0, 0, 1]))
    with pytest.raises(ValueError, match="7 angles, 1 classes"):
        digit_distances(np.zeros((2, 7, 2)), np.array([1, 1]))
    with pytest.raises(ValueError, match="2 labels for 3 digits"):
        digit_distances(np.zeros((3, 7, 2)), np.array([1, 1]))


def test_collapse_against_the_full_matrices() -> None:
    rng = np.random.default_rng(1)
    labels = np.repeat(np.arange(4), 25)
    features = 3 * rng.random((4, 9))[labels] + rng.standard_normal((100, 9))
    means = np.stack([features[labels == label].mean(axis=0) for label in range(4)])
    within = np.cov((features - means[labels]).T, bias=True)
    between = (means - means.mean(axis=0)).T @ (means - means.mean(axis=0)) / 4
    expected = np.trace(within @ np.linalg.pinv(between, rcond=1e-10)) / 4
    assert within_class_collapse(features, labels, n_labels=4, chunk_rows=7) == pytest.approx(expected)
    assert within_class_collapse(means[labels], labels, n_labels=4) == pytest.approx(0, abs=1e-20)
    with pytest.raises(ValueError, match="the 4 class means coincide"):
        within_class_collapse(np.ones((100, 9)), labels, n_labels=4)

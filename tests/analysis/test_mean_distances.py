"""Mean distances from drawn pairs against all pairs, and that their intervals are as wide as they must be."""
from __future__ import annotations

import numpy as np
import pytest

from deepfeatures.analysis.bootstrap import interval
from deepfeatures.analysis.mean_distances import mean_distances


def cloud(seed: int, digits: int = 60, classes: int = 3) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    label = np.arange(digits) % classes
    centre = 3.0 * np.eye(classes, 4)[label] + rng.normal(0, 1, (digits, 4)) * rng.choice([0.3, 2.0], (digits, 1))
    return (centre[:, None] + rng.normal(0, 0.2, (digits, 3, 4))).astype(np.float32), label


def all_pairs(features: np.ndarray, label: np.ndarray) -> dict[str, float]:
    digits, turns, _ = features.shape
    flat = features.reshape(digits * turns, -1).astype(float)
    apart = np.sqrt(np.square(flat[:, None] - flat[None]).sum(-1)).reshape(digits, turns, digits, turns).mean((1, 3))
    own = np.diag(apart) * turns / (turns - 1)
    np.fill_diagonal(apart, np.nan)
    alike = label[:, None] == label
    return {
        "rotation": float(own.mean()),
        "same_class": float(np.nanmean(np.nanmean(np.where(alike, apart, np.nan), axis=1))),
        "between_classes": float(np.nanmean(np.nanmean(np.where(~alike, apart, np.nan), axis=1))),
    }


def test_means_are_those_of_all_pairs() -> None:
    features, label = cloud(0)
    found = mean_distances(features, label, partners=200, rng=np.random.default_rng(1))
    for kind, known in all_pairs(features, label).items():
        assert found[f"per_digit_{kind}_mean_distance"].mean() == pytest.approx(known, rel=0.01), kind


def test_partners_are_never_the_digit_itself() -> None:
    features, label = cloud(1, digits=6)  # two digits a class: the only partner is the other one
    features += 100 * np.arange(6)[:, None, None].astype(np.float32)
    found = mean_distances(features, label, partners=5, rng=np.random.default_rng(1))
    assert found["per_digit_same_class_mean_distance"].mean() == pytest.approx(600, rel=0.05)


@pytest.mark.parametrize("kind", ["same_class", "between_classes"])
def test_interval_covers_what_new_digits_would_give(kind: str) -> None:
    values, widths = [], []
    for seed in range(60):
        features, label = cloud(seed + 10)
        found = mean_distances(features, label, partners=20, rng=np.random.default_rng(seed))
        column = found[f"per_digit_{kind}_mean_distance"]
        measured = interval(column[None], resamples=100, rng=np.random.default_rng(seed))
        values.append(measured.value)
        widths.append(measured.hi - measured.lo)
    # 3.92 standard errors wide. Means of each digit's own pairs would give about half of that.
    assert 0.75 < np.mean(widths) / (3.92 * np.std(values)) < 1.35


def test_bad_input_is_named() -> None:
    features, label = cloud(0, digits=7)
    with pytest.raises(ValueError, match=r"labels \[4\] have a single digit"):
        mean_distances(features, np.where(np.arange(7) == 0, 4, label), rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="1 labels occur"):
        mean_distances(features, np.zeros(7, int), rng=np.random.default_rng(0))

"""The grid behind the scree's explorer, against projecting every image; its intervals, against a bootstrap."""

from __future__ import annotations

import numpy as np
import pytest

from deepfeatures.analysis import scree_cutoff
from deepfeatures.analysis.rank import rank_accuracy
from deepfeatures.analysis.spectrum import singular_values
from deepfeatures.probes.mean_activation import class_means
from deepfeatures.probes.moments import moments

DIGITS, COPIES, RANKS = 200, 7, [1, 2, 4, 8]


class Readout(dict):  # type: ignore[type-arg]
    summary = {"ranks": RANKS, "test_digits": DIGITS}  # noqa: RUF012


def world(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Training features, test features (digits * copies, 8), labels of either."""
    rng = np.random.default_rng(seed)
    label = np.repeat(np.arange(DIGITS) % 10, COPIES)
    centre = 0.6 * np.random.default_rng(9).normal(size=(10, 8))
    per_digit = np.repeat(rng.normal(0, 0.5, (2, DIGITS, 8)), COPIES, axis=1)
    train, test = centre[label] + per_digit + rng.normal(0, 0.5, (2, len(label), 8))
    return train, test, label


def readout(seed: int) -> Readout:
    train, test, label = world(seed)
    accuracy = rank_accuracy(test, label, class_means(train, label), moments(train), RANKS)
    return Readout(rank_accuracy=accuracy, train_singular_values=singular_values(train))


def by_hand(seed: int, rank: int) -> np.ndarray:
    """(images,) bool: right, every test image and class mean projected on the first axes of training features."""
    train, test, label = world(seed)
    mean = train.mean(axis=0)
    axes = np.linalg.svd(train - mean, full_matrices=False)[2][:rank]
    means = np.stack([train[label == one].mean(axis=0) for one in range(10)])
    right = []
    for x, own in zip(mean + (test - mean) @ axes.T @ axes, label, strict=True):
        kept = [mean + axes.T @ (axes @ (centre - mean)) for centre in means]
        right.append(np.argmax([x @ one / np.linalg.norm(x) / np.linalg.norm(one) for one in kept]) == own)
    return np.array(right)


def test_the_grid_is_what_projecting_every_image_gives() -> None:
    grid = scree_cutoff.grid({"mine": [readout(0), readout(1)]}).set_index("rank")
    for rank, name in zip(RANKS, ["1", "2", "4", "all"], strict=True):
        mean = 100 * np.mean([by_hand(seed, rank).mean() for seed in (0, 1)])
        row = grid.loc[name]
        assert row["accuracy"] == pytest.approx(mean)
        assert row["accuracy_lo"] < mean < row["accuracy_hi"]
        train = world(0)[0]
        variance = np.linalg.eigvalsh(np.cov(train.T))[::-1]
        assert row["held"] == pytest.approx(100 * variance[:rank].sum() / variance.sum())
        assert row["singular"] == pytest.approx(100 * np.sqrt(variance[rank - 1] / variance[0]))
    assert list(grid.index) == ["1", "2", "4", "all"]


def test_the_interval_is_no_narrower_than_a_bootstrap_of_digits() -> None:
    right = by_hand(0, 4).reshape(DIGITS, COPIES)
    drawn = np.random.default_rng(0).integers(0, DIGITS, (2000, DIGITS))
    lo, hi = np.quantile(right.mean(axis=1)[drawn].mean(axis=1), [0.025, 0.975])
    found = scree_cutoff.interval(np.array([right.mean()]), DIGITS)
    assert 0.05 < lo < hi < 0.99 and found[0] <= lo + 0.002 and found[1] >= hi - 0.002
    apart = scree_cutoff.interval(right.mean() + np.array([-0.1, 0, 0.1]), DIGITS)
    assert apart[0] < found[0] and apart[1] > found[1]  # networks that differ widen it
    assert scree_cutoff.interval(np.array([1.0]), DIGITS)[1] == 1 and scree_cutoff.interval(np.array([0.0]), 9)[0] == 0


def test_by_rank_is_the_grid_network_by_network() -> None:
    networks = {"one": [readout(0), readout(1)], "other": [readout(2)]}
    table, found = scree_cutoff.grid(networks), scree_cutoff.by_rank(networks)
    for name, (ranks, accuracy, lo, hi) in found.items():
        assert ranks.tolist() == RANKS
        for at, rank in enumerate([*map(str, RANKS[:-1]), "all"]):
            (row,) = table[(table["network"] == name) & (table["rank"] == rank)].to_dict("records")
            assert (accuracy[at], lo[at], hi[at]) == (row["accuracy"], row["accuracy_lo"], row["accuracy_hi"])


def test_points_lie_on_their_curves() -> None:
    group = {"mine": [readout(0), readout(1)]}
    grid = scree_cutoff.grid(group)
    for column, curves in (("scree", scree_cutoff.scree_curves(group)), ("curve", scree_cutoff.accuracy_curves(group))):
        assert ((curves["mine"] >= 0) & (curves["mine"] <= 1)).all()
        np.testing.assert_allclose(grid[[f"{column}_x", f"{column}_y"]].to_numpy(), curves["mine"])

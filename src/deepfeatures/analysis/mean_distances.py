"""Mean Euclidean distances between two rotations of a digit, two digits of a class, and images of two classes.

`distances` has the root mean SQUARED distances exactly; a mean of distances needs the pairs themselves. Pairs of
rotations are all taken, the others are drawn: `partners` images for each image, 1.4 million pairs of 70,000 images.
"""
from __future__ import annotations

from itertools import combinations

import numpy as np

KINDS = ("rotation", "same_class", "between_classes")


def mean_distances(
    features: np.ndarray, labels: np.ndarray, *, partners: int = 10, rng: np.random.Generator, chunk_rows: int = 4096
) -> dict[str, np.ndarray]:
    """per_digit_<kind>_mean_distance, (digits,) float64, whose mean over digits is the mean distance of that kind.

    features: (digits, angles, d); labels: (digits,). A digit takes part in its own pairs and in those of its partners,
    so its values are not its mean distances h but 2 h - the mean h of its possible partners: the mean of resampled
    values then varies as the mean over resampled pairs does (Hoeffding's projection), and not half as much.
    """
    digits, turns, width = features.shape
    size = np.bincount(labels)
    lone = np.flatnonzero(size == 1)
    if len(lone) or (size > 0).sum() < 2 or turns < 2:
        raise ValueError(
            f"labels {lone.tolist()} have a single digit, {int((size > 0).sum())} labels occur, {turns} copies a digit:"
            " every label needs 2 digits or more, and there must be 2 labels and 2 copies"
        )
    flat = features.reshape(-1, width)
    first = np.arange(digits * turns)
    found = {"rotation": _rotation(features)}
    for kind in KINDS[1:]:
        sums, counts = np.zeros(digits), np.zeros(digits)
        own = np.zeros(digits)
        for _ in range(partners):
            digit = _partners(labels, np.repeat(np.arange(digits), turns), kind, rng)
            second = digit * turns + rng.integers(turns, size=len(first))
            apart = _distances(flat, first, second, chunk_rows)
            own += apart.reshape(digits, turns).mean(axis=1)
            sums += apart.reshape(digits, turns).sum(axis=1) + np.bincount(digit, apart, digits)
            counts += turns + np.bincount(digit, minlength=digits)
        mean, taken = own.mean() / partners, sums / counts
        label_mean = np.bincount(labels, taken) / np.maximum(size, 1)
        if kind == "same_class":
            partner = label_mean[labels]
        else:
            partner = (taken.sum() - (label_mean * size)[labels]) / (digits - size[labels])
        value = 2 * taken - partner
        found[kind] = value - value.mean() + mean
    return {f"per_digit_{kind}_mean_distance": values for kind, values in found.items()}


def _rotation(features: np.ndarray) -> np.ndarray:
    pairs = list(combinations(range(features.shape[1]), 2))
    sums = np.zeros(len(features))
    for first, second in pairs:
        away = features[:, first] - features[:, second]
        sums += np.sqrt(np.einsum("nd,nd->n", away, away, dtype=np.float64))
    return sums / len(pairs)


def _distances(flat: np.ndarray, first: np.ndarray, second: np.ndarray, chunk_rows: int) -> np.ndarray:
    found = np.empty(len(first))
    for start in range(0, len(first), chunk_rows):
        rows = slice(start, start + chunk_rows)
        away = flat[first[rows]] - flat[second[rows]]
        found[rows] = np.sqrt(np.einsum("nd,nd->n", away, away, dtype=np.float64))
    return found


def _partners(labels: np.ndarray, digit: np.ndarray, kind: str, rng: np.random.Generator) -> np.ndarray:
    """A random other digit for each of `digit`: of its own class, or of any other class."""
    order = np.argsort(labels, kind="stable")  # classes side by side
    place = np.empty(len(labels), np.int64)
    place[order] = np.arange(len(labels))
    size = np.bincount(labels)
    begin = np.concatenate([[0], np.cumsum(size)[:-1]])
    own_size, own_begin = size[labels[digit]], begin[labels[digit]]
    if kind == "same_class":
        return order[own_begin + (place[digit] - own_begin + rng.integers(1, own_size)) % own_size]
    return order[(own_begin + own_size + rng.integers(0, len(labels) - own_size)) % len(labels)]

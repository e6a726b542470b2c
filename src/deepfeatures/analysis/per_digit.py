"""One number a test digit, for every property whose interval is wanted: digits are what the bootstrap resamples."""
from __future__ import annotations

import numpy as np

from deepfeatures.probes.mean_activation import class_means


def per_digit(
    features: np.ndarray, labels: np.ndarray, assignment: np.ndarray, *, high_level: float, chunk_digits: int = 512
) -> dict[str, np.ndarray]:
    """features: (digits, angles, d) >= 0; labels: (digits,); assignment: (d,) of equation (1), -1 for dead features.

    Each (digits,) float64, over a digit's copies: zero_fraction; mass and mass_in_block, sums of activations;
    off_block_high, the share of its elements outside its own block above high_level; within_square and total_square,
    sums of squared distances to its class mean and to the mean of all. The mean of one over that of another (mass,
    total_square) gives the property of the whole set.
    """
    digits = len(features)
    means = class_means(features.mean(axis=1, dtype=np.float64), labels, n_labels=int(labels.max()) + 1)
    centre = features.mean(axis=(0, 1), dtype=np.float64)
    names = ("zero_fraction", "mass", "mass_in_block", "off_block_high", "within_square", "total_square")
    found = {name: np.empty(digits) for name in names}
    alive = assignment >= 0
    for start in range(0, digits, chunk_digits):
        rows = slice(start, start + chunk_digits)
        chunk, label = features[rows], labels[rows]
        inside = assignment == label[:, None]  # (digits, d)
        outside = alive & ~inside
        activation = chunk.sum(axis=1, dtype=np.float64)
        found["zero_fraction"][rows] = (chunk == 0).mean(axis=(1, 2))
        found["mass"][rows] = activation.sum(axis=1)
        found["mass_in_block"][rows] = (activation * inside).sum(axis=1)
        high = np.count_nonzero(chunk > high_level, axis=1) / chunk.shape[1]
        found["off_block_high"][rows] = (high * outside).sum(axis=1) / np.maximum(outside.sum(axis=1), 1)
        for name, origin in (("within_square", means[label][:, None]), ("total_square", centre)):
            distance = (chunk - origin).reshape(len(chunk), -1)
            found[name][rows] = np.einsum("ij,ij->i", distance, distance)
    return found

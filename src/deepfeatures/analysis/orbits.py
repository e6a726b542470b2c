"""How much of a layer's variance lies between the rotated copies of one digit: the orbit share.

sum |x - mean of the copies of its digit|^2 / sum |x - mean of all|^2, over all images: 0 for a layer that ignores the
rotation, 1 for one in which all digits have the same mean. Both sums are kept by digit, for the bootstrap.
"""
from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from deepfeatures.analysis.bootstrap import Interval
from deepfeatures.analysis.columns import Readout, paired, per_digit
from deepfeatures.analysis.extraction import Extractor, extractor

LAYERS = ("pixels", "pool1", "pool2", "ip1", "ip2", "softmax")


def orbit_share(
    readouts: Sequence[Readout], layer: str, *, resamples: int, rng: np.random.Generator
) -> Interval:
    """Orbit share of one layer, in 0..1."""
    columns = {"orbit": orbit(readouts, layer), "total": total(readouts, layer)}
    return paired(columns, lambda m: m["orbit"] / m["total"], resamples=resamples, rng=rng)


def orbit(readouts: Sequence[Readout], layer: str) -> np.ndarray:
    """Sum over a digit's copies of their squared distance to the copies' mean: (seeds, digits)."""
    return per_digit(readouts, f"per_digit_orbit_square_{layer}")


def total(readouts: Sequence[Readout], layer: str) -> np.ndarray:
    """Sum over a digit's copies of their squared distance to the mean of all images: (seeds, digits)."""
    return per_digit(readouts, f"per_digit_total_square_{layer}")


def squares_by_layer(source: Extractor, images: np.ndarray, *, chunk_digits: int = 36) -> dict[str, np.ndarray]:
    """per_digit_orbit_square_<layer> and per_digit_total_square_<layer>, (digits,) float64, pixels included.

    images: (digits, angles, height, width) uint8. Only the digits' means are held, not the layers.
    """
    digits, turns = images.shape[:2]
    pixels = extractor("pixels").layers
    within: dict[str, np.ndarray] = {}
    centres: dict[str, np.ndarray] = {}
    for start in range(0, digits, chunk_digits):
        rows = slice(start, start + chunk_digits)
        chunk = images[rows].reshape(-1, *images.shape[2:])
        for layer, values in (pixels(chunk) | source.layers(chunk)).items():
            turned = values.reshape(-1, turns, values.shape[1])
            if start == 0:
                within[layer] = np.empty(digits)
                centres[layer] = np.empty((digits, values.shape[1]), np.float32)
            centre = turned.mean(axis=1, dtype=np.float64)
            away = turned - centre[:, None]
            within[layer][rows] = np.einsum("nad,nad->n", away, away)
            centres[layer][rows] = centre
    found = {}
    for layer, squares in within.items():
        away = centres[layer] - centres[layer].mean(axis=0, dtype=np.float64)
        found[f"per_digit_orbit_square_{layer}"] = squares
        found[f"per_digit_total_square_{layer}"] = squares + turns * np.einsum("nd,nd->n", away, away)
    return found

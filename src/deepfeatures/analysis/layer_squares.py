"""Sums of squares of every layer by test digit, about the digit's own mean and about that of all: see `orbits`."""
from __future__ import annotations

import numpy as np

from deepfeatures.analysis.extraction import Extractor, extractor


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

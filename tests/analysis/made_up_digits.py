"""Features of made-up digits at seven angles: of each label a place, an angle that moves it its own way, and noise."""
from __future__ import annotations

import numpy as np

from deepfeatures.data.rotation import ANGLES_DEG

WIDTH = 16
ASIDE = 1.2  # how far the largest angle moves a digit; the places of labels are about 4 apart


def features_of(labels: np.ndarray, *, seed: int) -> np.ndarray:
    """(digits, angles, 16) float32, positive. Places and directions are always the same, noise is the seed's."""
    fixed, noise = np.random.default_rng(0), np.random.default_rng(seed)
    places = 5 + fixed.normal(size=(10, WIDTH))
    ways = fixed.normal(size=(10, WIDTH)) / np.sqrt(WIDTH)
    turned = np.asarray(ANGLES_DEG, np.float64) / max(ANGLES_DEG)
    found = places[labels][:, None] + ASIDE * turned[None, :, None] * 2 * ways[labels][:, None]
    return (found + noise.normal(0, 0.9, found.shape)).astype(np.float32)

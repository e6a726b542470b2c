"""Each unit's mean response to each test digit, in a byte: what counts of units are resampled from."""
from __future__ import annotations

import numpy as np

STEPS = 255


def encode(features: np.ndarray) -> dict[str, np.ndarray]:
    """unit_response_root: (digits, d) uint8; unit_response_largest: (d,). features: (digits, angles, d) >= 0.

    The mean over a digit's copies is largest * (root / 255)^2. Steps of the root keep small responses apart; the error
    of one is below 0.4% of the unit's largest, and that of a class mean far below what resampling moves it by.
    """
    response = features.mean(axis=1, dtype=np.float64)
    if response.min() < 0:
        raise ValueError(f"{int((response < 0).sum())} of {response.size} responses are negative")
    largest = response.max(axis=0)
    root = np.sqrt(response / np.where(largest > 0, largest, 1.0))
    return {"unit_response_root": np.rint(root * STEPS).astype(np.uint8), "unit_response_largest": largest}


def decode(root: np.ndarray, largest: np.ndarray) -> np.ndarray:
    """(digits, d) float32 mean responses from what `encode` gave."""
    return np.square(root.astype(np.float32) / STEPS) * largest.astype(np.float32)

"""The digits that benchmarks run on: MNIST where it is at hand, else noise of the same shape (speed does not care)."""

from __future__ import annotations

import numpy as np

from deepfeatures.data.digits import load_digits, resolve_digits
from deepfeatures.study import paths


def digits(count: int) -> tuple[np.ndarray, np.ndarray, str]:
    """images (count, 28, 28) uint8, labels (count,) uint8, and what they are."""
    source = resolve_digits("auto", paths.data_root(), download=False)
    if source.name == "mnist":
        found = load_digits(source)
        return found.train_images[:count], found.train_labels[:count], "mnist"
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (count, 28, 28), np.uint8), rng.integers(0, 10, count).astype(np.uint8), "noise"

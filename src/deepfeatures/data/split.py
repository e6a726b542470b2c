"""Splits by digit: made before anything is rotated, so that no copy of a digit is on both sides."""

from __future__ import annotations

import numpy as np
from sklearn.model_selection import train_test_split


def split_digits(labels: np.ndarray, validation_digits: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Positions of the digits to train on and of those to validate on, stratified by label, each ascending.

    labels: (n,). Raises ValueError where fewer than 10 would remain on either side.
    """
    if not 10 <= validation_digits <= len(labels) - 10:
        raise ValueError(
            f"validation_digits={validation_digits} of {len(labels)} digits: allowed 10 to {len(labels) - 10}"
        )
    train, validation = train_test_split(
        np.arange(len(labels)), test_size=validation_digits, random_state=seed, stratify=labels
    )
    return np.sort(train), np.sort(validation)

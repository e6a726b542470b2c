"""Splits in which no person stands on two sides."""

from __future__ import annotations

import numpy as np


def identity_folds(identity: np.ndarray, folds: int, *, rng: np.random.Generator) -> np.ndarray:
    """Each image's fold, (n,) int64 in 0..folds-1. identity: (n,) any comparable labels.

    All images of a person share a fold; folds hold the same number of persons, give or take one. Persons are dealt
    out in order of their image counts (ties shuffled), `folds` at a time in random order, so image counts stay close
    too. Raises ValueError on fewer persons than folds.
    """
    persons, of_image, counts = np.unique(identity, return_inverse=True, return_counts=True)
    if not 2 <= folds <= len(persons):
        raise ValueError(f"{folds} folds of {len(persons)} persons: between 2 and {len(persons)} are possible")
    shuffled = rng.permutation(len(persons))
    by_size = shuffled[np.argsort(-counts[shuffled], kind="stable")]
    fold_of = np.empty(len(persons), np.int64)
    for start in range(0, len(persons), folds):
        dealt = by_size[start : start + folds]
        fold_of[dealt] = rng.permutation(folds)[: len(dealt)]
    return fold_of[of_image]


def draw_identities(identity: np.ndarray, share: float, *, rng: np.random.Generator) -> np.ndarray:
    """Mask (n,) bool of the images of randomly drawn persons: the first ones whose images reach `share` of all.

    Both sides keep at least one person. Raises ValueError on a share outside 0..1 or fewer than two persons.
    """
    persons, of_image, counts = np.unique(identity, return_inverse=True, return_counts=True)
    if not 0 < share < 1:
        raise ValueError(f"share {share} is outside 0..1 (both excluded)")
    if len(persons) < 2:
        raise ValueError(f"{len(persons)} person cannot be split in two")
    order = rng.permutation(len(persons))
    wanted = 1 + int(np.searchsorted(np.cumsum(counts[order]), share * len(identity)))
    drawn = np.zeros(len(persons), bool)
    drawn[order[: min(wanted, len(persons) - 1)]] = True
    return drawn[of_image]

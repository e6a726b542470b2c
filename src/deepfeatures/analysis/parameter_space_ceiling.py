"""The noise ceiling of a unit: the share of its variance between people that another picture of them would repeat.

A person's response is the mean over his images. Dealt into two halves at random, the halves' means h1, h2 share only
what belongs to the person, so over people cov(h1, h2) estimates the variance that any function of the person alone
could explain, and  ceiling = cov(h1, h2) / var(mean),  the Spearman-Brown reliability of the mean.
"""

from __future__ import annotations

import numpy as np


def person_means(values: np.ndarray, identity: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Means (people, d) float64 and the people (people,), ascending. values: (n, d); identity: (n,)."""
    people, code, counts = np.unique(identity, return_inverse=True, return_counts=True)
    total = np.zeros((len(people), values.shape[1]))
    np.add.at(total, code, np.asarray(values, np.float64))
    return total / counts[:, None], people


def repeated(values: np.ndarray, identity: np.ndarray, *, splits: int, rng: np.random.Generator) -> np.ndarray:
    """(people, d): each person's part of cov(h1, h2), a mean over random splits; the mean over people, times
    people / (people - 1), is the covariance.

    values: (n, d); every person needs two images. Halves of an odd number differ by one image.
    """
    people, code, counts = np.unique(identity, return_inverse=True, return_counts=True)
    if len(people) < 2 or counts.min() < 2:
        raise ValueError(f"{len(people)} people with {counts.min()} images or more each: 2 of both are needed")
    if splits < 1:
        raise ValueError(f"splits is {splits}, expected at least 1")
    values = np.asarray(values, np.float64)
    found = np.zeros((len(people), values.shape[1]))
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    for _ in range(splits):
        order = np.lexsort((rng.random(len(code)), code))  # by person, shuffled within
        second = (np.arange(len(code)) - starts[code[order]]) % 2 == 1
        halves = []
        for chosen in (order[~second], order[second]):
            mean, _ = person_means(values[chosen], code[chosen])
            halves.append(mean - mean.mean(axis=0))
        found += halves[0] * halves[1]
    return found / splits


def ceiling(values: np.ndarray, identity: np.ndarray, *, splits: int, rng: np.random.Generator) -> np.ndarray:
    """(d,): reliability of every unit's person means, 1 where nothing but the person matters, about 0 for noise (it
    may fall below by chance); nan for a unit that is the same for everybody."""
    mean, _ = person_means(values, identity)
    variance = mean.var(axis=0)
    shared = repeated(values, identity, splits=splits, rng=rng).mean(axis=0)
    return np.divide(shared, variance, out=np.full_like(variance, np.nan), where=variance > 0)

"""Count, mean and scatter matrix of a feature space: what linear probes and spectra need, and all they need.

Moments of shards merge into the moments of the whole, so features can be streamed and never held at once.
"""
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce

import numpy as np


@dataclass(frozen=True)
class Moments:
    """scatter (d, d) = sum of (x - mean)(x - mean)^T over `count` rows; mean (d,). Both float64."""

    count: int
    mean: np.ndarray
    scatter: np.ndarray

    def merged(self, other: Moments) -> Moments:
        """Moments of both sets of rows together (Chan, Golub and LeVeque 1979): no cancellation of large means."""
        if other.mean.shape != self.mean.shape:
            raise ValueError(f"moments of {len(self.mean)} and of {len(other.mean)} features cannot be merged")
        if self.count == 0 or other.count == 0:
            return other if self.count == 0 else self
        count = self.count + other.count
        shift = other.mean - self.mean
        scatter = np.outer(shift * (self.count * other.count / count), shift)
        scatter += self.scatter
        scatter += other.scatter
        return Moments(count, self.mean + shift * (other.count / count), scatter)


def merged(parts: Iterable[Moments]) -> Moments:
    """Moments of all parts together. Raises ValueError where there is none."""
    listed = list(parts)
    if not listed:
        raise ValueError("no moments to merge")
    return reduce(Moments.merged, listed)


def moments(features: np.ndarray, *, chunk_rows: int = 8192) -> Moments:
    """Moments of features (n, d) of any float type; products and sums in float64, chunk by chunk.

    Rows are shifted by the first chunk's mean before they are multiplied: a float64 Gram matrix of unshifted data
    would lose the spread of features whose mean is large beside it. float32 products would not do either: a singular
    value is the root of an eigenvalue, so an error of 6e-8 there is one of 2e-4 here.
    """
    if features.ndim != 2:
        raise ValueError(f"expected (n, d) features, got shape {features.shape}")
    rows, width = features.shape
    if rows == 0:
        return Moments(0, np.zeros(width), np.zeros((width, width)))
    shift = features[:chunk_rows].mean(axis=0, dtype=np.float64)
    scatter, total = np.zeros((width, width)), np.zeros(width)
    shifted = np.empty((min(chunk_rows, rows), width))
    for start in range(0, rows, chunk_rows):
        chunk = features[start : start + chunk_rows]
        part = np.subtract(chunk, shift, out=shifted[: len(chunk)])
        scatter += part.T @ part  # NumPy sees one operand twice and calls the symmetric product: half the work
        total += part.sum(axis=0)
    if not np.isfinite(scatter.trace()):
        raise ValueError(f"{int((~np.isfinite(features)).sum())} of {features.size} feature values are not finite")
    offset = total / rows
    scatter -= np.outer(offset * rows, offset)
    return Moments(rows, shift + offset, scatter)

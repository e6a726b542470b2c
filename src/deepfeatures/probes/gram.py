"""Mergeable statistics of features and targets: all that ridge regression needs, whatever the number of rows.

They are the moments of the rows [x, y] (`moments`: count, mean, centred scatter, float64), with the border between
features and targets known. Shards merge into the whole; centred scatters, unlike raw X'X, keep the spread of features
with a large mean.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from deepfeatures.probes.moments import Moments, merged, moments


@dataclass(frozen=True)
class Gram:
    """Moments of rows [features (d), targets (t)]. width: d."""

    rows: Moments
    width: int

    @property
    def count(self) -> int:
        return self.rows.count

    @property
    def feature_mean(self) -> np.ndarray:
        return self.rows.mean[: self.width]

    @property
    def target_mean(self) -> np.ndarray:
        return self.rows.mean[self.width :]

    @property
    def xx(self) -> np.ndarray:
        """Centred X'X: (d, d)."""
        return self.rows.scatter[: self.width, : self.width]

    @property
    def xy(self) -> np.ndarray:
        """Centred X'Y: (d, t)."""
        return self.rows.scatter[: self.width, self.width :]

    @property
    def yy(self) -> np.ndarray:
        """Centred sum of squares of each target: (t,)."""
        return self.rows.scatter.diagonal()[self.width :]

    def merged(self, other: Gram) -> Gram:
        """Statistics of both sets of rows together; the order of merging matters by rounding only."""
        if self.width != other.width or self.rows.mean.shape != other.rows.mean.shape:
            raise ValueError(
                f"statistics of {self.width} features and {len(self.target_mean)} targets cannot be merged with "
                f"those of {other.width} and {len(other.target_mean)}"
            )
        return Gram(self.rows.merged(other.rows), self.width)


def gram(features: np.ndarray, targets: np.ndarray, *, chunk_rows: int = 8192) -> Gram:
    """Statistics of features (n, d), also memory-mapped, and targets (n,) or (n, t); read in chunks of rows."""
    targets = targets[:, None] if targets.ndim == 1 else targets
    if features.ndim != 2 or targets.ndim != 2 or len(features) != len(targets):
        raise ValueError(
            f"features must be (n, d) and targets (n,) or (n, t), got {features.shape} and {targets.shape}"
        )
    width, parts = features.shape[1], []
    for start in range(0, max(len(features), 1), chunk_rows):
        chunk = slice(start, start + chunk_rows)
        y = np.asarray(targets[chunk], np.float64)
        if not np.isfinite(y).all():
            row, target = np.argwhere(~np.isfinite(y))[0]
            raise ValueError(f"target {target} is not finite at row {start + row}: leave such rows out")
        parts.append(moments(np.column_stack([features[chunk].astype(np.float64), y]), chunk_rows=2048))
        parts = [merged(parts)]
    return Gram(parts[0], width)


def merge(parts: Iterable[Gram]) -> Gram:
    """Statistics of all shards together. Raises ValueError where there is none."""
    listed = list(parts)
    if not listed:
        raise ValueError("no statistics to merge")
    total = listed[0]
    for part in listed[1:]:
        total = total.merged(part)
    return total

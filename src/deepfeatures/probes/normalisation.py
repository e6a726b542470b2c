"""Min-max normalisation of a feature space: one range for all features, or one each."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np

AXES = ("global", "per-feature")


@dataclass(frozen=True)
class MinMax:
    """x -> x * scale + offset, each (d,) float64. A constant feature becomes 0: its scale and offset are 0.

    The map is affine and keeps no record of the range it was fitted on: values outside it land outside, unclipped.
    """

    scale: np.ndarray
    offset: np.ndarray

    def __call__(self, features: np.ndarray) -> np.ndarray:
        """features (..., d), normalised, in their own float type."""
        dtype = features.dtype if features.dtype.kind == "f" else np.float64
        return (features * self.scale + self.offset).astype(dtype, copy=False)


def min_max(low: np.ndarray, high: np.ndarray, *, axis: str = "global", to: tuple[float, float] = (0.0, 1.0)) -> MinMax:
    """The map from [low, high] to `to`. low, high: (d,) smallest and largest value of each feature.

    axis 'global': one range for all features, so that their proportions stay; 'per-feature': each its own.
    Rudd et al. 2017, section 4.2.1 (0 to 1) and figure 6 (-1 to 1), say neither.
    """
    if axis not in AXES:
        raise ValueError(f"axis={axis!r}: allowed are {', '.join(AXES)}")
    low, high = np.asarray(low, np.float64), np.asarray(high, np.float64)
    if low.shape != high.shape or low.ndim != 1:
        raise ValueError(f"low and high must be (d,) alike, got {low.shape} and {high.shape}")
    wrong = int((~(low <= high)).sum())
    if wrong:
        raise ValueError(f"low exceeds high, or one is not a number, in {wrong} of {len(low)} features")
    if axis == "global":
        low, high = np.full_like(low, low.min()), np.full_like(high, high.max())
    span = high - low
    varies = span > 0
    scale = np.where(varies, (to[1] - to[0]) / np.where(varies, span, 1.0), 0.0)
    return MinMax(scale, np.where(varies, to[0] - low * scale, 0.0))


def extremes(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Smallest and largest value of each feature, each (d,) float64. features: (n, d), n > 0."""
    if len(features) == 0:
        raise ValueError("no rows: the range of a feature is undefined")
    return features.min(axis=0).astype(np.float64), features.max(axis=0).astype(np.float64)

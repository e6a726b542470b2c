"""The mean of a number over networks trained from other seeds, and how well that mean is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats


@dataclass(frozen=True)
class SeedMean:
    """value: mean over n seeds; interval: of that mean, None for one seed; unit: what varies between the values."""

    value: float
    interval: tuple[float, float] | None
    n: int
    unit: str = "seed"


def over_seeds(values: ArrayLike, *, level: float = 0.95) -> SeedMean:
    """Mean over seeds, mean ± t(n - 1) s / √n. values: (n,) one number a seed, n >= 1.

    Student 1908: exact where the numbers of single seeds scatter normally; with 3 seeds the interval is 4.97 s wide.
    All seeds share the data that networks are trained and tested on, so the chance of those is not in it.
    """
    found = np.asarray(values, dtype=np.float64)
    if found.ndim != 1 or not len(found) or not np.isfinite(found).all():
        raise ValueError(f"expected (seeds,) finite values, at least one, got {found.shape}: {values!r}")
    mean, n = float(found.mean()), len(found)
    if n == 1:
        return SeedMean(mean, None, 1)
    half = float(stats.t.ppf(0.5 + level / 2, n - 1)) * float(found.std(ddof=1)) / np.sqrt(n)
    return SeedMean(mean, (mean - half, mean + half), n)

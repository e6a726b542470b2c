"""Bootstrap intervals whose unit is the original digit (its seven copies stay together) and the training seed."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Interval:
    """value: over all seeds and digits; [lo, hi]: percentile interval at `level`. n digits, `seeds` seeds.

    unit: what was resampled, 'digit' or 'digit and seed'. seed_sd: standard deviation (n - 1) of the value between
    seeds, None for one seed.
    """

    value: float
    lo: float
    hi: float
    n: int
    seeds: int
    unit: str
    seed_sd: float | None
    level: float
    resamples: int

    @property
    def interval(self) -> tuple[float, float] | None:
        """(lo, hi), or None where nothing could be resampled and both are nan."""
        return None if np.isnan(self.lo) else (self.lo, self.hi)


def interval(
    values: np.ndarray, *, resamples: int = 2000, rng: np.random.Generator, level: float = 0.95
) -> Interval:
    """Mean of values (seeds, digits) or (seeds, digits, copies): share correct, error, whatever is averaged."""
    values = np.asarray(values, np.float64)
    if values.ndim not in (2, 3):
        raise ValueError(f"expected (seeds, digits) or (seeds, digits, copies), got {values.shape}")
    per_digit = values.mean(axis=2) if values.ndim == 3 else values
    return intervals(per_digit[..., None], lambda means: means, resamples=resamples, rng=rng, level=level)[0]


def difference(
    values: np.ndarray, others: np.ndarray, *, resamples: int = 2000, rng: np.random.Generator, level: float = 0.95
) -> Interval:
    """Mean of values - others on the same digits, seed by seed: shapes as for `interval`, both alike."""
    if np.shape(values) != np.shape(others):
        raise ValueError(f"a paired difference needs equal shapes, got {np.shape(values)} and {np.shape(others)}")
    return interval(
        np.subtract(values, others, dtype=np.float64), resamples=resamples, rng=rng, level=level
    )


def root_mean_square(
    values: np.ndarray, *, resamples: int = 2000, rng: np.random.Generator, level: float = 0.95
) -> Interval:
    """Root of the mean of squares of values (seeds, digits) or (seeds, digits, copies), seed by seed, then averaged."""
    squares = np.square(values, dtype=np.float64)
    columns = (squares.mean(axis=2) if squares.ndim == 3 else squares)[..., None]
    return intervals(columns, np.sqrt, resamples=resamples, rng=rng, level=level)[0]


def intervals(
    columns: np.ndarray,
    statistic: Callable[[np.ndarray], np.ndarray],
    *,
    resamples: int = 2000,
    rng: np.random.Generator,
    level: float = 0.95,
    chunk: int = 250,
) -> list[Interval]:
    """Intervals of statistics of means over digits, averaged over seeds.

    columns: (seeds, digits, k), finite; statistic: (..., k) means over digits -> (..., m). All m statistics see the
    same resamples. Digits are resampled jointly for all seeds (they share the test set), seeds beside them (the
    pigeonhole bootstrap: Owen 2007). Resampling S seeds shows only (S - 1) / S of their variance, a third too little
    for three: the deviations between seeds are enlarged by sqrt(S / (S - 1)).
    """
    columns = np.asarray(columns, np.float64)
    if columns.ndim != 3 or columns.shape[0] < 1 or columns.shape[1] < 2:
        raise ValueError(f"expected (seeds, digits, columns) with at least 2 digits, got {columns.shape}")
    if not np.isfinite(columns).all():
        raise ValueError(f"{int((~np.isfinite(columns)).sum())} of {columns.size} values are not finite")
    if resamples < 2 or not 0 < level < 1:
        raise ValueError(f"resamples={resamples} must be at least 2 and level={level} between 0 and 1")
    seeds, digits, width = columns.shape
    # Digits with the same values in all columns and seeds are interchangeable: drawing how often each kind occurs is
    # the same bootstrap, and there are few kinds where values are shares of seven copies.
    kinds, counts = np.unique(columns.transpose(1, 0, 2).reshape(digits, -1), axis=0, return_counts=True)
    drawn = np.concatenate(
        [
            rng.multinomial(digits, counts / digits, size=min(chunk, resamples - start)) @ kinds
            for start in range(0, resamples, chunk)
        ]
    )
    by_seed = statistic((drawn / digits).reshape(resamples, seeds, width))  # (resamples, seeds, m)
    deviations = seed_deviations(seeds, resamples, rng)
    measured = statistic(columns.mean(axis=1))  # (seeds, m)
    return [
        over_seeds(measured[:, m], by_seed[..., m], deviations, n=digits, level=level) for m in range(measured.shape[1])
    ]


def seed_deviations(seeds: int, resamples: int, rng: np.random.Generator) -> np.ndarray:
    """(resamples, seeds): how far each resampled seed's weight is from 1 / seeds, enlarged as `intervals` says."""
    weights = rng.multinomial(seeds, np.full(seeds, 1 / seeds), size=resamples) / seeds - 1 / seeds
    return weights * (np.sqrt(seeds / (seeds - 1)) if seeds > 1 else 0.0)


def over_seeds(
    measured: np.ndarray,
    by_seed: np.ndarray,
    deviations: np.ndarray,
    *,
    n: int,
    level: float = 0.95,
    unit: str = "digit",
) -> Interval:
    """A statistic averaged over seeds. measured: (seeds,) on all digits; by_seed, deviations: (resamples, seeds)."""
    resamples, seeds = by_seed.shape
    resampled = by_seed.mean(axis=1) + np.einsum("rs,rs->r", deviations, by_seed)
    low, high = np.quantile(resampled, [(1 - level) / 2, (1 + level) / 2])
    return Interval(
        value=float(measured.mean()),
        lo=float(low),
        hi=float(high),
        n=n,
        seeds=seeds,
        unit=f"{unit} and seed" if seeds > 1 else unit,
        seed_sd=float(measured.std(ddof=1)) if seeds > 1 else None,
        level=level,
        resamples=resamples,
    )

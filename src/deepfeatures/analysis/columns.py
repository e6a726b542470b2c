"""Columns of one number a test digit, of several networks side by side: what a claim's interval is resampled from."""
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from deepfeatures.analysis.bootstrap import Interval, intervals, seed_deviations


class Readout(Protocol):
    """A read-out's folder (analysis.readout): arrays by name, and its summary."""

    @property
    def summary(self) -> Mapping[str, Any]: ...
    def __getitem__(self, name: str, /) -> np.ndarray: ...


class Selection(Protocol):
    """The folder of a run on the validation split (training.selection): arrays by name, and its curve."""

    @property
    def curve(self) -> Mapping[str, Any]: ...
    def __getitem__(self, name: str, /) -> np.ndarray: ...


Readouts = Mapping[str, Sequence[Readout]]
Selections = Mapping[str, Selection]
Means = dict[str, np.ndarray]


def angles_deg(readout: Readout) -> np.ndarray:
    """(angles,) float64, ascending."""
    return np.asarray(readout.summary["angles_deg"], np.float64)


def per_digit(readouts: Sequence[Readout], name: str) -> np.ndarray:
    """An array of one number a test digit, one row a seed: (seeds, digits) float64."""
    return np.stack([np.asarray(readout[name], np.float64) for readout in readouts])


def by_copy(readouts: Sequence[Readout], name: str) -> np.ndarray:
    """An array of one value a test image, digit-major: (seeds, digits, angles)."""
    turns = len(angles_deg(readouts[0]))
    return np.stack([np.asarray(readout[name]).reshape(-1, turns) for readout in readouts])


def labels(readouts: Sequence[Readout]) -> np.ndarray:
    """The digits' labels, which all seeds share: (digits,) int64."""
    return by_copy(readouts[:1], "label")[0, :, 0].astype(np.int64)


def indicator(label: np.ndarray, *, n_labels: int = 10) -> np.ndarray:
    """1 in the column of a digit's label: (digits, n_labels) float64. Its mean is the share of each label."""
    return (np.asarray(label)[:, None] == np.arange(n_labels)).astype(np.float64)


def paired(
    columns: Mapping[str, np.ndarray],
    statistic: Callable[[Means], np.ndarray],
    *,
    resamples: int,
    rng: np.random.Generator,
    level: float = 0.95,
) -> Interval:
    """Interval of a statistic of means over digits, by seed and then averaged; all columns see the same resamples.

    columns: by name, (seeds, digits) or (seeds, digits, k), the same seeds and digits for all, so that seeds are paired
    across networks; a control of one seed stands against every seed of the others. statistic: means by name, (...) or
    (..., k), to (...). A smallest or largest of several means inside it is taken anew in every resample.
    """
    seeds = max(len(values) for values in columns.values())
    columns = {
        name: np.broadcast_to(values, (seeds, *np.shape(values)[1:])) if len(values) == 1 else values
        for name, values in columns.items()
    }
    seen = {name: np.shape(values)[:2] for name, values in columns.items()}
    if len(set(seen.values())) != 1:
        raise ValueError(f"columns must have the same seeds and digits, got {seen}")
    parts = {name: np.asarray(values, np.float64) for name, values in columns.items()}
    wide = {name: values if values.ndim == 3 else values[..., None] for name, values in parts.items()}
    ends = np.cumsum([values.shape[2] for values in wide.values()])

    def of_means(means: np.ndarray) -> np.ndarray:
        pieces = dict(zip(wide, np.split(means, ends[:-1], axis=-1), strict=True))
        named = {name: piece if parts[name].ndim == 3 else piece[..., 0] for name, piece in pieces.items()}
        return statistic(named)[..., None]

    joined = np.concatenate(list(wide.values()), axis=2)
    return intervals(joined, of_means, resamples=resamples, rng=rng, level=level)[0]


def seed_interval(
    values: Sequence[float] | np.ndarray, *, resamples: int, rng: np.random.Generator, level: float = 0.95
) -> Interval:
    """Interval of the mean of one value a seed, where no test digit enters. One seed has no interval: lo, hi are nan.

    values: (seeds,). Deviations between seeds are enlarged as in `bootstrap.intervals`.
    """
    found = np.asarray(values, np.float64)
    seeds, value = len(found), float(found.mean())
    if seeds < 2:
        return Interval(value, np.nan, np.nan, seeds, seeds, "seed", None, level, 0)
    resampled = value + seed_deviations(seeds, resamples, rng) @ found
    low, high = np.quantile(resampled, [(1 - level) / 2, (1 + level) / 2])
    return Interval(value, float(low), float(high), seeds, seeds, "seed", float(found.std(ddof=1)), level, resamples)

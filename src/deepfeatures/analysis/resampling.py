"""Test digits and seeds resampled once for all spaces and claims: every statistic is computed anew in each draw.

For chapter feature-spaces, whose statistics need means by class of thousands of columns: more than
`bootstrap.intervals` can hold. The seven copies of a digit stay together; draws are those of `bootstrap.intervals`.
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from deepfeatures.analysis.bootstrap import Interval, over_seeds, seed_deviations

LABELS = 10
MOST_TRIES = 50


@dataclass(frozen=True)
class Draws:
    """How often each digit is drawn, by class. In all that follows row 0 is the sample as it is, rows 1.. are draws.

    members: the digits of each class; times: of each class (draws, digits of the class) float32.
    counts: (1 + draws, 10), digits drawn of each class. deviations: of the seeds' weights, (draws, seeds).
    """

    members: Sequence[np.ndarray]
    times: Sequence[np.ndarray]
    counts: np.ndarray
    deviations: np.ndarray

    @property
    def digits(self) -> int:
        return sum(len(rows) for rows in self.members)

    def class_sums(self, columns: np.ndarray) -> np.ndarray:
        """Sums over the drawn digits of each class: (1 + draws, 10, k). columns: (digits,) or (digits, k)."""
        wide = np.asarray(columns).reshape(len(columns), -1)
        found = np.empty((len(self.counts), LABELS, wide.shape[1]))
        for label, (rows, times) in enumerate(zip(self.members, self.times, strict=True)):
            chunk = wide[rows]
            found[0, label] = chunk.sum(axis=0, dtype=np.float64)
            found[1:, label] = times @ chunk.astype(np.float32)
        return found

    def class_means(self, columns: np.ndarray) -> np.ndarray:
        """Means over the drawn digits of each class: (1 + draws, 10, k)."""
        return self.class_sums(columns) / self.counts[:, :, None]

    def means(self, columns: np.ndarray) -> np.ndarray:
        """Means over all drawn digits: (1 + draws, k)."""
        return self.class_sums(columns).sum(axis=1) / self.digits

    def mean(self, column: np.ndarray) -> np.ndarray:
        """The same of one column: (1 + draws,)."""
        return self.means(column)[:, 0]

    def interval(self, values: np.ndarray) -> Interval:
        """A statistic's interval. values: (1 + draws, seeds), finite."""
        return interval_of(values, self.deviations, n=self.digits, unit="digit")


def interval_of(values: np.ndarray, deviations: np.ndarray, *, n: int, unit: str) -> Interval:
    """values: (1 + draws, seeds), row 0 the sample as it is; deviations: (draws, seeds); n units of resampling."""
    if not np.isfinite(values).all():
        raise ValueError(f"{int((~np.isfinite(values)).sum())} of {values.size} values of a statistic are not finite")
    return over_seeds(values[0], values[1:], deviations, n=n, unit=unit)


def draw(labels: np.ndarray, *, seeds: int, resamples: int, rng: np.random.Generator, chunk: int = 250) -> Draws:
    """Draw the digits with replacement, `resamples` times. labels: (digits,) in 0..9.

    A draw that lacks a class is drawn again, since no class mean exists there: with a hundred digits of a class there
    is none, with ten it is one in two thousand. Raises ValueError where this would never end.
    """
    labels = np.asarray(labels)
    count = np.bincount(labels, minlength=LABELS)
    if resamples < 2 or len(count) > LABELS or count.min() < 2:
        raise ValueError(
            f"resamples={resamples}, test digits per class {count.tolist()}: at least 2 resamples and at least 2 digits"
            f" of each of {LABELS} classes are needed; take more test digits"
        )
    rng_seeds, rng_digits = rng.spawn(2)
    members = [np.flatnonzero(labels == label) for label in range(LABELS)]
    kept: list[np.ndarray] = []
    for _ in range(MOST_TRIES * (resamples // chunk + 1)):
        times = rng_digits.multinomial(len(labels), np.full(len(labels), 1 / len(labels)), size=min(chunk, resamples))
        whole = np.all([times[:, rows].any(axis=1) for rows in members], axis=0)
        kept.append(times[whole].astype(np.uint16))
        if sum(map(len, kept)) >= resamples:
            break
    else:
        raise ValueError(f"test digits per class {count.tolist()}: draws lack a class too often; take more test digits")
    drawn = np.concatenate(kept)[:resamples]
    counts = np.stack([drawn[:, rows].sum(axis=1) for rows in members], axis=1)
    return Draws(
        members=members,
        times=[drawn[:, rows].astype(np.float32) for rows in members],
        counts=np.concatenate([count[None], counts]).astype(np.float64),
        deviations=seed_deviations(seeds, resamples, rng_seeds),
    )

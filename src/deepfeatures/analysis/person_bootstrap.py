"""Bootstrap intervals whose unit is the person: all images of a person are drawn together, as often as the person
is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from deepfeatures.analysis.bootstrap import Interval


@dataclass(frozen=True)
class People:
    """of_image: (n,) number of the person of each image; times: (1 + draws, people), how often each is drawn, row 0
    once each.
    """

    of_image: np.ndarray
    times: np.ndarray

    def sums(self, columns: np.ndarray) -> np.ndarray:
        """Sums over the drawn images: (1 + draws, k). columns: (n, k) or (n,), one number an image."""
        wide = np.asarray(columns, np.float64).reshape(len(self.of_image), -1)
        by_person = np.zeros((self.times.shape[1], wide.shape[1]))
        np.add.at(by_person, self.of_image, wide)
        return self.times @ by_person

    def mean(self, values: np.ndarray, where: np.ndarray | None = None) -> np.ndarray:
        """Mean of values (n,) over the drawn images of the mask `where`: (1 + draws,); nan where a draw has none of
        them.
        """
        mask = np.ones(len(values), bool) if where is None else where
        total, count = self.sums(np.stack([np.where(mask, values, 0.0), mask], axis=1)).T
        return np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)

    def interval(self, values: np.ndarray, *, seeds: int = 1, level: float = 0.95) -> Interval:
        """A statistic's percentile interval, widened to hold its value. values: (1 + draws,), row 0 of all images.

        Draws where it does not exist (a range without images) are left out.
        """
        drawn = values[1:][np.isfinite(values[1:])]
        value, people = float(values[0]), self.times.shape[1]
        if not len(drawn) or people < 2:
            return Interval(value, np.nan, np.nan, people, seeds, "identity", None, level, 0)
        low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
        return Interval(
            value, min(float(low), value), max(float(high), value), people, seeds, "identity", None, level, len(drawn)
        )


def draw_people(identity: np.ndarray, *, resamples: int, rng: np.random.Generator) -> People:
    """Draw as many people as there are, with replacement, `resamples` times. identity: (n,)."""
    names, of_image = np.unique(identity, return_inverse=True)
    drawn = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), size=resamples)
    return People(of_image, np.concatenate([np.ones((1, len(names))), drawn]))

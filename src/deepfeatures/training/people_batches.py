"""Batches of some people with some images each: a function of (seed, step) alone, so that a resumed run is the same."""

from __future__ import annotations

import numpy as np


class PeopleBatches:
    """Rows of `people` drawn people (all, where there are fewer), `each` images of everyone, a person's side by side.

    person: (n,), whose image it is. Images are distinct where a person has `each`, else some are drawn again. Raises
    ValueError on fewer than two people, or on a person with one image: it would be compared with itself.
    """

    def __init__(self, person: np.ndarray, people: int, each: int, seed: int) -> None:
        _, codes, counts = np.unique(person, return_inverse=True, return_counts=True)
        if len(counts) < 2 or counts.min() < 2:
            raise ValueError(f"{len(counts)} people with {counts.min()} images or more each: 2 of both are needed")
        self.people, self.each, self.seed = min(people, len(counts)), each, seed
        self._rows = np.split(np.argsort(codes, kind="stable"), np.cumsum(counts)[:-1])

    def __call__(self, step: int) -> np.ndarray:
        """Rows of one step: (people * each,) int64."""
        rng = np.random.default_rng([self.seed, step])
        drawn = rng.permutation(len(self._rows))[: self.people]
        rows = [self._rows[one] for one in drawn]
        return np.concatenate([rng.choice(own, self.each, replace=len(own) < self.each) for own in rows])

    def __str__(self) -> str:
        return f"batches of {self.people} x {self.each} of {sum(map(len, self._rows))}, seed {self.seed}"

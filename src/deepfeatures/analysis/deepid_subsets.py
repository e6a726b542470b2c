"""Subsets of units that an attribute consistently excites or inhibits, chosen on some people and scored on others."""

from __future__ import annotations

import numpy as np

from deepfeatures.analysis.person_bootstrap import People
from deepfeatures.analysis.selectivity import SUBSET


def of_attributes(active: np.ndarray, labels: np.ndarray, people: People, *, rng: np.random.Generator) -> np.ndarray:
    """(2, 1 + draws): by how much more often the SUBSET of the units that an attribute excites most are active where
    it is there than where it is not; and, of those that it inhibits most, by how much less often. Shares of images.

    Units are chosen on half of the people and scored on the other half, both halves in turn; mean over attributes. An
    attribute that a half shows on one side only is left out there. active: (n, units) bool; labels: (n, attributes) of
    1, 0 and -1 (takes no part). Raises ValueError where the two are not of the same images.
    """
    if len(active) != len(labels):
        raise ValueError(f"{len(active)} images have units and {len(labels)} have labels: they must be the same images")
    count = people.times.shape[1]
    half = (rng.permutation(count) % 2)[people.of_image]
    many = max(1, round(SUBSET * active.shape[1]))
    found: list[tuple[np.ndarray, np.ndarray]] = []
    for scored in (0, 1):
        for column in labels.T:
            there, choosing = column == 1, half != scored
            sides = [(column == value) & part for part in (choosing, ~choosing) for value in (1, 0)]
            if not all(one.any() for one in sides):
                continue
            order = np.argsort(active[sides[0]].mean(axis=0) - active[sides[1]].mean(axis=0), kind="stable")
            excess = []
            for units in (order[-many:], order[:many]):
                share = active[:, units].mean(axis=1)
                excess.append(people.mean(share, sides[2] & there) - people.mean(share, sides[3] & ~there))
            found.append((excess[0], -excess[1]))
    if not found:
        return np.full((2, len(people.times)), np.nan)
    return np.stack([np.nanmean([one[side] for one in found], axis=0) for side in (0, 1)])

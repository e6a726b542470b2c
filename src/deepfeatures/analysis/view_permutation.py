"""Is a person's code, or a feature, moved by view more than by accident? Permutation tests with correction.

A person's images are dealt anew into frontal and turned to either side; under the null these are exchangeable within
the person. Summed over features that is one test a person, summed over people one test a feature, both with Benjamini
and Hochberg's correction for their number: the same shifts asked of either side of the table, whatever their direction.
A second test of features asks for a shift *common* to people: under its null each person's shifts may as well have the
other sign (all features of a person together, since they share images); the largest |t| of all features in each draw
corrects for their number (Westfall and Young 1993).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.stats import false_discovery_control

from deepfeatures.analysis.view_effects import Design, Effects, standardised


@dataclass(frozen=True)
class Tested:
    """raw: (k,) p of each person or feature; corrected: the same, corrected for their number."""

    raw: np.ndarray
    corrected: np.ndarray

    def share(self, level: float = 0.05) -> float:
        """Share with a corrected p at or below the level."""
        return float((self.corrected <= level).mean())


def people(
    features: np.ndarray, of: Design, *, permutations: int, rng: np.random.Generator
) -> tuple[Tested, np.ndarray]:
    """The test of each person, and the mean of the null's squared shift, (people,). features: (n, d), any scale: they
    are divided by their standard deviation within people and views.

    Statistic: squared difference of the two views' mean features, summed over features and sides.
    """
    scaled = standardised(features, of)
    observed, null = np.zeros(len(of.people)), np.zeros((permutations, len(of.people)))
    for person in range(len(of.people)):
        rows, cell, dealt = _dealt(of, person, permutations, rng)
        inner = scaled[rows] @ scaled[rows].T  # |w' X|^2 = w' (X X') w: images are few, features many
        for where, total in ((cell[None], observed[person : person + 1]), (dealt, null[:, person])):
            for weights in _differences(where, cell):
                total += np.einsum("pi,ij,pj->p", weights, inner, weights, optimize=True)
    return _by_own_null(observed, null), null.mean(axis=0)


def single_features(features: np.ndarray, of: Design, *, permutations: int, rng: np.random.Generator) -> Tested:
    """The test of each feature that varies (`standardised`), the same statistic summed over people and sides."""
    scaled = standardised(features, of)
    observed, null = np.zeros(scaled.shape[1]), np.zeros((permutations, scaled.shape[1]))
    for person in range(len(of.people)):
        rows, cell, dealt = _dealt(of, person, permutations, rng)
        for where, total in ((cell[None], observed[None]), (dealt, null)):
            for weights in _differences(where, cell):
                total += np.square(weights @ scaled[rows])
    return _by_own_null(observed, null)


def _dealt(
    of: Design, person: int, permutations: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows of a person's images, the view of each (0 is frontal), and these dealt anew, (permutations, images)."""
    cells = [of.frontal[person], *(side[person] for side in of.turned)]
    cell = np.repeat(np.arange(len(cells)), [len(rows) for rows in cells])
    return np.concatenate(cells), cell, rng.permuted(np.tile(cell, (permutations, 1)), axis=1)


def _differences(where: np.ndarray, cell: np.ndarray) -> Iterator[np.ndarray]:
    """For each side, weights (draws, images) whose product with the images is its mean less the frontal one."""
    sizes = np.bincount(cell)
    for side in range(1, len(sizes)):
        yield (where == side) / sizes[side] - (where == 0) / sizes[0]


def _by_own_null(observed: np.ndarray, null: np.ndarray) -> Tested:
    """observed: (k,); null: (permutations, k). Large is what the null seldom makes."""
    p = (1 + (null >= observed * (1 - 1e-9)).sum(axis=0)) / (1 + len(null))
    return Tested(p, false_discovery_control(p, method="bh"))


def common_to_people(found: Effects, *, permutations: int, rng: np.random.Generator) -> Tested:
    """The test of each feature, over both sides; raw p by its own null, corrected by the largest of all."""
    shift = found.shift.reshape(len(found.shift), -1)
    count, (_, sides, width) = len(shift), found.shift.shape
    observed = _t(shift.mean(axis=0), np.square(shift).mean(axis=0), count).reshape(sides, width).max(axis=0)
    signs = rng.choice([-1.0, 1.0], size=(permutations, count))
    squares = np.square(shift).mean(axis=0)  # signs do not change them
    null = _t(signs @ shift / count, squares, count).reshape(permutations, sides, width).max(axis=1)
    largest = null.max(axis=1)
    raw = (1 + (null >= observed - 1e-9).sum(axis=0)) / (1 + permutations)
    corrected = (1 + (largest[:, None] >= observed - 1e-9).sum(axis=0)) / (1 + permutations)
    return Tested(raw, corrected)


def _t(mean: np.ndarray, square: np.ndarray, count: int) -> np.ndarray:
    """|t| of means over `count` people whose squares have these means."""
    variance = np.maximum(square - mean**2, 1e-12) / max(count - 1, 1)
    return np.asarray(np.abs(mean) / np.sqrt(variance))

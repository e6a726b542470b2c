"""Is a person's code, or a feature, moved by view more than by accident? Permutation tests with correction.

People: a person's images are dealt anew into frontal and turned to either side. Under the null these are exchangeable
within the person; one test a person, Benjamini and Hochberg's correction over people. Features: under the null that
view has no *common* effect on a feature, each person's shifts may as well have the other sign (all features of a person
together, since they share images); the largest |t| of all features in each draw corrects for their number (Westfall and
Young 1993). The two ask different things: a person's test finds any change, a feature's test a change common to people.
"""

from __future__ import annotations

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
        cells = [of.frontal[person], *(side[person] for side in of.turned)]
        values = scaled[np.concatenate(cells)]
        inner = values @ values.T  # |w' X|^2 = w' (X X') w: images are few, features many
        cell = np.repeat(np.arange(len(cells)), [len(rows) for rows in cells])
        dealt = rng.permuted(np.tile(cell, (permutations, 1)), axis=1)
        for side in range(1, len(cells)):
            for where, total in ((cell[None], observed[person : person + 1]), (dealt, null[:, person])):
                weights = (where == side) / len(cells[side]) - (where == 0) / len(cells[0])
                total += np.einsum("pi,ij,pj->p", weights, inner, weights, optimize=True)
    reached = (null >= observed * (1 - 1e-9)).sum(axis=0)
    p = (1 + reached) / (1 + permutations)
    return Tested(p, false_discovery_control(p, method="bh")), null.mean(axis=0)


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

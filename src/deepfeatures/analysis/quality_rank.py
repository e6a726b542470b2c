"""Rank correlations, areas under the curve and means along a distance, with intervals over people.

Ranks are taken once, over all images; a draw of people weights the images, it does not rank them anew.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata

from deepfeatures.analysis.person_bootstrap import People


def rank_correlation(people: People, one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Spearman's, in every draw: (1 + draws,); nan where either does not vary. one, other: (n,); ties share a rank."""
    x, y = (rankdata(values) / len(values) - 0.5 for values in (one, other))
    n, sx, sy, sxx, syy, sxy = people.sums(np.stack([np.ones_like(x), x, y, x * x, y * y, x * y], axis=1)).T
    of_x, of_y = n * sxx - sx**2, n * syy - sy**2
    vary = np.minimum(of_x, of_y) > 1e-9 * n**2
    spread = np.sqrt(np.where(vary, of_x * of_y, 1.0))
    return np.divide(n * sxy - sx * sy, spread, out=np.full_like(spread, np.nan), where=vary)


def area(people: People, score: np.ndarray, positive: np.ndarray) -> np.ndarray:
    """Area under the curve of a score that should be large where `positive`: (1 + draws,). Ties count half; 0.5 is
    chance; nan in a draw that lacks either kind."""
    order = np.argsort(score, kind="stable")
    run_ends = np.append(np.flatnonzero(np.diff(score[order])), len(score) - 1)
    person, kinds = people.of_image[order], (positive[order], ~positive[order])
    found = np.empty(len(people.times))
    for draw, times in enumerate(people.times):
        weight = times[person]
        ones, others = (np.cumsum(np.where(kind, weight, 0.0))[run_ends] for kind in kinds)
        if ones[-1] == 0 or others[-1] == 0:
            found[draw] = np.nan
            continue
        below = np.concatenate([[0.0], others[:-1]])
        found[draw] = (np.diff(ones, prepend=0.0) * (below + others) / 2).sum() / (ones[-1] * others[-1])
    return found


def parts_of(distance: np.ndarray, parts: int) -> np.ndarray:
    """(n,) 0..parts-1: equally many images each, the nearest first."""
    place = np.empty(len(distance), np.int64)
    place[np.argsort(distance, kind="stable")] = np.arange(len(distance))
    return place * parts // len(distance)


def means_along(people: People, distance: np.ndarray, values: np.ndarray, parts: int) -> np.ndarray:
    """Mean of values (n,) in each part of the images by distance, in every draw: (1 + draws, parts)."""
    part = parts_of(distance, parts)
    return np.stack([people.mean(values, part == one) for one in range(parts)], axis=1)


def smallest_fall(means: np.ndarray) -> np.ndarray:
    """The smallest fall from one part to the next, (draws,): above 0 where `means` (draws, parts) fall all the way."""
    return np.asarray((-np.diff(means, axis=1)).min(axis=1))

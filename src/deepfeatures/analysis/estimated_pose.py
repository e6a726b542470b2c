"""How far CelebA's pose, which another network estimated, is from a pose that was measured.

CelebA's people were never measured, and the estimator is not at hand. But a read-out that learned yaw from the
estimates can be asked about Pointing'04, where pan was measured: it errs there by what the estimates are off, and by
its own error. The same features, read out by what was measured, say how much of it is the read-out's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from deepfeatures.analysis import pose_error
from deepfeatures.analysis.person_bootstrap import draw_people
from deepfeatures.analysis.pose import Worlds
from deepfeatures.analysis.pose_error import SHRINK, answer, true
from deepfeatures.analysis.pose_explorer import in_words

ESTIMATED, MEASURED = "celeba", "pointing04"
EDGES_DEG = (0.0, 22.5, 52.5, 90.0)  # between Pointing'04's steps of 15 degrees: 0-15, 30-45, 60-90
ALL = "all"
LAYER = "block12"  # of those that are asked about another world, the one that reads yaw best


def against_measured(worlds: Worlds, *, resamples: int, rng: np.random.Generator) -> list[list[Any]]:
    """A row a network and range of measured |pan|: features, range, images; mean absolute errors of signed yaw,
    degrees; slope of the first answer on the truth, below 1 where it is drawn to the front.

    The errors are those of regressors that learnt from estimates and from measured angles (both of other people), of
    0 degrees, which looks at no face, and of both regressors moved half-way to it. No rows where a world is missing.
    """
    rows: list[list[Any]] = []
    measured = worlds.get(MEASURED, {})
    for name, group in worlds.get(ESTIMATED, {}).items():
        if not name.endswith(f"/{LAYER}") or f"to-{MEASURED}" not in group[0] or name not in measured:
            continue
        said = np.asarray(group[0][f"to-{MEASURED}"], np.float64)[:, 1]
        truth = np.asarray(group[0][f"truth-{MEASURED}"], np.float64)[:, 1]
        own = measured[name]
        if not np.array_equal(true(own[0], "yaw"), truth):
            raise ValueError(f"{name}: the images asked about in {MEASURED} are not those read there")
        people = draw_people(group[0][f"identity-{MEASURED}"], resamples=resamples, rng=rng)
        taught = answer(own, "linear", "yaw")
        errors = [np.abs(said - truth), taught.error, np.abs(truth)]
        errors += [np.abs(SHRINK * one - truth) for one in (said, taught.said)]
        for label, where in _ranges(np.abs(truth)):
            found = [people.interval(people.mean(error, where)) for error in errors]
            slope = pose_error.line(said[where], truth[where])[0]
            rows.append([in_words(name), label, int(where.sum()), *found, slope])
    return rows


@dataclass(frozen=True)
class NearFront:
    """Mean absolute errors of signed yaw, degrees, on the measured faces nearest to the front; nan where none are read.

    estimated: of the better regressor that learnt from estimates; ahead: of always answering 0 degrees.
    """

    estimated: float = float("nan")
    ahead: float = float("nan")

    @property
    def gain(self) -> float:
        """What looking at the face adds, degrees."""
        return self.ahead - self.estimated


def near_front(rows: list[list[Any]]) -> NearFront:
    """The first range of `against_measured`, of the network that errs least there."""
    first = [row for row in rows if row[1] == rows[0][1]]
    if not first:
        return NearFront()
    best = min(first, key=lambda row: float(row[3].value))
    return NearFront(best[3].value, best[5].value)


def _ranges(pan_deg: np.ndarray) -> list[tuple[str, np.ndarray]]:
    """Label and mask (n,) of each range that holds an image, by the poses that are in it, and of all images."""
    found = []
    for low, high in pairwise(EDGES_DEG):
        where = (pan_deg >= low) & (pan_deg <= high)
        if where.any():
            found.append((f"{pan_deg[where].min():.0f}–{pan_deg[where].max():.0f}", where))
    return [*found, (ALL, np.ones(len(pan_deg), bool))]

"""How far CelebA's pose, which another network estimated, is from a pose that was measured.

CelebA's people were never measured, and the estimator is not at hand. But a read-out that learned yaw from the
estimates can be asked about Pointing'04, where pan was measured: it errs there by what the estimates are off, and by
its own error. The same features, read out by what was measured, say how much of it is the read-out's own.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from deepfeatures.analysis import pose_error
from deepfeatures.analysis.person_bootstrap import draw_people
from deepfeatures.analysis.pose import Worlds
from deepfeatures.analysis.pose_error import answer, true

ESTIMATED, MEASURED = "celeba", "pointing04"
EDGES_DEG = (0.0, 22.5, 52.5, 90.0)  # between Pointing'04's steps of 15 degrees: 0-15, 30-45, 60-90
ALL = "all"
LAYER = "block12"  # of those that are asked about another world, the one that reads yaw best


def against_measured(worlds: Worlds, *, resamples: int, rng: np.random.Generator) -> list[list[Any]]:
    """A row a network and range of measured |pan|: features, range, images, two mean absolute errors of signed
    yaw in degrees (by what was estimated, by what was measured, both of other people), and the slope of the first on
    the truth: below 1 where the estimates are drawn to the front. No rows where a world is missing.
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
        errors = (np.abs(said - truth), answer(own, "linear", "yaw").error)
        for label, where in _ranges(np.abs(truth)):
            found = [people.interval(people.mean(error, where)) for error in errors]
            rows.append([name, label, int(where.sum()), *found, pose_error.line(said[where], truth[where])[0]])
    return rows


def _ranges(pan_deg: np.ndarray) -> list[tuple[str, np.ndarray]]:
    """Label and mask (n,) of each range that holds an image, by the poses that are in it, and of all images."""
    found = []
    for low, high in pairwise(EDGES_DEG):
        where = (pan_deg >= low) & (pan_deg <= high)
        if where.any():
            found.append((f"{pan_deg[where].min():.0f}–{pan_deg[where].max():.0f}", where))
    return [*found, (ALL, np.ones(len(pan_deg), bool))]

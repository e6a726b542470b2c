"""The trend inside a digit: how units rise or fall with the rotation angle. Rudd et al. 2017, section 4.3, figure 7."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from deepfeatures.probes.mean_activation import class_angle_means


@dataclass(frozen=True)
class Trend:
    """Analysis of variance over the angles, for each unit in each class.

    explained: (labels, d) share of the variance within the class that the angle means explain (eta squared), nan where
    there is none; explained_overall: the same of all units and classes together, so that pairs with little variance
    weigh little. explained_within_digits: share of the variance between the copies of one digit, all together.
    linear_share: part of the explained variance that a straight line in the angle holds.
    slope_per_deg: (labels, d) of that line, activation per degree. rising, falling: shares of the (unit, class) pairs
    that respond whose line climbs or drops by at least `least_change` of the class mean from the first angle to the
    last; monotone: share of them whose angle means go one way throughout. pairs: how many respond.
    """

    explained: np.ndarray
    explained_overall: float
    explained_within_digits: float
    linear_share: float
    slope_per_deg: np.ndarray
    rising: float
    falling: float
    monotone: float
    pairs: int


def trend(
    features: np.ndarray,
    labels: np.ndarray,
    angles_deg: np.ndarray,
    *,
    n_labels: int = 10,
    least_change: float = 0.25,
    least_response: float = 0.1,
    chunk_digits: int = 512,
) -> Trend:
    """features: (digits, angles, d) >= 0; labels: (digits,); angles_deg: (angles,).

    A pair responds where the class mean is at least least_response of the largest class mean of any unit's.
    """
    digits, turns, width = features.shape
    angles = np.asarray(angles_deg, np.float64)
    if (turns, digits) != (len(angles), len(labels)):
        raise ValueError(f"{len(labels)} labels and {len(angles)} angles for features {features.shape}")
    means = class_angle_means(features, labels, n_labels=n_labels)  # (labels, angles, d)
    centre = means.mean(axis=1)
    within, copies = np.zeros((n_labels, width)), np.zeros((n_labels, width))
    for start in range(0, digits, chunk_digits):
        rows = slice(start, start + chunk_digits)
        member = (np.asarray(labels[rows])[None] == np.arange(n_labels)[:, None]).astype(np.float64)
        distance = features[rows] - centre[labels[rows], None]
        within += member @ np.einsum("nad,nad->nd", distance, distance)
        distance -= distance.mean(axis=1, keepdims=True)
        copies += member @ np.einsum("nad,nad->nd", distance, distance)
    count = np.bincount(labels, minlength=n_labels)[:, None]
    by_angle = count * np.square(means - centre[:, None]).sum(axis=1)
    turn = angles - angles.mean()
    slope = np.einsum("a,lad->ld", turn, means) / np.square(turn).sum()
    by_line = count * np.square(slope) * np.square(turn).sum()
    # Below this a class varies only by rounding: its share would be noise over noise.
    varies = within > 1e-12 * turns * count * np.square(centre) + 1e-300
    responds = centre >= least_response * centre.max() if centre.max() > 0 else np.zeros(centre.shape, bool)
    change = slope * (angles[-1] - angles[0]) / np.where(responds, centre, 1.0)
    steps = np.diff(means, axis=1)
    one_way = (steps >= 0).all(axis=1) | (steps <= 0).all(axis=1)
    return Trend(
        explained=np.where(varies, by_angle / np.where(varies, within, 1), np.nan),
        explained_overall=_ratio(by_angle.sum(), within.sum()),
        explained_within_digits=_ratio(by_angle.sum(), copies.sum()),
        linear_share=_ratio(by_line.sum(), by_angle.sum()),
        slope_per_deg=slope,
        rising=_ratio((responds & (change >= least_change)).sum(), responds.sum()),
        falling=_ratio((responds & (change <= -least_change)).sum(), responds.sum()),
        monotone=_ratio((responds & one_way).sum(), responds.sum()),
        pairs=int(responds.sum()),
    )


def _ratio(part: float, whole: float) -> float:
    return float(part / whole) if whole > 0 else float("nan")

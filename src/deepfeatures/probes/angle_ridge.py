"""Ridge regression of the rotation angle, its penalty chosen on digits held out: beside the least squares of `angle`.

Least squares trusts features that hardly vary in training; a penalty does not. From moments alone.
"""
from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from deepfeatures.probes.angle import RELATIVE_CUTOFF, LinearRegressor, fit
from deepfeatures.probes.moments import Moments

PENALTIES = (0.0, *(10.0**power for power in range(-8, 2)))  # of the mean variance of a feature


def fit_ridge(
    rows: Moments, held_out: Moments, *, penalties: Sequence[float] = PENALTIES
) -> tuple[LinearRegressor, float]:
    """Ridge regression with the penalty that errs least on held-out rows, fitted to both sets: (regressor, penalty).

    A penalty is a multiple of the mean variance of a feature; 0 is least squares, `angle.fit`. Moments are of
    [features, angle]; where nothing is held out, or there is nothing to fit, least squares on what there is.
    """
    both = rows.merged(held_out)
    if min(rows.count, held_out.count) < 2:
        return fit(both), 0.0
    errors = [mean_square(one, held_out) for one in _ridge_path(rows, penalties)]
    best = penalties[int(np.argmin(errors))]
    return next(_ridge_path(both, [best])), best


def mean_square(regressor: LinearRegressor, rows: Moments) -> float:
    """Mean squared error of a regressor over rows, square degrees, from their moments of [features, angle]."""
    weights = np.append(-regressor.weights, 1.0)
    offset = rows.mean @ weights - regressor.intercept
    return float(weights @ rows.scatter @ weights / rows.count + offset**2)


def _ridge_path(rows: Moments, penalties: Sequence[float]) -> Iterator[LinearRegressor]:
    values, vectors = np.linalg.eigh(rows.scatter[:-1, :-1])
    along = vectors.T @ rows.scatter[:-1, -1]
    used = values > RELATIVE_CUTOFF * max(values[-1], 0.0)
    for penalty in penalties:
        shrunk = values[used] + penalty * max(values.mean(), 0.0)
        weights = vectors[:, used] @ (along[used] / shrunk)
        yield LinearRegressor(weights, float(rows.mean[-1] - rows.mean[:-1] @ weights), int(used.sum()))

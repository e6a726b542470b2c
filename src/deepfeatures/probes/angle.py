"""Linear regression of the rotation angle from features: Rudd et al. 2017, section 4.1 and figure 3."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from deepfeatures.probes.moments import Moments, merged, moments

RELATIVE_CUTOFF = 1e-11  # of the largest eigenvalue; float32 features carry rounding noise of about 1e-14 there


@dataclass(frozen=True)
class LinearRegressor:
    """angle_deg = features @ weights + intercept. weights: (d,); rank: directions of feature space that it uses."""

    weights: np.ndarray
    intercept: float
    rank: int


def angle_moments(features: np.ndarray, angle_deg: np.ndarray, *, chunk_rows: int = 8192) -> Moments:
    """Moments of the rows [features, angle]: all that least squares needs. features: (n, d); angle_deg: (n,)."""
    if len(features) != len(angle_deg):
        raise ValueError(f"{len(angle_deg)} angles for {len(features)} rows of features")
    chunks = [slice(start, start + chunk_rows) for start in range(0, max(len(features), 1), chunk_rows)]
    return merged(
        moments(np.column_stack([features[rows].astype(np.float64), angle_deg[rows]])) for rows in chunks
    )


def fit(rows: Moments, *, relative_cutoff: float = RELATIVE_CUTOFF) -> LinearRegressor:
    """Least squares with intercept, of minimum norm: w = pinv(S_xx) s_xy, from moments of [features, angle] rows.

    S_xx is the scatter of the features, s_xy their scatter with the angle. Dead units make S_xx singular: eigenvalues
    below relative_cutoff times the largest are dropped. (scikit-learn and NumPy would need all rows at once.)
    """
    if rows.count < 2:
        raise ValueError(f"{rows.count} rows: a regression with intercept needs at least 2")
    values, vectors = np.linalg.eigh(rows.scatter[:-1, :-1])
    used = values > relative_cutoff * max(values[-1], 0.0)
    weights = vectors[:, used] @ ((vectors[:, used].T @ rows.scatter[:-1, -1]) / values[used])
    return LinearRegressor(weights, float(rows.mean[-1] - rows.mean[:-1] @ weights), int(used.sum()))


def predict(regressors: Sequence[LinearRegressor], features: np.ndarray, *, chunk_rows: int = 8192) -> np.ndarray:
    """Angle by every regressor, degrees: (n, regressors) float64. features: (n, d)."""
    weights = np.stack([r.weights for r in regressors], axis=1)
    intercepts = np.array([r.intercept for r in regressors])
    predicted = np.empty((len(features), len(regressors)))
    for start in range(0, len(features), chunk_rows):
        chunk = features[start : start + chunk_rows].astype(np.float64)
        predicted[start : start + chunk_rows] = chunk @ weights + intercepts
    return predicted


def of_label(predicted: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Each row's angle by the regressor of its label: (n,). predicted: (n, labels) from `predict`; labels: (n,)."""
    if len(predicted) != len(labels):
        raise ValueError(f"{len(labels)} labels for {len(predicted)} rows of predictions")
    return np.take_along_axis(predicted, np.asarray(labels, np.int64)[:, None], axis=1)[:, 0]

"""Ridge regression at every alpha from one factorisation: what scikit-learn's `Ridge` finds, from merged statistics.

Minimises |Y - X W - b|^2 + alpha |W|^2, the intercept free. With the centred X'X = V diag(e) V',
W(alpha) = V (V'X'Y / (e + alpha)): one eigendecomposition, then two thin products an alpha.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from deepfeatures.probes.angle import RELATIVE_CUTOFF
from deepfeatures.probes.gram import Gram


@dataclass(frozen=True)
class RidgePath:
    """alphas (m,); coefficients (m, t, d); intercepts (m, t); residual (m, t): training sum of squared errors; freedom
    (m,): effective degrees of freedom, sum of e / (e + alpha), the intercept not counted."""

    alphas: np.ndarray
    coefficients: np.ndarray
    intercepts: np.ndarray
    residual: np.ndarray
    freedom: np.ndarray

    def predict(self, features: np.ndarray, *, chunk_rows: int = 8192) -> np.ndarray:
        """Targets by every alpha: (m, n, t) float64. features: (n, d)."""
        m, t, d = self.coefficients.shape
        weights = self.coefficients.reshape(m * t, d).T
        found = np.empty((len(features), m * t))
        for start in range(0, len(features), chunk_rows):
            chunk = features[start : start + chunk_rows].astype(np.float64)
            found[start : start + chunk_rows] = chunk @ weights + self.intercepts.ravel()
        return np.moveaxis(found.reshape(len(features), m, t), 1, 0)


def ridge_path(statistics: Gram, alphas: Sequence[float] | np.ndarray) -> RidgePath:
    """Ridge at every alpha >= 0. Alpha 0 is least squares of minimum norm, without eigenvalues that are noise."""
    values = np.asarray(alphas, np.float64)
    if values.ndim != 1 or not len(values) or not (np.isfinite(values) & (values >= 0)).all():
        raise ValueError(f"alphas must be one or more numbers >= 0, got {values.tolist()}")
    if statistics.count < 2:
        raise ValueError(f"{statistics.count} rows: a regression with intercept needs at least 2")
    e, V = np.linalg.eigh(statistics.xx)
    e = np.maximum(e, 0)
    used = e > RELATIVE_CUTOFF * e[-1]
    rotated = V.T @ statistics.xy
    shrunk = np.stack([_inverse(e, used, alpha) for alpha in values])
    coefficients = np.einsum("de,me,et->mtd", V, shrunk, rotated, optimize=True)
    fitted = 2 * np.einsum("me,et->mt", shrunk, rotated**2) - np.einsum("me,et->mt", shrunk**2 * e, rotated**2)
    return RidgePath(
        values,
        coefficients,
        statistics.target_mean - coefficients @ statistics.feature_mean,
        np.maximum(statistics.yy - fitted, 0),
        (shrunk * e).sum(axis=1),
    )


def _inverse(e: np.ndarray, used: np.ndarray, alpha: float) -> np.ndarray:
    if alpha > 0:
        return 1 / (e + alpha)
    return np.divide(1.0, e, out=np.zeros_like(e), where=used)

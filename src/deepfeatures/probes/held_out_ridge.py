"""Ridge regression whose alpha is chosen on identities held out of the training rows, each target its own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from deepfeatures.data.identities import draw_identities
from deepfeatures.probes.gram import Gram, gram
from deepfeatures.probes.ridge import ridge_path

HELD_OUT = 0.25  # of the training images
RELATIVE_ALPHAS = tuple(10.0**power for power in np.arange(-6.0, 3.5, 0.5))  # of the mean eigenvalue of centred X'X


@dataclass(frozen=True)
class HeldOutRidge:
    """predicted = features @ weights + intercepts. weights: (d, t); relative_alphas, held_out_error: (t,).

    held_out_error: the mean absolute error on the identities that chose alpha, in the targets' unit.
    """

    weights: np.ndarray
    intercepts: np.ndarray
    relative_alphas: np.ndarray
    held_out_error: np.ndarray

    def predict(self, features: np.ndarray) -> np.ndarray:
        """(n, t) float64. features: (n, d)."""
        return features.astype(np.float64) @ self.weights + self.intercepts


def fit_held_out(
    features: np.ndarray, targets: np.ndarray, identity: np.ndarray, *, rng: np.random.Generator
) -> HeldOutRidge:
    """features: (n, d); targets: (n, t); identity: (n,). Alpha has the least absolute error; then all rows are
    fitted.
    """
    held = draw_identities(identity, HELD_OUT, rng=rng)
    rest, out = gram(features[~held], targets[~held]), gram(features[held], targets[held])
    tried = ridge_path(rest, _alphas(rest, RELATIVE_ALPHAS)).predict(features[held])
    error = np.abs(tried - targets[held]).mean(axis=1)  # (alphas, t)
    best = error.argmin(axis=0)
    everything, relative = rest.merged(out), np.array(RELATIVE_ALPHAS)
    distinct, which = np.unique(best, return_inverse=True)
    path = ridge_path(everything, _alphas(everything, relative[distinct]))
    of_target = np.arange(targets.shape[1])
    return HeldOutRidge(
        path.coefficients[which, of_target].T,
        path.intercepts[which, of_target],
        relative[best],
        error[best, of_target],
    )


def _alphas(statistics: Gram, relative: tuple[float, ...] | np.ndarray) -> np.ndarray:
    mean_eigenvalue = np.trace(statistics.xx) / statistics.width
    return np.asarray(relative) * (mean_eigenvalue or 1.0)

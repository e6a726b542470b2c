"""Error of the angle read from features, over the 70 cells of a label at an angle: Rudd et al. 2017, figure 3."""
from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from deepfeatures.analysis.bootstrap import Interval
from deepfeatures.analysis.columns import Readout, angles_deg, by_copy, indicator, labels, paired

TRUE_LABEL = "angle_by_true_label"
RIDGE = "angle_ridge"  # ridge regressors, their penalties chosen on held-out training digits
SHUFFLED = "angle_shuffled"  # control: the same regressors fitted to shuffled training angles
LABELS = 10


def errors_deg(readouts: Sequence[Readout], estimate: str = TRUE_LABEL) -> np.ndarray:
    """Predicted - true angle of every test image, degrees: (seeds, digits, angles)."""
    return by_copy(readouts, estimate).astype(np.float64) - angles_deg(readouts[0])


def cells(readouts: Sequence[Readout], estimate: str = TRUE_LABEL) -> np.ndarray:
    """(seeds, digits, 10 + 2 * 10 * angles): a digit's label as an indicator, then its errors and their squares, each
    in the cells of its label. Means over digits of these hold the bias, spread and RMSE of every cell.
    """
    error, of_label = errors_deg(readouts, estimate), indicator(labels(readouts))
    seeds, digits, _ = error.shape
    spread_out = [
        (of_label[None, :, :, None] * values[:, :, None, :]).reshape(seeds, digits, -1) for values in (error, error**2)
    ]
    return np.concatenate([np.broadcast_to(of_label, (seeds, digits, LABELS)), *spread_out], axis=2)


def rmse_deg(means: np.ndarray) -> np.ndarray:
    """Mean over the cells of the root mean squared error: (...). means: (..., 10 + 2 * cells) of `cells`."""
    return _over_cells(means, lambda first, second: np.sqrt(second))


def spread_deg(means: np.ndarray) -> np.ndarray:
    """Mean over the cells of the standard deviation (dividing by n): (...)."""
    return _over_cells(means, lambda first, second: np.sqrt(np.maximum(second - first**2, 0.0)))


def bias_deg(means: np.ndarray) -> np.ndarray:
    """Mean over the cells of |mean error|: (...)."""
    return _over_cells(means, lambda first, second: np.abs(first))


def rise_at_ends_deg(means: np.ndarray) -> np.ndarray:
    """Spread at the two outermost angles (their mean) less that at the middle one: (...). Rudd et al., figure 3."""

    def rise(first: np.ndarray, second: np.ndarray) -> np.ndarray:
        spread = np.sqrt(np.maximum(second - first**2, 0.0))
        by_angle = (spread[..., :1] + spread[..., -1:]) / 2 - spread[..., spread.shape[-1] // 2, None]
        return np.broadcast_to(by_angle, spread.shape)  # the mean over a label's angles is then the rise itself

    return _over_cells(means, rise)


def _over_cells(means: np.ndarray, of_cell: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> np.ndarray:
    share, rest = means[..., :LABELS], means[..., LABELS:]
    both = rest.reshape(*rest.shape[:-1], 2, LABELS, -1)
    present = share > 0  # a small resample may lack a label: its cells are left out
    first, second = np.moveaxis(both / np.where(present, share, 1.0)[..., None, :, None], -3, 0)
    return np.where(present, of_cell(first, second).mean(axis=-1), 0.0).sum(axis=-1) / present.sum(axis=-1)


def mean_square(readouts: Sequence[Readout], estimate: str = TRUE_LABEL) -> np.ndarray:
    """Mean squared error over a digit's copies, square degrees: (seeds, digits)."""
    return np.square(errors_deg(readouts, estimate)).mean(axis=2)


def explained(
    readouts: Sequence[Readout], estimate: str = TRUE_LABEL, *, resamples: int, rng: np.random.Generator
) -> Interval:
    """R2 = 1 - sum (predicted - true)^2 / sum (true - mean)^2 over all test images; every digit has every angle."""
    total = angles_deg(readouts[0]).var()
    columns = {"square": mean_square(readouts, estimate)}
    return paired(columns, lambda m: 1 - m["square"] / total, resamples=resamples, rng=rng)

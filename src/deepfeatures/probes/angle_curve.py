"""Figure 3 of Rudd et al. 2017 as numbers: how an angle read from features goes with the true one."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class AngleCurve:
    """Predicted against true angle; everything in degrees.

    angle_deg (A,) true; mean_deg (A,) and spread_deg (A,): mean over labels of the per-label mean and of the
    per-label standard deviation (what the paper calls standard error); bias_deg = mean_deg - angle_deg;
    error_deg (A,): mean over labels of the per-label root mean squared error, bias and spread together.
    label_mean_deg, label_spread_deg: (labels, A). rms_error_deg: over all rows. constant_rms_error_deg: the same of
    the best constant prediction, 30 degrees for the seven angles. explained: 1 - (ratio of the two)^2.
    """

    angle_deg: np.ndarray
    mean_deg: np.ndarray
    spread_deg: np.ndarray
    bias_deg: np.ndarray
    error_deg: np.ndarray
    label_mean_deg: np.ndarray
    label_spread_deg: np.ndarray
    rms_error_deg: float
    constant_rms_error_deg: float

    @property
    def mean_spread_deg(self) -> float:
        """Mean over the angles of spread_deg: the paper's 'around 15 degrees'."""
        return float(self.spread_deg.mean())

    @property
    def explained(self) -> float:
        return 1 - (self.rms_error_deg / self.constant_rms_error_deg) ** 2

    @property
    def slope(self) -> float:
        """Least-squares slope of mean_deg over angle_deg: 1 for a perfect reader, 0 for a constant."""
        return float(np.polyfit(self.angle_deg, self.mean_deg, 1)[0])

    @property
    def spread_rise_at_ends_deg(self) -> float:
        """spread_deg at the two outermost angles (their mean) less that at the middle angle."""
        return _rise(self.spread_deg)

    @property
    def error_rise_at_ends_deg(self) -> float:
        """error_deg at the two outermost angles (their mean) less that at the middle angle."""
        return _rise(self.error_deg)


def _rise(values: np.ndarray) -> float:
    return float((values[0] + values[-1]) / 2 - values[len(values) // 2])


def angle_curve(
    predicted_deg: np.ndarray, true_deg: np.ndarray, labels: np.ndarray, *, n_labels: int = 10
) -> AngleCurve:
    """predicted_deg, true_deg, labels: (n,). Every label must occur at every angle. Standard deviations divide by n."""
    if not len(predicted_deg) == len(true_deg) == len(labels):
        raise ValueError(f"{len(predicted_deg)} predictions, {len(true_deg)} angles and {len(labels)} labels")
    predicted = np.asarray(predicted_deg, np.float64)
    true = np.asarray(true_deg, np.float64)
    angles, index = np.unique(true, return_inverse=True)
    cell = np.asarray(labels, np.int64) * len(angles) + index
    shape = (n_labels, len(angles))
    count = np.bincount(cell, minlength=n_labels * len(angles)).reshape(shape)
    if (count == 0).any():
        label, angle = np.argwhere(count == 0)[0]
        raise ValueError(f"label {label} has no row at {angles[angle]:g} degrees; {(count == 0).sum()} such cells")
    # Errors are small beside the angles themselves: their variance is that of the predictions, with less cancellation.
    error = predicted - true
    bias = np.bincount(cell, error, n_labels * len(angles)).reshape(shape) / count
    centred = error - bias.ravel()[cell]
    variance = np.bincount(cell, centred**2, n_labels * len(angles)).reshape(shape) / count
    return AngleCurve(
        angle_deg=angles,
        mean_deg=angles + bias.mean(axis=0),
        spread_deg=np.sqrt(variance).mean(axis=0),
        bias_deg=bias.mean(axis=0),
        error_deg=np.sqrt(variance + bias**2).mean(axis=0),
        label_mean_deg=angles + bias,
        label_spread_deg=np.sqrt(variance),
        rms_error_deg=float(np.sqrt(np.mean(error**2))),
        constant_rms_error_deg=float(true.std()),
    )

"""Share of test images a technique classifies correctly, in percent: by digit for the bootstrap, as an interval."""
from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from deepfeatures.analysis.bootstrap import Interval, intervals
from deepfeatures.analysis.columns import Readout, by_copy, indicator, labels, paired


def percent_by_angle(readouts: Sequence[Readout], prediction: str) -> np.ndarray:
    """100 where a copy gets its label, else 0: (seeds, digits, angles). prediction: an array of labels, as mav_pred."""
    return 100.0 * (by_copy(readouts, prediction) == labels(readouts)[:, None])


def percent(readouts: Sequence[Readout], prediction: str) -> np.ndarray:
    """% of a digit's copies classified correctly: (seeds, digits)."""
    return percent_by_angle(readouts, prediction).mean(axis=2)


def accuracy(
    readouts: Sequence[Readout], prediction: str, *, resamples: int, rng: np.random.Generator
) -> Interval:
    """% of test images."""
    return paired({"it": percent(readouts, prediction)}, lambda m: m["it"], resamples=resamples, rng=rng)


def gain(
    readouts: Sequence[Readout], prediction: str, over: str, *, resamples: int, rng: np.random.Generator
) -> Interval:
    """Percentage points by which one technique is better than another on the same images."""
    columns = {"it": percent(readouts, prediction), "over": percent(readouts, over)}
    return paired(columns, lambda m: m["it"] - m["over"], resamples=resamples, rng=rng)


def error_by_label(
    readouts: Sequence[Readout], prediction: str, *, resamples: int, rng: np.random.Generator
) -> list[Interval]:
    """Classification error, % of the test images of each label, and last that of all: 11 intervals, as in figure 4."""
    wrong = 100.0 - percent(readouts, prediction)
    of_label = indicator(labels(readouts))
    columns = np.concatenate(
        [wrong[..., None] * of_label, np.broadcast_to(of_label, (*wrong.shape, 10)), wrong[..., None]], axis=2
    )

    def errors(means: np.ndarray) -> np.ndarray:
        share = means[..., 10:20]
        present = np.divide(means[..., :10], share, out=np.zeros_like(share), where=share > 0)
        return np.concatenate([present, means[..., 20:]], axis=-1)

    return intervals(columns, errors, resamples=resamples, rng=rng)

"""How much of a layer's variance lies between the rotated copies of one digit: the orbit share.

sum |x - mean of the copies of its digit|^2 / sum |x - mean of all|^2, over all images: 0 for a layer that ignores the
rotation, 1 for one in which all digits have the same mean. Both sums are kept by digit (layer_squares).
"""
from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from deepfeatures.analysis.bootstrap import Interval
from deepfeatures.analysis.columns import Readout, paired, per_digit

LAYERS = ("pixels", "pool1", "pool2", "ip1", "ip2", "softmax")


def orbit_share(
    readouts: Sequence[Readout], layer: str, *, resamples: int, rng: np.random.Generator
) -> Interval:
    """Orbit share of one layer, in 0..1."""
    columns = {"orbit": orbit(readouts, layer), "total": total(readouts, layer)}
    return paired(columns, lambda m: m["orbit"] / m["total"], resamples=resamples, rng=rng)


def orbit(readouts: Sequence[Readout], layer: str) -> np.ndarray:
    """Sum over a digit's copies of their squared distance to the copies' mean: (seeds, digits)."""
    return per_digit(readouts, f"per_digit_orbit_square_{layer}")


def total(readouts: Sequence[Readout], layer: str) -> np.ndarray:
    """Sum over a digit's copies of their squared distance to the mean of all images: (seeds, digits)."""
    return per_digit(readouts, f"per_digit_total_square_{layer}")

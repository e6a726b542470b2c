"""Slant of handwritten digits from second moments, there before any rotation: Rudd et al. 2017, section 4.1."""
from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from deepfeatures.analysis.angle_error import errors_deg
from deepfeatures.analysis.bootstrap import Interval
from deepfeatures.analysis.columns import Means, Readout, indicator, labels, paired


def slant_deg(images: np.ndarray) -> np.ndarray:
    """arctan(mu11 / mu02), degrees, (n,): central moments of intensity, mu02 the vertical one. images: (n, h, w).

    Positive as `data.rotation` turns: an upright stroke turned counter-clockwise by 15 degrees has a slant of 15.
    """
    weight = np.asarray(images, np.float64)
    mass = weight.sum(axis=(1, 2))
    if not (mass > 0).all():
        raise ValueError(f"{int((mass == 0).sum())} of {len(weight)} images are empty: they have no slant")
    height, width = weight.shape[1:]
    down, right = np.arange(height, dtype=np.float64), np.arange(width, dtype=np.float64)
    by_row, by_column = weight.sum(axis=2), weight.sum(axis=1)
    mean_down, mean_right = by_row @ down / mass, by_column @ right / mass
    mu02 = by_row @ down**2 / mass - mean_down**2
    mu11 = np.einsum("nhw,h,w->n", weight, down, right) / mass - mean_down * mean_right
    if not (mu02 > 0).all():
        raise ValueError(f"{int((mu02 <= 0).sum())} of {len(weight)} images have a single inked row: no slant")
    return np.rad2deg(np.arctan(mu11 / mu02))


def slant_spread(
    images: np.ndarray, label: np.ndarray, *, resamples: int, rng: np.random.Generator
) -> Interval:
    """Standard deviation of the slant within a label, mean over labels, degrees. images: (digits, h, w), upright."""
    slant, of_label = slant_deg(images), indicator(label)
    columns = {f"{power}": (of_label * slant[:, None] ** power)[None] for power in range(3)}

    def spread(m: Means) -> np.ndarray:
        present = m["0"] > 0
        share = np.where(present, m["0"], 1.0)
        variance = m["2"] / share - (m["1"] / share) ** 2
        return np.sqrt(np.maximum(variance, 0.0)).sum(axis=-1) / present.sum(axis=-1)

    return paired(columns, spread, resamples=resamples, rng=rng)


def slant_and_residual(
    readouts: Sequence[Readout], images: np.ndarray, *, resamples: int, rng: np.random.Generator
) -> Interval:
    """Correlation, within labels, of a digit's slant with the mean angle error of its copies (true label's regressor).

    Deviations from the label means are pooled over labels. 1 would be: what the regressor gets wrong is the slant.
    images: (digits, h, w), upright.
    """
    label = labels(readouts)
    slant, error = slant_deg(images), errors_deg(readouts).mean(axis=2)
    of_label = indicator(label)
    size = np.maximum(of_label.sum(axis=0), 1)
    away = slant - (slant @ of_label / size)[label]
    off = error - (error @ of_label / size)[:, label]
    both = np.broadcast_to(away, off.shape)
    columns = {"xy": both * off, "xx": both**2, "yy": off**2}
    return paired(columns, lambda m: m["xy"] / np.sqrt(m["xx"] * m["yy"]), resamples=resamples, rng=rng)


def upright(images: np.ndarray, angles: np.ndarray) -> np.ndarray:
    """The copies at 0 degrees: (digits, h, w). images: (digits, angles, h, w)."""
    at = np.flatnonzero(np.asarray(angles) == 0)
    if len(at) != 1:
        raise ValueError(f"angles {np.asarray(angles).tolist()} hold 0 degrees {len(at)} times: upright is undefined")
    return images[:, at[0]]

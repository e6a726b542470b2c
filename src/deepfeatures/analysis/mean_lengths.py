"""Lengths of mean vectors as means over digits: slopes, means per angle and class means, each along a fixed direction.

The squared length of a mean over resampled digits needs all its d coordinates. To first order only the part along the
mean of all digits changes, so one number a digit is kept: its own vector along that direction. (Resampling all d would
also add the digits' own scatter to the length a second time.)
"""
from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from deepfeatures.probes.mean_activation import GroupSums, directions
from deepfeatures.probes.normalisation import MinMax

LABELS = 10


def trend_lengths(
    features: np.ndarray, labels: np.ndarray, angles_deg: np.ndarray, *, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """per_digit_trend, per_digit_trend_shuffled, per_digit_pose: (digits,) float32, activations.

    features: (digits, angles, d); labels: (digits,). With m the mean of a class's digits of:
    trend: m^2 is the sum, over the copies of one digit and all units, of the squared deviations that a line in the
    angle explains; so the line explains (digits of the class) m^2. shuffled: the same, each digit's angles in random
    order. pose: m^2 is the sum over the angles of |mean at the angle - class mean|^2.
    """
    digits, turns, width = features.shape
    turn = np.asarray(angles_deg, np.float64) - np.mean(angles_deg)
    turn /= np.sqrt(np.square(turn).sum())
    order = rng.permuted(np.broadcast_to(turn, (digits, turns)), axis=1)
    found = {name: np.zeros(digits, np.float32) for name in ("trend", "trend_shuffled", "pose")}
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        chunk = features[rows].astype(np.float64)
        chunk -= chunk.mean(axis=1, keepdims=True)  # a digit's own mean has no angle in it
        own = {
            "trend": np.einsum("a,nad->nd", turn, chunk),
            "trend_shuffled": np.einsum("na,nad->nd", order[rows], chunk),
            "pose": chunk.reshape(len(rows), turns * width),
        }
        for name, vectors in own.items():
            found[name][rows] = vectors @ directions(vectors.mean(axis=0)[None])[0]
    return {f"per_digit_{name}": values for name, values in found.items()}


def cosine_lengths(
    features: np.ndarray, labels: np.ndarray, scalings: Mapping[str, MinMax | None], *, chunk_digits: int = 512
) -> dict[str, np.ndarray]:
    """per_digit_cosine_<scaling>: (digits, 4) float32, for the mean cosine of the images to their own class mean.

    features: (digits, angles, d); labels: (digits,). Of a digit, the mean over its copies of x.e, x.f, x.e/|x| and
    x.f/|x|, where e is the direction of its class's mean m and f, orthogonal to it, completes the plane of m and the
    class's mean unit vector u. With (a, b, c, d) the means of these over a class's digits, the mean cosine is
    u.m / |m| = (a c + b d) / sqrt(a^2 + b^2).
    """
    digits, turns, width = features.shape
    found = {}
    for name, scaling in scalings.items():
        means, units = GroupSums.empty(LABELS, width), GroupSums.empty(LABELS, width)
        values = np.empty((digits, 4), np.float32)
        chunks = [slice(start, start + chunk_digits) for start in range(0, digits, chunk_digits)]
        for rows in chunks:
            chunk, label = _scaled(features[rows], scaling), np.repeat(labels[rows], turns)
            means.add(chunk, label)
            units.add(directions(chunk), label)
        first = directions(means.sums)
        second = units.sums - np.einsum("ld,ld->l", units.sums, first)[:, None] * first
        # Where both directions coincide the remainder is rounding, and no plane is to be completed.
        second[np.linalg.norm(second, axis=1) < 1e-9 * np.maximum(units.counts, 1)] = 0.0
        plane = np.concatenate([first, directions(second)]).T  # (d, 20)
        for rows in chunks:
            chunk, label = _scaled(features[rows], scaling), np.repeat(labels[rows], turns)
            length = np.sqrt(np.einsum("nd,nd->n", chunk, chunk))[:, None]
            along = np.take_along_axis((chunk @ plane).reshape(-1, 2, LABELS), label[:, None, None], axis=2)[:, :, 0]
            both = np.concatenate([along, along / np.where(length > 0, length, 1.0)], axis=1)
            values[rows] = both.reshape(-1, turns, 4).mean(axis=1)
        found[f"per_digit_cosine_{name.replace('-', '_')}"] = values
    return found


def _scaled(features: np.ndarray, scaling: MinMax | None) -> np.ndarray:
    rows = features.reshape(-1, features.shape[2]).astype(np.float64)
    return rows if scaling is None else scaling(rows)

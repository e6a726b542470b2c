"""How a unit's response changes when one parameter at a time is moved: along its axis, and at right angles to it.

slopes: (bases, k, units), the change per unit of each parameter at each person (data.face_steps). Of an axis unit every
slope is a multiple of one direction, whoever is moved: f'(axis . point) * axis. What lies at right angles to that
direction is change where the model says there is none.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Changes:
    """Mean squared slopes by person moved (bases,), sums over parameters, means over units of variance 1.

    total; along: the axis that other people's responses gave; best: the one direction that fits the slopes of the
    other half of the people moved best, which no error in an axis can spoil; constant: squared distance to the mean
    slope of the other half, what a linear code leaves. unit_along, unit_best: (units,) shares of each unit's total.
    """

    total: np.ndarray
    along: np.ndarray
    best: np.ndarray
    constant: np.ndarray
    unit_along: np.ndarray
    unit_best: np.ndarray


def changes(slopes: np.ndarray, axes: np.ndarray) -> Changes:
    """slopes: (bases, k, units), of at least two people; axes: (k, units), of length 1, made from other people."""
    if len(slopes) < 2 or slopes.shape[1:] != axes.shape:
        raise ValueError(f"slopes {slopes.shape} and axes {axes.shape}: (2 or more, k, units) and (k, units)")
    total = np.square(slopes).sum(axis=1)  # (bases, units)
    along = np.square(np.einsum("bku,ku->bu", slopes, axes))
    best, constant = np.empty_like(total), np.empty_like(total)
    half = np.arange(len(slopes)) % 2
    for one in (0, 1):
        mine, others = half == one, half != one
        direction = leading(slopes[others])
        best[mine] = np.square(np.einsum("bku,ku->bu", slopes[mine], direction))
        constant[mine] = np.square(slopes[mine] - slopes[others].mean(axis=0)).sum(axis=1)
    whole = np.maximum(total.sum(axis=0), 1e-300)
    return Changes(
        total.mean(axis=1), along.mean(axis=1), best.mean(axis=1), constant.mean(axis=1),
        along.sum(axis=0) / whole, best.sum(axis=0) / whole,
    )  # fmt: skip


def leading(slopes: np.ndarray) -> np.ndarray:
    """(k, units): for each unit the direction along which its slopes (bases, k, units) are largest in square."""
    by_unit = slopes.transpose(2, 0, 1)  # (units, bases, k)
    return np.asarray(np.linalg.eigh(by_unit.transpose(0, 2, 1) @ by_unit)[1][:, :, -1].T)

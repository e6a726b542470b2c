"""How many activations of a digit exceed levels relative to the network's own top: what silence and strength rest on.

top: the 99.9th percentile of the probed layer over all test images and units, in place of a maximum that one image
decides. Every level is counted on a grid around its place, since in a bootstrap the top itself moves.
"""
from __future__ import annotations

import numpy as np

from deepfeatures.analysis.block_contrast import upper_quantile

TOP_QUANTILE = 0.999
SILENT = 0.01  # of top: at or below it a unit is silent
STRONG = 0.5  # of top: above it a response is strong
FACTORS = (0.7, 0.85, 0.95, 0.98, 1.0, 1.02, 1.05, 1.15, 1.4)  # of each level


def level_counts(
    features: np.ndarray, labels: np.ndarray, assignment: np.ndarray
) -> tuple[float, dict[str, np.ndarray]]:
    """top, and by array name (digits, len(FACTORS)), over all copies of a digit.

    features: (digits, angles, d) >= 0; labels: (digits,); assignment: (d,) label of each unit's block, -1 for dead
    ones. uint16 counts: per_digit_above_top of all units; per_digit_active, above SILENT, of all units,
    per_digit_active_in_block and per_digit_active_off_block of the units of its class's block and of the others that
    are alive; per_digit_strong_off_block, above STRONG. float32 sums: per_digit_active_sum_in_block, of the active
    in-block ones, and per_digit_active_sum (digits,), of all active ones at the middle level.
    """
    digits, copies, width = features.shape
    if copies * width > np.iinfo(np.uint16).max:
        raise ValueError(f"{copies} copies of {width} units: more than {np.iinfo(np.uint16).max} activations a digit")
    top = upper_quantile(features, TOP_QUANTILE)
    names = ("above_top", "active", "active_in_block", "active_off_block", "strong_off_block")
    counts = {f"per_digit_{name}": np.zeros((digits, len(FACTORS)), np.uint16) for name in names}
    sums, active_sum = np.zeros((digits, len(FACTORS)), np.float32), np.zeros(digits, np.float32)
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        chunk = features[rows].reshape(len(rows), -1)
        inside = features[rows][:, :, assignment == label].reshape(len(rows), -1)
        dead = features[rows][:, :, assignment < 0].reshape(len(rows), -1)
        active_sum[rows] = chunk.sum(axis=1, where=chunk > SILENT * top, dtype=np.float64)
        for index, factor in enumerate(FACTORS):
            silent, strong = SILENT * factor * top, STRONG * factor * top
            active, active_in = _above(chunk, silent), _above(inside, silent)
            found = {
                "above_top": _above(chunk, factor * top),
                "active": active,
                "active_in_block": active_in,
                "active_off_block": active - active_in - _above(dead, silent),
                "strong_off_block": _above(chunk, strong) - _above(inside, strong) - _above(dead, strong),
            }
            for name, values in found.items():
                counts[f"per_digit_{name}"][rows, index] = values
            sums[rows, index] = inside.sum(axis=1, where=inside > silent, dtype=np.float64)
    return top, counts | {"per_digit_active_sum_in_block": sums, "per_digit_active_sum": active_sum}


def _above(values: np.ndarray, level: float) -> np.ndarray:
    return np.count_nonzero(values > level, axis=1)

"""Strength, sparsity and block diagonal of a space in every draw of the bootstrap: Rudd et al. 2017, figure 8.

Blocks come from training class means, responses from test images. Units that no training image activates belong to no
block and are left out inside and outside; shares of all units count them. Mean responses weigh every class the same
(a class without a block has no inside); shares of entries weigh every entry the same.
"""
from __future__ import annotations

import numpy as np

from deepfeatures.analysis.columns import Readout, angles_deg
from deepfeatures.analysis.levels import FACTORS
from deepfeatures.analysis.resampling import LABELS, Draws

LOG_FACTORS = np.log(FACTORS)
MIDDLE = FACTORS.index(1.0)


def block_sizes(assignment: np.ndarray) -> np.ndarray:
    """Units of each class's block: (10,). assignment: (d,), -1 for units of none."""
    assignment = np.asarray(assignment)
    return np.bincount(assignment[assignment >= 0], minlength=LABELS)


def strength(readout: Readout, draws: Draws) -> dict[str, np.ndarray]:
    """By name, (1 + draws,): top, 99.9th percentile of all activations; active, share of them that is not silent;
    active mean, of these, where silence is held at its level in the sample; zero, share of exact zeros.

    In a draw the top is where the share of activations above it is that of the whole sample, and every level moves with
    it: shares are interpolated between the levels that were counted.
    """
    shift = top_shift(readout, draws)
    entries = len(angles_deg(readout)) * readout.summary["width"]
    active = draws.means(readout["per_digit_active"])
    return {
        "top": readout.summary["top"] * np.exp(shift),
        "active": at_level(active / entries, shift),
        "active mean": draws.mean(readout["per_digit_active_sum"]) / np.maximum(active[:, MIDDLE], 1e-300),
        "zero": draws.mean(readout["per_digit_zero_fraction"]),
    }


def blocks(readout: Readout, draws: Draws) -> dict[str, np.ndarray]:
    """By name, (1 + draws,) unless said otherwise.

    inside over outside: mean response inside the blocks over mean outside; shuffled inside over outside: with blocks of
    shuffled training labels. inside over top. strong outside: share of the entries outside that exceed half of top;
    saturated outside: of those outside that are not silent, the share that does. active inside: share of the entries
    inside that are not silent; active inside mean: their mean over top.
    leak: (1 + draws, 10, 10), row a: mean response to each class of the units in block a over that to class a, nan
    where block a is empty.
    """
    turns = len(angles_deg(readout))
    shift = top_shift(readout, draws)
    top = readout.summary["top"] * np.exp(shift)
    size = block_sizes(readout["block_assignment_train"])
    mass = draws.class_means(readout["per_digit_block_mass"])
    inside, outside = inside_and_outside(mass, size)
    shuffled = inside_and_outside(
        draws.class_means(readout["per_digit_shuffled_block_mass"]), block_sizes(readout["block_assignment_shuffled"])
    )
    entries_in = turns * draws.counts @ size
    entries_out = turns * draws.counts @ (size.sum() - size)

    def share(name: str, entries: np.ndarray) -> np.ndarray:
        return at_level(draws.means(readout[f"per_digit_{name}"]) * draws.digits / entries[:, None], shift)

    active_in = share("active_in_block", entries_in)
    active_sum = share("active_sum_in_block", entries_in)
    active_out, strong_out = share("active_off_block", entries_out), share("strong_off_block", entries_out)
    with np.errstate(invalid="ignore", divide="ignore"):  # an empty block's row is nan, as the docstring says
        leak = mass.transpose(0, 2, 1) / np.diagonal(mass, axis1=1, axis2=2)[:, :, None]
    leak[:, size == 0] = np.nan
    return {
        "inside over outside": inside / outside,
        "shuffled inside over outside": shuffled[0] / shuffled[1],
        "inside over top": inside / top,
        "strong outside": strong_out,
        "saturated outside": strong_out / np.where(active_out > 0, active_out, 1.0),
        "active inside": active_in,
        "active inside mean": active_sum / np.where(active_in > 0, active_in, 1.0) / top,
        "leak": leak,
    }


def inside_and_outside(mass: np.ndarray, size: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean response of one unit to one image inside the blocks and outside them, classes weighing the same: (n,) each.

    mass: (n, 10, 10), summed over the units of the block in the last axis, of images of the class in the middle one.
    """
    own = np.diagonal(mass, axis1=1, axis2=2)
    others, rest = mass.sum(axis=2) - own, size.sum() - size
    inside, outside = own / np.maximum(size, 1), others / np.maximum(rest, 1)
    return inside[:, size > 0].mean(axis=1), outside[:, rest > 0].mean(axis=1)


def pair_above_others(leak: np.ndarray, one: int = 3, other: int = 5) -> np.ndarray:
    """(R(one, other) + R(other, one)) / 2 minus the mean of R over all ordered pairs: (n,). leak: (n, 10, 10)."""
    ordered = ~np.eye(LABELS, dtype=bool)
    return (leak[:, one, other] + leak[:, other, one]) / 2 - np.nanmean(leak[:, ordered], axis=1)


def pair_rank(leak: np.ndarray, one: int = 3, other: int = 5) -> np.ndarray:
    """Rank of the pair among all pairs of classes that have blocks, 1 for the largest (R(a, b) + R(b, a)) / 2: (n,)."""
    both = (leak + leak.transpose(0, 2, 1)) / 2
    upper = both[:, *np.triu_indices(LABELS, 1)]
    return 1.0 + np.count_nonzero(upper > both[:, one, other][:, None], axis=1)


def top_shift(readout: Readout, draws: Draws) -> np.ndarray:
    """ln(top of the draw / top of the sample): (1 + draws,), 0 in row 0; held within the levels that were counted."""
    share = draws.means(readout["per_digit_above_top"])  # falls along the levels
    wanted = share[0, MIDDLE]
    below = np.clip((share >= wanted).sum(axis=1) - 1, 0, len(FACTORS) - 2)
    row = np.arange(len(share))
    high, low = share[row, below], share[row, below + 1]
    part = np.clip((high - wanted) / np.where(high > low, high - low, 1.0), 0.0, 1.0)
    shift = LOG_FACTORS[below] + part * (LOG_FACTORS[below + 1] - LOG_FACTORS[below])
    shift[0] = 0.0  # where no activation lies between two levels the upper one would do as well
    return shift if wanted > 0 else np.zeros(len(share))


def at_level(values: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """Of values counted at all levels (n, levels), that at e^shift of the middle one, interpolated: (n,)."""
    below = np.clip(np.searchsorted(LOG_FACTORS, shift, side="right") - 1, 0, len(FACTORS) - 2)
    row = np.arange(len(values))
    part = (shift - LOG_FACTORS[below]) / (LOG_FACTORS[below + 1] - LOG_FACTORS[below])
    return values[row, below] * (1 - part) + values[row, below + 1] * part

"""How block-diagonal a stacked feature matrix is, and which labels its features confuse: figure 8 as numbers."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class BlockContrast:
    """Of features (n, d) stacked into blocks by an assignment; dead features are left out.

    mass_in_block: sum of the activations inside the blocks over the sum of all; chance_mass: what it would be if
    activations ignored the labels. high_level: the activation above which an element is high-intensity.
    off_block_high: fraction of the off-block elements that are; in_block_high: the same inside.
    off_block_active: fraction of the off-block elements above 0. off_block_saturation: mean of the high off-block
    elements over `scale` (nan where there is none); off_block_at_top: fraction of those above 0.9 scale.
    scale: the activation at the top of the colour bar, here the 99.9th percentile of all elements.
    """

    mass_in_block: float
    chance_mass: float
    scale: float
    high_level: float
    in_block_high: float
    off_block_high: float
    off_block_active: float
    off_block_saturation: float
    off_block_at_top: float


def block_contrast(
    features: np.ndarray,
    labels: np.ndarray,
    assignment: np.ndarray,
    *,
    high_share: float = 0.5,
    scale: float | None = None,
    chunk_rows: int = 4096,
) -> BlockContrast:
    """features: (n, d) >= 0; labels: (n,); assignment: (d,) label of each feature, -1 for dead ones.

    An element is high-intensity above high_share * scale. Each matrix is measured on its own scale, as the paper draws
    each with its own colour bar; pass `scale` to compare matrices on one.
    """
    if not 0 < high_share < 1:
        raise ValueError(f"high_share={high_share}: it must lie between 0 and 1")
    alive = assignment >= 0
    if not alive.any():
        raise ValueError(f"all {len(assignment)} features are dead: there is no block to measure")
    top = float(upper_quantile(features, 0.999)) if scale is None else scale
    level = high_share * top
    mass = np.zeros(2)
    counts = {name: np.zeros(2, np.int64) for name in ("all", "active", "high", "top")}
    high_sum = 0.0
    for start in range(0, len(features), chunk_rows):
        chunk = features[start : start + chunk_rows][:, alive]
        inside = labels[start : start + chunk_rows, None] == assignment[alive]
        high = chunk > level
        mass += [chunk.sum(where=inside, dtype=np.float64), chunk.sum(where=~inside, dtype=np.float64)]
        for name, which in (("all", np.True_), ("active", chunk > 0), ("high", high), ("top", chunk > 0.9 * top)):
            total = chunk.size if which is np.True_ else np.count_nonzero(which)
            within = np.count_nonzero(inside & which)
            counts[name] += [within, total - within]
        high_sum += float(chunk.sum(where=high & ~inside, dtype=np.float64))
    off_high = int(counts["high"][1])
    return BlockContrast(
        mass_in_block=float(mass[0] / mass.sum()),
        chance_mass=float(counts["all"][0] / counts["all"].sum()),
        scale=top,
        high_level=level,
        in_block_high=_share(counts["high"][0], counts["all"][0]),
        off_block_high=_share(off_high, counts["all"][1]),
        off_block_active=_share(counts["active"][1], counts["all"][1]),
        off_block_saturation=high_sum / off_high / top if off_high else float("nan"),
        off_block_at_top=_share(counts["top"][1], off_high) if high_share <= 0.9 else float("nan"),
    )


def _share(part: int, whole: int) -> float:
    return float(part / whole) if whole else float("nan")


def upper_quantile(values: np.ndarray, quantile: float) -> float:
    """The smallest value that at least `quantile` of all values do not exceed (method 'inverted_cdf')."""
    flat = values.reshape(-1).copy()
    position = max(int(np.ceil(quantile * flat.size)) - 1, 0)
    return float(np.partition(flat, position)[position])


@dataclass(frozen=True)
class Confusion:
    """Which labels features of one block also respond to. means are class means of the features.

    second: (d,) the label with the second largest mean (-1 if dead); ratio: (d,) that mean over the largest (nan if
    dead). leak: (labels, labels), row l: mean over the features whose largest mean is l of mean_k / mean_l (nan where
    l has no feature; 1 on the diagonal). pairs: (labels, labels) number of features whose largest mean is l and second
    k, with a ratio of at least `confusable`.
    """

    second: np.ndarray
    ratio: np.ndarray
    leak: np.ndarray
    pairs: np.ndarray
    confusable: float

    def strongest_pairs(self, count: int = 5) -> list[tuple[int, int, int]]:
        """The label pairs that share most confusable features, both directions together: (label, label, features)."""
        both = np.triu(self.pairs + self.pairs.T, 1)
        order = np.argsort(-both, axis=None, kind="stable")[:count]
        listed = [(int(i // len(both)), int(i % len(both)), int(both.flat[i])) for i in order]
        return [pair for pair in listed if pair[2] > 0]


def confusion(means: np.ndarray, *, confusable: float = 0.5) -> Confusion:
    """means: (labels, d) class means of non-negative features. Ties go to the lowest label."""
    if (means < 0).any():
        raise ValueError(f"needs non-negative features: {int((means < 0).sum())} class means are negative")
    labels, width = means.shape
    order = np.argsort(-means, axis=0, kind="stable")
    alive = means.max(axis=0) > 0
    first, second = order[0], order[1]
    column = np.arange(width)
    best = np.where(alive, means[first, column], 1.0)
    relative = np.where(alive, means / best, np.nan)
    ratio = relative[second, column]
    leak = np.full((labels, labels), np.nan)
    for label in range(labels):
        members = alive & (first == label)
        if members.any():
            leak[label] = relative[:, members].mean(axis=1)
    pairs = np.zeros((labels, labels), np.int64)
    shared = alive & (np.nan_to_num(ratio) >= confusable)
    np.add.at(pairs, (first[shared], second[shared]), 1)
    return Confusion(np.where(alive, second, -1), ratio, leak, pairs, confusable)

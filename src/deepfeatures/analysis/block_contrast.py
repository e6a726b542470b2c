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


@dataclass(frozen=True)
class ClassTally:
    """Of the elements of one feature in the samples of one label, each (labels, d): the sum of all, of the high ones,
    and how many are active (above 0), high (above `level`), at the top (above 0.9 scale). samples: (labels,).
    """

    samples: np.ndarray
    total: np.ndarray
    high_total: np.ndarray
    active: np.ndarray
    high: np.ndarray
    top: np.ndarray
    scale: float
    level: float


def tally(
    features: np.ndarray,
    labels: np.ndarray,
    *,
    high_share: float = 0.5,
    scale: float | None = None,
    n_labels: int = 10,
    chunk_rows: int = 1024,
) -> ClassTally:
    """Everything that contrasts of any assignment need, in one pass. features: (n, d) >= 0; labels: (n,).

    An element is high-intensity above high_share * scale. Each matrix is measured on its own scale, as the paper draws
    each with its own colour bar; pass `scale` to compare matrices on one.
    """
    if not 0 < high_share < 0.9:
        raise ValueError(f"high_share={high_share}: it must lie between 0 and 0.9")
    top = upper_quantile(features, 0.999) if scale is None else scale
    level = high_share * top
    kind = features.dtype if features.dtype.kind == "f" else np.dtype(np.float64)
    tables = np.zeros((5, n_labels, features.shape[1]))
    for start in range(0, len(features), chunk_rows):
        chunk = features[start : start + chunk_rows].astype(kind, copy=False)
        member = (labels[start : start + chunk_rows] == np.arange(n_labels)[:, None]).astype(kind)
        high = (chunk > level).astype(kind)
        tables += [
            member @ chunk,
            member @ (chunk * high),
            member @ (chunk > 0).astype(kind),
            member @ high,
            member @ (chunk > 0.9 * top).astype(kind),
        ]
    total, high_total, active, high_count, top_count = tables
    samples = np.bincount(labels, minlength=n_labels)
    return ClassTally(samples, total, high_total, active, high_count, top_count, float(top), float(level))


def block_contrast(counted: ClassTally, assignment: np.ndarray) -> BlockContrast:
    """counted: from `tally`; assignment: (d,) label of each feature, -1 for dead ones."""
    alive = assignment >= 0
    if not alive.any():
        raise ValueError(f"all {len(assignment)} features are dead: there is no block to measure")
    inside = alive & (assignment == np.arange(len(counted.samples))[:, None])
    outside = alive & ~inside

    def sums(table: np.ndarray) -> tuple[float, float]:
        return float(table[inside].sum()), float(table[outside].sum())

    elements = sums(np.broadcast_to(counted.samples[:, None], inside.shape))
    mass, active, high, top = (sums(t) for t in (counted.total, counted.active, counted.high, counted.top))
    return BlockContrast(
        mass_in_block=_share(mass[0], sum(mass)),
        chance_mass=_share(elements[0], sum(elements)),
        scale=counted.scale,
        high_level=counted.level,
        in_block_high=_share(high[0], elements[0]),
        off_block_high=_share(high[1], elements[1]),
        off_block_active=_share(active[1], elements[1]),
        off_block_saturation=_share(sums(counted.high_total)[1], high[1] * counted.scale),
        off_block_at_top=_share(top[1], high[1]),
    )


def _share(part: float, whole: float) -> float:
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

"""Equation (1) of Rudd et al. 2017: which label each feature belongs to, and the order that stacks them into blocks.

As printed, E_il = sum_j [D_ij (1 - I(y_j, l))] / [D_ij I(y_j, l)] divides term by term, and every term is 0/x, 0/0
or x/0. Three readings, all for non-negative features:

- 'ratio-of-sums': sum over j above, sum over j below; labels with more samples weigh more.
- 'ratio-of-means': the same with every label counted equally, sum of the other labels' means over the label's mean.
  What is reported.
- 'literal': 0/0 counts 0 (no activation, no error), x/0 counts infinity. E is infinite as soon as one sample of
  another label activates the feature, so nearly every feature is a tie of all labels and falls to the lowest.

Ties go to the lowest label. A dead row (no activation at all) has no label: -1.
"""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np

READINGS = ("ratio-of-sums", "ratio-of-means", "literal")
CLOSE = 1e-3  # labels whose sums are nearer than this, relatively, are summed again in float64


@dataclass(frozen=True)
class BlockDiagonal:
    """error: (d, labels), inf where a label never activates the feature, nan in dead rows. assignment: (d,), -1 there.

    order: (d,) features stacked by label, in their own order inside a label, dead ones last. counts: (labels,).
    """

    reading: str
    error: np.ndarray
    assignment: np.ndarray
    order: np.ndarray
    counts: np.ndarray
    dead: int


@dataclass(frozen=True)
class LiteralTerms:
    """How equation (1) degenerates as printed. infinite: (d, labels) terms x/0; undefined: (d,) terms 0/0, of n."""

    infinite: np.ndarray
    undefined: np.ndarray
    samples: int


def block_diagonalise(
    features: np.ndarray, labels: np.ndarray, *, reading: str = "ratio-of-sums", n_labels: int = 10
) -> BlockDiagonal:
    """Assign every feature to the label of least error. features: (n, d) >= 0; labels: (n,) in 0..n_labels-1."""
    if reading not in READINGS:
        raise ValueError(f"reading={reading!r}: allowed are {', '.join(READINGS)}")
    _check(features, labels, n_labels)
    if reading == "literal":
        terms = literal_terms(features, labels, n_labels=n_labels)
        error = np.where(terms.infinite > 0, np.inf, 0.0)
        return _assigned(reading, error, dead=terms.undefined == len(features), n_labels=n_labels)
    weight = np.bincount(labels, minlength=n_labels)[:, None] if reading == "ratio-of-means" else np.ones((n_labels, 1))
    weight = np.maximum(weight, 1)
    sums = _class_sums(features, labels, n_labels)
    weighted = sums / weight
    top = np.partition(weighted, -2, axis=0)[-2:] if n_labels > 1 else np.zeros((2, features.shape[1]))
    close = np.flatnonzero((top[0] >= top[1] * (1 - CLOSE)) & (top[1] > 0))
    for label in range(n_labels if len(close) else 0):
        sums[label, close] = features[np.ix_(labels == label, close)].sum(axis=0, dtype=np.float64)
    weighted = sums / weight
    return _assigned(reading, _ratio(weighted), dead=weighted.sum(axis=0) == 0, n_labels=n_labels)


def from_class_means(means: np.ndarray) -> BlockDiagonal:
    """The 'ratio-of-means' reading from means (labels, d) >= 0 that are already known."""
    if (means < 0).any():
        raise ValueError(f"equation (1) needs non-negative features: {int((means < 0).sum())} means are negative")
    return _assigned("ratio-of-means", _ratio(means), dead=means.sum(axis=0) == 0, n_labels=len(means))


def literal_terms(features: np.ndarray, labels: np.ndarray, *, n_labels: int = 10) -> LiteralTerms:
    """Count the terms of equation (1), as printed, that are x/0 and 0/0."""
    _check(features, labels, n_labels)
    active = _class_sums(features, labels, n_labels, count_active=True)
    total = active.sum(axis=0)
    return LiteralTerms((total - active).T.astype(np.int64), (len(features) - total).astype(np.int64), len(features))


def _ratio(sums: np.ndarray) -> np.ndarray:
    """(sum of the other labels) / (the label's own): (d, labels); inf where the label's own is 0. sums: (labels, d)."""
    others = sums.sum(axis=0) - sums
    return np.where(sums > 0, others / np.where(sums > 0, sums, 1.0), np.inf).T


def _assigned(reading: str, error: np.ndarray, *, dead: np.ndarray, n_labels: int) -> BlockDiagonal:
    error = np.where(dead[:, None], np.nan, error)
    assignment = np.where(dead, -1, np.where(dead[:, None], 0, error).argmin(axis=1))
    return BlockDiagonal(
        reading=reading,
        error=error,
        assignment=assignment,
        order=np.argsort(np.where(dead, n_labels, assignment), kind="stable"),
        counts=np.bincount(assignment[~dead], minlength=n_labels),
        dead=int(dead.sum()),
    )


def _class_sums(
    features: np.ndarray, labels: np.ndarray, n_labels: int, *, count_active: bool = False, chunk_rows: int = 1024
) -> np.ndarray:
    """(n_labels, d) float64. Each chunk is one product in the features' own type, checked for negatives in cache."""
    kind = features.dtype if features.dtype.kind == "f" else np.dtype(np.float64)
    member = np.zeros((n_labels, len(features)), kind)
    member[labels, np.arange(len(features))] = 1
    sums, lowest = np.zeros((n_labels, features.shape[1])), 0.0
    for start in range(0, len(features), chunk_rows):
        chunk = features[start : start + chunk_rows]
        lowest = min(lowest, chunk.min(initial=0))
        with np.errstate(invalid="ignore"):  # an infinite activation is reported below, with the count
            sums += member[:, start : start + chunk_rows] @ ((chunk > 0).astype(kind) if count_active else chunk)
    if lowest < 0:
        raise ValueError(
            f"equation (1) needs non-negative features: {int((features < 0).sum())} of {features.size} values are"
            f" negative, the lowest {lowest:g}; take the features after their ReLU"
        )
    if not np.isfinite(sums).all():
        raise ValueError(f"{int((~np.isfinite(features)).sum())} of {features.size} feature values are not finite")
    return sums


def _check(features: np.ndarray, labels: np.ndarray, n_labels: int) -> None:
    if len(features) != len(labels):
        raise ValueError(f"{len(labels)} labels for {len(features)} rows of features")
    if len(labels) and not (labels.min() >= 0 and labels.max() < n_labels):
        raise ValueError(f"labels must lie in 0..{n_labels - 1}, got {labels.min()}..{labels.max()}")

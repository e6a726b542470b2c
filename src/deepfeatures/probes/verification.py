"""Verification: are two images of one person? Pairs from identities, and how well a similarity tells them apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from deepfeatures.probes.mean_activation import directions


@dataclass(frozen=True)
class Pairs:
    """first, second: (pairs,) rows, first < second; same: (pairs,) bool, whether they share an identity."""

    first: np.ndarray
    second: np.ndarray
    same: np.ndarray


def pairs(identities: np.ndarray, *, each: int | None = None, rng: np.random.Generator | None = None) -> Pairs:
    """Every pair of rows, or at most `each` same and `each` different ones, drawn by rng without replacement.

    identities: (n,), anything that numpy can sort. All different pairs of 5,000 rows are 12 million: sample beyond
    that.
    """
    _, codes = np.unique(np.asarray(identities), return_inverse=True)
    n = len(codes)
    if each is None:
        first, second = np.triu_indices(n, 1)
        return _checked(Pairs(first, second, codes[first] == codes[second]))
    if rng is None:
        raise ValueError("a sample of pairs needs rng, a numpy Generator")
    same_first, same_second = _same(codes)
    if len(same_first) > each:
        chosen = np.sort(rng.choice(len(same_first), each, replace=False))
        same_first, same_second = same_first[chosen], same_second[chosen]
    different = _different(codes, each, rng)
    return _checked(
        Pairs(
            np.concatenate([same_first, different // n]),
            np.concatenate([same_second, different % n]),
            np.concatenate([np.ones(len(same_first), bool), np.zeros(len(different), bool)]),
        )
    )


def _same(codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    order = np.argsort(codes, kind="stable")
    found = []
    for rows in np.split(order, np.cumsum(np.bincount(codes))[:-1]):
        a, b = np.triu_indices(len(rows), 1)
        found.append(np.stack([rows[a], rows[b]]))
    first, second = np.concatenate(found, axis=1) if found else np.empty((2, 0), np.int64)
    return first, second


def _different(codes: np.ndarray, each: int, rng: np.random.Generator) -> np.ndarray:
    """At most `each` distinct keys first * n + second, first < second, of different identities, ascending."""
    n, counts = len(codes), np.bincount(codes)
    available = (n * n - int((counts.astype(np.int64) ** 2).sum())) // 2
    if available <= 2 * each:  # so few that drawing would meet the same ones again and again
        first, second = np.triu_indices(n, 1)
        keys = (first * n + second)[codes[first] != codes[second]]
        return np.sort(rng.choice(keys, min(each, len(keys)), replace=False))
    found = np.empty(0, np.int64)
    while len(found) < each:
        a, b = rng.integers(0, n, (2, 2 * each))
        drawn = (np.minimum(a, b) * n + np.maximum(a, b))[codes[a] != codes[b]]
        found = np.unique(np.concatenate([found, drawn]))
    return np.sort(rng.choice(found, each, replace=False))


def _checked(found: Pairs) -> Pairs:
    same = int(found.same.sum())
    if same == 0 or same == len(found.same):
        raise ValueError(f"{same} pairs of one identity and {len(found.same) - same} of two: verification needs both")
    return found


def cosine_of_pairs(features: np.ndarray, of: Pairs, *, chunk: int = 65_536) -> np.ndarray:
    """Cosine similarity of each pair: (pairs,) float64, 0 where either row is zero. features: (n, d)."""
    unit = directions(np.asarray(features, np.float64))
    found = np.empty(len(of.first))
    for start in range(0, len(found), chunk):
        part = slice(start, start + chunk)
        found[part] = np.einsum("ij,ij->i", unit[of.first[part]], unit[of.second[part]])
    return found


@dataclass(frozen=True)
class Verification:
    """auc in 0..1; fpr, tpr: (k,) wanted false positive rates and true positive rates there; threshold (k,): similarity
    above which a pair is accepted; same, different: how many pairs."""

    auc: float
    fpr: np.ndarray
    tpr: np.ndarray
    threshold: np.ndarray
    same: int
    different: int


def verification(
    similarity: np.ndarray, same: np.ndarray, *, fpr: Sequence[float] = (1e-1, 1e-2, 1e-3)
) -> Verification:
    """Metrics of similarity (pairs,) against same (pairs,) bool.

    AUC: the share of (same, different) couples of pairs in the right order, ties counting half. TPR at FPR f: of the
    thresholds that accept at most a share f of the different pairs, the most generous; ties at it are all refused.
    """
    similarity, same = np.asarray(similarity, np.float64), np.asarray(same, bool)
    if similarity.shape != same.shape or similarity.ndim != 1:
        raise ValueError(f"similarity and same must be (pairs,) alike, got {similarity.shape} and {same.shape}")
    if not np.isfinite(similarity).all():
        raise ValueError(f"{int((~np.isfinite(similarity)).sum())} of {len(similarity)} similarities are not finite")
    genuine, impostor = similarity[same], np.sort(similarity[~same])[::-1]
    if not len(genuine) or not len(impostor):
        raise ValueError(f"{len(genuine)} pairs of one identity and {len(impostor)} of two: verification needs both")
    ranks = rankdata(similarity)
    auc = (ranks[same].sum() - len(genuine) * (len(genuine) + 1) / 2) / (len(genuine) * len(impostor))
    wanted = np.asarray(fpr, np.float64)
    for rate in wanted:
        if not 1 / len(impostor) <= rate < 1:
            raise ValueError(
                f"FPR {rate:g} cannot be measured on {len(impostor)} different pairs: "
                f"at least {1 / rate:.0f} are needed"
            )
    allowed = np.floor(wanted * len(impostor) * (1 + 1e-12)).astype(np.int64)
    threshold = impostor[allowed]
    tpr = np.array([(genuine > value).mean() for value in threshold])
    return Verification(float(auc), wanted, tpr, threshold, len(genuine), len(impostor))

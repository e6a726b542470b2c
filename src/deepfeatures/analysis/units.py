"""Single units: how sparse, how intense, how stable, and to which label they respond. Rudd et al. 2017, section 4.3."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from deepfeatures.analysis.block_contrast import upper_quantile
from deepfeatures.probes.mean_activation import GroupSums


@dataclass(frozen=True)
class Activity:
    """Of features (n, d) after a ReLU; activations in the network's own scale.

    zero_fraction: share of all activations that are 0 (sparsity). active_per_sample: mean number of units above 0.
    unit_fraction_active: (d,) share of the samples that activate a unit. dead: units that no sample activates.
    mean, percentile_99, largest: of all activations; mean_active: of those above 0 (nan if there is none).
    """

    zero_fraction: float
    active_per_sample: float
    unit_fraction_active: np.ndarray
    dead: int
    mean: float
    mean_active: float
    percentile_99: float
    largest: float


def activity(features: np.ndarray, *, chunk_rows: int = 4096) -> Activity:
    """features: (n, d) >= 0."""
    rows, width = features.shape
    active, total, lowest = np.zeros(width, np.int64), 0.0, 0.0
    for start in range(0, rows, chunk_rows):
        chunk = features[start : start + chunk_rows]
        active += np.count_nonzero(chunk > 0, axis=0)
        total += float(chunk.sum(dtype=np.float64))
        lowest = min(lowest, float(chunk.min()))
    if lowest < 0:
        negative = int((features < 0).sum())
        raise ValueError(f"{negative} of {features.size} activations are negative, the lowest {lowest:g}")
    return Activity(
        zero_fraction=1 - float(active.sum()) / features.size,
        active_per_sample=float(active.sum()) / rows,
        unit_fraction_active=active / rows,
        dead=int((active == 0).sum()),
        mean=total / features.size,
        mean_active=total / int(active.sum()) if active.any() else float("nan"),
        percentile_99=upper_quantile(features, 0.99),
        largest=float(features.max()),
    )


@dataclass(frozen=True)
class Stability:
    """How far samples of one label scatter about their class mean.

    within_over_total: variance within labels over all variance, of all units together: 0 for ten points, 1 for labels
    that say nothing. unit_within_over_total: (d,), nan for units that never vary. relative_spread: the root mean square
    distance to the class mean over the root mean square length of the class means.
    """

    within_over_total: float
    unit_within_over_total: np.ndarray
    relative_spread: float


def stability(features: np.ndarray, labels: np.ndarray, *, n_labels: int = 10, chunk_rows: int = 4096) -> Stability:
    """features: (n, d); labels: (n,)."""
    sums = GroupSums.empty(n_labels, features.shape[1])
    sums.add(features, labels)
    means = sums.sums / np.maximum(sums.counts, 1)[:, None]
    centre = sums.sums.sum(axis=0) / len(features)
    within = np.zeros(features.shape[1])
    for start in range(0, len(features), chunk_rows):
        rows = slice(start, start + chunk_rows)
        distance = features[rows] - means[labels[rows]]
        within += np.einsum("ij,ij->j", distance, distance)
    between = sums.counts @ np.square(means - centre)
    total = within + between
    if not total.sum() > 0:
        raise ValueError("the features are constant: there is no variance to share out")
    return Stability(
        within_over_total=float(within.sum() / total.sum()),
        unit_within_over_total=np.where(total > 0, within / np.where(total > 0, total, 1), np.nan),
        relative_spread=float(np.sqrt(within.sum() / (sums.counts @ np.square(means)).sum())),
    )


@dataclass(frozen=True)
class Response:
    """level: the class mean from which a unit's response is high. Counts of units, each (labels,).

    high: units whose class mean of that label reaches the level (a unit may count for several labels);
    best: units whose largest class mean is that label's and reaches it (a unit counts once).
    """

    level: float
    high: np.ndarray
    best: np.ndarray


def high_response(means: np.ndarray, *, share: float = 0.5) -> Response:
    """means: (labels, d) class means, non-negative. The level is `share` of the 95th percentile, over units that are
    alive, of a unit's largest class mean: a scale of each network's own that one strong unit does not set.
    """
    if not 0 < share <= 1:
        raise ValueError(f"share={share}: it must lie in (0, 1]")
    largest = means.max(axis=0)
    if not (largest > 0).any():
        raise ValueError(f"all {means.shape[1]} units are dead: no response is high")
    level = share * upper_quantile(largest[largest > 0], 0.95)
    best = means.argmax(axis=0)[largest >= level]
    return Response(level, (means >= level).sum(axis=1), np.bincount(best, minlength=len(means)))

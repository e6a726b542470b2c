"""Accuracy when only the first principal axes are kept, beside the scree: a row a network and rank, for an explorer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import binomtest, norm

LOWEST = 1e-3  # of the largest singular value: the foot of the drawn scree
WIDEST = 784  # pixels: where the drawn axis of ranks ends
_WIDE = float(norm.ppf(0.975))


def grid(networks: Mapping[str, Sequence[Any]]) -> pd.DataFrame:
    """network, rank ('all' for the last), accuracy, accuracy_lo, accuracy_hi (% of test images), held and
    singular (%), and where on the two curves that is: scree, scree_x, scree_y, curve, curve_x, curve_y.

    networks: read-outs by label, one a seed; each keeps its ranks and rank_accuracy (`analysis.rank`: cosine to class
    means, axes and means of training features). held: share of the training features' variance on the first axes;
    singular: the last kept axis's singular value, of the first's; both of the first network.
    """
    rows = []
    for name, group in networks.items():
        ranks = list(group[0].summary["ranks"])
        accuracy = np.stack([np.asarray(one["rank_accuracy"], np.float64) for one in group])
        singular = np.asarray(group[0]["train_singular_values"], np.float64)
        held = np.cumsum(singular**2) / np.sum(singular**2)
        for at, rank in enumerate(ranks):
            lo, hi = interval(accuracy[:, at], group[0].summary["test_digits"])
            last = min(rank, len(singular)) - 1
            x, y = _x(rank), float(_height(singular)[last])
            mean = float(accuracy[:, at].mean())
            rows.append({
                "network": name, "rank": "all" if at == len(ranks) - 1 else str(rank),
                "accuracy": 100 * mean, "accuracy_lo": 100 * lo, "accuracy_hi": 100 * hi,
                "held": 100 * held[last],
                "singular": 100 * singular[last] / singular[0],
                "scree": name, "scree_x": x, "scree_y": y, "curve": name, "curve_x": x, "curve_y": mean,
            })  # fmt: skip
    return pd.DataFrame(rows).sort_values("rank", key=lambda column: column.map(_order), kind="stable")


def by_rank(networks: Mapping[str, Sequence[Any]]) -> dict[str, tuple[np.ndarray, ...]]:
    """By network: ranks, accuracy, lo, hi, (k,) each, the last three in % of test images; as `grid` has them."""
    table, found = grid(networks), {}
    for name, group in networks.items():
        rows = table[table["network"] == name]
        numbers = (rows[column].to_numpy() for column in ("accuracy", "accuracy_lo", "accuracy_hi"))
        found[name] = (np.asarray(group[0].summary["ranks"]), *numbers)
    return found


def interval(accuracy: np.ndarray, digits: int) -> tuple[float, float]:
    """At least 95 %: of the mean accuracy of networks (seeds,), each scored on the turned copies of `digits` digits.

    A digit's copies count as one, as if all were right or all wrong (Wilson's interval): the share of right copies
    varies less from digit to digit than that. The spread of seeds is added where there are two or more.
    """
    mean = float(np.mean(accuracy))
    found = binomtest(round(mean * digits), digits).proportion_ci(method="wilson")
    spread = _WIDE * np.std(accuracy, ddof=1) / np.sqrt(len(accuracy)) if len(accuracy) > 1 else 0.0
    below, above = np.hypot(max(mean - found.low, 0), spread), np.hypot(max(found.high - mean, 0), spread)
    return max(0.0, float(mean - below)), min(1.0, float(mean + above))


def scree_curves(networks: Mapping[str, Sequence[Any]]) -> dict[str, np.ndarray]:
    """By network: (n, 2) shares; x the logarithm of the rank, y that of the singular value from LOWEST of the first."""
    found = {}
    for name, group in networks.items():
        height = _height(np.asarray(group[0]["train_singular_values"], np.float64))
        ranks = [rank for rank in group[0].summary["ranks"] if rank <= len(height)]
        found[name] = np.array([[_x(rank), height[rank - 1]] for rank in ranks])
    return found


def accuracy_curves(networks: Mapping[str, Sequence[Any]]) -> dict[str, np.ndarray]:
    """By network: (n, 2) shares; x the logarithm of the rank, y the mean accuracy from 0 to 1."""
    return {
        name: np.array([
            [_x(rank), value] for rank, value in zip(
                group[0].summary["ranks"], np.mean([one["rank_accuracy"] for one in group], axis=0), strict=True)
        ])
        for name, group in networks.items()
    }  # fmt: skip


def _x(rank: int) -> float:
    return float(np.log(rank) / np.log(max(WIDEST, rank)))


def _height(singular: np.ndarray) -> np.ndarray:
    share = np.maximum(singular / singular[0], LOWEST)
    return np.asarray(1 - np.log(share) / np.log(LOWEST))


def _order(rank: str) -> float:
    return np.inf if rank == "all" else float(rank)

"""Do longer vectors hold more yaw? Rank correlation of width with error over a few layers, and how sure it is.

The layers are few, and many of one width. Intervals of people say how sure each layer's error is, and nothing of
which layers there happen to be: so layers are drawn anew as well, and the exact p deals the errors among them.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata


def rank_correlation(width: np.ndarray, errors: np.ndarray) -> np.ndarray:
    """Spearman's, of widths (k,) with errors (k, draws): (draws,); nan where either does not vary."""
    a, b = rankdata(width)[:, None], rankdata(errors, axis=0)
    a, b = a - a.mean(axis=0), b - b.mean(axis=0)
    size = np.sqrt((a**2).sum(axis=0) * (b**2).sum(axis=0))
    return np.divide((a * b).sum(axis=0), size, out=np.full(size.shape, np.nan), where=size > 0)


def over_layers(width: np.ndarray, errors: np.ndarray, *, rng: np.random.Generator) -> np.ndarray:
    """rank_correlation in every draw of people, with as many layers drawn with replacement: (1 + draws,).

    width: (k,); errors: (k, 1 + draws). Draw 0 is of all people and layers; nan where all those drawn are equally
    wide.
    """
    layers, draws = errors.shape
    found = np.empty(draws)
    for draw in range(draws):
        drawn = rng.integers(0, layers, layers) if draw else np.arange(layers)
        found[draw] = rank_correlation(width[drawn], errors[drawn, draw, None])[0]
    return found


def exact_p(width: np.ndarray, errors: np.ndarray) -> float:
    """Share of all ways to deal the errors among the layers whose rank correlation is at or below the one found.

    width, errors: (k,). Exact with ties: every way is counted, by the sum of products of (doubled, so whole) ranks and
    by how many layers of each width have had their error. nan where either does not vary.
    """
    if np.ptp(width) == 0 or np.ptp(errors) == 0:
        return float("nan")
    of_layer = np.rint(2 * rankdata(width)).astype(int)
    ranks, counts = np.unique(of_layer, return_counts=True)
    dealt = np.rint(2 * rankdata(errors)).astype(int)
    observed, most = int(of_layer @ dealt), int(np.sort(of_layer) @ np.sort(dealt))
    ways = {tuple(counts.tolist()): np.eye(1, most + 1)[0]}  # layers of each width without an error: ways by sum
    for rank in dealt.tolist():
        further: dict[tuple[int, ...], np.ndarray] = {}
        for left, by_sum in ways.items():
            for group, product in enumerate((ranks * rank).tolist()):
                if not left[group]:
                    continue
                rest = (*left[:group], left[group] - 1, *left[group + 1 :])
                moved = further.setdefault(rest, np.zeros(most + 1))
                # Any of the layers of this width may be the one: each is a way of its own.
                moved[product:] += left[group] * by_sum[: most + 1 - product]
        ways = further
    (found,) = ways.values()
    return float(found[: observed + 1].sum() / found.sum())

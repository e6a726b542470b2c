"""How well features tell whether two images show one person, by how differently the two heads are turned."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from deepfeatures.analysis.bootstrap import Interval
from deepfeatures.probes.verification import Pairs, cosine_of_pairs, pairs

VIEWS_DEG: Mapping[str, tuple[float, float]] = {
    "any view": (0.0, 360.0),
    "within 30 degrees": (0.0, 30.0),
    "30 to 90 degrees apart": (30.0, 90.0),
    "over 90 degrees apart": (90.0, 360.0),
}


def by_view(
    networks: Mapping[str, np.ndarray],
    identity: np.ndarray,
    yaw_deg: np.ndarray,
    *,
    each: int = 8_000,
    resamples: int,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """network, views, auc, lo, hi: area under the curve of cosine, 0.5 is chance; intervals by identity bootstrap.

    networks: features (n, d) by name, on the same n images; identity (n,); yaw_deg (n,). At most `each` pairs of one
    person and of two are drawn from each range of the difference in yaw.
    """
    _, person = np.unique(identity, return_inverse=True)
    every = pairs(person, each=4 * each, rng=rng)
    apart = np.abs(yaw_deg[every.first] - yaw_deg[every.second])
    rows = []
    for views, (low, high) in VIEWS_DEG.items():
        inside = (apart >= low) & (apart < high)
        chosen = Pairs(every.first[inside], every.second[inside], every.same[inside])
        if len(set(chosen.same.tolist())) < 2:  # a small world may hold no such pair
            continue
        for name, features in networks.items():
            found = auc(cosine_of_pairs(features, chosen), chosen, person, resamples=resamples, rng=rng)
            rows.append((name, views, found.value, *(found.interval or (np.nan, np.nan))))
    return pd.DataFrame(rows, columns=["network", "views", "auc", "lo", "hi"])


def auc(
    similarity: np.ndarray, of: Pairs, person: np.ndarray, *, resamples: int, rng: np.random.Generator
) -> Interval:
    """AUC of similarity (pairs,) with an interval over people, who are drawn with all their images.

    A person drawn m times brings m copies of the pairs among his own images, and m * k of those with a person drawn k
    times. person: (n,) int of the images.
    """
    order = np.argsort(similarity, kind="stable")
    a, b, same = person[of.first[order]], person[of.second[order]], of.same[order]
    tied = np.append(np.flatnonzero(np.diff(similarity[order])), len(order) - 1)  # last of each run of equal values
    value = _weighted(np.ones(len(order)), same, tied)
    people = int(person.max()) + 1
    drawn = np.empty(resamples)
    for number, times in enumerate(rng.multinomial(people, np.full(people, 1 / people), size=resamples)):
        weight = np.where(same, times[a], times[a] * times[b]).astype(float)
        drawn[number] = _weighted(weight, same, tied)
    low, high = np.nanquantile(drawn, [0.025, 0.975])
    return Interval(value, float(low), float(high), people, 1, "identity", None, 0.95, resamples)


def _weighted(weight: np.ndarray, same: np.ndarray, tied: np.ndarray) -> float:
    """Share of the weight of (same, different) couples in the right order, ties counting half; pairs are ascending."""
    ones, others = (np.cumsum(np.where(which, weight, 0.0))[tied] for which in (same, ~same))
    if ones[-1] == 0 or others[-1] == 0:
        return np.nan
    of_run = np.diff(ones, prepend=0.0)
    below = np.concatenate([[0.0], others[:-1]])
    return float((of_run * (below + others) / 2).sum() / (ones[-1] * others[-1]))

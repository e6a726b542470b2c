"""Pairs of faces for verification on unseen people, as in LFW's protocol: folds of people, thresholds from others.

Both images of a pair lie in one fold, so the threshold that a fold is judged by was chosen on pairs of other people.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from deepfeatures.analysis.bootstrap import Interval
from deepfeatures.data.identities import identity_folds
from deepfeatures.probes.verification import Pairs, pairs

PAIRS = 3_000  # at most, of one person and of two each: LFW has as many


@dataclass(frozen=True)
class FoldedPairs:
    """pairs: rows of the faces; fold: (pairs,), which people; person: (faces,) int, 0.., of every face."""

    pairs: Pairs
    fold: np.ndarray
    person: np.ndarray


def folded_pairs(identity: np.ndarray, *, folds: int, each: int = PAIRS, rng: np.random.Generator) -> FoldedPairs:
    """At most `each` pairs of one person and of two, equally many of both from each fold. identity: (faces,)."""
    _, person = np.unique(identity, return_inverse=True)
    fold = identity_folds(person, folds, rng=rng)
    found, of = [], []
    for number in range(int(fold.max()) + 1):
        rows = np.flatnonzero(fold == number)
        own = pairs(person[rows], each=-(-each // folds), rng=rng)
        least = min(int(own.same.sum()), int((~own.same).sum()))
        kept = np.sort(
            np.concatenate([rng.permutation(np.flatnonzero(own.same == which))[:least] for which in (True, False)])
        )
        found.append(Pairs(rows[own.first[kept]], rows[own.second[kept]], own.same[kept]))
        of.append(np.full(len(kept), number))
    joined = Pairs(*(np.concatenate([getattr(one, name) for one in found]) for name in ("first", "second", "same")))
    return FoldedPairs(joined, np.concatenate(of), person)


def decided(similarity: np.ndarray, same: np.ndarray, fold: np.ndarray) -> np.ndarray:
    """(pairs,) bool: judged rightly, by the threshold that is best on all other folds. similarity: (pairs,)."""
    right = np.empty(len(similarity), bool)
    for number in np.unique(fold):
        out = fold == number
        threshold = best_threshold(similarity[~out], same[~out])
        right[out] = (similarity[out] > threshold) == same[out]
    return right


def best_threshold(similarity: np.ndarray, same: np.ndarray) -> float:
    """The value above which a pair is best said to be of one person: the middle of the best gap between two values."""
    order = np.argsort(similarity, kind="stable")
    values, label = similarity[order], same[order]
    # Cutting below place i accepts all from i on: right are the different ones before it and the same ones from it.
    right = np.concatenate([[0], np.cumsum(~label)]) + np.concatenate([np.cumsum(label[::-1])[::-1], [0]])
    cut = np.concatenate([[True], np.diff(values) > 0, [True]])
    places = np.flatnonzero(cut & (right == right[cut].max()))
    place = int(places[len(places) // 2])
    low = values[place - 1] if place else values[0] - 1
    high = values[place] if place < len(values) else values[-1] + 1
    return float((low + high) / 2)


@dataclass(frozen=True)
class PairDraws:
    """People drawn with all their images: a pair of two drawn a and b times counts a * b times, of one person a times.

    weight: (1 + draws, pairs) float32, row 0 all ones; same: (pairs,) bool; people: how many.
    """

    weight: np.ndarray
    same: np.ndarray
    people: int

    def accuracy(self, right: np.ndarray) -> np.ndarray:
        """(1 + draws,): mean of the shares judged rightly of pairs of one person and of two. right: (pairs,)."""
        shares = []
        for which in (self.same, ~self.same):
            weight = self.weight[:, which]
            shares.append(weight @ right[which].astype(np.float32) / weight.sum(axis=1))
        return np.asarray((shares[0] + shares[1]) / 2, np.float64)

    def interval(self, values: np.ndarray, *, seeds: int = 1) -> Interval:
        """A statistic's interval. values: (1 + draws,), row 0 of all people once."""
        drawn = values[1:][np.isfinite(values[1:])]
        low, high = np.quantile(drawn, [0.025, 0.975])
        value = float(values[0])
        return Interval(
            value,
            min(float(low), value),
            max(float(high), value),
            self.people,
            seeds,
            "identity",
            None,
            0.95,
            len(drawn),
        )


def draw_pairs(of: FoldedPairs, *, resamples: int, rng: np.random.Generator) -> PairDraws:
    """Draw as many people as there are, with replacement, `resamples` times."""
    people = int(of.person.max()) + 1
    times = rng.multinomial(people, np.full(people, 1 / people), size=resamples).astype(np.float32)
    times = np.concatenate([np.ones((1, people), np.float32), times])
    first, second = of.person[of.pairs.first], of.person[of.pairs.second]
    weight = np.where(of.pairs.same, times[:, first], times[:, first] * times[:, second])
    return PairDraws(weight, of.pairs.same, people)

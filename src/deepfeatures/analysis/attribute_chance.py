"""Are attributes read better than by chance? A permutation null in which each person's labels go to another person.

A person's images share most labels, and machines answer alike on them. Labels permuted over images would break that and
call every identity-like answer significant; so labels stay together and are dealt out person by person. Machines are
not fitted again: the people they are tested on had no part in fitting them. (Where people have unequally many images
the blocks do not meet exactly, and a few images at their edges get labels of a neighbour.)
"""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from deepfeatures.analysis.attribute_errors import Arrays, Errors, of_data_set
from deepfeatures.analysis.attribute_labels import signs_of
from deepfeatures.data import attributes


@dataclass(frozen=True)
class Chance:
    """Of each attribute in `names`: total = FNR + FPR; low: the null's 5 % point of it; p: chance of one as low.

    p is corrected for asking of all attributes at once: each permutation gives its single most extreme attribute, in
    standard deviations of that attribute's null (Westfall and Young 1993).
    """

    names: tuple[str, ...]
    total: np.ndarray
    low: np.ndarray
    p: np.ndarray
    permutations: int

    def better(self, level: float = 0.05) -> tuple[str, ...]:
        """Attributes that are read better than by chance."""
        return tuple(name for name, p in zip(self.names, self.p, strict=True) if p <= level)


def against_chance(
    faces: Arrays,
    readouts: Sequence[Arrays],
    names: Sequence[str],
    *,
    permutations: int,
    rng: np.random.Generator,
) -> Chance:
    """One representation, averaged over its read-outs (one a seed). names: attributes that have machines."""
    columns = [attributes.NAMES.index(name) for name in names]
    signs, identity = signs_of(np.asarray(faces["attributes"]))[columns].T, np.asarray(faces["identity"])
    scores = np.stack([np.asarray(one["scores"])[:, columns] for one in readouts])
    seen = np.isfinite(scores).all(axis=(0, 2))
    order = np.flatnonzero(seen)[np.argsort(identity[seen], kind="stable")]
    said, shows, lacks = (scores[:, order] > 0).mean(axis=0), signs[order] > 0, signs[order] < 0
    blocks = np.split(np.arange(len(order)), np.flatnonzero(np.diff(identity[order])) + 1)
    observed = totals(said, shows, lacks)
    null = np.empty((permutations, len(columns)))
    for number in range(permutations):
        dealt = np.concatenate([blocks[person] for person in rng.permutation(len(blocks))])
        null[number] = totals(said, shows[dealt], lacks[dealt])
    spread = null.std(axis=0)
    spread[spread == 0] = 1.0  # a machine that always answers the same: its total is 1 in every permutation
    extreme = ((1 - null) / spread).max(axis=1, initial=-np.inf)
    p = (1 + (extreme[:, None] >= (1 - observed) / spread - 1e-12).sum(axis=0)) / (1 + permutations)
    return Chance(tuple(names), observed, np.quantile(null, 0.05, axis=0), p, permutations)


def by_data_set(
    artifacts: Mapping[str, Sequence[Arrays]],
    errors: Mapping[str, Errors],
    representations: Mapping[str, Mapping[str, str]],
    *,
    permutations: int,
    rng: np.random.Generator,
) -> dict[str, dict[str, Chance]]:
    """`against_chance` of some representations of each data set: label to name in its errors, as tables take them."""
    found: dict[str, dict[str, Chance]] = {}
    for data, measured in errors.items():
        faces, readouts = of_data_set(artifacts, data)
        found[data] = {
            label: against_chance(faces, readouts[key], measured.names, permutations=permutations, rng=rng)
            for label, key in representations[data].items()
        }
    return found


def totals(said: np.ndarray, shows: np.ndarray, lacks: np.ndarray) -> np.ndarray:
    """FNR + FPR of each column. said: (n, attributes) share of yes; shows, lacks: likewise, bool."""
    hits = np.einsum("na,na->a", said, shows) / np.maximum(shows.sum(axis=0), 1)
    alarms = np.einsum("na,na->a", said, lacks) / np.maximum(lacks.sum(axis=0), 1)
    return np.asarray(1 - hits + alarms)

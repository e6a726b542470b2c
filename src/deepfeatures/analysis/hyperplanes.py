"""Attributes as hyperplanes: do those that mean similar things have similar weight vectors, and do clusters find them?

One linear machine an attribute gives one weight vector each, as long as 1. k-means puts them into clusters (Liu et al.
2014, in the notes: "similar attributes are clustered together"). Asked here: are clusters the same from other starts
(adjusted Rand index over seeds); do attributes of one group (data.attribute_parts) share clusters, and have larger
cosines, more than under groups dealt out at random; and how much of it do the labels do by themselves? Attributes that
go together in the data have similar hyperplanes in any features, random ones too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import squareform
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from deepfeatures.analysis.attribute_labels import signs_of
from deepfeatures.analysis.attribute_readout import standardised
from deepfeatures.analysis.bootstrap import Interval
from deepfeatures.analysis.unit_semantics import known_attributes
from deepfeatures.data.attribute_parts import part_of
from deepfeatures.data.attributes import NAMES
from deepfeatures.probes.squared_hinge_path import balanced_weights, squared_hinge_path

STARTS = 20  # of k-means, each from its own seed
REFIT_STARTS = 4  # the same for machines of people drawn anew
REFITS = 25  # machines fitted to people drawn anew, behind every interval
LEAST = 4
PENALTY = 1e-3  # C of all machines alike: vectors of different C would differ in length and direction for that alone


@dataclass(frozen=True)
class Hyperplanes:
    """vectors: (1 + refits, attributes, d), each as long as 1; row 0 of all people, rows 1.. of people drawn anew.

    labels: (1 + refits, attributes, attributes) correlations of the labels themselves, of the same people.
    """

    names: tuple[str, ...]
    vectors: np.ndarray
    labels: np.ndarray
    people: int

    @property
    def cosines(self) -> np.ndarray:
        """(1 + refits, attributes, attributes)."""
        return np.asarray(self.vectors @ self.vectors.transpose(0, 2, 1))

    @property
    def groups(self) -> np.ndarray:
        return np.array([part_of(name) for name in self.names])

    def interval(self, values: np.ndarray) -> Interval:
        """values: (1 + refits,): from the smallest to the largest refit; without refits there is none."""
        refits = len(values) - 1
        low, high = (float(values.min()), float(values.max())) if refits else (np.nan, np.nan)
        return Interval(float(values[0]), low, high, self.people, 1, "identity", None, 1 - 2 / (refits + 2), refits)


def fit(
    units: np.ndarray, labels: np.ndarray, identity: np.ndarray, *, rng: np.random.Generator, refits: int = REFITS
) -> Hyperplanes:
    """Machines of all attributes at once on standardised units (n, d); labels (n, 40) of 1, 0, -1."""
    columns = known_attributes(labels, identity)
    signs = signs_of(labels[:, columns])
    rows = standardised(units, units[:1])[0]
    persons, of_image = np.unique(identity, return_inverse=True)
    vectors, correlations = [], []
    for refit in range(1 + refits):
        drawn = np.ones(len(persons)) if refit == 0 else np.bincount(
            rng.integers(len(persons), size=len(persons)), minlength=len(persons)
        )  # fmt: skip
        times = drawn[of_image].astype(np.float64)
        path = squared_hinge_path(
            rows, signs, np.array([PENALTY]), row_weight=times, class_weight=balanced_weights(signs, times), tol=1e-3,
            dtype="float32",
        )  # fmt: skip
        vectors.append(unit_length(path.coefficients[0]))
        correlations.append(correlation(signs.T.astype(np.float64), times))
    return Hyperplanes(
        tuple(NAMES[column] for column in columns), np.stack(vectors), np.stack(correlations), len(persons)
    )


def of_last_layer(head: np.ndarray, like: Hyperplanes) -> Hyperplanes:
    """The rows of a network's own last layer (40, d), for the attributes of `like`: one fit, no refits."""
    columns = [NAMES.index(name) for name in like.names]
    return Hyperplanes(like.names, unit_length(head[columns])[None], like.labels[:1], like.people)


def unit_length(vectors: np.ndarray) -> np.ndarray:
    """Rows as long as 1; a row of zeros stays."""
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(length > 0, length, 1))


def correlation(columns: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Correlations of columns (n, k), rows counted `times` (n,); 0 where a column is constant."""
    centred = columns - (times @ columns) / times.sum()
    product = (centred * times[:, None]).T @ centred
    spread = np.sqrt(np.diag(product))
    scale = np.where(spread > 0, spread, np.inf)
    return np.asarray(product / np.outer(scale, scale))


def clusters(vectors: np.ndarray, count: int, starts: int = STARTS) -> np.ndarray:
    """(starts, attributes): clusters by k-means, each from its own seed and a single start.

    vectors: (attributes, d).
    """
    count = min(count, len(vectors))
    return np.stack(
        [KMeans(count, n_init=1, random_state=seed).fit_predict(vectors.astype(np.float64)) for seed in range(starts)]
    )


def best_clusters(vectors: np.ndarray, count: int, starts: int = STARTS) -> np.ndarray:
    """(attributes,): the tightest of some runs, numbered in the order of the first attribute of each."""
    found = KMeans(min(count, len(vectors)), n_init=starts, random_state=0).fit_predict(vectors.astype(np.float64))
    order = {label: at for at, label in enumerate(dict.fromkeys(found.tolist()))}
    return np.array([order[label] for label in found.tolist()])


def stability(found: np.ndarray) -> float:
    """Mean adjusted Rand index over all pairs of runs (runs, attributes): 1, always the same; 0, as by accident."""
    return float(np.mean([adjusted_rand_score(one, other) for one, other in combinations(found, 2)]))


def cohesion(cosines: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """(...,): mean of cosines (..., k, k) within groups less mean between them. groups: (k,), '' left out;

    nan where no two attributes share a group, or all do.
    """
    inside = (groups[:, None] == groups) & (groups != "")
    between = (groups[:, None] != groups) & (groups[:, None] != "") & (groups != "")
    pairs = np.triu(np.ones(inside.shape, bool), 1)
    within, across = inside & pairs, between & pairs
    if not within.any() or not across.any():
        return np.full(cosines.shape[:-2], np.nan)
    return np.asarray(cosines[..., within].mean(axis=-1) - cosines[..., across].mean(axis=-1))


def agreement(found: np.ndarray, groups: np.ndarray) -> float:
    """Adjusted Rand index of clusters (k,) and groups (k,), attributes of no group left out."""
    kept = groups != ""
    return float(adjusted_rand_score(groups[kept], found[kept]))


@dataclass(frozen=True)
class Together:
    """Do groups fall together? cohesion and agreement, each with the mean under shuffled groups and a p."""

    cohesion: Interval
    agreement: Interval
    shuffled: tuple[float, float]
    p: tuple[float, float]
    stability: float
    with_labels: float  # correlation of cosines with correlations of labels, over pairs of attributes
    magnitude: Interval  # cohesion of absolute cosines: attributes that exclude each other share an axis too


def together(planes: Hyperplanes, count: int, *, permutations: int, rng: np.random.Generator) -> Together:
    """count: clusters; groups are shuffled among the attributes that have one."""
    cosines, groups = planes.cosines, planes.groups
    starts = [STARTS] + [REFIT_STARTS] * (len(planes.vectors) - 1)
    found = [best_clusters(one, count, tries) for one, tries in zip(planes.vectors, starts, strict=True)]
    matched = np.array([agreement(one, groups) for one in found])
    held = cohesion(cosines, groups)
    null = np.empty((permutations, 2))
    grouped = np.flatnonzero(groups != "")
    for number in range(permutations):
        dealt = groups.copy()
        dealt[grouped] = groups[rng.permutation(grouped)]
        null[number] = float(cohesion(cosines[0], dealt)), agreement(found[0], dealt)
    observed = np.array([held[0], matched[0]])
    p = (1 + (null >= observed - 1e-12).sum(axis=0)) / (1 + permutations)
    pairs = np.triu_indices(len(groups), 1)
    enough = len(groups) >= LEAST  # pairs of fewer attributes have no correlation to speak of
    linked = float(np.corrcoef(cosines[0][pairs], planes.labels[0][pairs])[0, 1]) if enough else np.nan
    return Together(
        planes.interval(held), planes.interval(matched), (float(null[:, 0].mean()), float(null[:, 1].mean())),
        (float(p[0]), float(p[1])), stability(clusters(planes.vectors[0], count)), linked,
        planes.interval(cohesion(np.abs(cosines), groups)),
    )  # fmt: skip


def of_labels(planes: Hyperplanes) -> Interval:
    """Cohesion of the labels' own correlations: what goes together before any network is asked."""
    return planes.interval(cohesion(planes.labels, planes.groups))


def tree(planes: Hyperplanes) -> tuple[np.ndarray, np.ndarray]:
    """(linkage matrix of scipy, order of the leaves): average linkage of 1 - cosine."""
    distance = np.clip(1 - planes.cosines[0], 0, 2)
    np.fill_diagonal(distance, 0)
    joined = linkage(squareform(distance, checks=False), "average")
    return joined, leaves_list(joined)


def as_rows(
    planes: Mapping[str, Hyperplanes], count: int, *, permutations: int, rng: np.random.Generator
) -> tuple[list[list[object]], dict[str, Together]]:
    """Network, cohesion, p, absolute cosines', clusters' agreement, p, stability, link with labels: a row each."""
    found = {name: together(one, count, permutations=permutations, rng=rng) for name, one in planes.items()}
    rows: list[list[object]] = [
        [name, one.cohesion, f"{one.p[0]:.3f}", one.magnitude, one.agreement, f"{one.p[1]:.3f}", one.stability,
         one.with_labels]
        for name, one in found.items()
    ]  # fmt: skip
    first = next(iter(planes.values()))
    rows.append(["the labels themselves", of_labels(first), "", "", "", "", float("nan"), 1.0])
    return rows, found


def members(planes: Hyperplanes, count: int) -> list[list[object]]:
    """Cluster, attributes in it, their groups: a row a cluster."""
    found = best_clusters(planes.vectors[0], count)
    rows: list[list[object]] = []
    for cluster in range(found.max() + 1):
        mine = [name for name, one in zip(planes.names, found, strict=True) if one == cluster]
        groups: Sequence[str] = [part_of(name) or "none" for name in mine]
        counted = {group: groups.count(group) for group in dict.fromkeys(groups)}
        rows.append([str(cluster + 1), ", ".join(name.replace("_", " ") for name in mine),
                     ", ".join(f"{group} {n}" for group, n in counted.items())])  # fmt: skip
    return rows

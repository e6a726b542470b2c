"""What a unit's response tells: mean faces of weak, medium and strong response, and a test against every attribute.

A mean face looks like something for any unit, random ones too. So beside it stands, for each unit and attribute, the
probability that a face with the attribute is answered more strongly than one without (AUC; 0.5 knows nothing), with a
p corrected for asking of all units and attributes at once, and the same of a network that was never trained.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import rankdata

from deepfeatures.analysis.bootstrap import Interval
from deepfeatures.analysis.people_and_networks import over_networks
from deepfeatures.analysis.person_bootstrap import People, draw_people
from deepfeatures.data.attributes import NAMES
from deepfeatures.data.identities import identity_folds

LEAST_FACES = 50  # of one mean: fewer could show a person
SHARE = 0.1  # of the faces, in one mean
TELLS = 0.6  # an AUC from which on a unit is said to tell of an attribute


def auc(units: np.ndarray, shows: np.ndarray) -> np.ndarray:
    """(units, attributes): AUC of each column of units (n, units) for each column of shows (n, attributes) bool.

    nan where an attribute is shown by all or by none. Ties count half.
    """
    ranks = rankdata(np.asarray(units, np.float64), axis=0)
    positive = shows.sum(axis=0).astype(np.float64)
    negative = len(shows) - positive
    with np.errstate(divide="ignore", invalid="ignore"):
        found = (ranks.T @ shows.astype(np.float64) - positive * (positive + 1) / 2) / (positive * negative)
    return np.where((positive > 0) & (negative > 0), found, np.nan)


def known_attributes(labels: np.ndarray, identity: np.ndarray, least: int = 10) -> np.ndarray:
    """Columns of labels (n, attributes) of 1, 0, -1 that are known and shown, and lacked, by `least` people or more."""
    kept = []
    for column in range(labels.shape[1]):
        sides = [len(np.unique(identity[labels[:, column] == side])) for side in (0, 1)]
        if (labels[:, column] >= 0).all() and min(sides) >= least:
            kept.append(column)
    return np.array(kept, np.int64)


@dataclass(frozen=True)
class Tested:
    """auc, p: (units, attributes), attributes in the order of `names`; p: corrected over all of them."""

    names: tuple[str, ...]
    auc: np.ndarray
    p: np.ndarray
    permutations: int

    def significant(self, level: float = 0.05) -> np.ndarray:
        """(units,) bool: tells of one attribute or more."""
        return np.asarray((self.p <= level).any(axis=1))

    def best(self) -> np.ndarray:
        """(units,): the column each unit tells most of."""
        return np.abs(self.auc - 0.5).argmax(axis=1)


def test(
    units: np.ndarray, labels: np.ndarray, identity: np.ndarray, *, permutations: int, rng: np.random.Generator
) -> Tested:
    """units (n, units); labels (n, 40) of 1, 0, -1. Each permutation deals people's labels to other people.

    Each gives the single largest |AUC - 0.5| in standard deviations of that cell's null (Westfall and Young 1993).
    """
    order = np.argsort(identity, kind="stable")
    units, identity = np.asarray(units)[order], identity[order]
    columns = known_attributes(labels, identity[np.argsort(order)])
    shows = labels[order][:, columns] > 0
    blocks = np.split(np.arange(len(identity)), np.flatnonzero(np.diff(identity)) + 1)
    ranks = rankdata(np.asarray(units, np.float64), axis=0).astype(np.float32)
    observed, null = auc(ranks, shows), np.empty((permutations, ranks.shape[1], len(columns)), np.float32)
    for number in range(permutations):
        dealt = np.concatenate([blocks[one] for one in rng.permutation(len(blocks))])
        null[number] = _auc_of_ranks(ranks, shows[dealt])
    spread = null.std(axis=0)
    spread[spread == 0] = 1
    extreme = (np.abs(null - 0.5) / spread).reshape(permutations, -1).max(axis=1)
    size = np.abs(observed - 0.5) / spread
    p = (1 + (extreme[:, None, None] >= size - 1e-9).sum(axis=0)) / (1 + permutations)
    return Tested(tuple(NAMES[column] for column in columns), observed, p, permutations)


@dataclass(frozen=True)
class Strength:
    """auc: (networks, 1 + draws, units) of the attribute chosen on one half of the people, on the other, turned to 0.5

    or more where it was chosen; draw 0 all people, the others drawn anew, the same for all networks. people: who is
    drawn. Units of two networks have nothing in common, so only their means over units are averaged.
    """

    auc: np.ndarray
    people: People

    def mean(self) -> Interval:
        return over_networks(self.people, self.auc.mean(axis=-1))

    def telling(self) -> Interval:
        """Share of units whose AUC is TELLS or more. Draws of networks reach beyond what a share can be: cut there."""
        found = over_networks(self.people, (self.auc >= TELLS).mean(axis=-1))
        return replace(found, lo=float(np.clip(found.lo, 0, 1)), hi=float(np.clip(found.hi, 0, 1)))

    def above(self, other: Strength) -> Interval:
        """Mean AUC above another kind of network's: same people and draws, network by network."""
        return over_networks(self.people, self.auc.mean(axis=-1) - other.auc.mean(axis=-1))

    def by_place(self) -> np.ndarray:
        """(units,) falling: the AUC of a network's best unit, of its second best, ..., each averaged over networks."""
        return np.asarray(-np.sort(-self.auc[:, 0], axis=-1).mean(axis=0))


def strength(
    networks: Sequence[np.ndarray],
    labels: np.ndarray,
    identity: np.ndarray,
    *,
    resamples: int,
    rng: np.random.Generator,
) -> Strength:
    """networks: units (n, units) of each network of a kind, on the same faces.

    For each unit, the attribute it tells most of is chosen on half of the people and measured on the other half. Both
    halves in turn, averaged: so a large number is not the luck of picking the best of many.
    """
    rng_half, rng_people = rng.spawn(2)
    columns = known_attributes(labels, identity)
    shows = labels[:, columns] > 0
    half = identity_folds(identity, 2, rng=rng_half)
    people = draw_people(identity, resamples=resamples, rng=rng_people)
    times = people.times[:, people.of_image].astype(np.float32)
    total = np.zeros((len(networks), len(people.times), networks[0].shape[1]))
    for one, other in ((half == 0, half == 1), (half == 1, half == 0)):
        for at, units in enumerate(networks):
            away = np.nan_to_num(auc(units[one], shows[one]) - 0.5)
            best = np.abs(away).argmax(axis=1)
            side = np.sign(away[np.arange(len(best)), best])
            found = weighted_auc(units[other], shows[other][:, best], times[:, other])
            total[at] += 0.5 + side * (found - 0.5)
    return Strength(total / 2, people)


def weighted_auc(units: np.ndarray, shows: np.ndarray, times: np.ndarray) -> np.ndarray:
    """(draws, units): unit u's AUC for shows[:, u], row i counted times[draw, i] times. No ties among units."""
    found = np.empty((len(times), units.shape[1]))
    for unit in range(units.shape[1]):
        order = np.argsort(units[:, unit], kind="stable")
        drawn, positive = times[:, order].astype(np.float64), shows[order, unit]
        below = np.cumsum(drawn * ~positive, axis=1)  # those without the attribute that are answered more weakly
        with np.errstate(divide="ignore", invalid="ignore"):
            found[:, unit] = (drawn * below * positive).sum(1) / ((drawn * positive).sum(1) * below[:, -1])
    return np.where(np.isfinite(found), found, 0.5)


def mean_faces(images: np.ndarray, response: np.ndarray) -> np.ndarray:
    """(3, side, side, 3) uint8: means over the faces of weakest, middling and strongest response.

    images: (n, side, side, 3) uint8; response: (n,). A tenth of the faces each, and LEAST_FACES at the least; raises
    ValueError where there are fewer in all.
    """
    n = len(response)
    if n < LEAST_FACES:
        raise ValueError(f"{n} faces: a mean shows {LEAST_FACES} at the least")
    size = max(LEAST_FACES, round(SHARE * n))
    order = np.argsort(response, kind="stable")
    middle = (n - size) // 2
    chosen = (order[:size], order[middle : middle + size], order[-size:])
    means = [np.asarray(images[np.sort(rows)], np.float64).mean(axis=0) for rows in chosen]
    return np.round(np.stack(means)).astype(np.uint8)


@dataclass(frozen=True)
class ShownUnit:
    """A unit for a figure: its three mean faces, and what it tells most of."""

    unit: int
    faces: np.ndarray
    attribute: str
    auc: float
    p: float


def shown_units(images: np.ndarray, units: np.ndarray, tested: Tested, count: int = 8) -> list[ShownUnit]:
    """`count` units spread evenly from the one that tells most to the one that tells least: no picking."""
    best = tested.best()
    size = np.abs(tested.auc - 0.5)[np.arange(len(best)), best]
    order = np.argsort(-size, kind="stable")
    chosen = order[np.linspace(0, len(order) - 1, min(count, len(order))).round().astype(int)]
    return [
        ShownUnit(
            int(unit), mean_faces(images, units[:, unit]), tested.names[best[unit]],
            float(tested.auc[unit, best[unit]]), float(tested.p[unit, best[unit]]),
        )
        for unit in chosen
    ]  # fmt: skip


def as_rows(
    networks: Mapping[str, Sequence[np.ndarray]],
    labels: np.ndarray,
    identity: np.ndarray,
    *,
    resamples: int,
    rng: np.random.Generator,
) -> tuple[list[list[object]], dict[str, Strength], dict[str, Tested]]:
    """Rows for a page (network, units, telling by the test, mean held-out AUC, share at TELLS), and their sources.

    networks: units (n, units) of each network of a kind. Tested is the first of them: its units are what is shown.
    """
    rows: list[list[object]] = []
    strengths, tests = {}, {}
    seed = rng.integers(2**32, size=2)
    for name, group in networks.items():  # the same halves, draws and permutations for all
        strengths[name] = strength(group, labels, identity, resamples=resamples, rng=np.random.default_rng(seed[0]))
        tests[name] = test(group[0], labels, identity, permutations=resamples, rng=np.random.default_rng(seed[1]))
        told = int(tests[name].significant().sum())
        rows.append([name, group[0].shape[1], told, strengths[name].mean(), strengths[name].telling()])
    return rows, strengths, tests


def tells_of(tests: Mapping[str, Tested], most: int) -> list[list[object]]:
    """Network, attribute, units that tell most of it, of the `most` attributes with the most units of each network."""
    found: list[list[object]] = []
    for name, one in tests.items():
        best = one.best()[one.significant()]
        counts = np.bincount(best, minlength=len(one.names))
        order = np.argsort(-counts, kind="stable")[:most]
        found += [[name, one.names[at].replace("_", " "), int(counts[at])] for at in order if counts[at]]
    return found


def _auc_of_ranks(ranks: np.ndarray, shows: np.ndarray) -> np.ndarray:
    positive = shows.sum(axis=0).astype(np.float64)
    summed = ranks.T @ shows.astype(np.float32)
    return np.asarray((summed - positive * (positive + 1) / 2) / (positive * (len(shows) - positive)))

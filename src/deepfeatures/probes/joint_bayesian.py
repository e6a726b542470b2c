"""Joint Bayesian verification (Chen et al. 2012, as DeepID2+ uses it): a face is its person's mean plus a variation.

    x = person + variation,   person ~ N(0, S_person),   variation ~ N(0, S_variation)

Both covariances are fitted by EM, then two faces are scored by the log of how much likelier they are of one person than
of two:  log P(x, y | one) - log P(x, y | two). EM is the exact one: it keeps the posterior covariance of the person,
which Chen et al. drop, so the likelihood rises in every iteration and equally many images of everybody give the answer
that is known in closed form.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve, eigh

FLOOR = 1e-3  # ours: share of the mean variance added to S_variation, so that no direction is free of it


@dataclass(frozen=True)
class Statistics:
    """All that EM sees. total: (d, d) sum of x x'; of_sums: images a person -> (d, d) sum over such people of s s',
    s the sum of a person's images; people: images a person -> how many such people."""

    total: np.ndarray
    of_sums: Mapping[int, np.ndarray]
    people: Mapping[int, int]

    @property
    def images(self) -> int:
        return sum(each * count for each, count in self.people.items())


@dataclass(frozen=True)
class JointBayesian:
    """mean: (d,); map: (d, k) to coordinates in which variation has covariance 1 and person the diagonal `person`."""

    mean: np.ndarray
    map: np.ndarray
    person: np.ndarray

    def coordinates(self, features: np.ndarray) -> np.ndarray:
        """(n, k) float64. features: (n, d)."""
        return (np.asarray(features, np.float64) - self.mean) @ self.map

    def of_pairs(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Log likelihood ratios (pairs,). first, second: (pairs, k) coordinates."""
        square, product, constant = self._weights()
        return np.asarray((first**2 + second**2) @ square + (first * second) @ product + constant)

    def of_all(self, gallery: np.ndarray, probes: np.ndarray) -> np.ndarray:
        """Log likelihood ratios (gallery, probes). gallery: (g, k), probes: (p, k) coordinates."""
        square, product, constant = self._weights()
        own = (gallery**2 @ square)[:, None] + probes**2 @ square
        return np.asarray(own + (gallery * product) @ probes.T + constant)

    def _weights(self) -> tuple[np.ndarray, np.ndarray, float]:
        # Coordinates are independent; of one person a pair has covariance [[p + 1, p], [p, p + 1]].
        one = self.person + 1
        both = 2 * self.person + 1
        constant = -0.5 * float(np.log(both / one**2).sum())
        return 0.5 * (1 / one - one / both), self.person / both, constant


def fit(
    features: np.ndarray, identity: np.ndarray, *, dimensions: int | None = None, iterations: int = 30
) -> JointBayesian:
    """Fit on faces of known people. features: (n, d); identity: (n,).

    dimensions: leading principal components that are kept; None: all in which the faces differ. Raises ValueError where
    nobody has two images or all faces are equal.
    """
    values = np.asarray(features, np.float64)
    mean = values.mean(axis=0)
    basis = principal_directions(values - mean, dimensions)
    inside = (values - mean) @ basis
    person, variation = em(statistics(inside, identity), iterations=iterations)
    variation = variation + FLOOR * np.trace(variation) / len(variation) * np.eye(len(variation))
    # Generalised eigenvectors: v' variation v = 1, v' person v = the eigenvalue.
    spread, vectors = eigh(person, variation)
    return JointBayesian(mean, basis @ vectors, np.maximum(spread, 0.0))


def statistics(values: np.ndarray, identity: np.ndarray) -> Statistics:
    """values: (n, d), centred; identity: (n,). Raises ValueError where nobody has two images."""
    names, code, counts = np.unique(identity, return_inverse=True, return_counts=True)
    if len(names) < 2 or counts.max() < 2:
        raise ValueError(f"{len(names)} people, {counts.max()} images of one at most: 2 of both are needed")
    sums = np.zeros((len(names), values.shape[1]))
    np.add.at(sums, code, values)
    of_sums = {int(each): sums[counts == each].T @ sums[counts == each] for each in np.unique(counts)}
    people = {int(each): int((counts == each).sum()) for each in np.unique(counts)}
    return Statistics(values.T @ values, of_sums, people)


def em(seen: Statistics, *, iterations: int) -> tuple[np.ndarray, np.ndarray]:
    """(S_person, S_variation), (d, d) each, from half the covariance for either."""
    person = variation = seen.total / (2 * seen.images)
    variation = variation + 1e-9 * np.trace(variation) * np.eye(len(variation)) / len(variation)
    for _ in range(iterations):
        person, variation = _step(seen, person, variation)
    return person, variation


def _step(seen: Statistics, person: np.ndarray, variation: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """One iteration. Of somebody with m images that sum to s: E[person] = K s, K = S_p (m S_p + S_v)^-1."""
    of_person = np.zeros_like(person)
    of_variation = seen.total.copy()
    for each, sums in seen.of_sums.items():
        factor = cho_factor(each * person + variation)
        gain = cho_solve(factor, person).T
        posterior = person - each * gain @ person
        expected = gain @ sums @ gain.T
        of_person += expected + seen.people[each] * posterior
        crossed = gain @ sums
        of_variation += each * expected - crossed - crossed.T + seen.people[each] * each * posterior
    # Rounding leaves traces of asymmetry, which would grow.
    person, variation = of_person / sum(seen.people.values()), of_variation / seen.images
    return (person + person.T) / 2, (variation + variation.T) / 2


def principal_directions(centred: np.ndarray, dimensions: int | None = None) -> np.ndarray:
    """(d, k): orthonormal directions of the largest variance, those without any left out. centred: (n, d)."""
    if len(centred) < centred.shape[1]:  # fewer faces than numbers: the same directions from the smaller matrix
        variance, shares = np.linalg.eigh(centred @ centred.T / len(centred))
        seen = variance > 1e-8 * max(variance[-1], 0)
        directions = centred.T @ (shares[:, seen] / np.sqrt(len(centred) * variance[seen]))
        variance = variance[seen] if seen.any() else np.zeros(1)
    else:
        variance, directions = np.linalg.eigh(centred.T @ centred / len(centred))
    variance, directions = variance[::-1], directions[:, ::-1]
    if variance[0] <= 0:
        raise ValueError(f"all {len(centred)} faces have the same features")
    differ = int((variance > 1e-8 * variance[0]).sum())
    return directions[:, : min(differ, dimensions or differ)]

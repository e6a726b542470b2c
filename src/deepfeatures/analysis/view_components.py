"""Is view dependence a matter of who is shown, or of which feature is asked? Variance components without noise.

Two questions, both in `view_effects`' units:

- `components`: energy[i, j], how strongly view moves feature j for person i, differs between people, between features,
  and between pairs of the two. Two halves of the images, which share no noise, are multiplied, so that only what both
  show counts; then the usual two-way sums of squares (random effects, one value a cell).
- `shares`: what a feature's variance is made of: the person, the view (a shift common to everybody), the view in a way
  of the person's own (person x view), and the single image.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import t as student

from deepfeatures.analysis.bootstrap import Interval
from deepfeatures.analysis.view_effects import Design, Effects, effects, halves, standardised

SPLITS = 8  # times the images are halved; what is reported is the mean over them
PARTS = ("person", "view", "person x view", "image")


@dataclass(frozen=True)
class Components:
    """Variances of energy over people, features and pairs of them, without noise; each may come out below 0.

    agreement: correlation over people of the energies (mean over features) of two halves of their images.
    """

    people: float
    features: float
    pairs: float
    agreement: float

    @property
    def total(self) -> float:
        return self.people + self.features + self.pairs

    def share(self, name: str) -> float:
        """'people', 'features' or 'pairs': of the total, 0..1; nan where there is no variance but noise."""
        return float(getattr(self, name)) / self.total if self.total > 0 else float("nan")

    @property
    def advantage(self) -> float:
        """Share of people less share of features: above 0, view dependence is a matter of people rather than of
        features."""
        return self.share("people") - self.share("features")


Halves = Sequence[tuple[np.ndarray, np.ndarray]]  # energies (people, features) of two halves, for each split


def energies_of_halves(features: np.ndarray, of: Design, *, rng: np.random.Generator, splits: int = SPLITS) -> Halves:
    """Energies of two halves of the images, `splits` times."""
    found = []
    for _ in range(splits):
        one, other = halves(features, of, rng=rng)
        found.append((one.energy, other.energy))
    return found


def components(of: Halves, people: np.ndarray | None = None) -> Components:
    """people: rows to take, all by default."""
    rows = slice(None) if people is None else people
    per_split = np.array([_two_way(one[rows], other[rows]) for one, other in of])
    mean = per_split.mean(axis=0)
    agreement = mean[3] / mean[4] if mean[4] > 0 else float("nan")
    return Components(float(mean[0]), float(mean[1]), float(mean[2]), float(agreement))


def _two_way(one: np.ndarray, other: np.ndarray) -> tuple[float, float, float, float, float]:
    """Components of people, features and pairs; covariance and spread of the two halves' means over features."""
    count, width = one.shape
    a, b = one - one.mean(), other - other.mean()
    people_a, people_b, features_a, features_b = a.mean(1), b.mean(1), a.mean(0), b.mean(0)
    of_people = width * float(people_a @ people_b)
    of_features = count * float(features_a @ features_b)
    rest = float(np.vdot(a, b)) - of_people - of_features
    pairs = rest / max((count - 1) * (width - 1), 1)
    people = (of_people / max(count - 1, 1) - pairs) / width
    features = (of_features / max(width - 1, 1) - pairs) / count
    spread = float(np.sqrt((people_a @ people_a) * (people_b @ people_b)))
    return people, features, pairs, float(people_a @ people_b), spread


def in_order(of: Halves, groups: int = 10) -> dict[str, np.ndarray]:
    """'people', 'features': mean energy of each tenth of them over the mean of all, (groups,), the least first.

    One half of the images puts them in order, the other half is averaged, and the other way round, over all splits: so
    a curve that rises shows order and not noise. Fewer groups where there are not two in each.
    """
    found: dict[str, np.ndarray] = {}
    for axis, name in enumerate(("people", "features")):
        curves = []
        for pair in of:
            for first, second in (pair, pair[::-1]):
                order, values = first.mean(axis=1 - axis).argsort(), second.mean(axis=1 - axis)
                parts = np.array_split(values[order], min(groups, max(len(values) // 2, 1)))
                curves.append([part.mean() for part in parts])
        mean = float(np.mean([half.mean() for pair in of for half in pair]))
        found[name] = np.mean(curves, axis=0) / mean
    return found


def shares(features: np.ndarray, of: Design) -> dict[str, np.ndarray]:
    """Sums over features and sides of each person's contribution, so that any set of people can be put together.

    Give them to `shares_of`. shift (I, S, J), noise, middle (I, S, J): mean of the two views; all in sd.
    """
    scaled, found = standardised(features, of), effects(features, of)
    frontal = np.stack([scaled[rows].mean(axis=0) for rows in of.frontal])
    return {"shift": found.shift, "noise": found.noise, "middle": frontal[:, None] + found.shift / 2}


def shares_of(parts: dict[str, np.ndarray], people: np.ndarray | None = None) -> np.ndarray:
    """(4,) in the order of PARTS, summing to 1: means over features of variances in units of the single image's."""
    rows = slice(None) if people is None else people
    shift, noise, middle = (parts[name][rows] for name in ("shift", "noise", "middle"))
    count = len(shift)
    squared = (shift**2).sum(axis=0)
    # E[shift_i * shift_k] of two different people: no noise in it
    common = (shift.sum(axis=0) ** 2 - squared) / (count * (count - 1))
    energy = (squared - noise.sum(axis=0)) / count
    person = middle.var(axis=0, ddof=1) - noise.mean(axis=0) / 4
    variances = np.array([person.mean(), common.mean() / 4, (energy - common).mean() / 4, 1.0])
    return np.asarray(variances / variances.sum())


def jackknife(statistics: Callable[[np.ndarray], Sequence[float]], people: int, *, seeds: int = 1) -> list[Interval]:
    """Statistics of a set of people with 95 % intervals: each person left out once (Tukey 1958), Student's t.

    A bootstrap would hold people twice, and two copies of a person agree in everything, which is what is asked here.
    """
    everybody = np.arange(people)
    values = np.asarray(statistics(everybody), np.float64)
    without = np.array([statistics(np.delete(everybody, one)) for one in everybody], np.float64)
    return [_tukey(float(value), column, people, seeds) for value, column in zip(values, without.T, strict=True)]


def _tukey(value: float, without: np.ndarray, people: int, seeds: int) -> Interval:
    known = without[np.isfinite(without)]
    if len(known) < 3 or not np.isfinite(value):
        return Interval(value, np.nan, np.nan, people, seeds, "identity", None, 0.95, 0)
    error = np.sqrt((len(known) - 1) * np.mean((known - known.mean()) ** 2))
    reach = float(student.ppf(0.975, len(known) - 1) * error)
    return Interval(value, value - reach, value + reach, people, seeds, "identity", None, 0.95, 0)


def within(found: Interval, low: float, high: float) -> Interval:
    """The same with its ends inside what the statistic can be."""
    if found.interval is None:
        return found
    return replace(found, lo=max(found.lo, min(low, found.value)), hi=min(found.hi, max(high, found.value)))


def energy_of_people(found: Effects) -> np.ndarray:
    """(people,): mean over features of energy: how far view moves a person's code, in variances of a single image."""
    return found.energy.mean(axis=1)

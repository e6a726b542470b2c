"""False negatives and false positives of every attribute, and how sure they are when people are drawn anew.

Rates are class-conditional: misses over the images that show an attribute, false alarms over those that lack it (Rudd
et al. 2017, figure 2). Their sum is 1 for any answer that knows nothing of the attribute, whatever its threshold.
Arrays of draws are (1 + resamples, seeds, attributes): number 0 is what was measured, the others are bootstrap draws of
people, the same for every representation of one data set, so that representations are compared draw by draw.
"""
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from deepfeatures.analysis.attribute_labels import LEAST_PEOPLE, people_of, signs_of
from deepfeatures.analysis.bootstrap import Interval, over_seeds, seed_deviations
from deepfeatures.analysis.measured import Measured, NotApplicable
from deepfeatures.data import attributes


class Arrays(Protocol):
    """An artifact's arrays by name: of faces (data.faces) or of one read-out (analysis.attribute_readout)."""

    def __getitem__(self, name: str, /) -> np.ndarray: ...


@dataclass(frozen=True)
class Rates:
    """One representation. fn, fp: (1 + resamples, seeds, attributes), shares 0..1; names: of the attributes."""

    names: tuple[str, ...]
    fn: np.ndarray
    fp: np.ndarray

    @property
    def error(self) -> np.ndarray:
        """Balanced error, the mean of both: 0.5 is chance."""
        return (self.fn + self.fp) / 2

    @property
    def seeds(self) -> int:
        return int(self.fn.shape[1])

    def columns(self, names: Sequence[str]) -> list[int]:
        """Where these attributes are. KeyError names the first that is not measured."""
        for name in names:
            if name not in self.names:
                raise KeyError(f"{name} is not measured here: it is unknown, or too few people show it or lack it")
        return [self.names.index(name) for name in names]


@dataclass(frozen=True)
class Errors:
    """All representations of one data set.

    rates: by representation, the same attributes for all; people: how many were resampled; too_few: attribute to
    (people who lack it, people who show it), one of them below LEAST_PEOPLE; unknown: what this world does not say.
    """

    rates: Mapping[str, Rates]
    people: int
    images: int
    too_few: Mapping[str, tuple[int, int]]
    unknown: tuple[str, ...]
    level: float = 0.95

    @property
    def names(self) -> tuple[str, ...]:
        return next(iter(self.rates.values())).names

    def __getitem__(self, representation: str) -> Rates:
        if representation not in self.rates:
            raise KeyError(f"no representation {representation!r}: there are {', '.join(self.rates)}")
        return self.rates[representation]

    def in_group(self, group: attributes.Group) -> tuple[str, ...]:
        """Measured attributes of a group, in CelebA's order."""
        return tuple(name for name in attributes.in_group(group) if name in self.names)

    def interval(self, draws: np.ndarray) -> Interval:
        """Of a statistic in every draw, (1 + resamples, seeds): averaged over seeds, people and seeds resampled.

        The largest of several rates is larger in draws than measured: the interval is widened to hold that.
        """
        draws = np.asarray(draws, np.float64)
        deviations = seed_deviations(draws.shape[1], len(draws) - 1, np.random.default_rng(0))
        found = over_seeds(draws[0], draws[1:], deviations, n=self.people, level=self.level, unit="identity")
        return replace(found, lo=min(found.lo, found.value), hi=max(found.hi, found.value))

    def of(self, names: Sequence[str], statistic: Callable[[], np.ndarray]) -> Measured:
        """interval(statistic()) where all `names` are measured and there are any; else which is not, and why."""
        if not names:
            return NotApplicable("no attribute of this group is measured here")
        for name in names:
            if name in self.too_few:
                lack, show = self.too_few[name]
                return NotApplicable(
                    f"too few people: {show} show {name} and {lack} lack it, {LEAST_PEOPLE} of each are asked for"
                )
            if name not in self.names:
                return NotApplicable(f"{name} is not known of these faces")
        draws = statistic()
        if not np.isfinite(draws).all():
            return NotApplicable("a ratio whose lower part is 0 in some draw of people")
        return self.interval(draws)


def measure(
    faces: Arrays, readouts: Mapping[str, Sequence[Arrays]], *, resamples: int, rng: np.random.Generator
) -> Errors:
    """Rates of every representation. readouts: read-outs by representation, one a seed, all of `faces`."""
    if not readouts:
        raise ValueError("no read-outs: give one representation or more")
    signs, identity = signs_of(np.asarray(faces["attributes"])), np.asarray(faces["identity"])
    scores = {name: np.stack([np.asarray(one["scores"]) for one in group]) for name, group in readouts.items()}
    seen = np.logical_and.reduce([np.isfinite(values).any(axis=2).all(axis=0) for values in scores.values()])
    scores, signs, identity = {k: v[:, seen] for k, v in scores.items()}, signs[:, seen], identity[seen]
    people = people_of(signs, identity)
    machine = np.logical_and.reduce([np.isfinite(values).all(axis=(0, 1)) for values in scores.values()])
    measured = np.flatnonzero(machine & (people >= LEAST_PEOPLE).all(axis=0))
    names = tuple(attributes.NAMES[a] for a in measured)
    persons, of_image = np.unique(identity, return_inverse=True)
    drawn = rng.multinomial(len(persons), np.full(len(persons), 1 / len(persons)), size=resamples)
    weights = np.vstack([np.ones(len(persons), np.int64), drawn]).astype(np.float64)
    rates = {}
    for name, values in scores.items():
        counts = tallies(values[..., measured] > 0, signs[measured].T, of_image, len(persons))
        fn, fp = (_rate(np.einsum("rp,spa->rsa", weights, part), np.einsum("rp,spa->rsa", weights, whole))
                  for part, whole in (counts[:2], counts[2:]))  # fmt: skip
        rates[name] = Rates(names, fn, fp)
    known = (people > 0).any(axis=0)
    return Errors(
        rates,
        people=len(persons),
        images=int(seen.sum()),
        too_few={attributes.NAMES[a]: (int(people[0, a]), int(people[1, a]))
                 for a in np.flatnonzero(known) if a not in measured},
        unknown=tuple(attributes.NAMES[a] for a in np.flatnonzero(~known)),
    )


def by_data_set(
    artifacts: Mapping[str, Sequence[Arrays]], *, resamples: int, rng: np.random.Generator
) -> dict[str, Errors]:
    """`measure` for each data set. artifacts: by name, 'data set/faces' and 'data set/representation'."""
    found = {}
    for data in data_sets(artifacts):
        faces, readouts = of_data_set(artifacts, data)
        found[data] = measure(faces, readouts, resamples=resamples, rng=rng)
    return found


def data_sets(artifacts: Mapping[str, Sequence[Arrays]]) -> list[str]:
    return [name.removesuffix("/faces") for name in artifacts if name.endswith("/faces")]


def of_data_set(
    artifacts: Mapping[str, Sequence[Arrays]], data: str
) -> tuple[Arrays, dict[str, Sequence[Arrays]]]:
    """The faces of one data set, and its read-outs by representation."""
    mine = {name.partition("/")[2]: group for name, group in artifacts.items() if name.startswith(f"{data}/")}
    faces = mine.pop("faces")[0]
    return faces, mine


def tallies(
    said: np.ndarray, signs: np.ndarray, of_image: np.ndarray, people: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Misses, images that show it, false alarms, images that lack it: (seeds, people, attributes) float64 each.

    said: (seeds, n, attributes) bool; signs: (n, attributes) in -1, 0, +1; of_image: (n,) 0..people-1.
    """
    shows, lacks = signs > 0, signs < 0
    events = (~said & shows, np.broadcast_to(shows, said.shape), said & lacks, np.broadcast_to(lacks, said.shape))
    found = []
    for event in events:
        total = np.zeros((len(said), people, said.shape[2]))
        for seed, of_seed in enumerate(event):
            np.add.at(total[seed], of_image, of_seed)
        found.append(total)
    return found[0], found[1], found[2], found[3]


def _rate(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """part / whole in every draw; a draw with no such image (1 in e^10 or rarer) repeats what was measured."""
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = part / whole
    return np.where(whole > 0, rate, rate[:1])

"""Intervals of a number that is a mean over networks: people and networks are drawn anew, not people alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from deepfeatures.analysis.bootstrap import Interval, over_seeds, seed_deviations
from deepfeatures.analysis.person_bootstrap import People


def over_networks(people: People, values: np.ndarray) -> Interval:
    """Mean over networks in every draw of people, (networks, 1 + draws), column 0 of all people.

    Networks are drawn as `bootstrap.intervals` says; their draws begin anew for every number, so that numbers of
    equally many networks are compared on the same ones. Of one network: of people alone. Draws in which the number does
    not exist for some network are left out; the interval is widened to hold its value.
    """
    values = np.asarray(values, np.float64)
    if values.ndim != 2 or values.shape[1] != len(people.times):
        raise ValueError(f"expected (networks, {len(people.times)}) values, one a draw of people, got {values.shape}")
    networks, persons = len(values), people.times.shape[1]
    drawn = values[:, 1:].T
    kept = np.isfinite(drawn).all(axis=1)
    if networks == 1 or persons < 2 or not kept.any():
        return people.interval(values.mean(axis=0), seeds=networks)
    deviations = seed_deviations(networks, len(drawn), np.random.default_rng(0))
    found = over_seeds(values[:, 0], drawn[kept], deviations[kept], n=persons, unit="identity")
    return replace(found, lo=min(found.lo, found.value), hi=max(found.hi, found.value))


def resampled(networks: int) -> str:
    """What intervals are over, in words for a caption."""
    return "people" if networks == 1 else "people and networks"

"""What ANet describes: balanced errors of attributes by linear machines, with and without each thing that made it.

Balanced error is the mean of misses and false alarms, %; 50 knows nothing. Two questions, two sets of images. On faces
framed alike: what do pre-training on identity and locally shared filters give? In scenes: what does it cost that the
face has to be found first? There ANet's own last layer answers, so no machine is fitted to the few scenes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from deepfeatures.analysis.attribute_errors import Errors, by_data_set
from deepfeatures.analysis.bootstrap import Interval
from deepfeatures.analysis.measured import Measured

LABELS = {  # representation in a plan: what a page calls it
    "anet/units": "ANet: identity, then attributes",
    "anet-scratch/units": "attributes alone, as many steps",
    "anet-identity/units": "identity alone",
    "anet-everywhere/units": "ANet, filters shared everywhere",
    "anet-untrained/units": "ANet, random weights",
    "trained/embedding": "identity network of other chapters",
    "pixels/pixels": "pixels",
    "true": "true box",
    "fine": "LNet_o, then LNet_s",
    "coarse": "LNet_o",
    "centre": "centre box",
    "whole": "the whole scene",
}

UNITS = {  # networks whose units are asked what they mean, the first of them the one that figures show
    "anet": "ANet",
    "anet-identity": "ANet, identity alone",
    "anet-everywhere": "ANet, filters shared everywhere",
    "anet-untrained": "random weights",
}


def errors(artifacts: Mapping[str, Sequence[Any]], *, resamples: int, rng: np.random.Generator) -> dict[str, Errors]:
    """By data set, 'rendered' and 'scenes'. artifacts: all of the chapter's, by name."""
    mine = {name: group for name, group in artifacts.items() if name.startswith(("rendered/", "in scenes/"))}
    return by_data_set(mine, resamples=resamples, rng=rng)


def mean_error(measured: Errors, representation: str) -> np.ndarray:
    """Mean balanced error of all measured attributes in every draw, %: (1 + resamples, seeds)."""
    return 100 * np.asarray(measured[representation].error.mean(axis=-1))


@dataclass(frozen=True)
class Gap:
    """How much worse one representation is than another: points of balanced error; attributes that are worse."""

    points: Measured
    worse: int
    attributes: int


def gap(measured: Errors, one: str, other: str) -> Gap:
    """`one` less `other`, on the same people and draws."""
    first, second = measured[one].error, measured[other].error
    return Gap(
        measured.of(measured.names, lambda: mean_error(measured, one) - mean_error(measured, other)),
        int((first[0].mean(axis=0) > second[0].mean(axis=0)).sum()),
        first.shape[-1],
    )


def as_rows(measured: Errors, reference: str) -> list[list[object]]:
    """Representation, balanced error, points above the reference, attributes read worse than by it: a row each."""
    rows: list[list[object]] = []
    for name in measured.rates:
        above = gap(measured, name, reference)
        mine = measured.of(measured.names, lambda name=name: mean_error(measured, name))  # type: ignore[misc]
        rest = ["", ""] if name == reference else [_cell(above.points), f"{above.worse} of {above.attributes}"]
        rows.append([LABELS.get(name, name), _cell(mine), *rest])
    return rows


def by_part(measured: Mapping[str, Errors]) -> pd.DataFrame:
    """data, representation, attribute, error_percent, lo, hi: one row each, for a figure."""
    rows = []
    for data, one in measured.items():
        for name, rates in one.rates.items():
            for column, attribute in enumerate(rates.names):
                found = one.interval(100 * rates.error[..., column])
                rows.append((data, LABELS.get(name, name), attribute, found.value, found.lo, found.hi))
    return pd.DataFrame(rows, columns=["data", "representation", "attribute", "error_percent", "lo", "hi"])


def _cell(found: Measured) -> object:
    """A dash where no attribute has enough people to be measured."""
    return found if isinstance(found, Interval) else "–"

"""Published networks on photographs: what is lost when their numbers become bits, and what single units tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from deepfeatures.analysis import deepid_selectivity
from deepfeatures.analysis.deepid_verification import judges
from deepfeatures.analysis.sparsity import MODERATE

Arrays = Any  # an opened artifact with `meta`


def binarised(
    models: Arrays | None = None, *, folds: int, resamples: int, rng: np.random.Generator
) -> list[list[object]]:
    """Rows: features, accuracy as they are, as bits at the median and by sign, and what the better of the two loses.

    None: no photographs, no rows.
    """
    if models is None:
        return []
    judged = judges(models, folds=folds, resamples=resamples, rng=rng)
    rows: list[list[object]] = []
    for name in models.meta["representations"]:
        if name.endswith((" bits", " signs")):
            continue
        real, bits, signs = (judged.of_model(models, f"{name}{ending}") for ending in ("", " bits", " signs"))
        better = bits if bits[0] >= signs[0] else signs
        rows.append([name, *(judged.interval(values) for values in (real, bits, signs, real - better))])
    return rows


def activity(features: Mapping[str, Arrays], layers: Sequence[str]) -> list[list[object]]:
    """Rows: network, layer, numbers, share of them above 0 in a photograph, and share that 30 to 70 % of them
    have above 0; nan where numbers are signed, since no unit is silent there. features: network -> its artifact."""
    rows: list[list[object]] = []
    for network, one in features.items():
        for layer in layers:
            values = np.asarray(one[layer])
            if (values < 0).any():
                rows.append([network, layer, values.shape[1], np.nan, np.nan])
            else:
                rates = (values > 0).mean(axis=0)
                inside = (rates >= MODERATE[0]) & (rates <= MODERATE[1])
                rows.append([network, layer, values.shape[1], float(rates.mean()), float(inside.mean())])
    return rows


def machines(selected: Arrays | None = None, *, resamples: int, rng: np.random.Generator) -> list[list[object]]:
    """`deepid_selectivity.machines`; no rows without photographs."""
    return [] if selected is None else deepid_selectivity.machines(selected, resamples=resamples, rng=rng)

"""Published networks on photographs: what is lost when their numbers become bits, and what single units tell."""

from __future__ import annotations

from typing import Any

import numpy as np

from deepfeatures.analysis import deepid_selectivity
from deepfeatures.analysis.deepid_verification import judges

Arrays = Any  # an opened artifact with `meta`


def binarised(
    models: Arrays | None = None, *, folds: int, resamples: int, rng: np.random.Generator
) -> list[list[object]]:
    """Rows: features, accuracy as they are, as bits, and the difference. None: no photographs, no rows."""
    if models is None:
        return []
    judged = judges(models, folds=folds, resamples=resamples, rng=rng)
    rows: list[list[object]] = []
    for name in models.meta["representations"]:
        if not name.endswith(" bits"):
            real, bits = judged.of_model(models, name), judged.of_model(models, f"{name} bits")
            rows.append([name, *(judged.interval(values) for values in (real, bits, real - bits))])
    return rows


def machines(selected: Arrays | None = None, *, resamples: int, rng: np.random.Generator) -> list[list[object]]:
    """`deepid_selectivity.machines`; no rows without photographs."""
    return [] if selected is None else deepid_selectivity.machines(selected, resamples=resamples, rng=rng)

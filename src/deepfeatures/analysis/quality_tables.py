"""Quality against distance as tables: rank correlations, defects along the distance, what stands in the centre."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from deepfeatures.analysis.bootstrap import Interval
from deepfeatures.analysis.person_bootstrap import People, draw_people
from deepfeatures.analysis.quality_distance import DISTANCES, distance, margin
from deepfeatures.analysis.quality_rank import area, means_along, parts_of, rank_correlation
from deepfeatures.analysis.quality_truth import DEFECTS
from deepfeatures.analysis.quality_worlds import SAID, Pictures

CENTRE = 20  # the centre is the nearest of so many equal parts: 5 % of the pictures
USEFUL = "margin"  # what a picture is worth in recognition (quality_distance.margin)


def correlations(found: Sequence[Pictures], *, resamples: int, rng: np.random.Generator) -> pd.DataFrame:
    """world, network, distance, factor, rho, lo, hi, found (these three as one): Spearman's with each factor, the
    number of defects, the margin.

    In the factors larger is worse: quality that rises with distance shows as a negative correlation; of the margin,
    larger is better. Means over seeds. A factor that does not vary has no row.
    """
    rows: list[dict[str, Any]] = []
    for one in found:
        people = draw_people(one.identity, resamples=resamples, rng=rng)
        columns = {name: one.truth[name].to_numpy(float) for name in one.truth.columns}
        for kind in DISTANCES:
            measured = [distance(values, kind) for values in one.features]
            for factor, values in columns.items():
                rho = np.mean([rank_correlation(people, far, values) for far in measured], axis=0)
                rows.append(_row(one, kind, factor, people, rho))
            rho = np.mean(
                [_with_margin(people, far, values, one.identity) for far, values in zip(measured, one.features,
                                                                                        strict=True)], axis=0
            )  # fmt: skip
            rows.append(_row(one, kind, USEFUL, people, rho))
    table = pd.DataFrame(rows)
    return table[np.isfinite(table["rho"])].reset_index(drop=True)


def correlation_rows(correlated: pd.DataFrame) -> tuple[list[str], list[list[Any]]]:
    """Headings and rows: world, network, factor, and each distance's rank correlation with its interval.

    correlated: of `correlations`; a dash where a distance has no row.
    """
    kinds = list(dict.fromkeys(correlated["distance"]))
    rows: dict[tuple[str, ...], dict[str, Interval]] = {}
    for one in correlated.to_dict("records"):
        rows.setdefault((one["world"], one["network"], one["factor"]), {})[one["distance"]] = one["found"]
    return ["world", "network", "factor", *kinds], [
        [*where, *(cells.get(kind, "–") for kind in kinds)] for where, cells in rows.items()
    ]


def along(found: Sequence[Pictures], *, parts: int, resamples: int, rng: np.random.Generator) -> pd.DataFrame:
    """world, network, distance, part (0 the nearest), defects, lo, hi: mean number of known defects by distance."""
    rows = []
    for one in found:
        if DEFECTS not in one.truth:
            continue
        people = draw_people(one.identity, resamples=resamples, rng=rng)
        for kind in DISTANCES:
            means = np.mean([means_along(people, distance(values, kind), one.defects, parts) for values in
                             one.features], axis=0)  # fmt: skip
            for part in range(parts):
                got = people.interval(means[:, part], seeds=len(one.features))
                rows.append({
                    "world": SAID[one.world], "network": one.network, "distance": kind, "part": part,
                    "defects": got.value, "lo": got.lo, "hi": got.hi,
                })  # fmt: skip
    return pd.DataFrame(rows)


def centre(
    found: Sequence[Pictures], kinds: Sequence[str] = DISTANCES, *, resamples: int, rng: np.random.Generator
) -> list[list[Any]]:
    """World, network, distance (of `kinds`); share of pictures with a known defect in the nearest 5 %, in the farthest,
    in all; area under the curve of nearness for having one."""
    rows = []
    for one in found:
        if DEFECTS not in one.truth:
            continue
        people, bad = draw_people(one.identity, resamples=resamples, rng=rng), one.defects > 0
        for kind in kinds:
            measured = [distance(values, kind) for values in one.features]
            ends = [
                np.mean([people.mean(bad, parts_of(far, CENTRE) == part) for far in measured], axis=0)
                for part in (0, CENTRE - 1)
            ]
            curve = np.mean([area(people, -far, bad) for far in measured], axis=0)
            got = [people.interval(values, seeds=len(measured)) for values in (*ends, people.mean(bad), curve)]
            rows.append([SAID[one.world], one.network, kind, *got])
    return rows


def _with_margin(people: People, far: np.ndarray, values: np.ndarray, identity: np.ndarray) -> np.ndarray:
    useful = margin(values, identity)
    # A person's only picture has no margin: it is given the middle one, which speaks neither way.
    return rank_correlation(people, far, np.where(np.isfinite(useful), useful, np.nanmedian(useful)))


def _row(one: Pictures, kind: str, factor: str, people: People, rho: np.ndarray) -> dict[str, Any]:
    got = people.interval(rho, seeds=len(one.features))
    return {
        "world": SAID[one.world], "network": one.network, "distance": kind, "factor": factor,
        "rho": got.value, "lo": got.lo, "hi": got.hi, "found": got,
    }  # fmt: skip

"""The share of each factor's variance that is read from a layer, with intervals over people: one table for all."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from deepfeatures.analysis.bootstrap import Interval
from deepfeatures.analysis.columns import Readout
from deepfeatures.analysis.factor_subjects import SUBJECTS
from deepfeatures.analysis.person_bootstrap import draw_people

WORDS = {"linear": "linear", "kernel": "non-linear", "unit": "single unit"}


def explained(
    readouts: Sequence[Readout], way: str, *, resamples: int, rng: np.random.Generator
) -> dict[str, Interval]:
    """Mean share of variance of each subject's targets, over networks of different seeds read on the same faces.

    1 - squared error / squared error of the training mean, out of fold: 0 where nothing is known, below 0 where a
    reading is worse than that. One set of drawn people serves all subjects and networks.
    """
    people = draw_people(np.asarray(readouts[0]["identity"]), resamples=resamples, rng=rng)
    shares = []
    for readout in readouts:
        truth, read, mean = (np.asarray(readout[name], np.float64) for name in ("truth", way, "mean"))
        wrong, blind = people.sums(np.square(read - truth)), people.sums(np.square(mean - truth))
        # nan where a drawn set of people does not vary: a rare attribute that nobody drawn has
        shares.append(1 - np.divide(wrong, blind, out=np.full_like(wrong, np.nan), where=blind > 0))
    subject = np.asarray(readouts[0].summary["subjects"])
    return {
        name: people.interval(np.nanmean(np.stack(shares)[..., own], axis=(0, 2)), seeds=len(readouts))
        for name in SUBJECTS
        if (own := subject == name).any()
    }


def table(
    readouts: Mapping[str, Sequence[Readout]], *, resamples: int, rng: np.random.Generator
) -> pd.DataFrame:
    """Columns subject, network, layer, reading, share, lo, hi, people, seeds. readouts: by 'network/layer'."""
    rows = []
    for name, networks in readouts.items():
        network, layer = name.split("/")
        for way, reading in WORDS.items():
            for subject, one in explained(networks, way, resamples=resamples, rng=rng).items():
                rows.append((subject, network, layer, reading, one.value, one.lo, one.hi, one.n, one.seeds))
    columns = ["subject", "network", "layer", "reading", "share", "lo", "hi", "people", "seeds"]
    return pd.DataFrame(rows, columns=columns).sort_values(
        "subject", key=lambda column: column.map(list(SUBJECTS).index), kind="stable", ignore_index=True
    )


def encoded(found: pd.DataFrame) -> list[dict[str, object]]:
    """Rows of `table` as the book's matrix keeps them (study.encoded), but for the background, which is no subject."""
    return [
        {
            "subject": row["subject"], "data": "rendered", "network": row["network"], "layer": row["layer"],
            "reading": row["reading"], "metric": "share of variance", "value": row["share"],
            "interval": None if math.isnan(row["lo"]) else (row["lo"], row["hi"]), "n": row["people"],
            "unit": "identity", "seeds": 0 if row["network"] == "pixels" else row["seeds"],
        }
        for row in found.to_dict("records") if row["subject"] != "background"
    ]  # fmt: skip

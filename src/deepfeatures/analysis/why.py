"""Tables that ask why: other readings of the paper's words, and digits that no choice was made with."""
from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from deepfeatures.analysis import angle_error
from deepfeatures.analysis.accuracy import percent
from deepfeatures.analysis.bootstrap import intervals
from deepfeatures.analysis.columns import Readout, Readouts, paired
from deepfeatures.analysis.readings import ANGLE, RECOGNITION
from deepfeatures.analysis.training_curves import ends

LOOKED_AT = 2_000  # leading test digits that trial runs were scored on, before the settings were fixed


def recognition_by_reading(readings: Sequence[Readout], *, resamples: int, rng: np.random.Generator) -> pd.DataFrame:
    """reading, accuracy_percent, lo, hi: class means formed and compared in other ways. readings: one a network."""
    rows = []
    for name, what in RECOGNITION.items() if readings else ():
        found = paired({"it": percent(readings, name)}, lambda m: m["it"], resamples=resamples, rng=rng)
        rows.append((what, found.value, *ends(found)))
    return pd.DataFrame(rows, columns=["reading", "accuracy_percent", "lo", "hi"])


def angle_by_reading(
    readings: Sequence[Readout], readouts: Sequence[Readout], *, resamples: int, rng: np.random.Generator
) -> pd.DataFrame:
    """reading, spread_deg, lo, hi: regressors fitted or chosen in other ways. readouts: of the same networks."""
    sources = [(readings, name, f"label's regressor: {what}") for name, what in ANGLE.items()]
    sources += [
        (readouts[: len(readings)], "angle_by_predicted_label", "regressor of the label that class means predict"),
        (readouts[: len(readings)], "angle_pooled", "one regressor for all labels"),
    ]
    rows = []
    for group, name, what in sources if readings else ():
        [found] = intervals(
            angle_error.cells(group, name), lambda m: angle_error.spread_deg(m)[..., None], resamples=resamples, rng=rng
        )
        rows.append((what, found.value, *ends(found)))
    return pd.DataFrame(rows, columns=["reading", "spread_deg", "lo", "hi"])


def on_digits_not_looked_at(
    networks: Readouts,
    *,
    resamples: int,
    rng: np.random.Generator,
    prediction: str = "mav_pred",
    first: int = LOOKED_AT,
) -> pd.DataFrame:
    """network, digits ('all', 'looked at', 'the rest'), accuracy_percent, lo, hi: on all test digits, on the leading
    `first` and on the others. No row where there are no more than `first` test digits.
    """
    rows = []
    for name, readouts in networks.items():
        right = percent(readouts, prediction)
        parts = {"all": right, "looked at": right[:, :first], "the rest": right[:, first:]}
        for part, some in parts.items() if right.shape[1] > first else ():
            found = paired({"it": some}, lambda m: m["it"], resamples=resamples, rng=rng)
            rows.append((name, part, found.value, *ends(found)))
    return pd.DataFrame(rows, columns=["network", "digits", "accuracy_percent", "lo", "hi"])

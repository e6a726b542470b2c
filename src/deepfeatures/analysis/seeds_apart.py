"""How far networks trained from other seeds lie apart, and where a paper's figure lies among them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from deepfeatures.analysis import angle_error
from deepfeatures.analysis.accuracy import percent
from deepfeatures.analysis.columns import Readout

MEASURES = {  # prediction array: what it is
    "softmax_pred": "softmax, % of test images",
    "mav_pred": "class means, % of test images",
    "per_angle_pred_predicted": "means of the estimated angle, % of test images",
    angle_error.TRUE_LABEL: "spread of the angle, degrees",
}


def seeds_apart(readouts: Sequence[Readout], paper: Mapping[str, float]) -> pd.DataFrame:
    """measure, seeds, mean, sd, lowest, highest, paper, paper_less_mean_in_sd: over networks of a kind.

    No row for fewer than two. sd divides by n - 1. paper: by array of MEASURES.
    """
    rows = []
    for name, what in MEASURES.items() if len(readouts) > 1 else ():
        if name == angle_error.TRUE_LABEL:
            found = angle_error.spread_deg(angle_error.cells(readouts).mean(axis=1))
        else:
            found = percent(readouts, name).mean(axis=1)
        mean, sd = float(found.mean()), float(found.std(ddof=1))
        away = (paper[name] - mean) / sd if sd else np.nan
        rows.append((what, len(found), mean, sd, found.min(), found.max(), paper[name], away))
    return pd.DataFrame(
        rows, columns=["measure", "seeds", "mean", "sd", "lowest", "highest", "paper", "paper_less_mean_in_sd"]
    )

"""How much worse the angle is read from one network than from another, on the same digits and seeds."""
from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from deepfeatures.analysis.angle_error import cells, rmse_deg
from deepfeatures.analysis.bootstrap import Interval
from deepfeatures.analysis.columns import Readout, paired


def angle_change(
    readouts: Sequence[Readout],
    reference: Sequence[Readout],
    *,
    relative: bool,
    resamples: int,
    rng: np.random.Generator,
) -> Interval:
    """Angle error minus that of the reference, degrees; relative: over that of the reference. Above 0 is worse."""

    def change(m: dict[str, np.ndarray]) -> np.ndarray:
        error, before = rmse_deg(m["it"]), rmse_deg(m["reference"])
        return (error - before) / (before if relative else 1.0)

    return paired({"it": cells(readouts), "reference": cells(reference)}, change, resamples=resamples, rng=rng)

"""Chapter feature-spaces: every claim measured, with an interval over test digits and seeds.

Several statistics need the squared length of a mean, a percentile or a spectrum in each draw. All test digits are
resampled, with these shortcuts: lengths of means change along their direction (mean_lengths) and centres of variances
are held, both exact to first order; percentiles are interpolated between counted levels (levels); directions of a
spectrum are found within the first twelve (spaces_recognition); unit responses are kept to a byte (unit_response).
Only ten-modes draws fewer digits: those of the heat map, which its unit and n say.
"""
from __future__ import annotations

import numpy as np

from deepfeatures.analysis.columns import Readouts
from deepfeatures.analysis.measured import Measured
from deepfeatures.analysis.space_claims import CLAIMS
from deepfeatures.analysis.space_controls import CONTROLS
from deepfeatures.analysis.spaces import Spaces


def measure(
    readouts: Readouts | Spaces, *, resamples: int = 2000, rng: np.random.Generator
) -> dict[str, Measured]:
    """By claim, without the paper: its statistic, or NotApplicable with the reason where its condition is not met.

    readouts: one a seed of 'raw', 'mu', 'pair' and 'pair, weight 0'; or Spaces, whose own draws then count.
    """
    spaces = _spaces(readouts, resamples, rng)
    found: dict[str, Measured] = {}
    for claim, statistic in CLAIMS.items():
        values = statistic(spaces)
        found[claim] = spaces.interval(values) if isinstance(values, np.ndarray) else values
    return found


def controls(
    readouts: Readouts | Spaces, *, resamples: int = 2000, rng: np.random.Generator
) -> dict[str, dict[str, Measured]]:
    """By claim, what is printed beside it, by network and variant: 'untrained' and 'pixels' where they are given."""
    spaces = _spaces(readouts, resamples, rng)
    return {claim: beside(spaces) for claim, beside in CONTROLS.items()}


def _spaces(readouts: Readouts | Spaces, resamples: int, rng: np.random.Generator) -> Spaces:
    return readouts if isinstance(readouts, Spaces) else Spaces(readouts, resamples=resamples, rng=rng)

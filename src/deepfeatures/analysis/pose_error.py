"""Error of an angle by range of the true |yaw|: Rudd et al. 2017, table 1, for networks and for what they have to
beat.

An answer is what one predictor says of every image. Two answers need no network's features of their own: `shrunken`,
and `equal_precision`, which decides what regression to the mean alone would do to the rows of the table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtr

from deepfeatures.analysis.columns import Readout
from deepfeatures.analysis.person_bootstrap import People, draw_people
from deepfeatures.data.rudd2017_table1 import EDGES_DEG, RANGES, TOTAL

HALF_PROFILE_DEG = (15.0, 45.0)
SHRINK = 0.5


@dataclass(frozen=True)
class Answer:
    """said: (n,) degrees, the mean over seeds; error: (n,) degrees, |said - true|, the mean over seeds; seeds
    trained.
    """

    said: np.ndarray
    error: np.ndarray
    seeds: int = 1


def range_of(abs_yaw_deg: np.ndarray) -> np.ndarray:
    """Row of table 1 that each image counts in, (n,) 0..3. A limit itself counts in the upper row; the paper does
    not say.
    """
    return np.searchsorted(EDGES_DEG[1:-1], abs_yaw_deg, side="right")


def true(readout: Readout, target: str = "abs_yaw") -> np.ndarray:
    """(n,) degrees. Raises ValueError where this world does not know the target."""
    return np.asarray(readout["truth"], np.float64)[:, _column(readout, target)]


def answer(readouts: Sequence[Readout], name: str = "linear", target: str = "abs_yaw") -> Answer:
    """What the read-out `name` says. readouts: of one network, one a seed, of the same images."""
    said = np.stack([np.asarray(one[name], np.float64)[:, _column(one, target)] for one in readouts])
    return Answer(said.mean(axis=0), np.abs(said - true(readouts[0], target)).mean(axis=0), len(readouts))


def shrunken(found: Answer, constant: Answer, true_deg: np.ndarray, factor: float = SHRINK) -> Answer:
    """factor of the way from the training mean to what was found: worse informed in no way, only more timid."""
    said = constant.said + factor * (found.said - constant.said)
    return Answer(said, np.abs(said - true_deg), found.seeds)


def unshrunk(found: Answer, true_deg: np.ndarray) -> Answer:
    """Stretched about its mean until its regression on the truth has slope 1: no longer drawn to the mean, but
    noisier.
    """
    slope, _, _ = line(found.said, true_deg)
    said = true_deg.mean() + (found.said - found.said.mean()) / slope
    return Answer(said, np.abs(said - true_deg), found.seeds)


def equal_precision(found: Answer, true_deg: np.ndarray) -> Answer:
    """A reader that sees every pose equally well, and is drawn to the mean as much as `found` is. error: expected,
    exact.

    It says a + b * true + noise, with a, b and the noise's standard deviation s those of `found` over all images:
    the same at every angle. Whatever differs between its ranges is regression to the mean; only what `found` has
    beyond that is precision. a, b and s are taken as they are in every draw of people.
    """
    slope, intercept, noise = line(found.said, true_deg)
    said = intercept + slope * true_deg
    return Answer(said, expected_error(said - true_deg, noise), found.seeds)


def expected_error(bias: np.ndarray, noise: float) -> np.ndarray:
    """E|bias + e| for e normal with standard deviation `noise` (the folded normal's mean), in the unit of both."""
    if noise <= 0:
        return np.abs(bias)
    scaled = bias / noise
    return noise * np.sqrt(2 / np.pi) * np.exp(-(scaled**2) / 2) + bias * (1 - 2 * ndtr(-scaled))


def line(said: np.ndarray, true_deg: np.ndarray) -> tuple[float, float, float]:
    """Slope, intercept and residual standard deviation of the regression of what was said on the truth."""
    centred = true_deg - true_deg.mean()
    slope = float(centred @ said / (centred @ centred)) if np.ptp(true_deg) else float("nan")
    intercept = float(said.mean() - slope * true_deg.mean())
    return slope, intercept, float(np.std(said - intercept - slope * true_deg))


def beside(readouts: Sequence[Readout], name: str = "linear", target: str = "abs_yaw") -> dict[str, Answer]:
    """A read-out and what it has to be compared with."""
    found, truth = answer(readouts, name, target), true(readouts[0], target)
    mean = answer(readouts[:1], "mean", target)
    return {
        "network": found,
        "constant: training median": answer(readouts[:1], "median", target),
        "constant: training mean": mean,
        "shrunk by half": shrunken(found, mean, truth),
        "equal precision": equal_precision(found, truth),
        "stretched to slope 1": unshrunk(found, truth),
    }


def by_range(
    answers: Mapping[str, Answer],
    readout: Readout,
    *,
    target: str = "abs_yaw",
    resamples: int,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """A row a predictor and range: predictor, range, error_deg, lo, hi, bias_deg, slope, images, people.

    Ranges are of |yaw| whatever the target. bias: mean said minus true; slope: of said on true inside the range. A
    range without images has no row. All predictors see the same draws of people.
    """
    truth, group = true(readout, target), range_of(true(readout))
    identity = np.asarray(readout["identity"])
    people = draw_people(identity, resamples=resamples, rng=rng)
    rows: list[dict[str, Any]] = []
    for name, one in answers.items():
        for number, label in enumerate((*RANGES, TOTAL)):
            where = np.ones(len(truth), bool) if label == TOTAL else group == number
            if not where.any():
                continue
            error = people.interval(people.mean(one.error, where), seeds=one.seeds)
            slope = line(one.said[where], truth[where])[0] if where.sum() > 1 else float("nan")
            rows.append({
                "predictor": name, "range": label, "error_deg": error.value, "lo": error.lo, "hi": error.hi,
                "bias_deg": float((one.said - truth)[where].mean()), "slope": slope,
                "images": int(where.sum()), "people": len(np.unique(identity[where])),
            })  # fmt: skip
    return pd.DataFrame(rows)


def advantage(people: People, one: Answer, abs_yaw_deg: np.ndarray) -> np.ndarray:
    """Error at 0-15 degrees less error at 15-45: above 0 where half-profile is read better. (1 + draws,)."""
    low, high = HALF_PROFILE_DEG
    frontal, half = abs_yaw_deg < low, (abs_yaw_deg >= low) & (abs_yaw_deg < high)
    return people.mean(one.error, frontal) - people.mean(one.error, half)


def _column(readout: Readout, target: str) -> int:
    targets = list(readout.summary["targets"])
    if target not in targets:
        raise ValueError(f"{target} is not known in this world, which has {', '.join(targets)}")
    return targets.index(target)

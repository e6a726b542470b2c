"""What the claims of chapter rotated-mnist ask for: LeNet by itself. Rudd et al. 2017, section 4.1."""
from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from deepfeatures.analysis import angle_error, orbits
from deepfeatures.analysis.accuracy import accuracy, gain, percent, percent_by_angle
from deepfeatures.analysis.bootstrap import Interval
from deepfeatures.analysis.columns import Means, Readouts, Selections, angles_deg, labels, paired
from deepfeatures.analysis.measured import Measured
from deepfeatures.analysis.slant import slant_spread, upright

PER_ANGLE = "per_angle_pred_predicted"  # the angle of the regressor of the label that plain MAV predicts
CONTROLS = {"random": "per_angle_pred_random", "k-means": "kmeans_pred", "label-angle": "label_angle_pred"}


def measure(
    readouts: Readouts,
    selections: Selections,
    rotated: Mapping[str, np.ndarray],
    *,
    resamples: int,
    rng: np.random.Generator,
) -> dict[str, Measured]:
    """By claim id without its paper. readouts: 'raw'; rotated: 'test_images' (n, 7, 28, 28), 'test_labels' (n,).

    selections are not looked at: no claim of this chapter is about training.
    """
    raw = readouts["raw"]
    label = np.asarray(rotated["test_labels"])
    if not np.array_equal(label, labels(raw)):
        raise ValueError(f"the {len(label)} rotated digits are not those of the read-out, which has {len(labels(raw))}")
    images = upright(rotated["test_images"], angles_deg(raw[0]))
    return {
        "softmax-raw": accuracy(raw, "softmax_pred", resamples=resamples, rng=rng),
        "raw-learns-rotated-digits": paired(
            {"correct": percent_by_angle(raw, "softmax_pred")},
            lambda m: m["correct"].min(axis=-1),
            resamples=resamples,
            rng=rng,
        ),
        "mav-raw": accuracy(raw, "mav_pred", resamples=resamples, rng=rng),
        "mav-below-softmax-raw": gain(raw, "softmax_pred", "mav_pred", resamples=resamples, rng=rng),
        "angle-readable-raw": angle_error.explained(raw, resamples=resamples, rng=rng),
        "angle-error-raw": paired(
            {"cells": angle_error.cells(raw)},
            lambda m: angle_error.spread_deg(m["cells"]),
            resamples=resamples,
            rng=rng,
        ),
        "inherent-slant": slant_spread(images, label, resamples=resamples, rng=rng),
        "per-angle-mav-raw": accuracy(raw, PER_ANGLE, resamples=resamples, rng=rng),
        "per-angle-better-than-mav-raw": gain(raw, PER_ANGLE, "mav_pred", resamples=resamples, rng=rng),
        "exogenous-information-helps": _over_controls(readouts, resamples=resamples, rng=rng),
        "softmax-more-invariant-than-ip1": _less_of_an_orbit(readouts, "softmax", resamples=resamples, rng=rng),
        "ip2-more-invariant-than-ip1": _less_of_an_orbit(readouts, "ip2", resamples=resamples, rng=rng),
    }


def gains_over_controls(readouts: Readouts, *, resamples: int, rng: np.random.Generator) -> dict[str, Interval]:
    """Percentage points by which the estimated angle beats each control by itself."""
    raw = readouts["raw"]
    return {name: gain(raw, PER_ANGLE, control, resamples=resamples, rng=rng) for name, control in CONTROLS.items()}


def _over_controls(readouts: Readouts, *, resamples: int, rng: np.random.Generator) -> Interval:
    """Per-angle MAV less the best of as many prototypes that were chosen without the estimate."""
    raw = readouts["raw"]
    columns = {name: percent(raw, prediction) for name, prediction in {"it": PER_ANGLE, **CONTROLS}.items()}

    def over_best(m: Means) -> np.ndarray:
        return m["it"] - np.max([m[name] for name in CONTROLS], axis=0)

    return paired(columns, over_best, resamples=resamples, rng=rng)


def _less_of_an_orbit(readouts: Readouts, layer: str, *, resamples: int, rng: np.random.Generator) -> Interval:
    """Orbit share of ip1 minus that of a later layer: above 0 where the later one is more invariant."""
    raw = readouts["raw"]
    columns = {
        "orbit": orbits.orbit(raw, "ip1"),
        "total": orbits.total(raw, "ip1"),
        "later orbit": orbits.orbit(raw, layer),
        "later total": orbits.total(raw, layer),
    }
    return paired(
        columns, lambda m: m["orbit"] / m["total"] - m["later orbit"] / m["later total"], resamples=resamples, rng=rng
    )

"""What the claims of chapter pair-lenet ask for. Rudd et al. 2017, section 4.2.2 and section 5, paragraph 6."""
from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from deepfeatures.analysis import angle_error
from deepfeatures.analysis.accuracy import accuracy, percent
from deepfeatures.analysis.angle_change import angle_change
from deepfeatures.analysis.bootstrap import Interval
from deepfeatures.analysis.columns import Means, Readout, Readouts, Selections, paired, per_digit
from deepfeatures.analysis.measured import Measured

NO_WEIGHT = "pair, weight 0"  # PAIR's schedule without its Euclidean losses


def measure(
    readouts: Readouts, selections: Selections, *, resamples: int, rng: np.random.Generator
) -> dict[str, Measured]:
    """By claim id without its paper. readouts: 'raw' and 'pair', the same seeds, and 'pair, weight 0', these or one.

    selections are not looked at: no claim of this chapter is about training.
    """
    raw, pair, without = readouts["raw"], readouts["pair"], readouts[NO_WEIGHT]
    return {
        "softmax-pair": accuracy(pair, "softmax_pred", resamples=resamples, rng=rng),
        "mav-pair": accuracy(pair, "mav_pred", resamples=resamples, rng=rng),
        "mav-pair-label-angle": accuracy(pair, "label_angle_pred", resamples=resamples, rng=rng),
        "pair-better-than-raw": paired(
            {name: percent(network, "mav_pred") for name, network in (("pair", pair), ("raw", raw), ("0", without))},
            lambda m: m["pair"] - np.maximum(m["raw"], m["0"]),
            resamples=resamples,
            rng=rng,
        ),
        "pair-angle-error-higher": angle_change(pair, raw, relative=False, resamples=resamples, rng=rng),
        "pair-angle-decrease-slight": angle_change(pair, raw, relative=True, resamples=resamples, rng=rng),
        "pair-angle-readable": angle_error.explained(pair, resamples=resamples, rng=rng),
        "pair-reduces-pairwise": _pairs_closer(pair, raw, without, resamples=resamples, rng=rng),
        "pair-classwise-barely-reduced": _classes_closer(pair, raw, resamples=resamples, rng=rng),
    }


def distances(readouts: Sequence[Readout], kind: str) -> np.ndarray:
    """Mean Euclidean ip1 distance, (seeds, digits): kind 'rotation', 'same_class' or 'between_classes'."""
    return per_digit(readouts, f"per_digit_{kind}_mean_distance")


def distance_ratio(
    readouts: Sequence[Readout], kind: str, *, resamples: int, rng: np.random.Generator
) -> Interval:
    """Mean distance of that kind over that between classes."""
    return paired(_columns({"it": readouts}, kind), lambda m: _ratio(m, "it"), resamples=resamples, rng=rng)


def _columns(networks: Readouts, kind: str) -> dict[str, np.ndarray]:
    parts = {"near": kind, "far": "between_classes"}
    return {
        f"{name} {part}": distances(readouts, measured)
        for name, readouts in networks.items()
        for part, measured in parts.items()
    }


def _ratio(m: Means, name: str) -> np.ndarray:
    return m[f"{name} near"] / m[f"{name} far"]


def _pairs_closer(
    pair: Sequence[Readout],
    raw: Sequence[Readout],
    without: Sequence[Readout],
    *,
    resamples: int,
    rng: np.random.Generator,
) -> Interval:
    """The smaller ratio of the two networks without the losses, minus PAIR's: above 0 where PAIR's pairs are closer."""

    def closer(m: Means) -> np.ndarray:
        return np.minimum(_ratio(m, "raw"), _ratio(m, "0")) - _ratio(m, "pair")

    columns = _columns({"pair": pair, "raw": raw, "0": without}, "rotation")
    return paired(columns, closer, resamples=resamples, rng=rng)


def _classes_closer(
    pair: Sequence[Readout], raw: Sequence[Readout], *, resamples: int, rng: np.random.Generator
) -> Interval:
    """1 - the ratio of distances inside a class of PAIR over that of raw: the share by which classes drew together."""
    columns = _columns({"pair": pair, "raw": raw}, "same_class")
    return paired(columns, lambda m: 1 - _ratio(m, "pair") / _ratio(m, "raw"), resamples=resamples, rng=rng)

"""Tables of the chapters on LeNet, mu-LeNet and PAIR-LeNet, as their figures take them: percent, degrees, lo and hi.

Networks are named by the caller, as the figures name them: 'lenet', 'mu-lenet', 'pair-lenet', 'pixels', 'untrained'.
"""
from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from deepfeatures.analysis import angle_error, orbits
from deepfeatures.analysis.accuracy import accuracy, error_by_label
from deepfeatures.analysis.bootstrap import Interval, intervals
from deepfeatures.analysis.columns import Readout, Readouts, paired
from deepfeatures.analysis.mu_lenet import SCALINGS
from deepfeatures.analysis.pair_lenet import distance_ratio, distances
from deepfeatures.analysis.training_curves import ends

PER_ANGLE = {  # how the angle is chosen: figures.per_angle_controls draws them in this order
    "plain": "mav_pred",
    "predicted": "per_angle_pred_predicted",
    "pooled": "per_angle_pred_pooled",
    "random": "per_angle_pred_random",
    "k-means": "kmeans_pred",
    "label-angle": "label_angle_pred",
    "oracle": "per_angle_pred_oracle",
    "known": "per_angle_pred_known",
}
TECHNIQUES = {  # technique of figure 4: network, array
    "lenet-softmax": ("lenet", "softmax_pred"),
    "pair-lenet-softmax": ("pair-lenet", "softmax_pred"),
    "lenet-mav": ("lenet", "mav_pred"),
    "lenet-per-angle-mav": ("lenet", "per_angle_pred_predicted"),
    "mu-lenet-mav": ("mu-lenet", "mav_pred"),
    "pair-lenet-mav": ("pair-lenet", "mav_pred"),
}
SCORES = {  # the last two: means of an angle that is estimated, by whose regressor; no test label is used
    "softmax": "softmax_pred",
    "MAV": "mav_pred",
    "70 means": "label_angle_pred",
    "means of the angle by MAV's label": "per_angle_pred_predicted",
    "means of the angle by all labels": "per_angle_pred_pooled",
}
DISTANCES = {"pair": "rotation", "class": "same_class", "between": "between_classes"}


def angle_curves(networks: Readouts) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Figure 3: {network: (mean, standard deviation)} of the predicted angle at each true one, degrees, (angles,) each.

    Means over labels and seeds of each label's own; the regressor is the true label's.
    """
    found = {}
    for name, readouts in networks.items():
        curves = [readout.summary["angle"][angle_error.TRUE_LABEL] for readout in readouts]
        found[name] = (
            np.mean([curve["mean_deg"] for curve in curves], axis=0),
            np.mean([curve["spread_deg"] for curve in curves], axis=0),
        )
    return found


def angle_table(networks: Readouts, *, resamples: int, rng: np.random.Generator) -> dict[str, dict[str, Interval]]:
    """{network: {spread, bias, error, rise: degrees; explained, ridge, shuffled: R2}}.

    spread, bias, error: means over the 70 cells. rise: of the spread, from the middle angle to the outermost. ridge: R2
    of regressors whose penalty was chosen on held-out training digits; shuffled: of regressors fitted to shuffled
    training angles, what chance explains.
    """
    found = {}
    for name, readouts in networks.items():

        def four(means: np.ndarray) -> np.ndarray:
            of = (angle_error.spread_deg, angle_error.bias_deg, angle_error.rmse_deg, angle_error.rise_at_ends_deg)
            return np.stack([statistic(means) for statistic in of], axis=-1)

        spread, bias, error, rise = intervals(angle_error.cells(readouts), four, resamples=resamples, rng=rng)
        found[name] = {
            "spread": spread,
            "bias": bias,
            "error": error,
            "rise": rise,
            "explained": angle_error.explained(readouts, resamples=resamples, rng=rng),
            "ridge": angle_error.explained(readouts, angle_error.RIDGE, resamples=resamples, rng=rng),
            "shuffled": angle_error.explained(readouts, angle_error.SHUFFLED, resamples=resamples, rng=rng),
        }
    return found


def errors_per_digit(
    networks: Readouts, *, resamples: int, rng: np.random.Generator, techniques: Sequence[str] = tuple(TECHNIQUES)
) -> pd.DataFrame:
    """Figure 4: technique, digit ('0'..'9', 'mean'), error_percent, lo, hi. networks: those that the techniques need.

    'mean' is over all test images.
    """
    rows = []
    for technique in techniques:
        network, prediction = TECHNIQUES[technique]
        found = error_by_label(networks[network], prediction, resamples=resamples, rng=rng)
        for digit, error in zip([*map(str, range(10)), "mean"], found, strict=True):
            rows.append((technique, digit, error.value, *ends(error)))
    return pd.DataFrame(rows, columns=["technique", "digit", "error_percent", "lo", "hi"])


def per_angle_controls(readouts: Sequence[Readout], *, resamples: int, rng: np.random.Generator) -> pd.DataFrame:
    """name, accuracy_percent, lo, hi: every way of choosing the angle whose class means are compared with."""
    rows = []
    for name, prediction in PER_ANGLE.items():
        found = accuracy(readouts, prediction, resamples=resamples, rng=rng)
        rows.append((name, found.value, *ends(found)))
    return pd.DataFrame(rows, columns=["name", "accuracy_percent", "lo", "hi"])


def normalised_scores(
    readouts: Sequence[Readout], *, resamples: int, rng: np.random.Generator
) -> dict[str, Interval]:
    """MAV accuracy, %, by the min-max to 0..1 of features and means before it: 'none', 'global', 'per-feature'."""
    return {name: accuracy(readouts, array, resamples=resamples, rng=rng) for name, array in SCALINGS.items()}


def accuracies(networks: Readouts, *, resamples: int, rng: np.random.Generator) -> pd.DataFrame:
    """network, score (of SCORES), accuracy_percent, lo, hi, seeds: networks and their variants.

    A network without a trained ip2 has no softmax row.
    """
    rows = []
    for name, readouts in networks.items():
        for score, prediction in SCORES.items():
            if prediction == "softmax_pred" and readouts[0].summary["softmax"] is None:
                continue
            found = accuracy(readouts, prediction, resamples=resamples, rng=rng)
            rows.append((name, score, found.value, *ends(found), found.seeds))
    return pd.DataFrame(rows, columns=["network", "score", "accuracy_percent", "lo", "hi", "seeds"])


def orbit_shares(networks: Readouts, *, resamples: int, rng: np.random.Generator) -> pd.DataFrame:
    """network, layer, index, lo, hi: orbit share of every layer there is, 0 = invariant. For figures.by_layer.

    A network without an ip2 has neither ip2 nor softmax; pixels are a layer of every network.
    """
    rows = []
    for name, readouts in networks.items():
        for layer in orbits.LAYERS:
            if layer in readouts[0].summary["invariance"]:
                found = orbits.orbit_share(readouts, layer, resamples=resamples, rng=rng)
                rows.append((name, layer, found.value, *ends(found)))
    return pd.DataFrame(rows, columns=["network", "layer", "index", "lo", "hi"])


def pair_and_class_distances(networks: Readouts, *, resamples: int, rng: np.random.Generator) -> pd.DataFrame:
    """network, kind ('pair', 'class', 'between'), distance, lo, hi: mean Euclidean distances, in units of ip1."""
    rows = []
    for name, readouts in networks.items():
        for kind, measured in DISTANCES.items():
            column = {"it": distances(readouts, measured)}
            found = paired(column, lambda m: m["it"], resamples=resamples, rng=rng)
            rows.append((name, kind, found.value, *ends(found)))
    return pd.DataFrame(rows, columns=["network", "kind", "distance", "lo", "hi"])


def distance_ratios(
    networks: Readouts, *, resamples: int, rng: np.random.Generator
) -> dict[str, dict[str, Interval]]:
    """{network: {'pair', 'class'}}: mean distances of these kinds over that between classes."""
    return {
        name: {
            kind: distance_ratio(readouts, DISTANCES[kind], resamples=resamples, rng=rng)
            for kind in ("pair", "class")
        }
        for name, readouts in networks.items()
    }

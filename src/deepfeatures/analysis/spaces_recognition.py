"""Accuracies, what remains of the angle and how invariant ip1 is, in every draw of the bootstrap."""
from __future__ import annotations

import numpy as np

from deepfeatures.analysis.columns import Readout, angles_deg
from deepfeatures.analysis.resampling import Draws

TECHNIQUES = {
    "softmax": "softmax_pred",
    "mav": "mav_pred",
    "per-angle": "per_angle_pred_predicted",
    "label-angle": "label_angle_pred",
}


def recognition(readout: Readout, draws: Draws) -> dict[str, np.ndarray]:
    """By name, (1 + draws,): % of test images by each technique; softmax only where there is a trained one."""
    turns = len(angles_deg(readout))
    label = np.asarray(readout["label"])
    found = {}
    for name, array in TECHNIQUES.items():
        if name != "softmax" or readout.summary["softmax"] is not None:
            found[name] = draws.mean(100.0 * (np.asarray(readout[array]) == label).reshape(-1, turns).mean(axis=1))
    return found


def pose(readout: Readout, draws: Draws) -> dict[str, np.ndarray]:
    """By name, (1 + draws,) unless said otherwise; angle by the true label's regressor.

    angle error: degrees, mean over the (label, angle) cells of the RMSE. angle R2: 1 - sum of squared errors over that
    of the angles about their mean; R2 leading, R2 rest, R2 random: of regressors that see a part of the features.
    orbit share: sum |x - mean of its digit's copies|^2 / sum |x - mean of all|^2. trend share, shuffled trend share:
    (1 + draws, 10) of a class's variance that a line in the angle explains. trend: variance so explained in all classes
    over total variance. pose share: variance of the (label, angle) means about their class means over total variance.
    within over between: trace of the within-class over that of the between-class scatter.
    """
    angles = angles_deg(readout)
    error = np.asarray(readout["angle_by_true_label"], np.float64).reshape(-1, len(angles)) - angles
    square = error**2
    parts = {name: readout[f"per_digit_angle_square_{name}"] for name in ("leading", "rest", "random")}
    layer = readout.summary["layer"]
    total = draws.mean(readout[f"per_digit_total_square_{layer}"])  # per digit: a sum over its copies
    orbit = draws.mean(readout[f"per_digit_orbit_square_{layer}"])
    within = draws.class_sums(readout["per_digit_within_square"])[:, :, 0]
    between = total * draws.digits - within.sum(axis=1)
    line = draws.counts * _squared_mean(readout, "trend", draws)
    shuffled = draws.counts * _squared_mean(readout, "trend_shuffled", draws)
    with np.errstate(invalid="ignore", divide="ignore"):  # a class without any variance has no share of it
        shares = {"trend share": line / within, "shuffled trend share": shuffled / within}
    return {
        **shares,
        "angle error": np.sqrt(draws.class_means(square)).mean(axis=(1, 2)),
        "angle R2": 1 - draws.mean(square.mean(axis=1)) / angles.var(),
        **{f"R2 {name}": 1 - draws.mean(values) / angles.var() for name, values in parts.items()},
        "orbit share": orbit / total,
        "trend": line.sum(axis=1) / (total * draws.digits),
        "pose share": _squared_mean(readout, "pose", draws).mean(axis=1) / total,
        "within over between": within.sum(axis=1) / between,
    }


def _squared_mean(readout: Readout, name: str, draws: Draws) -> np.ndarray:
    """Squared length of a class's mean vector along its direction (mean_lengths): (1 + draws, 10)."""
    return np.square(draws.class_means(readout[f"per_digit_{name}"])[:, :, 0])


def instability(readout: Readout, draws: Draws) -> dict[str, np.ndarray]:
    """By scaling, (1 + draws,): mean over the test images of 1 - cosine to their own class's mean (mean_lengths)."""
    found = {}
    for scaling in ("none", "global", "per_feature"):
        a, b, c, d = np.moveaxis(draws.class_means(readout[f"per_digit_cosine_{scaling}"]), 2, 0)
        length = np.sqrt(a**2 + b**2)
        cosine = (a * c + b * d) / np.where(length > 0, length, 1.0)
        found[f"instability {scaling}"] = 1 - (draws.counts * cosine).sum(axis=1) / draws.digits
    return found


def spectrum(readout: Readout, draws: Draws, *, chunk: int = 250) -> dict[str, np.ndarray]:
    """By name, (1 + draws,): share of the variance of the first nine and ten principal directions of the test features,
    and first over ninth singular value. One min-max of all features and centring change none of them.

    The directions are found anew in each draw, within the first twelve of the sample as it is; beyond these only the
    sum of the variances is resampled.
    """
    along = np.asarray(readout["leading"], np.float32)  # (digits, angles, components)
    _, turns, width = along.shape
    upper = np.triu_indices(width)
    products = np.einsum("nai,naj->nij", along, along)[:, upper[0], upper[1]]
    centre = draws.means(along.mean(axis=1))
    second = np.empty((len(centre), width, width))
    second[:, upper[0], upper[1]] = second[:, upper[1], upper[0]] = draws.means(products) / turns
    values = np.linalg.eigvalsh(second - centre[:, :, None] * centre[:, None, :])[:, ::-1]
    total = draws.mean(readout[f"per_digit_total_square_{readout.summary['layer']}"]) / turns
    total -= np.square(centre).sum(axis=1)  # as the twelve are centred on the mean of the draw
    return {
        "held by 9": values[:, :9].sum(axis=1) / total,
        "held by 10": values[:, :10].sum(axis=1) / total,
        "first over ninth": np.sqrt(values[:, 0] / np.maximum(values[:, 8], np.finfo(float).tiny)),
    }

"""What the claims of chapter mu-lenet ask for. Rudd et al. 2017, sections 4.2.1 and 4.3, and section 5, paragraph 5."""
from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from deepfeatures.analysis import angle_error, orbits
from deepfeatures.analysis.accuracy import accuracy, percent
from deepfeatures.analysis.angle_change import angle_change
from deepfeatures.analysis.bootstrap import Interval
from deepfeatures.analysis.columns import (
    Means,
    Readout,
    Readouts,
    Selections,
    indicator,
    labels,
    paired,
    per_digit,
    seed_interval,
)
from deepfeatures.analysis.measured import Measured
from deepfeatures.analysis.rank import MU_RANK
from deepfeatures.analysis.training_curves import normalisation_gain, stopping_ratio
from deepfeatures.probes.normalisation import min_max

SCALINGS = {
    "none": "mav_pred",
    "global": "mav_normalised_pred_global",
    "per-feature": "mav_normalised_pred_per_feature",
}


def measure(
    readouts: Readouts,
    selections: Selections,
    *,
    resamples: int,
    rng: np.random.Generator,
    normalise: str = "global",
    patience: int | None = None,
    tolerance_pp: float | None = None,
) -> dict[str, Measured]:
    """By claim id without its paper. readouts: 'raw' and 'mu', the same seeds of each; raw's networks taught mu's.

    selections: 'raw', 'mu', and 'mu, unscaled', whose targets were not normalised. normalise: how mu's targets were.
    patience, tolerance_pp: the stopping rule, with which mu-slower-to-train has an interval.
    """
    raw, mu = readouts["raw"], readouts["mu"]
    scaled = {name: percent(raw, prediction) for name, prediction in SCALINGS.items()}
    return {
        "mav-mu": accuracy(mu, "mav_pred", resamples=resamples, rng=rng),
        "mu-better-than-raw": paired(
            {"mu": percent(mu, "mav_pred"), **scaled},
            lambda m: m["mu"] - np.max([m[name] for name in SCALINGS], axis=0),
            resamples=resamples,
            rng=rng,
        ),
        "mu-angle-error-higher": angle_change(mu, raw, relative=False, resamples=resamples, rng=rng),
        "mu-angle-decrease-slight": angle_change(mu, raw, relative=True, resamples=resamples, rng=rng),
        "mu-angle-readable": angle_error.explained(mu, resamples=resamples, rng=rng),
        "mu-slower-to-train": stopping_ratio(
            selections["mu"],
            selections["raw"],
            patience=patience,
            tolerance_pp=tolerance_pp,
            resamples=resamples,
            rng=rng,
        ),
        "mu-needs-normalisation": normalisation_gain(
            selections["mu"], selections["mu, unscaled"], resamples=resamples, rng=rng
        ),
        "mu-converged": seed_interval(
            [target_explained(one, teacher, normalise) for one, teacher in zip(mu, raw, strict=True)],
            resamples=resamples,
            rng=rng,
        ),
        "mu-train-resembles-test": _share_apart(mu, resamples=resamples, rng=rng),
        "mu-means-same-train-test": _means_alike(mu, resamples=resamples, rng=rng),
    }


def target_explained(mu: Readout, teacher: Readout, normalise: str) -> float:
    """1 - sum |ip1 - target|^2 / sum |target - mean target|^2 over all rotated training images of one network.

    The targets are the teacher's class means, normalised over its training features, exactly as in training. With m_l
    a class's mean of ip1, sum |ip1 - t_l|^2 = sum |ip1 - m_l|^2 + n_l |m_l - t_l|^2.
    """
    to_target = min_max(teacher["train_min"], teacher["train_max"], axis=normalise)
    targets = to_target(np.asarray(teacher["class_means"], np.float64))
    count = np.asarray(mu["train_count"], np.float64)
    off = np.square(np.asarray(mu["class_means"], np.float64) - targets).sum(axis=1)
    left = np.sum(mu["train_within_square"]) + count @ off
    centre = count @ targets / count.sum()
    return float(1 - left / (count @ np.square(targets - centre).sum(axis=1)))


def classes_explained(mu: Sequence[Readout]) -> list[float]:
    """Share of the variance of the training features that lies between their own class means, by seed.

    Beside `target_explained`: 1 for ten points, wherever they lie.
    """
    found = []
    for readout in mu:
        count, means = np.asarray(readout["train_count"], np.float64), np.asarray(readout["class_means"], np.float64)
        between = count @ np.square(means - count @ means / count.sum()).sum(axis=1)
        found.append(float(between / (between + np.sum(readout["train_within_square"]))))
    return found


def held_by_first_ten(readout: Readout) -> float:
    """Share of the centred variance of the TRAINING features in their first ten singular vectors."""
    power = np.square(np.asarray(readout["train_singular_values"], np.float64))
    return float(power[:MU_RANK].sum() / power.sum())


def _share_apart(mu: Sequence[Readout], *, resamples: int, rng: np.random.Generator) -> Interval:
    """|share held by ten directions in training - in test|, each set's own directions. Test digits are resampled."""
    first = per_digit(mu, "per_digit_first_ten_square")
    in_training = np.array([held_by_first_ten(readout) for readout in mu])
    columns = {
        "first": first,
        "total": orbits.total(mu, "ip1"),
        "training": np.broadcast_to(in_training[:, None], first.shape),
    }
    return paired(columns, lambda m: np.abs(m["training"] - m["first"] / m["total"]), resamples=resamples, rng=rng)


def _means_alike(mu: Sequence[Readout], *, resamples: int, rng: np.random.Generator) -> Interval:
    """Smallest over the classes of the cosine of training and test mean, to first order in what resampling changes."""
    of_label = indicator(labels(mu))
    columns = {
        part: per_digit(mu, f"per_digit_along_{part}_mean")[..., None] * of_label for part in ("train", "test")
    }

    def smallest(m: Means) -> np.ndarray:
        present = m["test"] != 0  # a small resample may lack a class
        cosine = np.where(present, m["train"] / np.where(present, m["test"], 1.0), np.inf)
        return cosine.min(axis=-1)

    return paired(columns, smallest, resamples=resamples, rng=rng)


def notes(selections: Selections) -> dict[str, str]:
    """What has to be said beside a claim's value, by claim id."""
    mu, raw, unscaled = (selections[name].curve for name in ("mu", "raw", "mu, unscaled"))
    slower = f"mu stops at {mu['chosen']}, raw at {raw['chosen']} iterations, one run of each."
    if mu["capped"] and raw["capped"]:
        slower += " Both stop at the cap, so the ratio says nothing."
    elif mu["capped"]:
        slower += " mu stops at the cap: the ratio is a lower bound."
    elif raw["capped"]:
        slower += " raw stops at the cap: the ratio is an upper bound."
    if unscaled["diverged"]:
        why = unscaled["diverged"]
        without = f"Without normalising, training ended in non-finite weights ({why}): counted as 10%."
    else:
        without = "Without normalising, training stayed finite."
    return {"mu-slower-to-train": slower, "mu-needs-normalisation": without}

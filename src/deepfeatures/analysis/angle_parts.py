"""The angle read from a part of the features: their strongest directions, the rest, as many random ones.

Rudd et al. 2017, section 5, paragraph 5: in mu-LeNet the pose is said to be only in the part that varies little.
"""
from __future__ import annotations

import numpy as np

from deepfeatures.analysis.training_features import TrainingFeatures
from deepfeatures.probes import angle
from deepfeatures.probes.moments import Moments

COMPONENTS = 10  # Rudd et al. 2017, section 4.3: mu-LeNet's rank


def angle_errors_of_parts(
    train: TrainingFeatures,
    features: np.ndarray,
    labels: np.ndarray,
    angles_deg: np.ndarray,
    *,
    rng: np.random.Generator,
    components: int = COMPONENTS,
) -> dict[str, np.ndarray]:
    """per_digit_angle_square_{leading,rest,random}: (digits,) float32, mean squared angle error of a digit's copies.

    features: (digits, angles, d), test; labels: (digits,). Regressors of the true label that see only the first
    `components` principal directions of all centred training features, only the others, or random orthonormal ones.
    """
    digits, turns, width = features.shape
    components = min(components, width - 1)
    vectors = np.linalg.eigh(train.feature_moments.scatter)[1][:, ::-1]
    parts = {
        "leading": vectors[:, :components],
        "rest": vectors[:, components:],
        "random": np.linalg.qr(rng.standard_normal((width, components)))[0],
    }
    flat, row_label = features.reshape(-1, width), np.repeat(labels, turns)
    found = {}
    for name, part in parts.items():
        seen = [within(angle.fit(along(rows, part)), part) for rows in train.angle_moments]
        predicted = angle.of_label(angle.predict(seen, flat), row_label).reshape(digits, turns)
        square = np.square(predicted - np.asarray(angles_deg, np.float64)).mean(axis=1)
        found[f"per_digit_angle_square_{name}"] = square.astype(np.float32)
    return found


def along(rows: Moments, part: np.ndarray) -> Moments:
    """Moments of [features @ part, angle] from those of [features, angle]. part: (d, k), orthonormal columns."""
    turned = np.zeros((len(rows.mean), part.shape[1] + 1))
    turned[:-1, :-1], turned[-1, -1] = part, 1.0
    return Moments(rows.count, rows.mean @ turned, turned.T @ rows.scatter @ turned)


def within(regressor: angle.LinearRegressor, part: np.ndarray) -> angle.LinearRegressor:
    """The same regressor for the features themselves: weights (k,) become (d,)."""
    return angle.LinearRegressor(part @ regressor.weights, regressor.intercept, regressor.rank)

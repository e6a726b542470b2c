"""Read-outs of features that are made up, by the functions that the real read-out uses and without a network."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from deepfeatures.analysis.per_digit import per_digit
from deepfeatures.analysis.predictions import predict_all
from deepfeatures.analysis.readout import heat_map
from deepfeatures.analysis.space_arrays import space_arrays
from deepfeatures.analysis.training_features import TrainingFeatures
from deepfeatures.analysis.units import activity
from deepfeatures.probes.angle import angle_moments
from deepfeatures.probes.mean_activation import class_angle_means, class_means
from deepfeatures.probes.moments import Moments

ANGLES = np.array([-45.0, -30, -15, 0, 15, 30, 45])
TURN = ANGLES / np.sqrt(np.mean(ANGLES**2))  # variance 1


@dataclass
class MadeUp:
    arrays: dict[str, np.ndarray]
    summary: dict[str, Any]

    def __getitem__(self, name: str) -> np.ndarray:
        return self.arrays[name]


def digit_labels(of_each: int) -> np.ndarray:
    return np.tile(np.arange(10), of_each)


def training(features: np.ndarray, labels: np.ndarray, rng: np.random.Generator) -> TrainingFeatures:
    width = features.shape[2]
    flat = features.reshape(-1, width)
    moments = []
    for label in range(10):
        rows = features[labels == label]
        moments.append(angle_moments(rows.reshape(-1, width), np.tile(ANGLES, len(rows))))
    by_angle = class_angle_means(features, labels)
    return TrainingFeatures(
        angle_moments=moments,
        angle_fitted=moments,
        angle_held_out=[Moments(0, one.mean * 0, one.scatter * 0) for one in moments],
        class_angle_means=by_angle,
        low=flat.min(axis=0),
        high=flat.max(axis=0),
        prototypes=by_angle,
        sampled=[1] * 10,
        shuffled_scatter=np.zeros((10, width)),
        shuffled_class_means=class_means(features.mean(axis=1), rng.permutation(labels)),
    )


def read_out(
    features: np.ndarray,
    labels: np.ndarray,
    *,
    train: np.ndarray | None = None,
    train_labels: np.ndarray | None = None,
    softmax: np.ndarray | None = None,
) -> MadeUp:
    """features: (digits, 7, d) >= 0, of the test digits and, unless `train` is given, of the training digits."""
    rng = np.random.default_rng(0)
    features = features.astype(np.float32)
    digits, turns, width = features.shape
    fitted = training(
        features if train is None else train.astype(np.float32), labels if train_labels is None else train_labels, rng
    )
    flat, row_label, row_angle = features.reshape(-1, width), np.repeat(labels, turns), np.tile(ANGLES, digits)
    arrays = predict_all(fitted, flat, row_label, row_angle, ANGLES, rng=rng)
    arrays |= {"label": row_label, "class_means": fitted.class_means, **heat_map(features, labels, ANGLES, digits=10)}
    arrays["angle_class_activation"] = class_angle_means(features, labels)
    if softmax is not None:
        arrays["softmax_pred"] = softmax
    squares = per_digit(features, labels, np.zeros(width, np.int64), high_level=1.0)
    for name in ("zero_fraction", "within_square"):
        arrays[f"per_digit_{name}"] = squares[name]
    own = features - features.mean(axis=1, keepdims=True)
    arrays["per_digit_orbit_square_ip1"] = np.square(own).sum(axis=(1, 2))
    arrays["per_digit_total_square_ip1"] = squares["total_square"]
    resampled, scalars = space_arrays(features, labels, ANGLES, fitted, rng=rng)
    summary = {
        "angles_deg": ANGLES.tolist(),
        "layer": "ip1",
        "width": width,
        "softmax": None if softmax is None else float((softmax == row_label).mean()),
        "activity": {"largest": activity(flat).largest},
        "spectrum": {"uncentred": {"held_by_10": 1.0}},
    }
    return MadeUp(arrays | resampled, summary | scalars)


def classes(labels: np.ndarray, *, own: float = 4.0, other: float = 0.0, units: int = 4) -> np.ndarray:
    """(digits, 7, 10 * units): `units` units of each class answer to it with `own`, to other classes with `other`."""
    block = np.repeat(np.arange(10), units)
    activation = np.where(block == labels[:, None], own, other)
    return np.repeat(activation[:, None], 7, axis=1).astype(np.float64)


def noisy(seed: int, labels: np.ndarray, *, spread: float = 0.3, turning: float = 0.2) -> np.ndarray:
    """Classes, digits that differ, copies that differ, and a dependence on the angle; some units silent."""
    rng = np.random.default_rng(seed)
    features = classes(labels, own=2.0, other=0.2)
    width = features.shape[2]
    features += spread * rng.standard_normal((len(labels), 1, width))
    features += 0.1 * rng.standard_normal((len(labels), 7, width))
    features += turning * TURN[:, None] * rng.standard_normal((10, 1, width))[labels]
    return np.maximum(features, 0)

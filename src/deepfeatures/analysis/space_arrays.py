"""What chapter feature-spaces resamples: one or a few numbers a test digit for every statistic of a space."""
from __future__ import annotations

from typing import Any

import numpy as np

from deepfeatures.analysis.angle_parts import angle_errors_of_parts
from deepfeatures.analysis.block_diagonal import from_class_means
from deepfeatures.analysis.levels import level_counts
from deepfeatures.analysis.mean_lengths import cosine_lengths, trend_lengths
from deepfeatures.analysis.spectrum import leading
from deepfeatures.analysis.training_features import TrainingFeatures
from deepfeatures.analysis.unit_response import encode
from deepfeatures.probes.normalisation import AXES, min_max

COMPONENTS = 12  # two beyond the ten that are judged: where resampling swaps the tenth with the next, both are there


def space_arrays(
    features: np.ndarray,
    labels: np.ndarray,
    angles_deg: np.ndarray,
    train: TrainingFeatures,
    *,
    rng: np.random.Generator,
) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Arrays by name, and scalars for the summary. features: (digits, angles, d) of the test digits; labels: (digits,).

    block_assignment_train: (d,) class whose training mean is largest, -1 for units that no training image activates;
    block_assignment_shuffled: the same from shuffled training labels. per_digit_block_mass and
    per_digit_shuffled_block_mass: (digits, 10) float32, activation summed over the units of each block, mean over a
    digit's copies.
    leading: (digits, angles, components) float16, centred features along their own first principal directions.
    The others are described where they are made: levels, mean_lengths, unit_response, angle_parts.
    """
    rng_trend, rng_parts = rng.spawn(2)
    assignment = from_class_means(train.class_means).assignment
    shuffled = from_class_means(train.shuffled_class_means).assignment
    top, counts = level_counts(features, labels, assignment)
    scalings = {"none": None} | {axis: min_max(train.low, train.high, axis=axis) for axis in AXES}
    arrays = {
        "block_assignment_train": assignment,
        "block_assignment_shuffled": shuffled,
        "per_digit_block_mass": block_mass(features, assignment),
        "per_digit_shuffled_block_mass": block_mass(features, shuffled),
        "leading": leading(features.reshape(-1, features.shape[2]), COMPONENTS).reshape(*features.shape[:2], -1),
        **counts,
        **trend_lengths(features, labels, angles_deg, rng=rng_trend),
        **cosine_lengths(features, labels, scalings),
        **angle_errors_of_parts(train, features, labels, angles_deg, rng=rng_parts),
        **encode(features),
    }
    return arrays, {"top": top}


def block_mass(features: np.ndarray, assignment: np.ndarray) -> np.ndarray:
    """(digits, 10) float32. features: (digits, angles, d); assignment: (d,), -1 for units of no block."""
    member = (assignment[:, None] == np.arange(10)).astype(np.float64)
    return (features.mean(axis=1, dtype=np.float64) @ member).astype(np.float32)

"""What the claims need beside a read-out's predictions and space: sums by test digit, and by training label."""
from __future__ import annotations

import numpy as np

from deepfeatures.analysis.extraction import Extractor
from deepfeatures.analysis.layer_squares import squares_by_layer
from deepfeatures.analysis.mean_distances import mean_distances
from deepfeatures.analysis.rank import MU_RANK
from deepfeatures.analysis.spectrum import singular_values
from deepfeatures.analysis.training_features import TrainingFeatures
from deepfeatures.probes import angle
from deepfeatures.probes.angle_ridge import fit_ridge
from deepfeatures.probes.mean_activation import class_means, directions
from deepfeatures.probes.moments import Moments, moments


def digit_arrays(
    source: Extractor,
    images: np.ndarray,
    labels: np.ndarray,
    probed: np.ndarray,
    train: TrainingFeatures,
    *,
    rng: np.random.Generator,
) -> dict[str, np.ndarray]:
    """By array name. images: (digits, angles, 28, 28); labels: (digits,); probed: (digits, angles, d), test features.

    Of layer_squares and mean_distances, what they say. per_digit_first_ten_square: (digits,) sum over a digit's copies
    of the squared length of x - mean along the first ten principal directions of the test features; its counterpart for
    all directions is per_digit_total_square_<layer>. per_digit_along_train_mean, per_digit_along_test_mean: (digits,)
    mean of its copies along the direction of its class's training mean, and of its test mean. angle_shuffled: (n,)
    angle by the true label's regressor, fitted to shuffled training angles. angle_ridge: (n,) the same by ridge
    regression on the true angles, its penalty chosen on held-out training digits: ridge_penalty (10,).
    train_singular_values: (d,), centred.
    train_within_square, train_count: (10,) sum of squared distances of training features to their class mean; rows.
    """
    per_label = [Moments(rows.count, rows.mean[:-1], rows.scatter[:-1, :-1]) for rows in train.angle_moments]
    ridge, penalties = ridge_angle(train, probed, labels)
    return {
        **squares_by_layer(source, images),
        **mean_distances(probed, labels, rng=rng),
        **along_means(probed, labels, train.class_means),
        "per_digit_first_ten_square": along_first(probed, MU_RANK),
        "angle_shuffled": shuffled_angle(train, probed, labels),
        "angle_ridge": ridge,
        "ridge_penalty": penalties,
        "train_singular_values": singular_values(train.feature_moments),
        "train_within_square": np.array([np.trace(rows.scatter) for rows in per_label]),
        "train_count": np.array([rows.count for rows in per_label]),
    }


def along_first(features: np.ndarray, components: int, *, chunk_rows: int = 8192) -> np.ndarray:
    """(digits,) as per_digit_first_ten_square above. features: (digits, angles, d).

    Resampling these with the directions held is resampling the share they hold to first order: the sum of the largest
    eigenvalues of a covariance changes by the change of the covariance along their vectors.
    """
    flat = features.reshape(-1, features.shape[2])
    rows = moments(flat)
    vectors = np.linalg.eigh(rows.scatter)[1][:, ::-1][:, :components]
    squares = np.empty(len(flat))
    for start in range(0, len(flat), chunk_rows):
        along = (flat[start : start + chunk_rows] - rows.mean) @ vectors
        squares[start : start + chunk_rows] = np.square(along).sum(axis=1)
    return squares.reshape(features.shape[:2]).sum(axis=1)


def along_means(features: np.ndarray, labels: np.ndarray, train_means: np.ndarray) -> dict[str, np.ndarray]:
    """per_digit_along_{train,test}_mean. The cosine of a class's two means is the ratio of the means of these."""
    centre = features.mean(axis=1, dtype=np.float64)
    found = {}
    for name, means in (("train", train_means), ("test", class_means(centre, labels))):
        found[f"per_digit_along_{name}_mean"] = np.einsum("nd,nd->n", centre, directions(means)[labels])
    return found


def ridge_angle(train: TrainingFeatures, features: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(n,) float32 degrees by each row's true label's ridge regressor, and the (10,) penalties that were chosen.

    Least squares trusts features that hardly vary in training, such as pixels near the border: a test image in which
    they do vary is then read far off.
    """
    fits = [fit_ridge(*both) for both in zip(train.angle_fitted, train.angle_held_out, strict=True)]
    flat = features.reshape(-1, features.shape[2])
    predicted = angle.predict([regressor for regressor, _ in fits], flat)
    by_label = angle.of_label(predicted, np.repeat(labels, features.shape[1])).astype(np.float32)
    return by_label, np.array([penalty for _, penalty in fits])


def shuffled_angle(train: TrainingFeatures, features: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """(n,) float32 degrees: what regressors say that were fitted to angles in random order. A control for R2."""
    regressors = []
    for rows, with_shuffled in zip(train.angle_moments, train.shuffled_scatter, strict=True):
        scatter = rows.scatter.copy()
        scatter[:-1, -1] = scatter[-1, :-1] = with_shuffled
        regressors.append(angle.fit(Moments(rows.count, rows.mean, scatter)))
    flat = features.reshape(-1, features.shape[2])
    predicted = angle.predict(regressors, flat)
    return angle.of_label(predicted, np.repeat(labels, features.shape[1])).astype(np.float32)

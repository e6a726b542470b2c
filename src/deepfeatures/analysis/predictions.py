"""Labels and angles of test features by every technique of the chapters, from what the training features gave."""
from __future__ import annotations

import numpy as np

from deepfeatures.analysis.training_features import TrainingFeatures
from deepfeatures.probes import angle
from deepfeatures.probes.mean_activation import cosine_similarity, nearest_label, nearest_label_at_angle, snap
from deepfeatures.probes.moments import merged
from deepfeatures.probes.normalisation import AXES, min_max


def predict_all(
    train: TrainingFeatures,
    features: np.ndarray,
    true_label: np.ndarray,
    true_angle_deg: np.ndarray,
    angles_deg: np.ndarray,
    *,
    rng: np.random.Generator,
) -> dict[str, np.ndarray]:
    """By array name, each (n,): uint8 labels, float32 degrees. features: (n, d); true_label, true_angle_deg: (n,).

    The test label enters only where the name says so: angle_by_true_label and per_angle_pred_oracle (and the true
    angle in per_angle_pred_known). All of these are references, never a headline.
    """
    found: dict[str, np.ndarray] = {}
    found["mav_pred"] = nearest_label(cosine_similarity(features, train.class_means))
    for axis in AXES:
        to_unit = min_max(train.low, train.high, axis=axis)
        similarity = cosine_similarity(features, train.class_means, normalise=to_unit)
        found[f"mav_normalised_pred_{axis.replace('-', '_')}"] = nearest_label(similarity)
    _, prototypes, width = train.prototypes.shape
    similarity = cosine_similarity(features, train.prototypes.reshape(-1, width))
    found["kmeans_pred"] = nearest_label(similarity, per_label=prototypes)

    regressors = [angle.fit(rows) for rows in train.angle_moments]
    by_label = angle.predict(regressors, features)
    estimates = {
        "oracle": angle.of_label(by_label, true_label),
        "pooled": angle.predict([angle.fit(merged(train.angle_moments))], features)[:, 0],
        "predicted": angle.of_label(by_label, found["mav_pred"]),
    }
    names = {"oracle": "angle_by_true_label", "pooled": "angle_pooled", "predicted": "angle_by_predicted_label"}
    found |= {names[kind]: estimate.astype(np.float32) for kind, estimate in estimates.items()}

    similarity = cosine_similarity(features, train.class_angle_means.reshape(-1, width))
    found["label_angle_pred"] = nearest_label(similarity, per_label=len(angles_deg))
    at_angle = {kind: snap(estimate, angles_deg) for kind, estimate in estimates.items()}
    at_angle["known"] = snap(true_angle_deg, angles_deg)
    at_angle["random"] = rng.integers(len(angles_deg), size=len(features))
    by_angle = similarity.reshape(len(features), -1, len(angles_deg))
    for kind, index in at_angle.items():
        found[f"per_angle_pred_{kind}"] = nearest_label_at_angle(by_angle, index)
    return found

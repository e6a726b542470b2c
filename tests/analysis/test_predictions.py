"""Labels and angles by every technique, against the plain way to get each; and which of them may see a test label."""
from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from deepfeatures.analysis import rotated_mnist
from deepfeatures.analysis.predictions import predict_all
from deepfeatures.analysis.training_features import TrainingFeatures, gather
from deepfeatures.data.rotation import ANGLES_DEG
from tests.analysis.made_up_digits import WIDTH, features_of

DIGITS, PROTOTYPES = 200, 3
ANGLES = np.asarray(ANGLES_DEG, np.float64)


class _AsTheyAre:
    """An extractor of images that are features already."""

    def probe(self, images: np.ndarray) -> np.ndarray:
        return images.reshape(len(images), -1)


@pytest.fixture(scope="module")
def train() -> tuple[np.ndarray, np.ndarray, TrainingFeatures]:
    labels = np.arange(DIGITS) % 10
    features = features_of(labels, seed=1)
    gathered = gather(
        _AsTheyAre(), features[:, :, None], labels, ANGLES, prototypes=PROTOTYPES, prototype_rows=100,
        rng=np.random.default_rng(0),
    )  # fmt: skip
    return features, labels, gathered


@pytest.fixture(scope="module")
def test() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows: features, label, angle."""
    labels = np.random.default_rng(5).integers(0, 10, 60)
    features = features_of(labels, seed=2)
    return features.reshape(-1, WIDTH), np.repeat(labels, len(ANGLES)), np.tile(ANGLES, len(labels))


def predicted(gathered: TrainingFeatures, features: np.ndarray, label: np.ndarray, angle: np.ndarray) -> dict:
    return predict_all(gathered, features, label, angle, ANGLES, rng=np.random.default_rng(3))


def test_only_what_says_so_sees_the_test_label_or_the_true_angle(train, test) -> None:
    _, _, gathered = train
    features, label, angle = test
    before = predicted(gathered, features, label, angle)
    other_label = predicted(gathered, features, (label + 1) % 10, angle)
    other_angle = predicted(gathered, features, label, -angle)
    changed = {name for name in before if not np.array_equal(before[name], other_label[name])}
    assert changed == {"angle_by_true_label", "per_angle_pred_oracle"}
    changed = {name for name in before if not np.array_equal(before[name], other_angle[name])}
    assert changed == {"per_angle_pred_known"}


def test_the_headline_and_its_controls_are_those_that_see_neither() -> None:
    assert rotated_mnist.PER_ANGLE == "per_angle_pred_predicted"
    assert set(rotated_mnist.CONTROLS.values()) == {"per_angle_pred_random", "kmeans_pred", "label_angle_pred"}


def test_each_is_what_a_plain_loop_finds(train, test) -> None:
    learnt, labels, gathered = train
    features, label, angle = test
    found = predicted(gathered, features, label, angle)
    means = np.stack([learnt[labels == one].mean(axis=0) for one in range(10)])  # label, angle, feature
    plain = 1 - cdist(features, means.mean(axis=1), "cosine")
    mav = plain.argmax(axis=1)
    by_mean = (1 - cdist(features, means.reshape(-1, WIDTH), "cosine")).reshape(len(features), 10, len(ANGLES))
    np.testing.assert_array_equal(found["mav_pred"], mav)
    nearest = by_mean.reshape(len(features), -1).argmax(axis=1)
    np.testing.assert_array_equal(found["label_angle_pred"], nearest // len(ANGLES))

    def regressor(rows: np.ndarray) -> np.ndarray:
        flat = rows.reshape(-1, WIDTH)
        with_one = np.column_stack([flat, np.ones(len(flat))])
        return np.linalg.lstsq(with_one, np.tile(ANGLES, len(rows)), rcond=None)[0]

    with_one = np.column_stack([features, np.ones(len(features))])
    every = np.stack([with_one @ regressor(learnt[labels == one]) for one in range(10)], axis=1)
    rows = np.arange(len(features))
    estimates = {
        "oracle": every[rows, label], "predicted": every[rows, mav], "pooled": with_one @ regressor(learnt),
        "known": angle,
    }  # fmt: skip
    for kind, estimate in estimates.items():
        nearest = np.abs(estimate[:, None] - ANGLES).argmin(axis=1)
        np.testing.assert_array_equal(found[f"per_angle_pred_{kind}"], by_mean[rows, :, nearest].argmax(axis=1), kind)
    names = {"oracle": "angle_by_true_label", "predicted": "angle_by_predicted_label", "pooled": "angle_pooled"}
    for kind, name in names.items():
        np.testing.assert_allclose(found[name], estimates[kind], atol=1e-3)
    centres = 1 - cdist(features, gathered.prototypes.reshape(-1, WIDTH), "cosine")
    np.testing.assert_array_equal(found["kmeans_pred"], centres.argmax(axis=1) // PROTOTYPES)


def test_here_the_techniques_are_told_apart(train, test) -> None:
    """Else the tests above would pass whichever array stood for whichever: regressors of labels differ, MAV errs."""
    _, _, gathered = train
    features, label, angle = test
    found = predicted(gathered, features, label, angle)
    kinds = ("oracle", "pooled", "predicted", "known", "random")
    answers = [found[f"per_angle_pred_{kind}"] for kind in kinds] + [found["mav_pred"], found["label_angle_pred"],
                                                                    found["kmeans_pred"]]  # fmt: skip
    for place, one in enumerate(answers):
        for other in answers[:place]:
            assert (one != other).any()
    assert 0.3 < (found["mav_pred"] == label).mean() < 1

"""Other readings of the class means and the regressors: against plain NumPy and scikit-learn."""
from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.metrics.pairwise import cosine_similarity, euclidean_distances

from deepfeatures.analysis import readings, why
from deepfeatures.data.rotation import ANGLES_DEG
from deepfeatures.networks.lenet import load
from deepfeatures.study.opened import Readout
from tests.analysis.conftest import TEST, network_folder


@pytest.fixture(scope="module")
def made(rotated: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("readings")
    out = folder / "out"
    out.mkdir()
    readings.make(out, {"rotated": rotated, "network": network_folder(folder / "network", has_ip2=True)}, seed=1)
    return out


@pytest.fixture(scope="module")
def sides(made: Path, rotated: Path) -> dict[str, np.ndarray]:
    """ip1 before the ReLU of all images at once, with labels and angles of the rows."""
    network = load(made.parent / "network")
    found = {}
    for part in ("train", "test"):
        images = np.load(rotated / f"{part}_images.npy")
        pool2 = network.features(images.reshape(-1, 28, 28))["pool2"].numpy().astype(np.float64)
        weights, bias = (value.detach().numpy().astype(np.float64) for value in (network.ip1.weight, network.ip1.bias))
        found[part] = pool2 @ weights.T + bias
        found[f"{part} label"] = np.repeat(np.load(rotated / f"{part}_labels.npy"), 7)
    return found


def means(features: np.ndarray, labels: np.ndarray) -> np.ndarray:
    return np.stack([features[labels == label].mean(0) for label in range(10)])


def test_recognition_by_each_reading(made: Path, sides: dict[str, np.ndarray]) -> None:
    before, label = sides["train"], sides["train label"]
    after, test = np.maximum(before, 0), np.maximum(sides["test"], 0)
    unit = after / np.linalg.norm(after, axis=1, keepdims=True)
    upright = np.arange(len(label)) % 7 == ANGLES_DEG.index(0)
    centre = after.mean(0)
    expected = {
        "mav_usual": cosine_similarity(test, means(after, label)),
        "mav_before": cosine_similarity(sides["test"], means(before, label)),
        "mav_euclidean": -euclidean_distances(test, means(after, label)),
        "mav_centred": cosine_similarity(test - centre, means(after, label) - centre),
        "mav_unit_length": cosine_similarity(test, means(unit, label)),
        "mav_upright": cosine_similarity(test, means(after[upright], label[upright])),
    }
    assert set(expected) == set(readings.RECOGNITION)
    for name, score in expected.items():
        found = np.load(made / f"{name}.npy")
        assert (found == score.argmax(1)).mean() > 0.99, name  # float32 may turn a tie
    assert len({tuple(score.argmax(1)) for score in expected.values()}) > 1  # the readings do differ here


def test_the_angle_of_each_label_by_least_squares(made: Path, sides: dict[str, np.ndarray]) -> None:
    angle, label = np.tile(ANGLES_DEG, len(sides["train label"]) // 7), sides["train label"]
    for name, change in {"angle_usual": lambda x: np.maximum(x, 0), "angle_before": lambda x: x}.items():
        expected = np.empty(TEST * 7)
        for one in range(10):
            rows = sides["test label"] == one
            regressor = LinearRegression().fit(change(sides["train"])[label == one], angle[label == one])
            expected[rows] = regressor.predict(change(sides["test"])[rows])
        np.testing.assert_allclose(np.load(made / f"{name}.npy"), expected, atol=0.3)
    assert np.abs(np.load(made / "angle_one_copy.npy") - np.load(made / "angle_usual.npy")).max() > 1


def test_tables_of_readings(made: Path) -> None:
    one, rng = [Readout(made)], np.random.default_rng(0)
    table = why.recognition_by_reading(one, resamples=50, rng=rng)
    usual = 100 * (np.load(made / "mav_usual.npy") == np.load(made / "label.npy")).mean()
    assert table["accuracy_percent"][0] == pytest.approx(usual)
    assert ((table["lo"] <= table["accuracy_percent"]) & (table["accuracy_percent"] <= table["hi"])).all()
    assert why.recognition_by_reading([], resamples=50, rng=rng).empty
    assert why.angle_by_reading([], [], resamples=50, rng=rng).empty


class MadeUp(dict[str, np.ndarray]):
    """Arrays by name, of digits at two angles."""

    @property
    def summary(self) -> dict[str, list[float]]:
        return {"angles_deg": [0.0, 15.0]}


def test_spread_by_reading_is_that_within_a_label_and_angle() -> None:
    rng = np.random.default_rng(0)
    label = np.repeat(np.arange(10, dtype=np.uint8), 8)  # four digits a label
    estimates = {name: rng.normal(0, 5, 80) for name in (*readings.ANGLE, "angle_by_predicted_label", "angle_pooled")}
    one = MadeUp(label=label, **estimates)
    table = why.angle_by_reading([one], [one], resamples=50, rng=rng)
    expected = [estimate.reshape(10, 4, 2).std(axis=1).mean() for estimate in estimates.values()]
    np.testing.assert_allclose(table["spread_deg"], expected)


def test_accuracy_on_the_digits_that_were_not_looked_at() -> None:
    label = np.repeat(np.arange(10, dtype=np.uint8), 2)  # ten digits at two angles
    wrong = np.arange(20) < 6  # all copies of the first three digits
    readout = MadeUp(label=label, mav_pred=np.where(wrong, 99, label))
    table = why.on_digits_not_looked_at({"it": [readout]}, resamples=50, rng=np.random.default_rng(0), first=4)
    assert table["digits"].tolist() == ["all", "looked at", "the rest"] and set(table["network"]) == {"it"}
    assert table["accuracy_percent"].tolist() == [70.0, 25.0, 100.0]
    assert ((table["lo"] <= table["accuracy_percent"]) & (table["accuracy_percent"] <= table["hi"])).all()
    assert table.loc[0, "lo"] < 70 < table.loc[0, "hi"]
    none = why.on_digits_not_looked_at({"it": [readout]}, resamples=50, rng=np.random.default_rng(0), first=10)
    assert none.empty

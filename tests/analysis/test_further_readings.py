"""Further readings of the class means and the regressors: against plain NumPy and scikit-learn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.linear_model import LinearRegression
from sklearn.metrics.pairwise import cosine_similarity
from torch.nn import functional as F

from deepfeatures.analysis import further_readings, readings, why
from deepfeatures.data.rotation import ANGLES_DEG
from deepfeatures.networks.lenet import load, save, untrained
from deepfeatures.study.opened import Readout
from tests.analysis.conftest import TEST, blobs

FEW = (3, 5, 1000)  # of a label's six training digits
ANGLES = np.array(ANGLES_DEG, float)


@pytest.fixture(scope="module")
def rotated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Hard to tell apart, so that readings differ."""
    return blobs(tmp_path_factory.mktemp("hard"), noise=110)


@pytest.fixture(scope="module")
def made(rotated: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a network whose biases are not 0: else ip1 of pixels times 256 would be ip1 times 256."""
    folder = tmp_path_factory.mktemp("further")
    network = untrained(3)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for name, value in network.named_parameters():
            if name.endswith("bias"):
                value.copy_(torch.randn(value.shape, generator=generator) * 0.5)
    (folder / "network").mkdir()
    save(network, folder / "network")
    inputs = {"rotated": rotated, "network": folder / "network"}
    for name in ("out", "usual"):
        (folder / name).mkdir()
    patch = pytest.MonkeyPatch()
    patch.setattr(further_readings, "FEW", FEW)
    patch.setattr(further_readings, "CHUNK_DIGITS", 4)  # so that a label's digits are in two chunks
    few = {f"angle_few_{count}": "" for count in FEW}
    patch.setattr(
        further_readings, "ANGLE", {name: "" for name in further_readings.ANGLE if "few" not in name} | few
    )
    further_readings.make(folder / "out", inputs)
    patch.undo()
    readings.make(folder / "usual", inputs)
    return folder / "out"


@pytest.fixture(scope="module")
def rows(made: Path, rotated: Path) -> dict[str, np.ndarray]:
    """Of each part, all images at once: ip1 by side of the ReLU and by scale, labels, angles, the softmax's label."""
    network, found = load(made.parent / "network"), {}
    for part in ("train", "test"):
        images = np.load(rotated / f"{part}_images.npy").reshape(-1, 28, 28).astype(np.float32)
        for scale, name in ((1 / 256, ""), (1.0, " unscaled")):
            with torch.inference_mode():
                layers = network(torch.from_numpy(images * np.float32(scale))[:, None])
                before = F.linear(layers["pool2"].flatten(1), network.ip1.weight, network.ip1.bias)
            found[f"{part} before{name}"] = before.numpy().astype(np.float64)
            found[f"{part} after{name}"] = layers["ip1"].numpy().astype(np.float64)
            found[f"{part} softmax{name}"] = layers["ip2"].argmax(1).numpy()
        found[f"{part} label"] = np.repeat(np.load(rotated / f"{part}_labels.npy"), 7)
        found[f"{part} angle"] = np.tile(ANGLES, len(images) // 7)
    return found


def means(features: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """(10, 500); zeros of a class with no row."""
    found = np.zeros((10, features.shape[1]))
    for one in set(labels.tolist()):
        found[one] = features[labels == one].mean(0)
    return found


def test_recognition_by_each_reading(made: Path, rows: dict[str, np.ndarray]) -> None:
    label, right = rows["train label"], rows["train softmax"] == rows["train label"]
    after = means(rows["train after"], label)
    expected = {
        "mav_right": (rows["test after"], means(rows["train after"][right], label[right])),
        "mav_test_before": (rows["test before"], after),
        "mav_means_before": (rows["test after"], means(rows["train before"], label)),
        "mav_unscaled": (rows["test after unscaled"], means(rows["train after unscaled"], label)),
        "mav_test_unscaled": (rows["test after unscaled"], after),
    }
    assert set(expected) == set(further_readings.RECOGNITION)
    usual = cosine_similarity(rows["test after"], after).argmax(1)
    for name, (test, of_classes) in expected.items():
        wanted = cosine_similarity(test, of_classes).argmax(1)
        assert (np.load(made / f"{name}.npy") == wanted).mean() > 0.995, name  # float32 may turn a tie
        assert (wanted != usual).mean() > 0.02, name  # or it would not be told from the usual one


def fitted(rows: dict[str, np.ndarray], features: str, label: int, digits: int = 1000) -> LinearRegression:
    """One label's regressor, fitted on its first `digits` training digits."""
    chosen = np.flatnonzero(rows["train label"] == label)[: 7 * digits]
    of_rows = rows[features]
    return LinearRegression().fit(of_rows[chosen], rows["train angle"][chosen])


def unit(features: np.ndarray) -> np.ndarray:
    return features / np.linalg.norm(features, axis=1, keepdims=True)


def test_the_angle_by_each_reading(made: Path, rows: dict[str, np.ndarray]) -> None:
    lengths = {f"{part} unit": unit(rows[f"{part} after"]) for part in ("train", "test")}
    asked = {
        "angle_unit_length": ("train unit", "test unit", 1000),
        "angle_test_before": ("train after", "test before", 1000),
        "angle_unscaled": ("train after unscaled", "test after unscaled", 1000),
        **{f"angle_few_{count}": ("train after", "test after", count) for count in FEW},
    }
    found = {}
    for name, (train, test, digits) in asked.items():
        found[name] = np.empty(TEST * 7)
        for label in range(10):
            of_label = rows["test label"] == label
            regressor = fitted(rows | lengths, train, label, digits)
            found[name][of_label] = regressor.predict((rows | lengths)[test][of_label])
        np.testing.assert_allclose(np.load(made / f"{name}.npy"), found[name], atol=0.01, err_msg=name)
    for name, other in (("angle_unit_length", "angle_few_1000"), ("angle_unscaled", "angle_few_1000"),
                        ("angle_test_before", "angle_few_1000"), ("angle_few_3", "angle_few_5")):  # fmt: skip
        assert np.abs(found[name] - found[other]).max() > 1, name


def test_every_regressor_is_asked_about_every_image(made: Path, rows: dict[str, np.ndarray]) -> None:
    expected = np.stack([fitted(rows, "train after", label).predict(rows["test after"]) for label in range(10)], axis=1)
    found = np.load(made / "angle_by_every.npy")
    np.testing.assert_allclose(found, expected, atol=0.01)
    settings = {"resamples": 50, "rng": np.random.default_rng(0)}
    few = {f"angle_few_{count}": np.load(made / "angle_few_5.npy") for count in further_readings.FEW}
    one = MadeUp({path.stem: np.load(path) for path in made.glob("*.npy")} | few)
    table = further_readings.angle([], [one], [], **settings)
    by_angle = found.reshape(-1, 7, 10).std(axis=0)  # of each regressor at each angle, over all test images
    assert table["reading"].iloc[-1] == "each label's regressor asked about every test image"
    assert table["spread_deg"].iloc[-1] == pytest.approx(by_angle.mean(), rel=1e-5)


def test_each_class_judges_by_the_angle_that_its_own_regressor_reads(made: Path, rows: dict[str, np.ndarray]) -> None:
    label, angle = rows["train label"], rows["train angle"]
    score = np.empty((TEST * 7, 10))
    for one in range(10):
        read = fitted(rows, "train after", one).predict(rows["test after"])
        nearest = ANGLES[np.abs(read[:, None] - ANGLES).argmin(1)]
        at_angle = np.stack([rows["train after"][(label == one) & (angle == each)].mean(0) for each in nearest])
        score[:, one] = (unit(at_angle) * unit(rows["test after"])).sum(1)
    expected = score.argmax(1)
    assert (np.load(made / "per_angle_own.npy") == expected).mean() > 0.97
    plain = cosine_similarity(rows["test after"], means(rows["train after"], label)).argmax(1)
    assert (plain != expected).mean() > 0.05


def test_tables_hold_the_usual_readings_first(made: Path) -> None:
    usual = [Readout(made.parent / "usual")]
    label = np.repeat(np.arange(10, dtype=np.uint8), 70)
    rng = np.random.default_rng(1)
    names = [name for name in further_readings.PER_ANGLE if name != "per_angle_own"]
    wrong = {name: np.where(np.arange(700) < 7 * count, 99, label) for count, name in enumerate(names, start=2)}
    readout = MadeUp(label=label, **wrong)
    further = MadeUp(
        label=label,
        per_angle_own=np.where(np.arange(700) < 7, 99, label),  # one digit of a hundred
        **{name: label for name in further_readings.RECOGNITION},
        **{name: rng.normal(0, 3, 700) for name in further_readings.ANGLE},
        angle_by_every=rng.normal(0, 3, (700, 10)),
    )
    settings = {"resamples": 50, "rng": rng}
    recognised = further_readings.recognition(usual, [further], **settings)
    assert list(recognised["reading"]) == [*readings.RECOGNITION.values(), *further_readings.RECOGNITION.values()]
    assert (recognised["accuracy_percent"].tail(len(further_readings.RECOGNITION)) == 100).all()
    by_whom = further_readings.per_angle([further], [readout, readout], **settings)
    shares = dict(zip(by_whom["reading"], by_whom["accuracy_percent"], strict=True))
    assert shares == {
        "regressor of the label that class means predict (as everywhere)": 98.0,
        "one regressor for all labels": 97.0,
        "each class by its own regressor": 99.0,
        "true label's regressor, which no one has at test time": 96.0,
    }
    estimates = {name: np.load(made.parent / "usual" / "angle_usual.npy") for name in
                 ("angle_by_predicted_label", "angle_pooled")}  # fmt: skip
    read = MadeUp(label=np.load(made / "label.npy"), **estimates)
    spread = further_readings.angle(usual, [further], [read], **settings)
    assert len(spread) == len(why.angle_by_reading(usual, [read], **settings)) + len(further_readings.ANGLE) + 1
    first = further[next(iter(further_readings.ANGLE))].reshape(10, 10, 7).std(axis=1).mean()
    row = spread[spread["reading"] == "label's regressor: features of length 1"]
    assert row["spread_deg"].item() == pytest.approx(first)


def test_without_artifacts_tables_are_empty() -> None:
    settings = {"resamples": 50, "rng": np.random.default_rng(0)}
    assert further_readings.recognition([], [], **settings).empty
    assert further_readings.angle([], [], [], **settings).empty
    assert further_readings.per_angle([], [], **settings).empty


class MadeUp(dict[str, np.ndarray]):
    """Arrays by name, of digits at the seven angles."""

    @property
    def summary(self) -> dict[str, list[float]]:
        return {"angles_deg": [float(angle) for angle in ANGLES_DEG]}

"""The read-out artifact on a small rotated set: its arrays, what they mean, and that it is the same twice."""
from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from deepfeatures.analysis import readout
from deepfeatures.analysis.extraction import extractor
from deepfeatures.data.rotation import ANGLES_DEG
from deepfeatures.networks.lenet import load, untrained
from deepfeatures.probes.mean_activation import class_means, cosine_similarity, nearest_label
from deepfeatures.probes.normalisation import min_max
from tests.analysis.conftest import TEST, TRAIN, network_folder


@pytest.fixture(scope="module")
def made(rotated: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("readout")
    network = network_folder(folder / "network", has_ip2=True)
    out = folder / "out"
    out.mkdir()
    readout.make(out, {"rotated": rotated, "network": network}, features="network", seed=1, prototypes=3, heat_digits=2)
    return out


def read(out: Path) -> dict[str, np.ndarray]:
    return {path.stem: np.load(path) for path in sorted(out.glob("*.npy"))}


def test_every_array_that_chapters_read_is_there(made: Path) -> None:
    found = read(made)
    rows, width = TEST * 7, 500
    for name in ("softmax_pred", "mav_pred", "mav_normalised_pred_global", "mav_normalised_pred_per_feature",
                 "label_angle_pred", "kmeans_pred", "label", *(f"per_angle_pred_{kind}" for kind in
                 ("oracle", "pooled", "predicted", "known", "random"))):  # fmt: skip
        assert found[name].shape == (rows,), name
        assert found[name].dtype == np.uint8, name
        assert found[name].max() < 10, name
    for name in ("angle", "angle_by_true_label", "angle_pooled", "angle_by_predicted_label"):
        assert (found[name].shape, found[name].dtype) == ((rows,), np.float32), name
    assert found["digit"].tolist() == np.repeat(np.arange(TEST), 7).tolist()
    assert found["angle"].tolist() == list(ANGLES_DEG) * TEST
    assert found["logits"].shape == (rows, 10)
    assert found["class_means"].shape == (10, width)
    assert found["class_angle_means"].shape == found["angle_class_activation"].shape == (10, 7, width)
    for name in ("centred", "uncentred", "centred_per_feature", "uncentred_per_feature"):
        assert found[f"singular_values_{name}"].shape == (min(rows, width),)
    for reading in ("ratio_of_sums", "ratio_of_means", "literal"):
        assert found[f"block_assignment_{reading}"].shape == (width,)
    assert found["heat"].shape == (10 * 7 * 2, width)
    assert found["heat_label"].tolist() == np.repeat(np.arange(10), 14).tolist()
    assert found["heat_angle"][:4].tolist() == [-45, -45, -30, -30]


def test_arrays_mean_what_they_say(made: Path, rotated: Path) -> None:
    found, summary = read(made), json.loads((made / "summary.json").read_text())
    network = load(made.parent / "network")

    def ip1(part: str) -> np.ndarray:
        return network.features(np.load(rotated / f"{part}_images.npy").reshape(-1, 28, 28))["ip1"].numpy()

    train, test = ip1("train"), ip1("test")
    train_label = np.repeat(np.load(rotated / "train_labels.npy"), 7)
    means = class_means(train, train_label)
    np.testing.assert_allclose(found["class_means"], means, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(found["train_max"], train.max(axis=0), rtol=1e-4, atol=1e-6)
    np.testing.assert_array_equal(found["mav_pred"], nearest_label(cosine_similarity(test, means)))
    to_unit = min_max(train.min(axis=0), train.max(axis=0), axis="per-feature")
    by_hand = nearest_label(cosine_similarity(to_unit(test), class_means(to_unit(train), train_label)))
    assert (found["mav_normalised_pred_per_feature"] == by_hand).mean() > 0.99
    design = np.column_stack([train.astype(np.float64), np.ones(len(train))])
    weights = np.linalg.lstsq(design, np.tile(ANGLES_DEG, TRAIN).astype(float), rcond=1e-6)[0]
    assert np.corrcoef(found["angle_pooled"], test @ weights[:-1] + weights[-1])[0, 1] > 0.98
    assert summary["softmax"] == pytest.approx((found["softmax_pred"] == found["label"]).mean())
    assert summary["accuracy"]["mav_pred"] > 0.9
    assert set(summary["accuracy"]) == {name for name in found if "_pred" in name and found[name].dtype == np.uint8}
    assert (summary["train_digits"], summary["test_digits"]) == (TRAIN, TEST)
    assert found["rank_accuracy"][-1] == pytest.approx(summary["accuracy"]["mav_pred"])
    assert set(summary["invariance"]) == {"pixels", "pool1", "pool2", "ip1", "ip2", "softmax"}
    rotation = np.sqrt(found["per_digit_rotation_distance"].mean())
    assert summary["distances"]["rotation"] == pytest.approx(rotation)
    assert summary["angle"]["angle_pooled"]["constant_rms_error_deg"] == pytest.approx(30)


def test_two_runs_write_the_same_bytes(made: Path, rotated: Path, tmp_path: Path) -> None:
    inputs = {"rotated": rotated, "network": made.parent / "network"}
    readout.make(tmp_path, inputs, features="network", seed=1, prototypes=3, heat_digits=2)
    assert {p.name for p in tmp_path.iterdir()} == {p.name for p in made.iterdir()}
    for path in made.iterdir():
        assert (tmp_path / path.name).read_bytes() == path.read_bytes(), path.name


@pytest.mark.parametrize("features", ["network", "untrained", "pixels"])
def test_without_a_trained_ip2_there_is_no_softmax(features: str, rotated: Path, tmp_path: Path) -> None:
    inputs = {"rotated": rotated}
    if features == "network":
        inputs["network"] = network_folder(tmp_path / "network", has_ip2=False)
    out = tmp_path / "out"
    out.mkdir()
    readout.make(out, inputs, features=features, prototype_rows=4)  # fewer rows than prototypes
    summary = json.loads((out / "summary.json").read_text())
    assert summary["softmax"] is None
    assert not (out / "logits.npy").exists()
    assert not (out / "softmax_pred.npy").exists()
    assert summary["layer"] == ("pixels" if features == "pixels" else "ip1")
    assert summary["width"] == (784 if features == "pixels" else 500)
    assert ("softmax" in summary["invariance"]) == (features == "untrained")
    assert summary["prototype_rows"] == [4] * 10


def test_bad_input_is_named(rotated: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="allowed are network, untrained, pixels"):
        extractor("ip1")
    with pytest.raises(ValueError, match="needs the folder"):
        extractor("network")
    with pytest.raises(ValueError, match="prototypes=0"):
        readout.make(tmp_path, {"rotated": rotated}, features="pixels", prototypes=0)
    few = tmp_path / "few"
    few.mkdir()
    for part in ("train", "test"):
        np.save(few / f"{part}_images.npy", np.zeros((4, 7, 28, 28), np.uint8))
        np.save(few / f"{part}_labels.npy", np.arange(4, dtype=np.uint8))
    (few / "meta.json").write_text(json.dumps({"angles_deg": list(ANGLES_DEG)}))
    with pytest.raises(ValueError, match=r"training digits per label are \[1, 1, 1, 1, 0, 0, 0, 0, 0, 0\]"):
        readout.make(tmp_path, {"rotated": few}, features="pixels")


def test_networks_and_pixels_are_float32(rotated: Path) -> None:
    images = np.load(rotated / "test_images.npy")[0]
    assert extractor("pixels").probe(images).dtype == np.float32
    assert extractor("pixels").probe(images).max() <= 255 / 256
    values = extractor("untrained", seed=5).layers(images)
    with torch.inference_mode():
        np.testing.assert_array_equal(values["ip1"], untrained(5).features(images)["ip1"].numpy())
    np.testing.assert_allclose(values["softmax"].sum(axis=1), 1, rtol=1e-5)

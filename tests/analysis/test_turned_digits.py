"""Turned digits against one digit at a time, and regressors got back against those fitted to the training features."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from deepfeatures.analysis import readout, turned_digits, turned_explorer
from deepfeatures.data.rotation import ANGLES_DEG, rotate, rotated_copies
from deepfeatures.networks.lenet import load
from deepfeatures.probes.angle import LinearRegressor
from deepfeatures.study.opened import Described
from tests.analysis.conftest import network_folder


@pytest.fixture(scope="module")
def inputs(rotated: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("turned")
    network = network_folder(folder / "network", has_ip2=True)
    found = {"rotated": rotated, "network": network, "readout": folder / "readout"}
    found["readout"].mkdir()
    given = {name: found[name] for name in ("rotated", "network")}
    readout.make(found["readout"], given, features="network", prototypes=3, heat_digits=2)
    return found


@pytest.fixture(scope="module")
def made(inputs: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Described:
    out = tmp_path_factory.mktemp("out")
    turned_digits.make(out, inputs, step_deg=15)
    return Described(out)


def test_every_step_is_the_digit_turned_once_through_the_network(made: Described, inputs: dict[str, Path]) -> None:
    images, labels = (np.load(inputs["rotated"] / f"test_{name}.npy") for name in ("images", "labels"))
    network, means = load(inputs["network"]), np.load(inputs["readout"] / "class_means.npy")
    assert made["label"].tolist() == list(range(10)) and made["digit"].tolist() == list(range(10))
    for row, digit in ((0, 0), (7, 7)):
        for at, angle in enumerate(made.meta["angles_deg"]):
            turned = rotate(images[digit, 3][None], angle)
            np.testing.assert_array_equal(made["images"][row, at], turned[0])
            layers = network.features(turned)
            ip1 = layers["ip1"].numpy()[0].astype(np.float64)
            np.testing.assert_allclose(made["features"][row, at], ip1, atol=1e-4)
            np.testing.assert_allclose(made["logits"][row, at], layers["ip2"].numpy()[0], atol=1e-4)
            cosine = [ip1 @ mean / np.linalg.norm(ip1) / np.linalg.norm(mean) for mean in means]
            np.testing.assert_allclose(made["cosine"][row, at], cosine, atol=1e-5)
    said = np.load(inputs["readout"] / "angle_by_true_label.npy").reshape(len(labels), 7)
    np.testing.assert_allclose(made["angle_read"], said[:10])  # at the angles of the read-out: its own words
    errors = said[labels == 4] - np.array(ANGLES_DEG)
    assert made["error_lo"][4] == pytest.approx(np.quantile(errors, 0.025))


def test_where_images_are_too_few_no_angle_is_made_up(inputs: dict[str, Path], tmp_path: Path) -> None:
    turned_digits.make(tmp_path, inputs, step_deg=5)
    made = Described(tmp_path)
    known = np.isin(made.meta["angles_deg"], ANGLES_DEG)
    assert np.isfinite(made["angle_read"][:, known]).all()
    assert np.isnan(made["angle_read"][:, ~known]).all()  # four digits a class cannot tell 500 weights


def test_a_regressor_is_got_back_from_what_it_said() -> None:
    rng = np.random.default_rng(0)
    true = LinearRegressor(rng.normal(size=20), 3.0, 20)
    mix = rng.normal(size=(784, 20)) / 784

    def probe(images: np.ndarray) -> np.ndarray:
        return (images.reshape(len(images), -1) @ mix).astype(np.float32)

    images = rotated_copies(rng.integers(0, 256, (30, 28, 28), np.uint8))
    said = (probe(images.reshape(-1, 28, 28)).astype(np.float64) @ true.weights + true.intercept).reshape(30, 7)
    found = turned_digits.recovered(probe, images, said.astype(np.float32), np.arange(30))
    assert found is not None
    np.testing.assert_allclose(found.weights, true.weights, atol=1e-3)
    assert turned_digits.recovered(probe, images, said, np.arange(3)) is None
    assert turned_digits.recovered(probe, images, rng.normal(0, 20, said.shape), np.arange(30)) is None  # not linear


def test_the_table_has_a_row_for_each_digit_angle_and_network(made: Described) -> None:
    table = turned_explorer.grid({"one": made, "two": made})
    assert len(table) == 10 * 7 * 2 and not table.duplicated(["digit", "turned", "network"]).any()
    row = table[(table["digit"] == "7 (test digit 8)") & (table["turned"] == "−30°")].iloc[0]
    at = made.meta["angles_deg"].index(-30)
    shares = torch.softmax(torch.from_numpy(np.array(made["logits"][7, at])), 0).numpy()
    np.testing.assert_allclose(row["softmax"], shares, atol=1e-5)
    assert row["softmax_says"].startswith(f"{shares.argmax()} ({100 * shares.max():.0f} %)")
    assert row["means_say"].startswith(f"{made['cosine'][7, at].argmax()} (cosine ")
    assert row["angle_lo"] < row["angle_hi"]
    units = made["features"][7, at][np.argsort(made["unit_class"], kind="stable")]
    assert row["units"].shape == (20, 25)
    limit = np.quantile(made["features"][made["features"] > 0], 0.98)
    np.testing.assert_allclose(row["units"].ravel()[:500], np.minimum(units / limit, 1), rtol=1e-5)
    assert json.loads((made.folder / "meta.json").read_text())["known_deg"] == list(ANGLES_DEG)

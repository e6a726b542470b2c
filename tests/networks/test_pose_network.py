"""Pose networks as users bring them: three forms of answers, either layout, any convention, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from deepfeatures.networks.pose_network import (
    IMAGENET_MEAN,
    IMAGENET_STD,
    PoseNetwork,
    of_bins,
    of_rotation,
    signs_of,
)
from deepfeatures.networks.weights import ForeignWeights
from tests.networks.made_up_pose import SIZE, write

BOOK = ("right", "up", "clockwise")
IMAGES = np.random.default_rng(0).integers(0, 256, (5, *SIZE, 3), np.uint8)
COLOUR = ((IMAGES.astype(float).mean((1, 2)) - IMAGENET_MEAN) / IMAGENET_STD)  # what the small networks see


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
@pytest.mark.parametrize("batch", ["n", 1, 2])
def test_angles_in_any_layout_and_batch(tmp_path: Path, layout: str, batch: int | str) -> None:
    network = PoseNetwork(write(tmp_path / "p.onnx", layout=layout, batch=batch), BOOK)
    assert (network.form, network.input.size) == ("angles", SIZE)
    np.testing.assert_allclose(network.degrees(IMAGES), 40 * COLOUR, atol=1e-3)
    assert network.degrees(IMAGES[:0]).shape == (0, 3)


def test_convention_order_and_unit_are_the_users_to_say(tmp_path: Path) -> None:
    path = write(tmp_path / "p.onnx", weights=np.eye(3))
    turned = PoseNetwork(path, ("left", "up", "counterclockwise"), order=("pitch", "roll", "yaw"), radians=True)
    expected = np.rad2deg(COLOUR[:, [2, 0, 1]]) * [-1, 1, -1]
    np.testing.assert_allclose(turned.degrees(IMAGES), expected, atol=1e-3)


def test_a_rotation_is_taken_apart_as_it_was_put_together(tmp_path: Path) -> None:
    angles = np.random.default_rng(1).uniform(-80, 80, (50, 3))
    matrices = Rotation.from_euler("ZYX", angles[:, [2, 0, 1]], degrees=True).as_matrix()  # Rz(roll) Ry(yaw) Rx(pitch)
    np.testing.assert_allclose(of_rotation(matrices), angles, atol=1e-9)
    network = PoseNetwork(write(tmp_path / "p.onnx", "rotation", weights=matrices[0]), ("left", "up", "clockwise"))
    np.testing.assert_allclose(network.degrees(IMAGES), np.tile(angles[0] * [-1, 1, 1], (5, 1)), atol=1e-3)


def test_bins_are_averaged_as_their_softmax_weighs_them(tmp_path: Path) -> None:
    network = PoseNetwork(write(tmp_path / "p.onnx", "bins"), BOOK)
    scores = COLOUR[:, 0, None] * np.linspace(-3, 3, 66)
    slow = [sum(np.exp(s) * (3 * i - 99) for i, s in enumerate(row)) / np.exp(row).sum() for row in scores]
    np.testing.assert_allclose(network.degrees(IMAGES)[:, 0], slow, atol=1e-2)
    sharp = np.full((1, 66), -1e4)
    sharp[0, 33] = 0
    assert of_bins(sharp) == pytest.approx(0)  # 66 bins of 3 degrees from -99


def test_a_size_that_the_file_leaves_open_is_224(tmp_path: Path) -> None:
    assert PoseNetwork(write(tmp_path / "p.onnx", size=("h", "w")), BOOK).input.size == (224, 224)


def test_settings_hold_all_that_an_estimate_depends_on(tmp_path: Path) -> None:
    path = write(tmp_path / "p.onnx")
    one, other = PoseNetwork(path, BOOK).settings, PoseNetwork(path, BOOK, radians=True).settings
    assert one != other and str(one["fingerprint"]).startswith("sha256-") and one["positive"] == list(BOOK)


@pytest.mark.parametrize("words", [("right", "up"), ("up", "right", "clockwise"), ("right", "up", "cw")])
def test_a_convention_is_three_known_words(words: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="right or left, then up or down, then clockwise or counterclockwise"):
        signs_of(words)


def test_what_is_no_pose_network_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="none.onnx is missing"):
        PoseNetwork(tmp_path / "none.onnx", BOOK)
    with pytest.raises(ForeignWeights, match=r"p.onnx gives outputs of shapes \[\(3, 1, 1\)\]"):
        PoseNetwork(write(tmp_path / "p.onnx", "maps"), BOOK)
    with pytest.raises(ForeignWeights, match="p.onnx gives outputs of shapes"):
        PoseNetwork(write(tmp_path / "p.onnx", "bins", bins=2), BOOK)
    path = write(tmp_path / "p.onnx")
    with pytest.raises(ValueError, match="order 'yaw,pitch,pitch': yaw, pitch and roll, each once"):
        PoseNetwork(path, BOOK, order=("yaw", "pitch", "pitch"))
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(ForeignWeights, match="p.onnx cannot be opened as ONNX"):
        PoseNetwork(path, BOOK)

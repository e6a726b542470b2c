"""Networks that a reader adds: their layers under the chapters' names, their twins, and what is said without a file."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from deepfeatures.data import celeba, faces
from deepfeatures.networks import face_catalogue, more_networks, own_features, vggface
from tests.data.made_up_faces import write_celeba
from tests.networks.test_vggface import SMALL, made_up_state

ARCFACE = face_catalogue.CATALOGUE["arcface-r50"]
IMAGES = np.random.default_rng(0).integers(0, 256, (5, 112, 112, 3), np.uint8)


def write_arcface(path: Path, width: int = 6) -> Path:
    """One convolution, ReLU, mean over positions, matrix: 112 x 112 to `width` numbers, maps before them."""
    rng = np.random.default_rng(1)
    nodes = [
        helper.make_node("Conv", ["image", "kernel"], ["raw"], strides=[8, 8]),
        helper.make_node("Relu", ["raw"], ["maps"]),
        helper.make_node("GlobalAveragePool", ["maps"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["flat"]),
        helper.make_node("MatMul", ["flat", "matrix"], ["numbers"]),
    ]
    graph = helper.make_graph(
        nodes, "small", [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", 3, 112, 112])],
        [helper.make_tensor_value_info("maps", TensorProto.FLOAT, ["n", 8, 14, 14]),
         helper.make_tensor_value_info("numbers", TensorProto.FLOAT, ["n", width])],
        [numpy_helper.from_array(rng.normal(size=(8, 3, 8, 8)).astype(np.float32), "kernel"),
         numpy_helper.from_array(rng.normal(size=(8, width)).astype(np.float32), "matrix")],
    )  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


def by_hand(path: Path, images: np.ndarray) -> np.ndarray:
    """(n, 6): block by block, with the catalogue's scale of pixels."""
    kernel, matrix = (numpy_helper.to_array(one).astype(float) for one in onnx.load(path).graph.initializer)
    blocks = ((images.astype(float) - 127.5) / 127.5).reshape(-1, 14, 8, 14, 8, 3)
    return np.maximum(np.einsum("naybxc,ocyx->noab", blocks, kernel), 0).mean(axis=(2, 3)) @ matrix


def test_of_an_onnx_file_the_last_output_is_the_embedding(tmp_path: Path) -> None:
    path = write_arcface(ARCFACE.path(tmp_path))
    network = more_networks.load("arcface-r50", tmp_path)
    assert dict(network.layers) == {"embedding": 6} and network.input.size == (112, 112)
    np.testing.assert_allclose(network.features(IMAGES)["embedding"], by_hand(path, IMAGES), rtol=1e-3, atol=1e-4)


def test_its_twin_has_the_same_weights_in_another_order(tmp_path: Path) -> None:
    write_arcface(ARCFACE.path(tmp_path))
    network, twin, again, other = (more_networks.load("arcface-r50", tmp_path, twin=seed) for seed in (None, 0, 0, 1))
    said = [one.features(IMAGES)["embedding"] for one in (network, twin, again, other)]
    assert np.array_equal(said[1], said[2])
    for one, two in ((0, 1), (0, 3), (1, 3)):
        assert np.abs(said[one] - said[two]).max() > 0.1
    assert twin.fingerprint == f"{network.fingerprint}-shuffled-0"


@pytest.fixture
def vgg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, torch.Tensor]:
    """A small VGG-Face under the data root."""
    monkeypatch.setattr(vggface, "Widths", lambda: SMALL)
    path = face_catalogue.CATALOGUE["vgg-face"].path(tmp_path)
    path.parent.mkdir(parents=True)
    torch.save(state := made_up_state(), path)
    return state


def test_fc7_of_vgg_face_is_its_embedding(tmp_path: Path, vgg: dict[str, torch.Tensor]) -> None:
    network = more_networks.load("vgg-face", tmp_path)
    images = np.random.default_rng(0).integers(0, 256, (3, 64, 64, 3), np.uint8)
    direct = vggface.load(face_catalogue.CATALOGUE["vgg-face"].path(tmp_path)).features(images)
    found = network.features(images)
    assert list(found) == list(network.layers) == ["pool5", "fc6", "embedding"]
    np.testing.assert_array_equal(found["embedding"], direct["fc7"])
    np.testing.assert_array_equal(found["pool5"], direct["pool5"])
    twin = more_networks.load("vgg-face", tmp_path / "nowhere", twin=3).features(images)
    np.testing.assert_array_equal(twin["embedding"], vggface.untrained(3).features(images)["fc7"])


@pytest.mark.parametrize("name", more_networks.LAYERS)
def test_without_weights_one_line_says_what_to_do(tmp_path: Path, name: str) -> None:
    with pytest.raises(face_catalogue.MissingWeights) as said:
        more_networks.load(name, tmp_path)
    entry = face_catalogue.CATALOGUE[name]
    assert str(said.value) == entry.how_to_get(tmp_path) and "\n" not in str(said.value)
    for words in (entry.file, str(tmp_path / "weights"), "checksum"):
        assert words in str(said.value)


def test_only_what_may_be_added_is_known(tmp_path: Path) -> None:
    with pytest.raises(KeyError, match="'mobilefacenet-ms1m' cannot be added: allowed are vgg-face, facenet-vggface2"):
        more_networks.load("mobilefacenet-ms1m", tmp_path)


def test_features_of_photographs_and_of_their_mirror_images(tmp_path: Path) -> None:
    write_celeba(tmp_path, [1, 1, 2, 2], [0] * 4)
    write_arcface(ARCFACE.path(tmp_path))
    read = celeba.read(tmp_path)
    for name in ("faces", "out", "mirrored", "scratch", "other"):
        (tmp_path / name).mkdir()
    faces.make(tmp_path / "faces", {}, tmp_path, dataset="celeba", fingerprint=read.fingerprint)
    given = {"dataset": "celeba", "network": "arcface-r50", "fingerprint": read.fingerprint}
    own_features.make(tmp_path / "out", {"faces": tmp_path / "faces"}, tmp_path / "scratch", tmp_path, **given)
    own_features.make(
        tmp_path / "mirrored", {"faces": tmp_path / "faces"}, tmp_path / "other", tmp_path, mirrored=True, **given
    )
    rows, turned = (np.load(tmp_path / name / "embedding.npy") for name in ("out", "mirrored"))
    assert rows.shape == turned.shape == (4, 6) and np.abs(rows - turned).max() > 1e-3
    meta = [json.loads((tmp_path / name / "meta.json").read_text()) for name in ("out", "mirrored")]
    assert re.fullmatch("sha256-[0-9a-f]{64}", meta[0]["weights"]) and meta[0]["layers"] == {"embedding": 6}
    assert meta[1]["weights"] == f"{meta[0]['weights']}-mirrored"
    with pytest.raises(ValueError, match=f"^planned for celeba-0, found {read.fingerprint}: plan again"):
        own_features.make(
            tmp_path / "out", {"faces": tmp_path / "faces"}, tmp_path / "scratch", tmp_path,
            **{**given, "fingerprint": "celeba-0"},
        )  # fmt: skip

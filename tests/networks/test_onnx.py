from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from deepfeatures.data.crops import celeba_crop
from deepfeatures.networks import mobilefacenet
from deepfeatures.networks.face_network import FaceInput
from deepfeatures.networks.onnx import OnnxFaceNetwork
from deepfeatures.networks.weights import ForeignWeights
from tests.real_faces import weights

INPUT = FaceInput(6, 4, (10.0, 20.0, 30.0), (2.0, 4.0, 8.0))
RNG = np.random.default_rng(0)
KERNEL = RNG.normal(size=(5, 3, 3, 3)).astype(np.float32)
MATRIX = RNG.normal(size=(5, 2)).astype(np.float32)


def write_network(
    path: Path, *, batch: int | str = "n", layout: str = "NCHW", outputs: tuple[str, ...] = ("maps", "embedding")
) -> Path:
    """Convolution 3 x 3, ReLU, mean over positions, matrix: a face network of the smallest kind."""
    size = (3, 6, 4) if layout == "NCHW" else (6, 4, 3)
    nodes = []
    if layout == "NHWC":
        nodes.append(helper.make_node("Transpose", ["image"], ["nchw"], perm=[0, 3, 1, 2]))
    nodes += [
        helper.make_node("Conv", ["nchw" if layout == "NHWC" else "image", "kernel"], ["raw"], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["raw"], ["maps"]),
        helper.make_node("GlobalAveragePool", ["maps"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["flat"]),
        helper.make_node("MatMul", ["flat", "matrix"], ["embedding"]),
    ]
    shapes = {"maps": [batch, 5, 6, 4], "embedding": [batch, 2], "raw": [batch, 5, 6, 4]}
    graph = helper.make_graph(
        nodes,
        "toy",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [batch, *size])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shapes[name]) for name in outputs],
        [numpy_helper.from_array(KERNEL, "kernel"), numpy_helper.from_array(MATRIX, "matrix")],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


def slow(images: np.ndarray, order: str = "RGB") -> dict[str, np.ndarray]:
    """The same by loops."""
    ordered = images if order == "RGB" else images[..., ::-1]
    pixels = (ordered.astype(float) - INPUT.mean) / INPUT.std
    padded = np.pad(pixels, ((0, 0), (1, 1), (1, 1), (0, 0)))
    maps = np.zeros((len(images), 5, 6, 4))
    for y in range(6):
        for x in range(4):
            maps[:, :, y, x] = np.einsum("nijc,ocij->no", padded[:, y : y + 3, x : x + 3], KERNEL)
    pooled = np.maximum(maps, 0).mean((2, 3))
    return {"maps": pooled, "embedding": pooled @ MATRIX}


IMAGES = RNG.integers(0, 256, (5, 6, 4, 3), np.uint8)


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
@pytest.mark.parametrize("batch", ["n", 1, 2])
def test_a_small_network_is_what_it_says_in_any_layout_and_batch(tmp_path: Path, layout: str, batch: int | str) -> None:
    path = write_network(tmp_path / "toy.onnx", batch=batch, layout=layout, outputs=("embedding",))
    network = OnnxFaceNetwork(path, "toy", INPUT, layout=layout)  # type: ignore[arg-type]
    assert dict(network.layers) == {"embedding": 2}
    found = network.features(IMAGES)["embedding"]
    np.testing.assert_allclose(found, slow(IMAGES)["embedding"], rtol=1e-4, atol=1e-4)
    assert found.dtype == np.float32


def test_declared_outputs_are_layers_and_maps_are_averaged(tmp_path: Path) -> None:
    path = write_network(tmp_path / "toy.onnx")
    network = OnnxFaceNetwork(path, "toy", INPUT)
    assert list(network.layers.items()) == [("maps", 5), ("embedding", 2)]
    for layer, rows in slow(IMAGES).items():
        np.testing.assert_allclose(network.features(IMAGES)[layer], rows, rtol=1e-4, atol=1e-4)
    last = OnnxFaceNetwork(path, "toy", INPUT, outputs=("embedding",))
    assert list(last.features(IMAGES)) == ["embedding"]
    assert network.fingerprint.startswith("sha256-")


def test_colours_come_in_the_order_the_network_wants(tmp_path: Path) -> None:
    path = write_network(tmp_path / "toy.onnx")
    bgr = FaceInput(6, 4, INPUT.mean, INPUT.std, "BGR")
    found = OnnxFaceNetwork(path, "toy", bgr).features(IMAGES)["embedding"]
    np.testing.assert_allclose(found, slow(IMAGES, "BGR")["embedding"], rtol=1e-4, atol=1e-4)
    with pytest.raises(ValueError, match="neither RGB nor BGR"):
        FaceInput(6, 4, INPUT.mean, INPUT.std, "GRB")


def test_what_does_not_fit_is_named(tmp_path: Path) -> None:
    path = write_network(tmp_path / "toy.onnx")
    with pytest.raises(ForeignWeights, match=r"declares the outputs \['maps', 'embedding'\], not \['fc7'\]"):
        OnnxFaceNetwork(path, "toy", INPUT, outputs=("fc7",))
    with pytest.raises(ForeignWeights, match="toy.onnx reads .*was announced"):
        OnnxFaceNetwork(path, "toy", FaceInput(8, 4, INPUT.mean, INPUT.std))
    with pytest.raises(ForeignWeights, match="was announced"):
        OnnxFaceNetwork(path, "toy", INPUT, layout="NHWC")
    with pytest.raises(ValueError, match="neither NCHW nor NHWC"):
        OnnxFaceNetwork(path, "toy", INPUT, layout="CHWN")  # type: ignore[arg-type]
    with pytest.raises(FileNotFoundError, match="none.onnx is missing"):
        OnnxFaceNetwork(tmp_path / "none.onnx", "toy", INPUT)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(ForeignWeights, match="toy.onnx cannot be opened"):
        OnnxFaceNetwork(path, "toy", INPUT)


def test_no_image_gives_no_row(tmp_path: Path) -> None:
    network = OnnxFaceNetwork(write_network(tmp_path / "toy.onnx"), "toy", INPUT)
    assert network.features(IMAGES[:0])["embedding"].shape == (0, 2)


def test_one_network_by_both_roads() -> None:
    torch_road = mobilefacenet.load(weights("mobilefacenet_ms1m_foamliu.pt"), mobilefacenet.MS1M)
    onnx_road = OnnxFaceNetwork(weights("mobilefacenet_ms1m_foamliu.onnx"), "ms1m", mobilefacenet.MS1M.input)
    images = np.random.default_rng(0).integers(0, 256, (4, 112, 112, 3), np.uint8)
    images[2:] //= 3
    (layer,) = onnx_road.layers
    found = onnx_road.features(images)[layer]
    np.testing.assert_allclose(torch_road.features(images)["embedding"], found, atol=1e-4, rtol=0)
    assert found.std() > 0.1
    assert celeba_crop(onnx_road.input.size).shape == (2, 3)

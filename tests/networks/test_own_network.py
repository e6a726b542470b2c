from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from deepfeatures.networks import own_network
from deepfeatures.networks.own_network import Reading
from deepfeatures.networks.weights import ForeignWeights, sha256
from tests.networks.test_onnx import IMAGES, INPUT, slow, write_network

READING = Reading(INPUT.mean, INPUT.std)


def altered(path: Path, change) -> Path:  # type: ignore[no-untyped-def]
    model = onnx.load(path)
    change(model)
    path.write_bytes(model.SerializeToString())
    return path


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_size_and_layout_come_from_the_file(tmp_path: Path, layout: str) -> None:
    path = write_network(tmp_path / "toy.onnx", layout=layout, outputs=("embedding",))
    network = own_network.load(path, READING)
    assert network.input.size == (6, 4) and network.fingerprint == f"sha256-{sha256(path)}"
    np.testing.assert_allclose(network.features(IMAGES)["embedding"], slow(IMAGES)["embedding"], rtol=1e-4, atol=1e-4)


def test_colours_are_ordered_as_said(tmp_path: Path) -> None:
    path = write_network(tmp_path / "toy.onnx", outputs=("embedding",))
    found = own_network.load(path, Reading(INPUT.mean, INPUT.std, "BGR")).features(IMAGES)["embedding"]
    np.testing.assert_allclose(found, slow(IMAGES, "BGR")["embedding"], rtol=1e-4, atol=1e-4)


def test_a_tensor_inside_is_read_by_its_name(tmp_path: Path) -> None:
    path = write_network(tmp_path / "toy.onnx", outputs=("embedding",))
    before = path.read_bytes()
    network = own_network.load(path, Reading(INPUT.mean, INPUT.std, outputs=("maps", "embedding")))
    for layer, rows in slow(IMAGES).items():
        np.testing.assert_allclose(network.features(IMAGES)[layer], rows, rtol=1e-4, atol=1e-4)
    assert path.read_bytes() == before and network.fingerprint == f"sha256-{sha256(path)}"


def test_layers_have_names_that_files_can_have(tmp_path: Path) -> None:
    def rename(model: onnx.ModelProto) -> None:
        model.graph.node[1].output[0] = model.graph.node[2].input[0] = "/layer1/Relu_output:0"
        model.graph.node[0].output[0] = model.graph.node[1].input[0] = "../layer1 Relu/output/0"

    path = altered(write_network(tmp_path / "toy.onnx", outputs=("embedding",)), rename)
    outputs = ("/layer1/Relu_output:0", "../layer1 Relu/output/0", "embedding")
    network = own_network.load(path, Reading(INPUT.mean, INPUT.std, outputs=outputs))
    names = ("layer1-Relu_output-0", "layer1-Relu-output-0", "embedding")
    assert network.called == dict(zip(names, outputs, strict=True))
    assert own_network._as_files({"a/b": 1, "a b": 1, "/": 1}) == {"a-b": "a/b", "a-b-2": "a b", "output": "/"}


def test_shuffled_weights_are_the_same_numbers_in_another_order(tmp_path: Path) -> None:
    path = write_network(tmp_path / "toy.onnx", outputs=("embedding",))
    plain, first, again, other = (
        own_network.load(path, READING, shuffled=seed).features(IMAGES)["embedding"] for seed in (None, 0, 0, 1)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, plain) and not np.allclose(first, other)
    model = own_network._parsed(path)
    before = [np.sort(numpy_helper.to_array(one).ravel()) for one in model.graph.initializer]
    own_network._shuffle(model, np.random.default_rng(0))
    for one, values in zip(model.graph.initializer, before, strict=True):
        np.testing.assert_array_equal(np.sort(numpy_helper.to_array(one).ravel()), values)
    assert own_network.steady(own_network.load(path, READING, shuffled=0), rng=np.random.default_rng(0))
    endless = altered(path, lambda model: model.graph.initializer[1].CopyFrom(
        numpy_helper.from_array(np.full((5, 2), 3e38, np.float32), "matrix")))  # fmt: skip
    assert not own_network.steady(own_network.load(endless, READING, shuffled=0), rng=np.random.default_rng(0))


def as_constants(model: onnx.ModelProto) -> None:
    """The same weights in nodes `Constant`, where some exporters put them."""
    held = list(model.graph.initializer)
    nodes = [helper.make_node("Constant", [], [one.name], value=one) for one in held]
    rest = list(model.graph.node)
    del model.graph.initializer[:], model.graph.node[:]
    model.graph.node.extend([*nodes, *rest])


def test_weights_in_constants_are_shuffled_too(tmp_path: Path) -> None:
    path = altered(write_network(tmp_path / "toy.onnx", outputs=("embedding",)), as_constants)
    plain, shuffled = (own_network.load(path, READING, shuffled=seed).features(IMAGES) for seed in (None, 0))
    assert not np.allclose(plain["embedding"], shuffled["embedding"])


def test_a_network_without_weights_has_no_shuffled_twin(tmp_path: Path) -> None:
    graph = helper.make_graph(
        [helper.make_node("GlobalAveragePool", ["x"], ["mean"]), helper.make_node("Flatten", ["mean"], ["embedding"])],
        "means", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, 6, 4])],
        [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["n", 3])],
    )  # fmt: skip
    path = tmp_path / "means.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path)
    with pytest.raises(own_network.NothingShuffled, match="^means.onnx has no array of weights"):
        own_network.load(path, READING, shuffled=0)


def test_a_graph_for_one_image_says_so_when_it_is_given_more(tmp_path: Path) -> None:
    nodes = [helper.make_node("Reshape", ["x", "shape"], ["embedding"])]
    graph = helper.make_graph(
        nodes, "flat", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, 6, 4])],
        [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, [1, 72])],
        [numpy_helper.from_array(np.array([1, 72]), "shape")],
    )  # fmt: skip
    path = tmp_path / "flat.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path)
    network = own_network.load(path, READING)
    with pytest.raises(ForeignWeights, match=r"^flat.onnx cannot be run on 2 images: "):
        network.features(np.zeros((2, 6, 4, 3), np.uint8))


def outside(one: TensorProto) -> None:
    one.ClearField("raw_data")
    one.data_location = TensorProto.EXTERNAL
    one.external_data.add(key="location", value="beside.bin")


def in_an_initialiser(model: onnx.ModelProto) -> None:
    outside(model.graph.initializer[0])


def in_a_constant(model: onnx.ModelProto) -> None:
    node = helper.make_node("Constant", [], ["spare"], value=numpy_helper.from_array(np.ones(3, np.float32), "spare"))
    outside(node.attribute[0].t)
    model.graph.node.append(node)


def in_a_branch(model: onnx.ModelProto) -> None:
    inner = numpy_helper.from_array(np.ones(3, np.float32), "inner")
    outside(inner)
    gives = [helper.make_tensor_value_info("inner", TensorProto.FLOAT, [3])]
    branch = helper.make_graph([], "branch", [], gives, [inner])
    model.graph.node.append(helper.make_node("If", ["flag"], ["spare"], then_branch=branch, else_branch=branch))


@pytest.mark.parametrize("place", [in_an_initialiser, in_a_constant, in_a_branch], ids=lambda place: place.__name__)
def test_weights_in_other_files_are_refused_wherever_they_are_named(tmp_path: Path, place) -> None:  # type: ignore[no-untyped-def]
    path = altered(write_network(tmp_path / "toy.onnx"), place)
    (tmp_path / "beside.bin").write_bytes(np.zeros(1000, np.float32).tobytes())  # there, and still not read
    with pytest.raises(ForeignWeights, match="^toy.onnx keeps weights in other files .*save_as_external_data=False"):
        own_network.load(path, READING)


@pytest.mark.parametrize("content", [b"", b"no graph", b"\x08\x07", b"\x0a" * 5000])
def test_what_is_no_network_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "n.onnx").write_bytes(content)
    with pytest.raises(ForeignWeights, match="^n.onnx cannot be opened as ONNX: "):
        own_network.load(tmp_path / "n.onnx", READING)
    with pytest.raises(FileNotFoundError, match="none.onnx is missing"):
        own_network.load(tmp_path / "none.onnx", READING)


def test_what_does_not_fit_is_told_with_what_would(tmp_path: Path) -> None:
    path = write_network(tmp_path / "toy.onnx")
    with pytest.raises(ForeignWeights, match="no output 'embeding': it declares maps, embedding; near it: embedding"):
        own_network.load(path, Reading(INPUT.mean, INPUT.std, outputs=("embeding",)))
    with pytest.raises(ForeignWeights, match="was announced"):
        own_network.load(path, Reading(INPUT.mean, INPUT.std, size=(8, 8)))

    def opened(*axes: int):  # type: ignore[no-untyped-def]
        def change(model: onnx.ModelProto) -> None:
            for axis in axes:
                model.graph.input[0].type.tensor_type.shape.dim[axis].dim_param = "open"

        return change

    altered(path, opened(2, 3))
    with pytest.raises(ForeignWeights, match="leaves the size of its images open: give the side"):
        own_network.load(path, READING)
    assert own_network.load(path, Reading(INPUT.mean, INPUT.std, size=(6, 4))).input.size == (6, 4)
    altered(path, opened(1))
    with pytest.raises(ForeignWeights, match="says nothing of its layout: give NCHW or NHWC"):
        own_network.load(path, Reading(INPUT.mean, INPUT.std, size=(6, 4)))
    altered(path, lambda model: model.graph.input.append(
        helper.make_tensor_value_info("more", TensorProto.FLOAT, [1])))  # fmt: skip
    with pytest.raises(ForeignWeights, match="has the inputs image, more: one of images"):
        own_network.load(path, READING)
    for wrong, told in (({"std": (1.0, 0.0, 1.0)}, "cannot be 0"), ({"size": (0, 4)}, "at least one pixel")):
        with pytest.raises(ValueError, match=told):
            Reading(**{"mean": INPUT.mean, "std": INPUT.std, **wrong})


def test_a_network_that_fails_when_it_runs_is_named(tmp_path: Path) -> None:
    def break_it(model: onnx.ModelProto) -> None:
        node = helper.make_node("Reshape", ["embedding", "shape"], ["broken"])
        model.graph.initializer.append(numpy_helper.from_array(np.array([7, 7, 7]), "shape"))
        model.graph.node.append(node)
        model.graph.output.append(onnx.ValueInfoProto(name="broken"))

    path = altered(write_network(tmp_path / "toy.onnx"), break_it)
    with pytest.raises(ForeignWeights, match="^toy.onnx cannot be run: "):
        own_network.load(path, READING)

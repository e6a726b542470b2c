"""LeNet as Caffe ships it: shapes, parameters, filler, and what it computes."""

import json

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from deepfeatures.networks.lenet import LAYERS, LeNet, as_pixels, caffe_filler, load, save, untrained

# BVLC/caffe, examples/mnist/lenet_train_test.prototxt; fan_in = inputs of one unit
SHAPES = {
    "conv1.weight": (20, 1, 5, 5),
    "conv1.bias": (20,),
    "conv2.weight": (50, 20, 5, 5),
    "conv2.bias": (50,),
    "ip1.weight": (500, 800),
    "ip1.bias": (500,),
    "ip2.weight": (10, 500),
    "ip2.bias": (10,),
}
FAN_IN = {"conv1": 25, "conv2": 500, "ip1": 800, "ip2": 500}


@pytest.fixture(scope="module")
def network():
    return untrained(0)


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).integers(0, 256, (3, 28, 28), np.uint8)


def test_parameters(network):
    assert {name: tuple(p.shape) for name, p in network.named_parameters()} == SHAPES
    assert sum(p.numel() for p in network.parameters()) == 431_080


def test_truncated_at_ip1():
    truncated = untrained(0, has_ip2=False)
    assert not truncated.has_ip2
    assert sum(p.numel() for p in truncated.parameters()) == 431_080 - 5_010
    assert list(truncated(torch.zeros(1, 1, 28, 28))) == ["pool1", "pool2", "ip1"]


def test_layer_shapes(network, images):
    layers = network(as_pixels(images))
    shapes = {name: tuple(values.shape) for name, values in layers.items()}
    assert shapes == {"pool1": (3, 20, 12, 12), "pool2": (3, 50, 4, 4), "ip1": (3, 500), "ip2": (3, 10)}
    assert tuple(shapes) == LAYERS


@pytest.mark.parametrize("layer", FAN_IN)
def test_caffes_filler_fills_its_range(network, layer):
    bound = np.sqrt(3 / FAN_IN[layer])
    weight = network.get_parameter(f"{layer}.weight").detach().numpy()
    assert np.abs(weight).max() <= bound
    edge = 0.05 if layer == "conv1" else 0.001  # 500 values come less close to the ends than 5,000 or more
    assert weight.max() > bound * (1 - edge) and weight.min() < -bound * (1 - edge)
    # U(-b, b): mean 0 and standard deviation b / sqrt(3) = 1 / sqrt(fan_in), within 5 standard errors
    assert abs(weight.mean()) < 5 * bound / np.sqrt(3 * weight.size)
    assert weight.std() == pytest.approx(1 / np.sqrt(FAN_IN[layer]), rel=5 * 0.45 / np.sqrt(weight.size))
    assert not network.get_parameter(f"{layer}.bias").detach().numpy().any()


def test_the_filler_is_not_torchs_xavier(network):
    # torch: sqrt(6 / (fan_in + fan_out)), for ip1 0.0679; Caffe: sqrt(3 / 800) = 0.0612
    assert float(network.ip1.weight.detach().abs().max()) < 0.0613 < (6 / 1300) ** 0.5


def test_the_seed_decides_the_filler(network):
    again, other = untrained(0), caffe_filler(LeNet(), 1)
    for name, parameter in network.named_parameters():
        assert torch.equal(parameter, again.get_parameter(name))
        assert name.endswith("bias") or not torch.equal(parameter, other.get_parameter(name))


def test_pixels_are_divided_by_256(images):
    pixels = as_pixels(images)
    assert pixels.shape == (3, 1, 28, 28) and pixels.dtype == torch.float32
    np.testing.assert_array_equal(pixels[:, 0].numpy(), images / np.float32(256))
    assert float(as_pixels(np.full((1, 28, 28), 255, np.uint8)).max()) == 0.99609375  # no mean is subtracted


def convolved(maps, weight, bias):
    """maps (channels, side, side) to (filters, side - 4, side - 4), one position after the other."""
    side = maps.shape[1] - 4
    out = np.empty((len(weight), side, side))
    for row in range(side):
        for column in range(side):
            patch = maps[:, row : row + 5, column : column + 5]
            for unit in range(len(weight)):
                out[unit, row, column] = (patch * weight[unit]).sum() + bias[unit]
    return out


def pooled(maps):
    """Largest of each 2x2 square."""
    side = maps.shape[1] // 2
    out = np.empty((len(maps), side, side))
    for row in range(side):
        for column in range(side):
            out[:, row, column] = maps[:, 2 * row : 2 * row + 2, 2 * column : 2 * column + 2].max((1, 2))
    return out


def test_the_forward_pass_against_loops(images):
    network = untrained(5)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():  # biases too, else a forgotten one would not show
        for parameter in network.parameters():
            if parameter.ndim == 1:
                parameter.copy_(torch.rand(parameter.shape, generator=generator) - 0.5)
    p = {name: value.detach().double().numpy() for name, value in network.named_parameters()}
    pool1 = pooled(convolved(images[:1] / 256, p["conv1.weight"], p["conv1.bias"]))  # no ReLU after it
    pool2 = pooled(convolved(pool1, p["conv2.weight"], p["conv2.bias"]))
    before = p["ip1.weight"] @ pool2.ravel() + p["ip1.bias"]
    ip1 = np.where(before > 0, before, 0)
    expected = {"pool1": pool1, "pool2": pool2, "ip1": ip1, "ip2": p["ip2.weight"] @ ip1 + p["ip2.bias"]}
    assert (pool1 < 0).any() and (before < 0).any()  # where a ReLU too many, or none, would show
    found = network.features(images)
    for layer, values in expected.items():
        np.testing.assert_allclose(found[layer][0], values.ravel(), atol=1e-5, err_msg=layer)


def test_features_are_flat_and_need_no_gradients(network, images):
    found = network.features(images)
    assert {name: tuple(values.shape) for name, values in found.items()} == {
        "pool1": (3, 2880), "pool2": (3, 800), "ip1": (3, 500), "ip2": (3, 10)
    }  # fmt: skip
    assert not any(values.requires_grad for values in found.values())
    layers = network(as_pixels(images))
    for name, values in found.items():
        assert torch.equal(values, layers[name].detach().flatten(1))


@settings(max_examples=10)
@given(st.integers(0, 9), st.integers(1, 10))
def test_a_stream_is_the_features_in_pieces(count, batch):
    network = untrained(0)
    images = np.random.default_rng(1).integers(0, 256, (count, 28, 28), np.uint8)
    pieces = list(network.stream(images, "ip1", batch))
    assert [len(piece) for piece in pieces] == [min(batch, count - start) for start in range(0, count, batch)]
    if count:
        np.testing.assert_allclose(torch.cat(pieces), network.features(images)["ip1"], atol=1e-5)


def test_a_layer_that_is_not_there_is_refused(network, images):
    with pytest.raises(ValueError, match=r"^layer 'conv1' is not in this network: \['pool1', 'pool2', 'ip1', 'ip2'\]$"):
        next(network.stream(images, "conv1"))
    with pytest.raises(ValueError, match=r"^layer 'ip2' is not in this network: \['pool1', 'pool2', 'ip1'\]$"):
        next(untrained(0, has_ip2=False).stream(images, "ip2"))


@pytest.mark.parametrize("has_ip2", [True, False])
def test_what_is_saved_is_loaded_bit_for_bit(has_ip2, images, tmp_path):
    network = untrained(3, has_ip2)
    save(network, tmp_path, objective="softmax", iterations=7)
    assert json.loads((tmp_path / "meta.json").read_text()) == {
        "has_ip2": has_ip2, "iterations": 7, "objective": "softmax"
    }  # fmt: skip
    loaded = load(tmp_path)
    assert loaded.has_ip2 == has_ip2
    for name, parameter in network.named_parameters():
        assert torch.equal(parameter, loaded.get_parameter(name))
    assert torch.equal(network.features(images)["ip1"], loaded.features(images)["ip1"])


def test_nothing_saved_is_said_with_the_folder(tmp_path):
    with pytest.raises(FileNotFoundError, match=str(tmp_path / "nothing")):
        load(tmp_path / "nothing")

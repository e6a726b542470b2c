"""DeepID2+: what it is connected to, what its gradients reach, and that it is read back as it was written."""

import numpy as np
import pytest
import torch

from deepfeatures.networks import deepid2plus
from deepfeatures.networks.deepid2plus import LAYERS, DeepID2Plus, Scaled, load, save, untrained

IMAGES = np.random.default_rng(0).integers(0, 256, (6, 32, 32, 3), np.uint8)
SMALL = {"maps": (4, 4, 6, 6), "units": 10}


def test_the_paper_s_sizes_are_the_default():
    network = DeepID2Plus(32)
    assert network.maps == (128,) * 4 and dict(network.layers) == dict.fromkeys(LAYERS, 512)
    assert [one.in_features for one in network.connected] == [128 * side**2 for side in (16, 8, 4, 2)]


def test_every_layer_reads_its_own_convolution():
    network = untrained(32, 0, **SMALL)
    pixels = network.as_pixels(IMAGES)
    with torch.no_grad():
        read, maps = network(pixels), network.maps_of(pixels)
        for layer, own, connected in zip(LAYERS, maps, network.connected, strict=True):
            weights = connected.weight * connected.scale
            torch.testing.assert_close(read[layer], torch.relu(own.flatten(1) @ weights.T + connected.bias))
        torch.testing.assert_close(torch.relu(network.before_relu(pixels)), read["fc4"])
    assert [tuple(one.shape[1:]) for one in maps] == [(4, 16, 16), (4, 8, 8), (6, 4, 4), (6, 2, 2)]


def test_no_unit_is_negative_and_features_are_what_forward_gives():
    network = untrained(32, 1, **SMALL)
    found = network.features(IMAGES)
    assert all((values >= 0).all() and values.shape == (6, 10) for values in found.values())
    with torch.no_grad():
        again = network(network.as_pixels(IMAGES))
    assert all((found[layer] == again[layer].numpy()).all() for layer in LAYERS)


@pytest.mark.parametrize("layerwise", [True, False])
def test_without_layerwise_signals_only_fc4_reaches_the_convolutions(layerwise):
    network = untrained(32, 0, **SMALL)
    read = network(network.as_pixels(IMAGES), layerwise=layerwise)
    read["fc2"].sum().backward()
    reached = network.blocks[0][0].weight.grad
    assert (reached is not None and bool(reached.any())) is layerwise
    assert network.connected[1].weight.grad.any()  # the layer itself learns either way
    network.zero_grad()
    network(network.as_pixels(IMAGES), layerwise=layerwise)["fc4"].sum().backward()
    assert network.blocks[0][0].weight.grad.any()


def test_scaled_weights_begin_with_he_s_deviation_and_a_step_moves_an_output_as_much_whatever_the_inputs():
    moved = []
    for inputs in (64, 4096):
        torch.manual_seed(0)
        layer = Scaled(inputs, 200)
        torch.nn.init.normal_(layer.weight, std=layer.spread)
        assert (layer.weight * layer.scale).std().item() == pytest.approx((2 / inputs) ** 0.5, rel=0.05)
        before = layer(torch.ones(1, inputs))
        with torch.no_grad():
            layer.weight += 0.005  # what Adam does where all gradients agree
        moved.append((layer(torch.ones(1, inputs)) - before).mean().item())
    assert moved[0] == pytest.approx(moved[1], rel=0.01)


def test_the_twin_is_its_seed_s_and_faces_set_only_the_normalisation():
    one, again, other = untrained(32, 0, **SMALL), untrained(32, 0, **SMALL), untrained(32, 1, **SMALL)
    calibrated = untrained(32, 0, **SMALL, images=IMAGES)
    assert (one.features(IMAGES)["fc4"] == again.features(IMAGES)["fc4"]).all()
    assert (one.features(IMAGES)["fc4"] != other.features(IMAGES)["fc4"]).any()
    for name, value in calibrated.named_parameters():
        torch.testing.assert_close(value, dict(one.named_parameters())[name], msg=name)
    with torch.no_grad():
        before = calibrated.blocks[0][:2](calibrated.as_pixels(IMAGES))
    torch.testing.assert_close(calibrated.blocks[0][2].running_mean, before.mean((0, 2, 3)), rtol=1e-4, atol=1e-5)
    assert not calibrated.training and calibrated.blocks[0][2].momentum == one.blocks[0][2].momentum == 0.1


def test_a_network_is_read_back_as_it_was_written(tmp_path):
    network = untrained(32, 3, **SMALL)
    save(network, tmp_path, steps=7)
    back = load(tmp_path)
    assert back.fingerprint == tmp_path.name and (back.maps, back.units) == ((4, 4, 6, 6), 10)
    assert (back.features(IMAGES)["fc3"] == network.features(IMAGES)["fc3"]).all()


def test_sizes_that_cannot_be_are_refused():
    with pytest.raises(ValueError, match="side_px=40: at least 32 and divisible by 16"):
        DeepID2Plus(40)
    with pytest.raises(ValueError, match=r"maps=\[1, 2\]: one number for each of 4"):
        DeepID2Plus(32, maps=(1, 2))


def test_the_smaller_sizes_are_deepid2_s():
    assert deepid2plus.SMALL_MAPS == (20, 40, 60, 80) and deepid2plus.SMALL_UNITS == 160

"""The network trained here: its layers by hand, its weights on disk, its seed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from deepfeatures.networks import face_cnn
from deepfeatures.networks.face_cnn import FaceCNN, load, save, untrained


def pictures(n: int, side: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (n, side, side, 3), np.uint8)


def lived_in(side: int = 32, outputs: int = 0) -> FaceCNN:
    """A network whose normalisations have seen images: running statistics that are no constants."""
    network = untrained(side, 3, outputs=outputs).train()
    with torch.no_grad():
        for seed in (1, 2):
            network(network.as_pixels(pictures(6, side, seed)))
    return network.eval()


def by_hand(network: FaceCNN, images: np.ndarray) -> dict[str, np.ndarray]:
    """Features by the functions of torch alone, in the plain memory layout."""
    kept = {name: value.contiguous() for name, value in network.state_dict().items()}

    def normalised(x: torch.Tensor, name: str) -> torch.Tensor:
        mean, variance = kept[f"{name}.running_mean"], kept[f"{name}.running_var"]
        return F.batch_norm(x, mean, variance, kept[f"{name}.weight"], kept[f"{name}.bias"])

    x = torch.from_numpy(np.ascontiguousarray(images.transpose(0, 3, 1, 2))).float() / 127.5 - 1
    read = {}
    for number in range(4):
        x = F.max_pool2d(F.conv2d(x, kept[f"blocks.{number}.0.weight"], padding=1), 2)
        x = F.relu(normalised(x, f"blocks.{number}.2"))
        read[f"block{number + 1}"] = x.mean((2, 3)) if number < 3 else x.flatten(1)
    del read["block1"]
    read["embedding"] = normalised(F.linear(read["block4"], kept["linear.weight"]), "normalise")
    if network.outputs:
        read["scores"] = F.linear(read["embedding"], kept["head.weight"], kept["head.bias"])
    return {layer: value.numpy() for layer, value in read.items()}


@pytest.mark.parametrize(("side", "outputs"), [(32, 0), (48, 0), (32, 40)])
def test_every_layer_is_what_its_name_says(side: int, outputs: int) -> None:
    network, images = lived_in(side, outputs), pictures(3, side)
    got, expected = network.features(images), by_hand(network, images)
    wide = {"block2": 48, "block3": 96, "block4": 128 * (side // 16) ** 2, "embedding": 128}
    assert dict(network.layers) == wide | ({"scores": outputs} if outputs else {})
    assert list(got) == list(network.layers) == list(expected)
    for layer, width in network.layers.items():
        assert got[layer].shape == (3, width) and got[layer].dtype == np.float32
        np.testing.assert_allclose(got[layer], expected[layer], rtol=1e-4, atol=1e-5, err_msg=layer)


def test_a_face_s_features_do_not_depend_on_its_company() -> None:
    network, images = lived_in(), pictures(5, 32)
    together = network.features(images)
    for row in range(5):
        for layer, values in network.features(images[row : row + 1]).items():
            np.testing.assert_allclose(values[0], together[layer][row], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("outputs", [0, 40])
def test_what_is_saved_is_loaded_to_the_bit(outputs: int, tmp_path: Path) -> None:
    network = lived_in(outputs=outputs)
    save(network, tmp_path, seed=3, people=7)
    again = load(tmp_path)
    assert not again.training and (again.side_px, again.outputs) == (32, outputs)
    assert again.fingerprint == tmp_path.name and again.name == "untrained"
    assert list(again.state_dict()) == list(network.state_dict())
    for name, value in network.state_dict().items():
        assert torch.equal(again.state_dict()[name], value), name
    assert again.state_dict()["normalise.num_batches_tracked"] == 2
    for layer, values in network.features(pictures(4, 32)).items():
        assert again.features(pictures(4, 32))[layer].tobytes() == values.tobytes(), layer
    assert json.loads((tmp_path / "meta.json").read_text())["people"] == 7


@pytest.mark.parametrize("side", [0, 16, 31, 40, 63])
def test_a_side_that_cannot_be_halved_four_times_is_refused(side: int) -> None:
    with pytest.raises(ValueError, match=f"^side_px={side}: at least 32 and divisible by 16"):
        FaceCNN(side)


def test_images_of_another_size_are_refused() -> None:
    with pytest.raises(ValueError, match="this network reads \\(n, 32, 32, 3\\) uint8"):
        untrained(32, 0).features(pictures(1, 48))


def test_the_seed_decides_and_nothing_else_does() -> None:
    torch.manual_seed(1)
    one = untrained(32, 5)
    torch.manual_seed(2)
    again, other = untrained(32, 5), untrained(32, 6)
    for name, value in one.state_dict().items():
        assert torch.equal(again.state_dict()[name], value), name
    assert not torch.equal(other.linear.weight, one.linear.weight)
    assert len({one.fingerprint, other.fingerprint, untrained(48, 5).fingerprint}) == 3
    # He et al. 2015: the variance of a layer's weights is 2 / fan-in
    assert one.linear.weight.var().item() == pytest.approx(2 / one.linear.in_features, rel=0.02)


def test_the_trunk_is_the_same_with_and_without_a_head() -> None:
    plain, headed = untrained(32, 5), untrained(32, 5, outputs=4)
    for name, value in plain.state_dict().items():
        assert torch.equal(headed.state_dict()[name], value), name
    assert headed.layers["embedding"] == face_cnn.EMBEDDING and headed.head is not None

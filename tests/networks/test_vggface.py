from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from deepfeatures.networks import vggface
from deepfeatures.networks.weights import ForeignWeights

SMALL = vggface.Widths(stages=(4, 5, 6, 7, 8), full=9, identities=11, side=64)

STEPS = "1_1 1_2 pool 2_1 2_2 pool 3_1 3_2 3_3 pool 4_1 4_2 4_3 pool 5_1 5_2 5_3 pool".split()  # noqa: SIM905


def made_up_state() -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    network = vggface.VGGFace("made up", SMALL)
    return {
        name: torch.randn(value.shape, generator=generator) * (2 / max(value[0].numel(), 1)) ** 0.5
        for name, value in network.state_dict().items()
    }


def written_out(state: dict[str, torch.Tensor], pixels: torch.Tensor) -> dict[str, torch.Tensor]:
    """The slow twin: vgg_face_dag layer by layer, by the names in its file."""
    x, read = pixels, {}
    for name in STEPS:
        if name == "pool":
            x = F.max_pool2d(x, 2, 2)
            read[f"pool{len(read) + 1}"] = x
        else:
            x = F.relu(F.conv2d(x, state[f"conv{name}.weight"], state[f"conv{name}.bias"], padding=1))
    fc6 = F.relu(x.reshape(len(x), -1) @ state["fc6.weight"].T + state["fc6.bias"])
    fc7 = F.relu(fc6 @ state["fc7.weight"].T + state["fc7.bias"])
    pools = {name: maps.mean((2, 3)) for name, maps in read.items() if name in ("pool3", "pool4", "pool5")}
    return pools | {"fc6": fc6, "fc7": fc7}


def test_the_published_layout_is_vgg_16_with_2622_identities() -> None:
    with torch.device("meta"):
        state = vggface.VGGFace("meta").state_dict()
    shapes = {name: tuple(value.shape) for name, value in state.items()}
    assert len(shapes) == 32
    assert shapes["conv1_1.weight"] == (64, 3, 3, 3) and shapes["conv5_3.weight"] == (512, 512, 3, 3)
    assert shapes["fc6.weight"] == (4096, 25088) and shapes["fc7.weight"] == (4096, 4096)
    assert shapes["fc8.weight"] == (2622, 4096) and shapes["fc8.bias"] == (2622,)
    assert sum(value.numel() for value in state.values()) == 145_002_878


def test_a_loaded_network_is_the_published_one_written_out(tmp_path: Path) -> None:
    state = made_up_state()
    torch.save(state, tmp_path / "vgg_face_dag.pth")
    network = vggface.load(tmp_path / "vgg_face_dag.pth", SMALL)
    images = np.random.default_rng(0).integers(0, 256, (3, 64, 64, 3), np.uint8)
    pixels = torch.tensor(images.transpose(0, 3, 1, 2).astype(np.float32)) - torch.tensor(vggface.MEAN).view(1, 3, 1, 1)
    expected = written_out(state, pixels)
    found = network.features(images)
    assert list(found) == ["pool3", "pool4", "pool5", "fc6", "fc7"] == list(network.layers)
    for layer, rows in expected.items():
        assert found[layer].shape == (3, network.layers[layer])
        assert rows.abs().max() > 0.1
        np.testing.assert_allclose(found[layer], rows.numpy(), rtol=1e-4, atol=1e-3 * float(rows.abs().max()))
    assert (found["fc7"] >= 0).all() and (found["fc7"] == 0).any()  # after its ReLU


def test_wrong_keys_are_named(tmp_path: Path) -> None:
    state = made_up_state()
    state["fc9.weight"] = state.pop("fc7.weight")
    torch.save(state, tmp_path / "vgg.pth")
    with pytest.raises(ForeignWeights, match="vgg.pth does not fit VGGFace; missing: fc7.weight; foreign: fc9.weight"):
        vggface.load(tmp_path / "vgg.pth", SMALL)
    torch.save(made_up_state(), tmp_path / "vgg.pth")
    with pytest.raises(ForeignWeights, match=r"conv1_1.weight is \(4, 3, 3, 3\), \(64, 3, 3, 3\) is expected"):
        vggface.load(tmp_path / "vgg.pth")


def test_the_random_twin_is_its_seed() -> None:
    images = np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3), np.uint8)
    one, same, other = (vggface.untrained(seed, SMALL).features(images)["fc7"] for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert (one != other).any() and np.isfinite(one).all()

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from deepfeatures.networks import mobilefacenet as mobile
from deepfeatures.networks.weights import ForeignWeights
from tests.real_faces import weights

FILES = {
    "mobilefacenet-ms1m": "mobilefacenet_ms1m_foamliu.pt",
    "mobilefacenet-casia": "mobilefacenet_casia_xiaoccer.ckpt",
}
VARIANTS = [mobile.MS1M, mobile.CASIA]


def made_up_state(variant: mobile.Variant, seed: int = 0) -> dict[str, torch.Tensor]:
    """A state dictionary with the names of the published file and lively random values."""
    rng = np.random.default_rng(seed)
    network = mobile.MobileFaceNet(variant, "made up")
    ours = network.state_dict()
    names = mobile._with_tensors(mobile._foamliu_names() if variant.second_pointwise else mobile._xiaoccer_names())
    state = {}
    for theirs, our in names.items():
        if our not in ours:
            continue
        like = ours[our]
        if our.endswith("num_batches_tracked"):
            state[theirs] = torch.tensor(7)
        elif our.endswith("running_var"):
            state[theirs] = torch.tensor(rng.uniform(0.5, 2, like.shape), dtype=torch.float32)
        elif like.ndim == 4:
            state[theirs] = torch.tensor(rng.normal(0, (2 / like[0].numel()) ** 0.5, like.shape), dtype=torch.float32)
        else:
            state[theirs] = torch.tensor(rng.uniform(0.1, 1, like.shape), dtype=torch.float32)
    return state


def save(state: dict[str, torch.Tensor], variant: mobile.Variant, path: Path) -> Path:
    torch.save(state if variant.state_under is None else {"epoch": 1, variant.state_under: state}, path)
    return path


def normalised(state: dict[str, torch.Tensor], name: str, maps: torch.Tensor) -> torch.Tensor:
    mean, var = state[f"{name}.running_mean"], state[f"{name}.running_var"]
    shape = (1, -1, 1, 1)
    unit = (maps - mean.view(shape)) / (var.view(shape) + 1e-5).sqrt()
    return unit * state[f"{name}.weight"].view(shape) + state[f"{name}.bias"].view(shape)


def foamliu(state: dict[str, torch.Tensor], x: torch.Tensor) -> torch.Tensor:
    """The slow twin: the published network written out from its file's names, without our modules."""

    def layer(conv: str, bn: str, x: torch.Tensor, **how: int) -> torch.Tensor:
        return normalised(state, bn, F.conv2d(x, state[f"{conv}.weight"], state.get(f"{conv}.bias"), **how))

    x = F.relu6(layer("conv1.0", "conv1.1", x, stride=2, padding=1))
    x = F.relu(layer("dw_conv.depthwise", "dw_conv.bn1", x, padding=1, groups=64))
    x = F.relu(layer("dw_conv.pointwise", "dw_conv.bn2", x))
    for i in range(15):
        name, stride = f"features.{i}.conv", 2 if i in (0, 5, 12) else 1
        wide = state[f"{name}.0.0.weight"].shape[0]
        y = F.relu6(layer(f"{name}.0.0", f"{name}.0.1", x))
        y = F.relu6(layer(f"{name}.1.0", f"{name}.1.1", y, stride=stride, padding=1, groups=wide))
        y = layer(f"{name}.2", f"{name}.3", y)
        x = x + y if stride == 1 else y
    x = F.relu6(layer("conv2.0", "conv2.1", x))
    x = layer("gdconv.depthwise", "gdconv.bn", x, groups=512)
    return layer("conv3", "bn", x).flatten(1)


def xiaoccer(state: dict[str, torch.Tensor], x: torch.Tensor) -> torch.Tensor:
    def layer(conv: str, bn: str, x: torch.Tensor, **how: int) -> torch.Tensor:
        return normalised(state, bn, F.conv2d(x, state[f"{conv}.weight"], **how))

    def prelu(name: str, x: torch.Tensor) -> torch.Tensor:
        return torch.where(x > 0, x, x * state[f"{name}.weight"].view(1, -1, 1, 1))

    x = prelu("conv1.prelu", layer("conv1.conv", "conv1.bn", x, stride=2, padding=1))
    x = prelu("dw_conv1.prelu", layer("dw_conv1.conv", "dw_conv1.bn", x, padding=1, groups=64))
    for i in range(15):
        name, stride = f"blocks.{i}.conv", 2 if i in (0, 5, 12) else 1
        wide = state[f"{name}.0.weight"].shape[0]
        y = prelu(f"{name}.2", layer(f"{name}.0", f"{name}.1", x))
        y = prelu(f"{name}.5", layer(f"{name}.3", f"{name}.4", y, stride=stride, padding=1, groups=wide))
        y = layer(f"{name}.6", f"{name}.7", y)
        x = x + y if stride == 1 else y
    x = prelu("conv2.prelu", layer("conv2.conv", "conv2.bn", x))
    x = layer("linear7.conv", "linear7.bn", x, groups=512)
    return layer("linear1.conv", "linear1.bn", x).flatten(1)


SLOW = {"mobilefacenet-ms1m": foamliu, "mobilefacenet-casia": xiaoccer}


def noise(variant: mobile.Variant, count: int = 2) -> np.ndarray:
    return np.random.default_rng(5).integers(0, 256, (count, *variant.input.size, 3), np.uint8)


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.name)
def test_a_loaded_network_is_the_published_one_written_out(variant: mobile.Variant, tmp_path: Path) -> None:
    state = made_up_state(variant)
    network = mobile.load(save(state, variant, tmp_path / "weights.pt"), variant)
    images = noise(variant)
    pixels = torch.from_numpy(variant.input.pixels(images)).permute(0, 3, 1, 2)
    expected = SLOW[variant.name](state, pixels).numpy()
    found = network.features(images)
    scale = np.abs(expected).max()
    assert scale > 0.01
    np.testing.assert_allclose(found["embedding"], expected, atol=1e-4 * scale)
    assert {layer: rows.shape for layer, rows in found.items()} == {
        layer: (2, width) for layer, width in network.layers.items()
    }
    assert all(rows.dtype == np.float32 for rows in found.values())


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.name)
def test_layers_are_the_maps_they_are_named_after(variant: mobile.Variant) -> None:
    network = mobile.MobileFaceNet(variant, "fresh").eval()
    caught: dict[str, torch.Tensor] = {}

    def keep(name: str):  # type: ignore[no-untyped-def]
        return lambda module, inside, out: caught.__setitem__(name, out)

    network.blocks[4].register_forward_hook(keep("block5"))
    network.blocks[11].register_forward_hook(keep("block12"))
    network.conv2.register_forward_hook(keep("conv2"))
    network.gdc.register_forward_hook(keep("gdc"))
    found = network.features(noise(variant))
    assert caught["block5"].shape[1:3] == (64, 28) and caught["block12"].shape[1:3] == (128, 14)
    assert caught["conv2"].shape[1:3] == (512, 7) and caught["gdc"].shape[2:] == (1, 1)
    for layer, maps in caught.items():
        np.testing.assert_allclose(found[layer], maps.mean((2, 3)), rtol=1e-5, atol=1e-7)
    with torch.inference_mode():
        linear = network.embedding(caught["gdc"]).flatten(1)
    np.testing.assert_allclose(found["embedding"], linear, rtol=1e-5, atol=1e-6)


def test_the_network_has_a_million_parameters() -> None:
    counts = [sum(p.numel() for p in mobile.MobileFaceNet(variant, "fresh").parameters()) for variant in VARIANTS]
    assert all(0.98e6 < count < 1.02e6 for count in counts), counts


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.name)
def test_missing_foreign_and_misshapen_keys_are_named(variant: mobile.Variant, tmp_path: Path) -> None:
    state = made_up_state(variant)
    names = [name for name in state if name.endswith(".weight")]
    state["fc.weight"] = state.pop(names[3])
    state[names[5]] = state[names[5]][:-1]
    path = save(state, variant, tmp_path / "weights.pt")
    with pytest.raises(ForeignWeights) as raised:
        mobile.load(path, variant)
    message = str(raised.value)
    assert f"missing: {names[3]};" in message and "foreign: fc.weight;" in message and f"{names[5]} is" in message
    assert "weights.pt does not fit MobileFaceNet" in message


def test_weights_of_the_other_network_are_refused(tmp_path: Path) -> None:
    path = save(made_up_state(mobile.CASIA), mobile.CASIA, tmp_path / "casia.ckpt")
    with pytest.raises(ForeignWeights, match="casia.ckpt does not hold a mapping from names to tensors"):
        mobile.load(path, mobile.MS1M)
    path = save(made_up_state(mobile.MS1M), mobile.MS1M, tmp_path / "ms1m.pt")
    with pytest.raises(ForeignWeights, match="no entry 'net_state_dict'"):
        mobile.load(path, mobile.CASIA)


def test_counters_may_be_absent(tmp_path: Path) -> None:
    state = {name: value for name, value in made_up_state(mobile.MS1M).items() if "num_batches" not in name}
    mobile.load(save(state, mobile.MS1M, tmp_path / "weights.pt"), mobile.MS1M)


class Trap:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (print, ("code in the weight file ran",))


def test_a_file_with_code_in_it_is_not_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    torch.save({"conv1.0.weight": Trap()}, tmp_path / "trap.pt")
    with pytest.raises(ForeignWeights, match="trap.pt cannot be read as weights"):
        mobile.load(tmp_path / "trap.pt", mobile.MS1M)
    assert "ran" not in capsys.readouterr().out


@pytest.mark.parametrize("length", [0, 100, 100_000])
def test_a_truncated_file_is_named(tmp_path: Path, length: int) -> None:
    path = save(made_up_state(mobile.MS1M), mobile.MS1M, tmp_path / "weights.pt")
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(ForeignWeights, match="weights.pt cannot be read"):
        mobile.load(path, mobile.MS1M)


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.name)
def test_a_random_twin_is_its_seed_and_neither_dies_nor_explodes(variant: mobile.Variant) -> None:
    images = noise(variant, 3)
    one, same, other = (mobile.untrained(variant, seed) for seed in (1, 1, 2))
    features = one.features(images)
    for layer, rows in features.items():
        np.testing.assert_array_equal(rows, same.features(images)[layer])
        assert 0.01 < np.abs(rows).mean() < 20, f"{layer}: {np.abs(rows).mean():.2g}"
        assert rows.std(0).max() > 0
    assert (features["embedding"] != other.features(images)["embedding"]).any()
    assert one.fingerprint == "untrained-seed-1" and not one.training
    assert not any(isinstance(module, nn.Dropout) for module in one.modules())


def test_images_of_another_size_or_kind_are_refused() -> None:
    network = mobile.MobileFaceNet(mobile.CASIA, "fresh")
    with pytest.raises(ValueError, match=r"reads \(n, 112, 96, 3\) uint8: crop them to 112 x 96"):
        network.features(np.zeros((1, 112, 112, 3), np.uint8))
    with pytest.raises(ValueError, match="float64"):
        network.features(np.zeros((1, 112, 96, 3)))


def test_rows_do_not_depend_on_their_batch() -> None:
    network = mobile.untrained(mobile.MS1M, 0)
    images = noise(mobile.MS1M, 3)
    together = network.features(images)
    for layer, rows in together.items():
        alone = np.concatenate([network.features(image[None])[layer] for image in images])
        np.testing.assert_allclose(alone, rows, rtol=1e-3, atol=1e-4 * np.abs(rows).max())


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.name)
def test_the_published_weights_are_the_network_written_out(variant: mobile.Variant) -> None:
    path = weights(FILES[variant.name])
    content = torch.load(path, weights_only=True, map_location="cpu")
    state = content if variant.state_under is None else content[variant.state_under]
    images = noise(variant)
    pixels = torch.from_numpy(variant.input.pixels(images)).permute(0, 3, 1, 2)
    network = mobile.load(path, variant)
    np.testing.assert_allclose(
        network.features(images)["embedding"], SLOW[variant.name](state, pixels).numpy(), atol=1e-4
    )
    assert network.fingerprint.startswith("sha256-") and len(network.fingerprint) == 7 + 64

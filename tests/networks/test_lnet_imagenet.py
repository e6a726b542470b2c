"""Localisers on torchvision's ResNet-18: weights made here, under a name that holds their own checksum."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional as F
from torchvision.models import ResNet18_Weights, resnet18

from deepfeatures.data import scene_artifact
from deepfeatures.networks import lnet_imagenet, located_imagenet
from deepfeatures.networks.lnet_anet import LNET_SIDE, as_pixels
from deepfeatures.networks.weights import ForeignWeights
from deepfeatures.study.face_plans_lnets import IMAGENET
from deepfeatures.training import localiser_imagenet

VIEWS = np.random.default_rng(0).integers(0, 256, (3, LNET_SIDE, LNET_SIDE, 3), np.uint8)


def put(root: Path, state: dict[str, torch.Tensor]) -> str:
    """A file of weights in a data root, named as torchvision names its own; gives the name."""
    (root / "weights").mkdir(parents=True, exist_ok=True)
    torch.save(state, root / "weights" / "made.pth")
    digest = hashlib.sha256((root / "weights" / "made.pth").read_bytes()).hexdigest()
    name = f"resnet18-{digest[:8]}.pth"
    (root / "weights" / "made.pth").rename(root / "weights" / name)
    return name


@pytest.fixture(scope="module")
def whole() -> torch.nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(4)
        network = resnet18(weights=None)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.add_(0.1)  # type: ignore[union-attr]  # so that a norm left out would be noticed
    return network.eval()


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory, whole: torch.nn.Module) -> Path:
    folder = tmp_path_factory.mktemp("data")
    # As in torchvision's file, no counters of batches.
    put(folder, {name: value for name, value in whole.state_dict().items() if "num_batches" not in name})
    (folder / "scenes").mkdir()
    scene_artifact.make(folder / "scenes", {}, folder, dataset="rendered", seed=1, side_px=64, people=12, each=2)
    return folder


@pytest.fixture(scope="module")
def file(root: Path) -> str:
    return next((root / "weights").iterdir()).name


def test_the_name_is_that_of_torchvisions_file() -> None:
    assert ResNet18_Weights.IMAGENET1K_V1.url == f"{lnet_imagenet.WHERE}{IMAGENET}"
    means = ResNet18_Weights.IMAGENET1K_V1.transforms()
    np.testing.assert_allclose(lnet_imagenet.MEAN, 255 * np.array(means.mean))
    np.testing.assert_allclose(lnet_imagenet.STD, 255 * np.array(means.std))


def test_maps_are_those_of_the_first_half_of_the_file(root: Path, file: str, whole: torch.nn.Module) -> None:
    network = lnet_imagenet.brought(file, root, 40)
    with torch.inference_mode():
        pixels = (torch.from_numpy(VIEWS / 255.0) - torch.tensor([0.485, 0.456, 0.406])) / torch.tensor(
            [0.229, 0.224, 0.225]
        )
        large = F.interpolate(pixels.permute(0, 3, 1, 2).float(), scale_factor=2, mode="bilinear")
        expected = whole.layer2(whole.layer1(whole.maxpool(whole.relu(whole.bn1(whole.conv1(large))))))
        found = network.maps(as_pixels(network, VIEWS))
        assert found.shape == (3, 128, 12, 12) and (network(as_pixels(network, VIEWS)) == 0).all()
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-3)


def test_a_missing_file_says_what_to_get_and_where_to_put_it(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as said:
        lnet_imagenet.brought(IMAGENET, tmp_path, 40)
    text = str(said.value)
    assert "\n" not in text and str(tmp_path / "weights" / IMAGENET) in text and "begins with f37072fd" in text
    with pytest.raises(ValueError, match="eight digits of its SHA-256"):
        lnet_imagenet.brought("resnet18.pth", tmp_path, 40)


def test_a_file_that_is_not_what_its_name_says_is_refused(root: Path, file: str, tmp_path: Path) -> None:
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / IMAGENET).write_bytes((root / "weights" / file).read_bytes())
    with pytest.raises(ForeignWeights, match="begins with f37072fd: it is damaged, or another file; fetch it again"):
        lnet_imagenet.brought(IMAGENET, tmp_path, 40)


def test_weights_of_another_network_are_refused_by_their_names(tmp_path: Path) -> None:
    other = put(tmp_path, {"conv1.weight": torch.zeros(64, 3, 7, 7), "surplus": torch.zeros(1)})
    with pytest.raises(ForeignWeights, match="missing: .*foreign: surplus"):
        lnet_imagenet.brought(other, tmp_path, 40)


def test_nobody_elses_random_numbers_depend_on_it() -> None:
    torch.manual_seed(1)
    expected = torch.rand(2)
    torch.manual_seed(1)
    lnet_imagenet._resnet18()
    torch.testing.assert_close(torch.rand(2), expected)
    one, same, other = (lnet_imagenet.untrained(seed, 3).blocks[1].weight for seed in (1, 1, 2))
    assert (one == same).all() and (one != other).any()


def learnt(root: Path, folder: Path, steps: int = 6, **settings: object) -> Path:
    out, scratch = folder / "out", folder / "scratch"
    for one in (out, scratch):
        one.mkdir(parents=True)
    coarse = settings.pop("coarse", None)
    inputs = {"scenes": root / "scenes"} | ({"coarse": coarse} if coarse else {})
    localiser_imagenet.make(out, inputs, scratch, root, seed=0, steps=steps, batch=12, **settings)  # type: ignore[arg-type]
    return out


def trunk(network: lnet_imagenet.ImageNetLNet) -> np.ndarray:
    """All weights of the trunk, flat."""
    return np.concatenate([one.detach().numpy().ravel() for one in network.blocks.parameters()])


def test_localisers_begin_from_the_file_and_go_from_coarse_to_fine(root: Path, file: str, tmp_path: Path) -> None:
    coarse = learnt(root, tmp_path / "o", weights=file)
    losses = np.load(coarse / "losses.npy")
    assert losses[-2:].mean() < losses[0]
    start, came = lnet_imagenet.brought(file, root, 40), lnet_imagenet.load(coarse)
    moved = np.abs(trunk(came) - trunk(start))
    assert 0 < moved.max() < 6 * localiser_imagenet.SLOWER * 5.1e-3  # a tenth of the rate a step, at most
    assert (came.head.weight != 0).any()
    fine = learnt(root, tmp_path / "s", weights=file, coarse=coarse, reading="mean")
    assert (np.abs(np.load(fine / "losses.npy") - losses)[1:] > 1e-4).all()  # it saw other pictures
    assert [json.loads((one / "meta.json").read_text())["name"] for one in (coarse, fine)] == ["lnet-o", "lnet-s"]
    random = learnt(root, tmp_path / "r", weights="", steps=2)
    assert np.abs(trunk(lnet_imagenet.load(random)) - trunk(start)).mean() > 10 * moved.mean()

    inputs = {"scenes": root / "scenes", "coarse": coarse, "fine": fine}
    (tmp_path / "said").mkdir()
    located_imagenet.make(tmp_path / "said", inputs, tmp_path / "no weights here", readings=["mean", "evidence"])
    found = {name: np.load(tmp_path / "said" / f"{name}.npy") for name in ("coarse", "fine", "response")}
    assert found["coarse"].shape == found["fine"].shape == (2, 24, 4) and found["response"].shape == (24, 24, 24)


def test_while_it_is_trained_a_slowed_network_says_what_the_plain_one_does(root: Path, file: str) -> None:
    network = lnet_imagenet.with_drawn_head(lnet_imagenet.brought(file, root, 5), 2)
    names = set(network.state_dict())
    with torch.inference_mode():
        before = network(as_pixels(network, VIEWS))
    slow = localiser_imagenet.slowed(network).eval()
    with torch.no_grad():
        torch.testing.assert_close(slow(as_pixels(slow, VIEWS)), before)
        plain = localiser_imagenet.plain(slow).eval()
        torch.testing.assert_close(plain(as_pixels(plain, VIEWS)), before)
    assert set(plain.state_dict()) == names


def test_alone_the_file_is_read_as_it_is(root: Path, file: str, tmp_path: Path) -> None:
    settings = {"readings": ["mean", "selected"], "weights": file}
    for seed in (0, 1):
        (tmp_path / str(seed)).mkdir()
        located_imagenet.make(tmp_path / str(seed), {"scenes": root / "scenes"}, root, seed=seed, **settings)  # type: ignore[arg-type]
    one, other = (np.load(tmp_path / str(seed) / "coarse.npy") for seed in (0, 1))
    np.testing.assert_array_equal(one[0], other[0])  # all maps alike: nothing is drawn
    assert (one[1] != other[1]).any() and not (tmp_path / "0" / "fine.npy").exists()


def test_scenes_whose_tags_tell_nothing_apart_are_refused(root: Path, tmp_path: Path) -> None:
    shutil.copytree(root / "scenes", tmp_path / "scenes")
    labels = np.load(root / "scenes" / "attributes.npy")
    np.save(tmp_path / "scenes" / "attributes.npy", np.ones_like(labels))
    with pytest.raises(ValueError, match=f"of {labels.shape[1]} tags none is both present and absent in {len(labels)}"):
        learnt(tmp_path, tmp_path / "o")

"""LNets and ANet: locally shared filters against a slow twin, windows against brute force, scores as means."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F

from deepfeatures.data import scene_artifact
from deepfeatures.networks import anet_features, lnet_anet, located, response_windows
from deepfeatures.networks.lnet_anet import (
    UNITS,
    as_pixels,
    begin_from,
    load_anet,
    load_lnet,
    save,
    untrained_anet,
    untrained_lnet,
)
from deepfeatures.networks.locally_shared import LocallyShared
from deepfeatures.networks.response_windows import best_windows, cut, in_scene, squares_round

RNG = np.random.default_rng(0)
FACES = RNG.integers(0, 256, (5, 32, 32, 3), np.uint8)
VIEWS = RNG.integers(0, 256, (4, 48, 48, 3), np.uint8)


def test_locally_shared_filters_against_one_convolution_a_region() -> None:
    layer = LocallyShared(3, 5, 4)
    maps = torch.randn(2, 3, 16, 8)
    expected = torch.empty(2, 5, 16, 8)
    for row in range(4):
        for column in range(4):
            whole = F.conv2d(maps, layer.filters[4 * row + column], padding=1)
            part = (..., slice(4 * row, 4 * row + 4), slice(2 * column, 2 * column + 2))
            expected[part] = whole[part]
    torch.testing.assert_close(layer(maps), expected)


def test_with_equal_filters_everywhere_it_is_an_ordinary_convolution() -> None:
    layer = LocallyShared(2, 3, 2)
    with torch.no_grad():
        layer.filters[:] = layer.filters[0].clone()
    maps = torch.randn(1, 2, 6, 6)
    torch.testing.assert_close(layer(maps), F.conv2d(maps, layer.filters[0], padding=1))
    with pytest.raises(ValueError, match="5 x 6 cannot be cut into 2 x 2"):
        layer(torch.randn(1, 2, 5, 6))


def test_the_middle_two_convolutions_are_local_and_the_control_has_none() -> None:
    def kinds(network: lnet_anet.ANet) -> list[str]:
        return [type(block[0]).__name__ for block in network.blocks]

    assert kinds(untrained_anet(32, 0, 40)) == ["Conv2d", "LocallyShared", "LocallyShared", "Conv2d"]
    assert kinds(untrained_anet(32, 0, 40, local=False)) == ["Conv2d"] * 4


def test_a_score_is_the_mean_of_what_positions_say() -> None:
    network = located.drawn(3, 7)
    with torch.inference_mode():
        pixels = as_pixels(network, VIEWS)
        maps = network.maps(pixels)
        said = torch.einsum("oc,nchw->nohw", network.head.weight, maps) + network.head.bias[:, None, None]
        torch.testing.assert_close(network(pixels), said.mean((2, 3)), rtol=1e-4, atol=1e-5)
    assert maps.shape == (4, 48, 12, 12) and maps.min() >= 0


@pytest.mark.parametrize("local", [True, False])
def test_networks_come_back_as_they_were_saved(local: bool, tmp_path: Path) -> None:
    anet, lnet = untrained_anet(32, 1, 40, local=local), untrained_lnet(1, 10)
    for name, network in (("a", anet), ("l", lnet)):
        (tmp_path / name).mkdir()
        save(network, tmp_path / name, seed=1)
    np.testing.assert_array_equal(load_anet(tmp_path / "a").features(FACES)["units"], anet.features(FACES)["units"])
    assert anet.features(FACES)["units"].shape == (5, UNITS)
    with torch.inference_mode():
        pixels = as_pixels(lnet, VIEWS)
        torch.testing.assert_close(load_lnet(tmp_path / "l").maps(pixels), lnet.maps(pixels))
    assert json.loads((tmp_path / "a" / "meta.json").read_text())["local"] is local


def test_beginning_from_a_network_takes_all_but_its_last_layer() -> None:
    trunk, network = located.drawn(5, 10), untrained_lnet(6, 40)
    begin_from(network, trunk)
    with torch.inference_mode():
        torch.testing.assert_close(network.maps(as_pixels(network, VIEWS)), trunk.maps(as_pixels(trunk, VIEWS)))
        assert (network(as_pixels(network, VIEWS)) == 0).all()
    assert (untrained_lnet(6, 40).head.weight == 0).all()
    same, other = untrained_lnet(6, 40).blocks[0][0].weight, untrained_lnet(7, 40).blocks[0][0].weight
    torch.testing.assert_close(untrained_lnet(6, 40).blocks[0][0].weight, same)
    assert (same != other).any()


def brute_force(one: np.ndarray, heights: range) -> float:
    best = -1.0
    for height in heights:
        width = max(round(0.8 * height), 1)
        for top in range(one.shape[0] - height + 1):
            for left in range(one.shape[1] - width + 1):
                mask = np.zeros(one.shape, bool)
                mask[top : top + height, left : left + width] = True
                if not mask.all() and one[mask].mean() > one[~mask].mean():
                    p = mask.mean()
                    best = max(best, p * (1 - p) * (one[mask].mean() - one[~mask].mean()) ** 2)
    return best


def contrast(one: np.ndarray, window: np.ndarray) -> float:
    left, top, right, bottom = window.astype(int)
    mask = np.zeros(one.shape, bool)
    mask[top:bottom, left:right] = True
    p = mask.mean()
    return float(p * (1 - p) * (one[mask].mean() - one[~mask].mean()) ** 2)


def test_the_best_window_against_all_of_them() -> None:
    maps = np.random.default_rng(4).random((6, 9, 8)) ** 3
    for one, window in zip(maps, best_windows(maps, range(2, 7)), strict=True):
        assert contrast(one, window) == pytest.approx(brute_force(one, range(2, 7)), rel=1e-9)


@given(st.integers(3, 6), st.integers(0, 100), st.integers(0, 100))
def test_a_bright_block_is_found_to_the_pixel(height: int, down: int, across: int) -> None:
    width = round(0.8 * height)
    one = np.zeros((1, 12, 12))
    top, left = down % (12 - height + 1), across % (12 - width + 1)
    one[0, top : top + height, left : left + width] = 1
    assert best_windows(one, range(3, 7))[0].tolist() == [left, top, left + width, top + height]


def test_a_dark_block_is_not_taken_for_a_bright_one() -> None:
    one = np.ones((1, 12, 12))
    one[0, 4:9, 4:8] = 0
    left, top, right, bottom = best_windows(one, [5])[0].astype(int)
    assert one[0, top:bottom, left:right].mean() > (one[0].sum() - one[0, top:bottom, left:right].sum()) / (144 - 20)


def test_a_window_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="13 x 10 does not fit"):
        best_windows(np.zeros((1, 12, 12)), [13])
    with pytest.raises(ValueError, match="allowed are mean, selected, evidence"):
        response_windows.response(untrained_lnet(0, 3), torch.zeros(1, 48, 12, 12), "max")


def test_cuts_and_their_squares_are_one_frame() -> None:
    scenes = RNG.integers(0, 256, (2, 64, 64, 3), np.uint8)
    squares = np.array([[0, 0, 64, 64], [8, 16, 40, 48]], float)
    np.testing.assert_array_equal(cut(scenes[1:], squares[1:], 32)[0], scenes[1, 16:48, 8:40])
    half = scenes[:1].astype(float).reshape(1, 32, 2, 32, 2, 3).mean((2, 4))
    np.testing.assert_allclose(cut(scenes[:1], squares[:1], 32), half, atol=0.51)
    np.testing.assert_allclose(in_scene(np.array([[0.25, 0, 0.5, 1]] * 2), squares)[1], [16, 16, 24, 48])
    np.testing.assert_allclose(squares_round(np.array([[10.0, 20, 18, 30]]), 1.5, rise=0.1), [[6.5, 18.5, 21.5, 33.5]])


def test_a_marked_place_is_found_through_the_network() -> None:
    """Scenes of one grey with a noisy patch: an untrained network answers there, wherever it is."""
    rng = np.random.default_rng(1)
    scenes, true = np.full((6, 96, 96, 3), 128, np.uint8), []
    for scene in scenes:
        left, top = rng.integers(4, 56, 2)
        scene[top : top + 36, left : left + 30] = rng.integers(0, 256, (36, 30, 3))
        true.append((left + 15, top + 18))
    from deepfeatures.networks.localise import coarse_windows

    windows = coarse_windows(located.drawn(0, 5), scenes, "mean")
    middle = np.stack([(windows[:, 0] + windows[:, 2]) / 2, (windows[:, 1] + windows[:, 3]) / 2], axis=1)
    assert np.abs(middle - np.array(true)).max() < 9


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scenes")
    scene_artifact.make(folder, {}, folder, dataset="rendered", seed=1, side_px=64, people=4, each=2)
    return folder


def test_what_localisers_say_is_kept_by_reading(scenes: Path, tmp_path: Path) -> None:
    located.make(tmp_path, {"scenes": scenes}, tmp_path, readings=["selected", "mean"], seed=2)
    coarse, fine = np.load(tmp_path / "coarse.npy"), np.load(tmp_path / "fine.npy")
    assert coarse.shape == fine.shape == (2, 8, 4) and (coarse[0] != coarse[1]).any()
    assert (coarse >= 0).all() and (coarse <= 64).all()  # windows of the scene; LNet_s may look beyond its edge
    assert np.load(tmp_path / "response.npy").shape == (8, 24, 24)


def test_units_of_true_boxes_are_those_of_the_framed_head(scenes: Path, tmp_path: Path) -> None:
    anet_features.make(tmp_path, {"faces": scenes}, tmp_path, by="true", side_px=32, seed=3)
    boxes, images = np.load(scenes / "boxes.npy"), np.load(scenes / "images.npy")
    expected = untrained_anet(32, 3, 40).features(cut(images, squares_round(boxes, 1.45, rise=0.05), 32))["units"]
    np.testing.assert_allclose(np.load(tmp_path / "units.npy"), expected, rtol=1e-5, atol=1e-5)
    assert np.isnan(np.load(tmp_path / "scores.npy")).all()  # nothing was learnt: nothing is scored
    with pytest.raises(ValueError, match="allowed are faces, true"):
        anet_features.make(tmp_path, {"faces": scenes}, tmp_path, by="eyes", side_px=32)

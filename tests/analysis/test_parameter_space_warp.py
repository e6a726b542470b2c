"""Shape and shape-free appearance on made-up landmarks: rendered heads, warped by a known map and brought back."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from deepfeatures.analysis import parameter_space_photographs as photographs
from deepfeatures.analysis.parameter_space_warp import Warp, align, components, moved
from deepfeatures.data import portraits
from deepfeatures.data.crops import similarity

SIDE = 64


def grid(side: int = SIDE) -> np.ndarray:
    """25 points on a face, in pixels."""
    x, y = np.meshgrid(np.linspace(0.2, 0.8, 5), np.linspace(0.2, 0.8, 5))
    return np.stack([x.ravel(), y.ravel()], axis=1) * (side - 1)


def bent(points: np.ndarray, amount: float, side: int = SIDE) -> np.ndarray:
    """A shape: the lower half wider or narrower, by `amount` of the side."""
    middle = (side - 1) / 2
    lower = np.clip((points[..., 1] - middle) / middle, 0, 1)
    x = points[..., 0] + amount * lower * (points[..., 0] - middle)
    return np.stack([x, points[..., 1]], axis=-1)


def widened(image: np.ndarray, amount: float) -> np.ndarray:
    """The picture whose landmarks `bent` gives: read backwards, nearest pixel."""
    side = image.shape[0]
    y, x = np.mgrid[:side, :side].astype(float)
    middle = (side - 1) / 2
    lower = np.clip((y - middle) / middle, 0, 1)
    source = (x - middle) / (1 + amount * lower) + middle
    left = np.clip(np.floor(source), 0, side - 2).astype(int)
    share = np.clip(source - left, 0, 1)[..., None]
    rows = y.astype(int)
    return np.round(image[rows, left] * (1 - share) + image[rows, left + 1] * share).astype(np.uint8)


@pytest.fixture(scope="module")
def heads() -> np.ndarray:
    points = np.random.default_rng(0).uniform(-1, 1, (40, 59))
    return portraits.render_neutral(points, SIDE)


AMOUNTS = np.linspace(-0.3, 0.3, 40)


def test_alignment_takes_out_place_turn_and_size_and_nothing_else() -> None:
    rng = np.random.default_rng(1)
    shapes = np.stack([bent(grid(), amount) for amount in AMOUNTS])
    turned = []
    for one in shapes:
        angle, size, shift = rng.uniform(-0.5, 0.5), rng.uniform(0.7, 1.4), rng.uniform(-20, 20, 2)
        turn = size * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        turned.append(one @ turn.T + shift)
    found, plain = align(np.stack(turned)), align(shapes)
    # up to one similarity for all, the same shapes come out
    back = similarity(found.mean, plain.mean)
    np.testing.assert_allclose(np.stack([moved(one, back) for one in found.shapes]), plain.shapes, atol=1e-2)
    spread = np.square(plain.shapes - plain.mean).sum()
    assert components(found.shapes, 3, seed=0).explained[0] > 0.98
    assert spread > 100


def test_the_one_way_in_which_shapes_differ_is_their_first_component() -> None:
    shapes = np.stack([bent(grid(), amount) for amount in AMOUNTS])
    found = components(align(shapes).shapes, 5, seed=0)
    assert abs(np.corrcoef(found.scores[:, 0], AMOUNTS)[0, 1]) > 0.99
    assert found.scores[:, 0].std() == pytest.approx(1)


def test_warping_to_the_mean_shape_undoes_a_known_warp(heads: np.ndarray) -> None:
    warp = Warp(grid(), SIDE)
    straight = warp(heads, np.stack([grid()] * len(heads)))
    pixels = heads.reshape(len(heads), -1, 3)[:, warp.inside]
    np.testing.assert_allclose(straight, pixels, atol=1e-3)  # the same shape: every pixel is itself
    images = np.stack([widened(one, amount) for one, amount in zip(heads, AMOUNTS, strict=True)])
    shapes = np.stack([bent(grid(), amount) for amount in AMOUNTS])
    undone = warp(images, shapes)
    left_alone = images.reshape(len(images), -1, 3)[:, warp.inside]
    left = np.abs(left_alone - straight).mean()
    assert np.abs(undone - straight).mean() < 0.55 * left  # what remains was lost in reading between pixels twice
    assert np.abs(warp(images, shapes[::-1]) - straight).mean() > 1.3 * left  # other faces' landmarks make it worse


def test_each_pixel_is_placed_by_the_corners_of_its_triangle() -> None:
    """The slow twin: an affine map of each triangle, solved on its own."""
    mean, shape = grid(), bent(grid(), 0.3)
    warp = Warp(mean, SIDE)
    places = warp.places(shape[None])[0]
    from scipy.spatial import Delaunay

    triangles = Delaunay(mean)
    pixels = np.argwhere(warp.inside.reshape(SIDE, SIDE))[:, ::-1].astype(float)  # x, y
    for number in range(0, len(pixels), 97):
        corners = triangles.simplices[int(triangles.find_simplex(pixels[number]))]
        square = np.column_stack([mean[corners], np.ones(3)])
        expected = np.array([*pixels[number], 1.0]) @ np.linalg.solve(square, shape[corners])
        np.testing.assert_allclose(places[number], expected, atol=1e-9)


def test_appearance_of_one_picture_in_many_shapes_is_one_appearance(heads: np.ndarray) -> None:
    """With landmarks a shape costs appearance nothing; without, it is taken for appearance."""
    shapes = np.stack([bent(grid(), amount) for amount in AMOUNTS])
    one = np.stack([widened(heads[0], amount) for amount in AMOUNTS])
    with_points = photographs.fit(one, shapes, count=6)
    assert list(with_points) == ["shape", "appearance"]
    aligned = align(shapes)
    freed = Warp(aligned.mean, SIDE)(one, shapes)
    mixed = one.reshape(len(one), -1).astype(float)
    inside = Warp(aligned.mean, SIDE).inside
    mixed_inside = mixed.reshape(len(one), -1, 3)[:, inside]
    assert freed.std(axis=0).mean() < 0.4 * mixed_inside.std(axis=0).mean()
    alone = photographs.fit(one, None, count=6)
    assert list(alone) == ["appearance"]
    assert abs(np.corrcoef(alone["appearance"].scores[:, 0], AMOUNTS)[0, 1]) > 0.95


@pytest.mark.parametrize("landmarks", [True, False])
def test_what_is_written_says_what_is_partial(heads: np.ndarray, tmp_path: Path, landmarks: bool) -> None:
    shapes = np.stack([bent(grid(), amount) for amount in AMOUNTS])
    images = np.stack([widened(one, amount) for one, amount in zip(heads, AMOUNTS, strict=True)])
    ids = np.array([f"{number:06d}.jpg" for number in range(40)])
    photographs.write(tmp_path, ids, np.arange(40) // 2, images, shapes if landmarks else None, count=5)
    meta = json.loads((tmp_path / "meta.json").read_text())
    parameters = np.load(tmp_path / "parameters.npy")
    assert parameters.shape == (40, len(meta["names"])) == (40, len(np.load(tmp_path / "explained.npy")))
    if landmarks:
        assert meta["kinds"].count("shape") == meta["kinds"].count("appearance") == 5
        assert meta["partial"] == "" and meta["landmarks"] == 25
        assert abs(np.corrcoef(parameters[:, 0], AMOUNTS)[0, 1]) > 0.99
    else:
        assert set(meta["kinds"]) == {"appearance"} and meta["landmarks"] == 0
        assert meta["partial"].startswith("appearance alone")


def test_points_of_a_photograph_lie_at_their_place_in_its_crop() -> None:
    from deepfeatures.data.crops import celeba_crop, template_points
    from deepfeatures.data.crops import CELEBA_POINTS  # isort: skip

    found = photographs.to_crop(CELEBA_POINTS[None], celeba_crop((112, 112)))[0]
    assert np.abs(found - template_points((112, 112))).max() < 4  # as near as one similarity gets

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from deepfeatures.data import crops


def apply(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    return points @ matrix[:, :2].T + matrix[:, 2]


@given(
    st.floats(-3, 3), st.floats(0.2, 5), st.floats(-50, 50), st.floats(-50, 50), st.integers(0, 1000)
)  # fmt: skip
def test_a_similarity_is_found_exactly(turn: float, scale: float, x: float, y: float, seed: int) -> None:
    source = np.random.default_rng(seed).normal(0, 10, (5, 2))
    rotation = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    target = source @ rotation.T + [x, y]
    np.testing.assert_allclose(apply(crops.similarity(source, target), source), target, atol=1e-8)


def test_no_similarity_is_nearer_than_the_one_found() -> None:
    rng = np.random.default_rng(0)
    source, target = rng.normal(0, 10, (2, 5, 2))
    best = crops.similarity(source, target)

    def error(matrix: np.ndarray) -> float:
        return float(((apply(matrix, source) - target) ** 2).sum())

    a, b, x, y = best[0, 0], best[1, 0], best[0, 2], best[1, 2]
    for step in rng.normal(0, 0.1, (200, 4)):
        p, q, u, v = np.array([a, b, x, y]) + step
        assert error(np.array([[p, -q, u], [q, p, v]])) >= error(best)


@pytest.mark.parametrize("size", [(112, 112), (112, 96), (224, 224)])
def test_the_five_points_of_celeba_land_on_the_template(size: tuple[int, int]) -> None:
    landed = apply(crops.celeba_crop(size), crops.template_points(size))
    # The two templates differ by more than a similarity: ArcFace's nose is 3 pixels of the photograph higher.
    off = np.abs(landed - crops.CELEBA_POINTS).max(1)
    assert off[[0, 1, 3, 4]].max() < 2 and off[2] < 3.5
    matrix = crops.celeba_crop(size)
    scale = np.hypot(matrix[0, 0], matrix[1, 0])
    assert scale * size[0] / 112 == pytest.approx(1.05, abs=0.05)
    assert abs(np.degrees(np.arctan2(matrix[1, 0], matrix[0, 0]))) < 1  # upright


def test_the_narrow_template_is_the_square_one_less_8_pixels_on_either_side() -> None:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (2, 218, 178, 3), np.uint8)
    square = crops.crop(images, crops.celeba_crop((112, 112)), (112, 112))
    narrow = crops.crop(images, crops.celeba_crop((112, 96)), (112, 96))
    np.testing.assert_array_equal(narrow, square[:, :, 8:-8])


def test_cropping_is_bilinear_reading_one_pixel_at_a_time() -> None:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (2, 20, 16, 3), np.uint8)
    matrices = np.array([[[1.3, -0.2, 2.5], [0.2, 1.3, 1.25]], [[0.5, 0.0, 0.0], [0.0, 0.5, 3.0]]])
    fast = crops.crop(images, matrices, (12, 9))
    for image, matrix, result in zip(images, matrices, fast, strict=True):
        for row in range(12):
            for column in range(9):
                x, y = matrix @ [column, row, 1]
                x, y = np.clip(x, 0, 15), np.clip(y, 0, 19)  # beyond the border it is repeated
                left, top = min(int(x), 14), min(int(y), 18)
                u, v = x - left, y - top
                patch = image[top : top + 2, left : left + 2].astype(float)
                value = (1 - v) * ((1 - u) * patch[0, 0] + u * patch[0, 1]) + v * (
                    (1 - u) * patch[1, 0] + u * patch[1, 1]
                )
                np.testing.assert_allclose(result[row, column], value, atol=0.51)


def test_cropping_is_what_pillow_does() -> None:
    rng = np.random.default_rng(0)
    small = rng.integers(0, 256, (9, 8, 3), np.uint8)
    image = Image.fromarray(small).resize((178, 218), Image.Resampling.BICUBIC)
    matrix = crops.celeba_crop((112, 112))
    ours = crops.crop(np.asarray(image)[None], matrix, (112, 112))[0].astype(int)
    # Pillow counts pixels from their corners, we from their centres.
    a, b, c, d, e, f = matrix.ravel()
    shifted = (a, b, c + 0.5 - 0.5 * (a + b), d, e, f + 0.5 - 0.5 * (d + e))
    theirs = image.transform((112, 112), Image.Transform.AFFINE, shifted, Image.Resampling.BILINEAR)
    inside = np.s_[8:-8, 8:-8]
    assert np.abs(ours - np.asarray(theirs).astype(int))[inside].max() <= 2


def test_a_pointing_crop_follows_its_box() -> None:
    boxes = np.array([[190.0, 140.0, 100.0, 100.0], [200.0, 140.0, 50.0, 100.0], [190.0, 140.0, 100.0, 200.0]])
    one, moved, larger = crops.pointing_crops(boxes, (112, 96))
    centre = np.array([[(96 - 1) / 2, (112 - 1) / 2]])
    rise = crops.POINTING_RISE
    np.testing.assert_allclose(apply(one, centre), [[190, 140 - 100 * rise]])
    np.testing.assert_allclose(apply(moved, centre), [[200, 140 - 100 * rise]])
    np.testing.assert_allclose(apply(larger, centre), [[190, 140 - 200 * rise]])
    assert one[0, 0] == moved[0, 0] == pytest.approx(larger[0, 0] / 2)  # a profile's narrow box has the same size
    assert one[0, 0] * 112 == pytest.approx(crops.POINTING_SIDE * 100)


def test_bad_input_is_refused() -> None:
    with pytest.raises(ValueError, match="uint8 is expected"):
        crops.crop(np.zeros((1, 9, 9, 3)), crops.celeba_crop((4, 4)), (4, 4))
    with pytest.raises(ValueError, match="height > 0"):
        crops.pointing_crops(np.array([[1, 2, 3, 0]]), (4, 4))
    with pytest.raises(ValueError, match="two equal lists"):
        crops.similarity(np.zeros((5, 2)), np.zeros((4, 2)))

"""Damage: what is not damaged stays as it was, what is damaged is worse in the stated way."""

from __future__ import annotations

import numpy as np
import pytest

from deepfeatures.data.damage import KINDS, Damage, damaged, draw
from deepfeatures.data.synthfaces.factors import FACTORS

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (8, 64, 64, 3), np.uint8)


def only(kind: str, n: int = len(IMAGES), **values: float) -> Damage:
    drawn = draw(n, [kind], rng=np.random.default_rng(1))
    return Damage(drawn.kind, {**drawn.values, **{k: np.full(n, v) for k, v in values.items()}}, drawn.colour)


def roughness(images: np.ndarray, axis: int) -> np.ndarray:
    return np.abs(np.diff(images.astype(float), axis=axis)).mean(axis=(1, 2, 3))


def test_amounts_lie_in_the_rendered_worlds_ranges_and_kinds_are_equally_often() -> None:
    drawn = draw(4_000, KINDS, rng=np.random.default_rng(3))
    assert np.bincount(drawn.kind).tolist() == [1_000] * 4
    for name, values in drawn.values.items():
        if FACTORS[name].is_switch:
            assert set(values.tolist()) == {0.0, 1.0}
        else:
            assert FACTORS[name].low <= values.min() < values.max() <= FACTORS[name].high
    with pytest.raises(ValueError, match="one or more of video"):
        draw(3, ["smudged"], rng=np.random.default_rng(3))


def test_an_occluding_square_is_plain_in_its_place_and_nothing_else_changes() -> None:
    size, right, up = 25.0, 12.5, -12.5
    damage = only("occluded", occluder_size_percent=size, occluder_right_percent=right, occluder_up_percent=up)
    got = damaged(IMAGES, damage)
    square = (slice(None), slice(32, 48), slice(32, 48))  # centre 8 right of and below the middle, 16 wide
    np.testing.assert_array_equal(got[square], np.broadcast_to(damage.colour[:, None, None], (8, 16, 16, 3)))
    got[square] = IMAGES[square]
    np.testing.assert_array_equal(got, IMAGES)  # the camera takes every grey value back to itself


def test_motion_smears_along_one_axis_and_blur_along_both() -> None:
    sharp = [roughness(IMAGES, axis) for axis in (1, 2)]
    sideways = damaged(IMAGES, only("video", video_shakes_up=0.0, resolution_percent=100.0, jpeg_quality=95.0))
    assert (roughness(sideways, 2) < 0.5 * sharp[1]).all()
    assert (roughness(sideways, 1) > 1.5 * roughness(sideways, 2)).all()  # noise keeps its jumps across the motion
    upwards = damaged(IMAGES, only("video", video_shakes_up=1.0, resolution_percent=100.0, jpeg_quality=95.0))
    assert (roughness(upwards, 2) > 1.5 * roughness(upwards, 1)).all()
    blurred = damaged(IMAGES, only("blurred"))
    assert all((roughness(blurred, axis) < 0.5 * own).all() for axis, own in zip((1, 2), sharp, strict=True))


def test_an_image_is_damaged_the_same_in_any_company() -> None:
    damage = draw(len(IMAGES), KINDS, rng=np.random.default_rng(5))
    rows = np.array([6, 1, 3])
    np.testing.assert_array_equal(damaged(IMAGES, damage)[rows], damaged(IMAGES[rows], damage.taken(rows)))
    with pytest.raises(ValueError, match="8 images, damage for 3"):
        damaged(IMAGES, damage.taken(rows))

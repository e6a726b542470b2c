"""Rotation against an explicit loop, and what must hold for any image."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from deepfeatures.data.rotation import ANGLES_DEG, INTERPOLATIONS, rotate, rotated_copies

ANGLE = st.floats(-180, 180)
INTERPOLATION = st.sampled_from(sorted(INTERPOLATIONS))


def source_position(row, column, angle_deg, side):
    """Where output pixel (row, column) comes from, for a counter-clockwise turn about the image's centre."""
    centre, angle = (side - 1) / 2, np.deg2rad(angle_deg)
    x, y = column - centre, centre - row  # y points up
    turned_x = x * np.cos(angle) + y * np.sin(angle)
    turned_y = -x * np.sin(angle) + y * np.cos(angle)
    return centre - turned_y, centre + turned_x


def slowly(image, angle_deg, interpolation):
    """One pixel after the other. Also where nearest is undecided: within 0.001 pixels of the middle between two."""
    side = len(image)
    padded = np.pad(image.astype(float), side)  # what enters from outside is 0
    out, undecided = np.zeros((side, side)), np.zeros((side, side), bool)
    for row in range(side):
        for column in range(side):
            y, x = source_position(row, column, angle_deg, side)
            if interpolation == "nearest":
                out[row, column] = padded[int(np.floor(y + 0.5)) + side, int(np.floor(x + 0.5)) + side]
                undecided[row, column] = any(abs(v + 0.5 - round(v + 0.5)) < 1e-3 for v in (x, y))
                continue
            top, left = int(np.floor(y)), int(np.floor(x))
            down, right = y - top, x - left
            for r, c, weight in (
                (top, left, (1 - down) * (1 - right)),
                (top, left + 1, (1 - down) * right),
                (top + 1, left, down * (1 - right)),
                (top + 1, left + 1, down * right),
            ):
                out[row, column] += weight * padded[r + side, c + side]
    return out, undecided


@pytest.fixture
def noise():
    return np.random.default_rng(0).integers(0, 256, (2, 28, 28), np.uint8)


@pytest.fixture
def blob():
    y, x = np.mgrid[:28, :28]
    return np.round(255 * np.exp(-((y - 10.0) ** 2 + (x - 16.0) ** 2) / (2 * 4.0**2))).astype(np.uint8)[None]


def test_the_angles_are_the_papers():
    assert ANGLES_DEG == (-45, -30, -15, 0, 15, 30, 45)


@pytest.mark.parametrize("interpolation", sorted(INTERPOLATIONS))
def test_zero_degrees_is_a_copy(noise, interpolation):
    turned = rotate(noise, 0, interpolation)
    np.testing.assert_array_equal(turned, noise)
    assert not np.shares_memory(turned, noise)


@pytest.mark.parametrize("interpolation", sorted(INTERPOLATIONS))
@pytest.mark.parametrize("quarters", [1, 2, -1])
def test_quarter_turns_are_exact_and_counter_clockwise(noise, quarters, interpolation):
    np.testing.assert_array_equal(rotate(noise, 90 * quarters, interpolation), np.rot90(noise, quarters, axes=(1, 2)))


@pytest.mark.parametrize("angle_deg", [-45, -30, -15, 15, 30, 45, 7.3, 118])
def test_bilinear_against_a_loop_over_pixels(noise, angle_deg):
    for image, turned in zip(noise, rotate(noise, angle_deg), strict=True):
        assert np.abs(turned - slowly(image, angle_deg, "bilinear")[0]).max() <= 1  # grey level


@pytest.mark.parametrize("angle_deg", [-45, -30, 15, 30, 7.3])
def test_nearest_against_a_loop_over_pixels(noise, angle_deg):
    for image, turned in zip(noise, rotate(noise, angle_deg, "nearest"), strict=True):
        expected, undecided = slowly(image, angle_deg, "nearest")
        assert undecided.mean() < 0.2
        np.testing.assert_array_equal(turned[~undecided], expected[~undecided])


@pytest.mark.parametrize("angle_deg", [15, 30, 45])
def test_there_and_back_is_nearly_the_same_smooth_image(blob, angle_deg):
    back = rotate(rotate(blob, angle_deg), -angle_deg).astype(int)
    centre = np.hypot(*(np.mgrid[:28, :28] - 13.5)) < 12
    assert np.abs(back - blob)[0, centre].max() <= 16  # two bilinear steps flatten the top of a blob of width 4
    assert np.abs(rotate(blob, angle_deg).astype(int) - blob)[0, centre].max() > 30  # and a turn does something


@given(arrays(np.uint8, st.tuples(st.integers(1, 3), st.integers(2, 12), st.integers(2, 12))), ANGLE, INTERPOLATION)
def test_shape_type_and_range_are_kept_and_images_do_not_mix(images, angle_deg, interpolation):
    before = images.copy()
    turned = rotate(images, angle_deg, interpolation)
    np.testing.assert_array_equal(images, before)
    assert turned.shape == images.shape and turned.dtype == np.uint8
    for image, one in zip(images, turned, strict=True):
        assert one.max() <= image.max()
        np.testing.assert_array_equal(one, rotate(image[None], angle_deg, interpolation)[0])


@given(st.integers(2, 30), ANGLE, INTERPOLATION)
def test_an_empty_image_stays_empty(side, angle_deg, interpolation):
    assert not rotate(np.zeros((1, side, side), np.uint8), angle_deg, interpolation).any()


@given(
    arrays(np.uint8, st.tuples(st.integers(1, 5), st.just(6), st.just(6))),
    st.lists(st.integers(-90, 90), min_size=1, max_size=4),
    INTERPOLATION,
    st.integers(1, 6),
)
def test_copies_are_digit_major_whatever_the_chunk(images, angles_deg, interpolation, chunk):
    copies = rotated_copies(images, angles_deg, interpolation, chunk=chunk)
    assert copies.shape == (len(images), len(angles_deg), 6, 6)
    flat = copies.reshape(-1, 6, 6)
    for digit in range(len(images)):
        for position, angle_deg in enumerate(angles_deg):
            expected = rotate(images[digit : digit + 1], angle_deg, interpolation)[0]
            np.testing.assert_array_equal(flat[digit * len(angles_deg) + position], expected)


def test_copies_land_in_the_array_given(noise):
    out = np.full((2, 7, 28, 28), 99, np.uint8)
    assert rotated_copies(noise, out=out) is out
    np.testing.assert_array_equal(out, rotated_copies(noise))
    np.testing.assert_array_equal(out[:, ANGLES_DEG.index(0)], noise)


def test_what_cannot_be_turned_is_refused(noise):
    with pytest.raises(ValueError, match=r"expected \(n, height, width\) uint8 images, got \(2, 28, 28\) float64"):
        rotate(noise / 255, 15)
    with pytest.raises(ValueError, match=r"got \(28, 28\) uint8"):
        rotate(noise[0], 15)
    with pytest.raises(ValueError, match=r"interpolation 'cubic' is not one of \['bilinear', 'nearest'\]"):
        rotate(noise, 15, "cubic")
    with pytest.raises(ValueError, match=r"out has shape \(2, 3, 28, 28\), \(2, 7, 28, 28\) is needed"):
        rotated_copies(noise, out=np.empty((2, 3, 28, 28), np.uint8))

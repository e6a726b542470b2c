"""Digits turned by other means: the same angles, another way."""

import json

import numpy as np
import pytest
from scipy import ndimage

from deepfeatures.data import rotated, rotated_otherwise
from deepfeatures.data.mnist import FINGERPRINT
from deepfeatures.data.rotation import ANGLES_DEG, rotate
from deepfeatures.study import digit_plans_rotated

TURNING = ("cubic", "whole")


def bar():
    """One image of an upright bar off the middle, so that a turn either way can be told."""
    image = np.zeros((1, 28, 28), np.uint8)
    image[0, 5:14, 12:16] = 200
    return image


def first_moments(image):
    """Mass, and its centre as (x to the right, y up) from the middle of the image."""
    weight = image[0].astype(float)
    y, x = np.mgrid[13.5:-14.5:-1, -13.5:14.5:1]
    return weight.sum(), np.array([(weight * x).sum(), (weight * y).sum()]) / weight.sum()


@pytest.mark.parametrize("way", TURNING)
@pytest.mark.parametrize("angle_deg", [-45, -15, 30])
def test_positive_angles_turn_counter_clockwise_about_the_middle(way, angle_deg):
    _, (x, y) = first_moments(bar())
    cos, sin = np.cos(np.radians(angle_deg)), np.sin(np.radians(angle_deg))
    expected = np.array([cos * x - sin * y, sin * x + cos * y])
    turned = rotated_otherwise.turned(bar(), angle_deg, way)
    assert turned.dtype == np.uint8 and turned.shape == (1, 28, 28)
    shrunk = 1 / (cos + abs(sin)) if way == "whole" else 1.0  # the square that holds the turned square
    np.testing.assert_allclose(first_moments(turned)[1], shrunk * expected, atol=0.1)


@pytest.mark.parametrize("angle_deg", [15, -30, 45])
def test_where_nothing_is_cut_off_a_digit_is_smaller_the_further_it_is_turned(angle_deg):
    mass = first_moments(bar())[0]
    area = {way: first_moments(rotated_otherwise.turned(bar(), angle_deg, way))[0] / mass for way in TURNING}
    exact = 1 / (1 + abs(np.sin(np.radians(2 * angle_deg))))  # of cos + sin, squared
    assert area["whole"] == pytest.approx(exact, rel=0.04) and area["cubic"] == pytest.approx(1, abs=0.1)
    corner = np.zeros((1, 28, 28), np.uint8)
    corner[0, :3, :3] = 255
    assert rotated_otherwise.turned(corner, angle_deg, "whole").max() > 100  # cut off elsewhere
    assert rotate(corner, angle_deg).max() < 100 or abs(angle_deg) < 30


def test_cubic_splines_do_not_wrap_round_where_they_overshoot():
    image = np.where(bar() > 0, 255, 0).astype(np.uint8)
    exact = ndimage.rotate(image.astype(float), 30, axes=(2, 1), reshape=False, order=3)
    assert exact.min() < -1 and exact.max() > 256  # so that there is something to wrap
    found = rotated_otherwise.turned(image, 30, "cubic")
    np.testing.assert_allclose(found, np.clip(exact, 0, 255), atol=1)
    assert not np.array_equal(found, rotate(image, 30))


def test_upright_copies_are_as_they_were():
    for way in rotated_otherwise.WAYS:
        np.testing.assert_array_equal(rotated_otherwise.turned(bar(), 0, way), bar())
    np.testing.assert_array_equal(rotated_otherwise.turned(bar(), 45, "upright"), bar())


def test_the_artifact_holds_the_same_digits_at_the_same_angles(small_mnist, small_arrays, tmp_path):
    usual, other = tmp_path / "usual", tmp_path / "other"
    usual.mkdir()
    other.mkdir()
    rotated.make(
        usual, {}, small_mnist, dataset="mnist", fingerprint=FINGERPRINT, train_digits=0, test_digits=0,
        interpolation="bilinear", angles_deg=list(ANGLES_DEG),
    )  # fmt: skip
    rotated_otherwise.make(other, {"rotated": usual}, way="whole")
    for part in ("train", "test"):
        images, labels = (np.load(other / f"{part}_{what}.npy") for what in ("images", "labels"))
        np.testing.assert_array_equal(labels, small_arrays[f"{part}_labels"])
        for position, angle in enumerate(ANGLES_DEG):
            expected = rotated_otherwise.turned(small_arrays[f"{part}_images"], angle, "whole")
            np.testing.assert_array_equal(images[:, position], expected)
    meta = {path: json.loads((path / "meta.json").read_text()) for path in (usual, other)}
    assert meta[other] == {**meta[usual], "way": "whole"}


def test_what_cannot_be_turned_is_said():
    with pytest.raises(ValueError, match=r"^way 'bicubic' is not one of \['cubic', 'whole', 'upright'\]$"):
        rotated_otherwise.turned(bar(), 15, "bicubic")
    with pytest.raises(ValueError, match=r"^expected \(n, height, width\) uint8 images, got \(1, 28, 28\) float64$"):
        rotated_otherwise.turned(bar() / 1, 15, "cubic")


def test_a_set_without_upright_copies_is_refused(tmp_path):
    (tmp_path / "meta.json").write_text('{"angles_deg": [-45, 45]}')
    with pytest.raises(ValueError, match=r"^no upright copies to turn: the angles are \[-45, 45\]$"):
        rotated_otherwise.make(tmp_path, {"rotated": tmp_path}, way="cubic")


def test_plans_ask_for_each_way():
    assert {*digit_plans_rotated.ROTATED_OTHERWISE, "upright"} == {*rotated_otherwise.WAYS}

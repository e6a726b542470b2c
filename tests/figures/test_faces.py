"""Contact sheets and sweeps: every picture once, in order, whole; wrong input refused with its numbers."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from deepfeatures import figures

FACES = np.random.default_rng(0).integers(0, 256, (7, 8, 8, 3), np.uint8)


def test_a_sheet_holds_every_picture_in_reading_order() -> None:
    ax = figures.contact_sheet(FACES, titles=range(7), columns=3)
    shown = ax.get_images()
    for image, face in zip(shown, FACES, strict=True):
        np.testing.assert_array_equal(image.get_array(), face)
    corners = [(image.get_extent()[3], image.get_extent()[0]) for image in shown]  # top, left
    assert corners == sorted(corners, key=lambda corner: (-corner[0], corner[1]))
    assert len({top for top, _ in corners}) == 3
    assert [text.get_text() for text in ax.texts] == [str(number) for number in range(7)]


def test_pictures_do_not_overlap_and_stay_inside() -> None:
    ax = figures.contact_sheet(FACES, titles=range(7), columns=3)
    for image in ax.get_images():
        left, right, bottom, top = image.get_extent()
        assert ax.get_xlim()[0] <= left and right <= ax.get_xlim()[1]
        assert ax.get_ylim()[0] <= bottom and top <= ax.get_ylim()[1]
    lefts = sorted({image.get_extent()[0] for image in ax.get_images()})
    assert all(second - first > 1 for first, second in itertools.pairwise(lefts))


def test_a_sweep_writes_its_values_and_names_its_rows() -> None:
    ax = figures.factor_sweep({"yaw_deg": ([-90.0, 0, 90], FACES[:3]), "smile": ([0, 1], FACES[3:5])})
    assert [text.get_text() for text in ax.texts] == ["−90", "0", "90", "0", "1"]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["yaw_deg", "smile"]
    assert len(ax.get_images()) == 5


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: figures.contact_sheet(FACES.astype(float)), "float64, expected .* uint8"),
        (lambda: figures.contact_sheet(FACES[0]), r"\(8, 8, 3\) uint8"),
        (lambda: figures.contact_sheet(FACES[:0]), "0 pictures, expected at least 1"),
        (lambda: figures.contact_sheet(FACES, titles=["one"]), "1 titles for 7 pictures"),
        (lambda: figures.contact_sheet(FACES, columns=0), "columns is 0"),
        (lambda: figures.factor_sweep({}), "holds no factor"),
        (lambda: figures.factor_sweep({"smile": ([0, 1], FACES[:3])}), "images of smile: 3 pictures, expected 2"),
    ],
)
def test_wrong_input_is_refused(call, message) -> None:
    with pytest.raises(ValueError, match=message):
        call()

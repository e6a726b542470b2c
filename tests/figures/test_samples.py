"""The contact sheet."""

from __future__ import annotations

import numpy as np
import pytest

from deepfeatures import figures

IMAGES = np.random.default_rng(2).integers(0, 256, (2, 3, 4, 4)).astype(np.uint8)


def test_each_image_stands_in_its_cell() -> None:
    ax = figures.rotated_digits(IMAGES, [-15, 0, 15], row_labels=[7, 9])
    sheet = ax.images[0].get_array()
    for row in range(2):
        for column in range(3):
            np.testing.assert_array_equal(
                sheet[4 * row : 4 * row + 4, 4 * column : 4 * column + 4], IMAGES[row, column]
            )
    assert [text.get_text() for text in ax.get_xticklabels()] == ["−15°", "0°", "15°"]
    assert [text.get_text() for text in ax.get_yticklabels()] == ["7", "9"]


def test_wrong_sheets_are_refused() -> None:
    with pytest.raises(ValueError, match=r"images has shape \(2, 3, 4, 4\), expected \(any, 2, any, any\)"):
        figures.rotated_digits(IMAGES, [0, 15])
    with pytest.raises(ValueError, match="3 row labels for 2 digits"):
        figures.rotated_digits(IMAGES, [-15, 0, 15], row_labels=[1, 2, 3])
    with pytest.raises(ValueError, match="expected 0..255"):
        figures.rotated_digits(IMAGES * 2.0, [-15, 0, 15])

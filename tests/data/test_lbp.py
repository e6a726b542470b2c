"""Local binary patterns: what stays when light changes, and histograms counted one pixel at a time."""

import numpy as np
import pytest

from deepfeatures.data.lbp import PATTERNS, histograms, lbp, width

IMAGES = np.random.default_rng(0).integers(0, 200, (3, 32, 32, 3), np.uint8)


def test_shapes_and_shares():
    found = lbp(IMAGES, cells=4)
    assert found.shape == (3, width(4)) == (3, 59 * 16 * 2) and found.dtype == np.float32
    # Squares are shares of patterns: they sum to 1 in every cell of every scale.
    np.testing.assert_allclose(np.square(found).reshape(3, -1, PATTERNS).sum(axis=2), 1, rtol=1e-5)


def test_a_plain_image_has_one_pattern():
    found = lbp(np.full((1, 32, 32, 3), 77, np.uint8), cells=2)
    inner = np.square(found).reshape(-1, PATTERNS)
    # Borders apart, beyond which everything is 0: of a cell of n x n pixels one row and one column.
    np.testing.assert_allclose(inner.max(axis=1), np.repeat([(n - 1) ** 2 / n**2 for n in (16, 8)], 4), rtol=1e-5)


def test_patterns_do_not_change_with_brightness_and_do_with_the_face():
    brighter = lbp(IMAGES + np.uint8(40), cells=4, scales=(1.0,))
    same = lbp(IMAGES, cells=4, scales=(1.0,))
    other = lbp(IMAGES[::-1], cells=4, scales=(1.0,))
    assert np.abs(brighter - same).mean() < 0.2 * np.abs(other - same)[[0, 2]].mean()


@pytest.mark.parametrize("cells", [1, 3, 4])
def test_histograms_are_those_counted_pixel_by_pixel(cells):
    patterns = np.random.default_rng(1).integers(0, PATTERNS, (13, 17))
    slow = np.zeros((cells, cells, PATTERNS))
    for y in range(13):
        for x in range(17):
            slow[y * cells // 13, x * cells // 17, patterns[y, x]] += 1
    slow /= slow.sum(axis=2, keepdims=True)
    np.testing.assert_allclose(histograms(patterns, cells), slow.ravel())


def test_cells_that_are_too_small_are_refused():
    with pytest.raises(ValueError, match=r"16 cells across 16 pixels: fewer"):
        lbp(IMAGES, cells=16)

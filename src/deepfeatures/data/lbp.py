"""High-dimensional local binary patterns: the hand-made features that DeepID2+ is compared with.

After Chen et al. 2013: uniform patterns of 8 neighbours, counted in the cells of a grid at several scales. They place
their cells around landmarks; there are none here, so cells tile the image. Computed by scikit-image.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from skimage.feature import local_binary_pattern
from skimage.transform import resize

PATTERNS = 59  # uniform patterns of 8 neighbours that are told apart, and one for all others
SCALES = (1.0, 0.5)  # ours: sides of the image that is read, as shares
GREY = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601


def width(cells: int, scales: Sequence[float] = SCALES) -> int:
    """Numbers an image gives."""
    return PATTERNS * cells**2 * len(scales)


def lbp(images: np.ndarray, *, cells: int = 6, scales: Sequence[float] = SCALES) -> np.ndarray:
    """(n, width) float32: square roots of the share of each pattern in each cell. images: (n, h, w, 3) uint8, RGB.

    Roots, so that Euclidean distances between histograms are Hellinger's. Raises ValueError where a cell would be
    smaller than 2 pixels.
    """
    height, across = images.shape[1:3]
    if min(height, across) * min(scales) / cells < 2:
        raise ValueError(f"{cells} cells across {min(height, across) * min(scales):g} pixels: fewer, or larger images")
    found = np.empty((len(images), width(cells, scales)), np.float32)
    for row, image in enumerate(images):
        grey = image @ GREY
        parts = []
        for scale in scales:
            size = (round(height * scale), round(across * scale))
            small = grey if size == grey.shape else resize(grey, size, anti_aliasing=True)
            # Rounded: neighbours that are equal but for rounding would otherwise count as larger or smaller.
            small = np.round(small).astype(np.uint8)
            parts.append(histograms(local_binary_pattern(small, 8, 1, method="nri_uniform").astype(int), cells))
        found[row] = np.sqrt(np.concatenate(parts))
    return found


def histograms(patterns: np.ndarray, cells: int) -> np.ndarray:
    """(cells * cells * PATTERNS,): share of each pattern in each cell, cells row by row. patterns: (h, w) 0..58."""
    height, across = patterns.shape
    cell = (np.arange(height) * cells // height)[:, None] * cells + np.arange(across) * cells // across
    counts = np.bincount((cell * PATTERNS + patterns).ravel(), minlength=cells**2 * PATTERNS)
    by_cell = counts.reshape(cells**2, PATTERNS)
    return (by_cell / by_cell.sum(axis=1, keepdims=True)).ravel()

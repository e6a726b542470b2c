"""Regions of a face image, and what hides part of one: windows, blocks and bands."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from deepfeatures.data.crops import crop

# (top, left, side) as shares of the image's side. The whole face is `face`; the windows are ours: the paper's 25
# regions are those of an earlier paper, which is not at hand.
REGIONS: Mapping[str, tuple[float, float, float]] = MappingProxyType(
    {
        "face": (0.0, 0.0, 1.0),
        "centre": (1 / 6, 1 / 6, 2 / 3),
        "upper left": (0.0, 0.0, 2 / 3),
        "upper right": (0.0, 1 / 3, 2 / 3),
        "lower left": (1 / 3, 0.0, 2 / 3),
        "lower right": (1 / 3, 1 / 3, 2 / 3),
    }
)
GREY = 128


def as_seen(images: np.ndarray, region: str, side_px: int, *, chunk: int = 1024) -> np.ndarray:
    """(n, side_px, side_px, 3) uint8: a region brought to a network's size. images: (n, side, side, 3) uint8, square.

    Bilinear reading between pixel centres.
    """
    if region not in REGIONS:
        raise ValueError(f"region={region!r}: allowed are {', '.join(REGIONS)}")
    if images.ndim != 4 or images.shape[1] != images.shape[2]:
        raise ValueError(f"images of shape {images.shape}: square ones are needed, (n, side, side, 3)")
    side = images.shape[1]
    top, left, share = REGIONS[region]
    if (top, left, share) == (0, 0, 1) and side == side_px:
        return np.ascontiguousarray(images)
    step = share * side / side_px  # pixels of the image per pixel seen
    matrix = np.array([[step, 0, left * side + (step - 1) / 2], [0, step, top * side + (step - 1) / 2]])
    found = np.empty((len(images), side_px, side_px, 3), np.uint8)
    for start in range(0, len(images), chunk):
        part = np.asarray(images[start : start + chunk])
        found[start : start + len(part)] = crop(part, matrix, (side_px, side_px))
    return found


def block(images: np.ndarray, share: float, *, rng: np.random.Generator) -> np.ndarray:
    """A grey square at a random place of each image. share: of the image's side, 0..1. images: (n, h, w, 3) uint8."""
    hidden = np.array(images)
    height, width = images.shape[1:3]
    side = round(_share(share) * min(height, width))
    tops = rng.integers(0, height - side + 1, len(images))
    lefts = rng.integers(0, width - side + 1, len(images))
    for image, top, left in zip(hidden, tops, lefts, strict=True):
        image[top : top + side, left : left + side] = GREY
    return hidden


def band(images: np.ndarray, share: float) -> np.ndarray:
    """The lowest part of each image in grey. share: of the image's height, 0..1. images: (n, h, w, 3) uint8."""
    hidden = np.array(images)
    rows = round(_share(share) * images.shape[1])
    hidden[:, images.shape[1] - rows :] = GREY
    return hidden


def _share(share: float) -> float:
    if not 0 <= share <= 1:
        raise ValueError(f"share={share}: from 0 to 1")
    return share

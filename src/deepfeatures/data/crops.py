"""Faces framed as networks expect them: one similarity transform per image, applied in batches.

A crop is a matrix (2, 3) that maps a pixel of the output, (x, y, 1), to the place in the photograph it is read from.
Output sizes are (height, width). Reading is bilinear; outside the photograph its border is repeated.
"""

from __future__ import annotations

import numpy as np
import torch
from torch.nn import functional as F

# Left eye, right eye, nose, left and right corner of the mouth, (x, y) pixels: where CelebA's 178 x 218 images have
# them on average, and where the ArcFace template for 112 x 112 wants them.
CELEBA_POINTS = np.array([(69.4, 111.2), (107.6, 111.1), (88.0, 135.2), (71.0, 152.0), (105.4, 152.1)])
ARCFACE_POINTS = np.array([(38.3, 51.7), (73.5, 51.5), (56.0, 71.7), (41.5, 92.4), (70.7, 92.2)])
CELEBA_SIZE = (218, 178)
TEMPLATE_SIDE = 112

# Pointing'04 gives boxes, not points. Ours: a square of POINTING_SIDE times the box's height, whose centre is
# POINTING_RISE heights above the box's. They bring the eyes and the mouth of the average near-frontal face (180 images,
# tilt and pan within 15 degrees) to the template's rows, and the eyes to its distance.
POINTING_SIDE = 1.6
POINTING_RISE = 0.22


def similarity(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """(2, 3): scale, rotation and shift that bring source points nearest to target points. source, target: (k, 2).

    Least squares: Umeyama 1991, without reflection.
    """
    if source.shape != target.shape or source.ndim != 2 or source.shape[1] != 2 or len(source) < 2:
        raise ValueError(f"points of shape {source.shape} and {target.shape}: two equal lists of at least 2 points")
    # With points as complex numbers, target = a * source + b is linear in the complex a and b.
    z, w = source @ np.array([1, 1j]), target @ np.array([1, 1j])
    centred = z - z.mean()
    a = (centred.conj() @ (w - w.mean())) / (centred.conj() @ centred).real
    b = w.mean() - a * z.mean()
    return np.array([[a.real, -a.imag, b.real], [a.imag, a.real, b.imag]])


def template_points(size: tuple[int, int]) -> np.ndarray:
    """(5, 2): where the five points lie in a crop of (height, width) pixels. ArcFace's template, centred in the width.

    112 x 112 is the template itself; in 112 x 96 every x is 8 smaller; others are scaled by their height (ours).
    """
    height, width = size
    scale = height / TEMPLATE_SIDE
    return ARCFACE_POINTS * scale - [(TEMPLATE_SIDE * scale - width) / 2, 0]


def celeba_crop(size: tuple[int, int]) -> np.ndarray:
    """(2, 3): the one crop of every aligned CelebA image."""
    return similarity(template_points(size), CELEBA_POINTS)


def pointing_crops(boxes: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """(n, 2, 3): a crop per face box. boxes: (n, 4) centre x, centre y, width, height.

    By height alone: a face turned to profile has a narrower box and the same size.
    """
    boxes = np.asarray(boxes, float)
    if boxes.ndim != 2 or boxes.shape[1] != 4 or (boxes[:, 3] <= 0).any():
        raise ValueError(f"boxes of shape {boxes.shape}: (n, 4) centre x, centre y, width, height > 0")
    height, width = size
    step = POINTING_SIDE * boxes[:, 3] / height  # pixels of the photograph per pixel of the crop
    crops = np.zeros((len(boxes), 2, 3))
    crops[:, 0, 0] = crops[:, 1, 1] = step
    crops[:, 0, 2] = boxes[:, 0] - step * (width - 1) / 2
    crops[:, 1, 2] = boxes[:, 1] - POINTING_RISE * boxes[:, 3] - step * (height - 1) / 2
    return crops


def crop(images: np.ndarray, crops: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """(n, height, width, 3) uint8. images: (n, h, w, 3) uint8; crops: (2, 3), or (n, 2, 3); size: (height, width)."""
    if images.ndim != 4 or images.shape[-1] != 3 or images.dtype != np.uint8:
        raise ValueError(f"images are {images.shape} {images.dtype}: (n, h, w, 3) uint8 is expected")
    crops = np.broadcast_to(crops, (len(images), 2, 3))
    height, width = images.shape[1:3]
    x, y = np.meshgrid(np.arange(size[1]), np.arange(size[0]))
    places = np.einsum("nij,jyx->nyxi", crops, np.stack([x, y, np.ones_like(x)]).astype(float))
    # grid_sample counts from -1 to 1 over pixel centres (align_corners).
    grid = torch.from_numpy((places * [2 / (width - 1), 2 / (height - 1)] - 1).astype(np.float32))
    pixels = torch.from_numpy(np.array(images)).permute(0, 3, 1, 2).to(torch.float32)
    read = F.grid_sample(pixels, grid, mode="bilinear", padding_mode="border", align_corners=True)
    return read.round_().clamp_(0, 255).to(torch.uint8).permute(0, 2, 3, 1).contiguous().numpy()

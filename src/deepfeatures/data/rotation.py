"""Rotated digits: the seven angles of Rudd et al. 2017, section 4.1."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

ANGLES_DEG: tuple[int, ...] = (-45, -30, -15, 0, 15, 30, 45)  # Rudd et al. 2017, section 4.1
INTERPOLATIONS = ("bilinear", "nearest")


def rotate(images: np.ndarray, angle_deg: float, interpolation: str = "bilinear") -> np.ndarray:
    """Each image turned about its centre. images: (n, height, width) uint8; returns the same shape and type.

    Positive angles turn counter-clockwise; what enters from outside is 0 (MNIST's background). The paper does not
    state its interpolation: bilinear here, nearest beside it (deviation D1).
    """
    if images.dtype != np.uint8 or images.ndim != 3:
        raise ValueError(f"expected (n, height, width) uint8 images, got {images.shape} {images.dtype}")
    if interpolation not in INTERPOLATIONS:
        raise ValueError(f"interpolation {interpolation!r} is not one of {list(INTERPOLATIONS)}")
    if angle_deg == 0:
        return images.copy()
    # Here, not above: most who ask for the angles turn nothing, and these take seconds to import.
    import torch
    from torchvision.transforms import InterpolationMode
    from torchvision.transforms.v2 import functional as transforms

    turned = transforms.rotate(torch.tensor(images)[:, None], float(angle_deg), InterpolationMode(interpolation))
    return turned[:, 0].numpy()


def rotated_copies(
    images: np.ndarray,
    angles_deg: Sequence[float] = ANGLES_DEG,
    interpolation: str = "bilinear",
    out: np.ndarray | None = None,
    chunk: int = 4096,
) -> np.ndarray:
    """Every digit at every angle, a digit's copies side by side: (n, angles, height, width) uint8.

    `out` may be a memory map of that shape; work goes chunk by chunk so that memory stays small.
    """
    shape = (len(images), len(angles_deg), *images.shape[1:])
    if out is None:
        out = np.empty(shape, np.uint8)
    if out.shape != shape:
        raise ValueError(f"out has shape {out.shape}, {shape} is needed")
    for start in range(0, len(images), chunk):
        rows = slice(start, start + chunk)
        for position, angle_deg in enumerate(angles_deg):
            out[rows, position] = rotate(images[rows], angle_deg, interpolation)
    return out
